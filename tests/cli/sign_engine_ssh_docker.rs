//! Laptop and server: the key on one machine, the engine with the guardian on another, and ssh between them.

use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::docker_image::can_docker;
use crate::support::in_docker::{Scene, bridges, docker};
use crate::support::signer::{OPEN_POLICY, POLICY, SigningServer, eventually, records_of, serve_command};
use crate::support::sshd::{Sshd, can_ssh};

fn serve(scene: &Scene, command: &mut Command, server: &Sshd) {
    let path = std::env::var("PATH").unwrap();
    command.env("PATH", format!("{}:{path}", scene.home.path("bin").display()));
    command.env("DOCKER_HOST", server.engine());
}

#[test]
fn a_guardian_on_a_server_is_served_from_a_laptop_over_ssh_docker() {
    if !can_docker() || !can_ssh() {
        return;
    }
    let scene = Scene::new();
    let sshd = Sshd::start(&scene.home);
    let container = scene.start(&[]);
    scene.home.write(POLICY, OPEN_POLICY);
    let mut command = serve_command(
        &scene.home,
        &["--guardian", scene.name(), "--trusted-root", "root.json"],
    );
    serve(&scene, &mut command, &sshd);
    let server = SigningServer::start_command(command, &scene.home);
    container.wait_until_served(&server);
    let signed = eventually(|| records_of(&scene.home, "signed").pop());
    assert!(signed.is_some(), "{:?}", server.events("guardian"));
    docker(&["restart", "-t", "5", &container.0]);
    container.wait_until_served(&server);
    let begin = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    let alone = eventually(|| (bridges(&container.processes()) == 0).then_some(()));
    assert!(alone.is_some(), "{:?}", container.processes());
}

#[test]
fn a_server_whose_host_key_is_not_known_is_not_trusted_docker() {
    if !can_docker() || !can_ssh() {
        return;
    }
    let scene = Scene::new();
    let sshd = Sshd::start(&scene.home);
    let container = scene.start(&[]);
    scene.home.write(".ssh/known_hosts", "");
    scene.home.write(POLICY, OPEN_POLICY);
    let mut command = serve_command(
        &scene.home,
        &["--guardian", scene.name(), "--trusted-root", "root.json"],
    );
    serve(&scene, &mut command, &sshd);
    let server = SigningServer::start_command(command, &scene.home);
    let told = eventually(|| server.events("guardian").pop()).unwrap();
    assert!(told["error"].as_str().unwrap().contains("ssh"), "{told}");
    assert!(!container.is_served());
}
