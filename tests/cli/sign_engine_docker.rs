//! The signing server and a guardian in a container: fetched, checked and answered through the engine.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Home;
use crate::support::docker_image::{Image, can_docker};
use crate::support::in_docker::{Scene, Tag, Volume, bridges, docker, is_served};
use crate::support::running::{board_row, portal};
use crate::support::signer::{SigningServer, eventually, records_of, serve_command};
use crate::support::tls_relay::TlsRelay;

/// Address of the engine's machine on the bridge where containers are by default.
fn gateway() -> String {
    let subnet = docker(&[
        "network",
        "inspect",
        "bridge",
        "-f",
        "{{(index .IPAM.Config 0).Subnet}}",
    ]);
    let (start, _) = subnet.rsplit_once('.').unwrap();
    format!("{start}.1")
}

/// What the server last said of its guardian that has this in it.
#[track_caller]
fn told(server: &SigningServer, wanted: &str) -> String {
    let last = || {
        let events = server.events("guardian");
        let mut errors = events.iter().filter_map(|it| it["error"].as_str());
        errors.find(|it| it.contains(wanted)).map(str::to_owned)
    };
    eventually(last).unwrap_or_else(|| panic!("{wanted}: {:?}", server.events("guardian")))
}

#[test]
fn an_attestation_is_signed_through_the_engine_and_reaches_the_portal_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let (portal, gateway) = (portal(&[1]), gateway());
    let port = portal.url().rsplit(':').next().unwrap().parse().unwrap();
    let relay = TlsRelay::start(&scene.home, &gateway, port);
    let url = format!("https://{gateway}:{}/api/operator/attestation", relay.port);
    scene.write_bundle(&json!({
        "attestation_post_url": url, "extra_ca_file": "/etc/oc-guardian/ca.pem",
    }));
    let authority = format!(
        "{}:/etc/oc-guardian/ca.pem:ro",
        scene.home.path("ca.pem").display()
    );
    let claim = format!("OC_GUARDIAN_IMAGE_DIGEST={}", scene.release.digest);
    let container = scene.start(&["-v", &authority, "-e", &claim]);
    assert!(!container.is_served());
    let server = scene.serve(&[]);
    container.wait_until_served(&server);
    let row = eventually(|| Some(board_row(&portal, 0)).filter(|row| row["color"] == "green"));
    let row = row.unwrap_or_else(|| panic!("{}", docker(&["logs", &container.0])));
    assert_eq!(row["image_digest"], scene.release.digest.to_string());
    let signed = records_of(&scene.home, "signed");
    assert!(signed.iter().any(|it| it["kind"] == "attestation"), "{signed:?}");
    let caller = server.wait_for("signed")["caller"].as_str().unwrap().to_owned();
    assert_eq!(caller, format!("guardian in container {}", scene.name()));
    assert_eq!(bridges(&container.processes()), 1);
    // The end comes soon though a request for more is open, and leaves nothing behind.
    let begin = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    container.assert_nothing_left();
}

#[test]
fn a_server_that_is_killed_leaves_nothing_in_the_container_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let container = scene.start(&[]);
    let server = scene.serve(&[]);
    container.wait_until_served(&server);
    server.kill();
    container.assert_nothing_left();
}

#[test]
fn what_was_verified_before_needs_no_registry_and_a_restart_no_second_look_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    scene
        .home
        .run(&["verify", &scene.release.reference, "--trusted-root", "root.json"])
        .exits(0);
    let asked = scene.registry.requests().len();
    let container = scene.start(&[]);
    let server = scene.serve(&[]);
    container.wait_until_served(&server);
    docker(&["restart", "-t", "5", &container.0]);
    container.wait_until_served(&server);
    docker(&["stop", "-t", "5", &container.0]);
    told(&server, "does not run");
    docker(&["start", &container.0]);
    container.wait_until_served(&server);
    assert_eq!(scene.registry.requests().len(), asked);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_handover_is_followed_by_the_name_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let volume = Volume(scene.named("data"));
    let data = format!("{}:/var/lib/oc-guardian", volume.0);
    let old = scene.start(&["-v", &data]);
    let server = scene.serve(&[]);
    old.wait_until_served(&server);
    let new = scene.start_as(&scene.named("next"), &scene.release.pinned, &["-v", &data]);
    assert_eq!(new.state(), "standby");
    // Its image is looked at while it stands by.
    std::thread::sleep(Duration::from_secs(4));
    docker(&["exec", &old.0, "/oc-guardian", "guardian", "standby"]);
    assert!(eventually(|| (new.state() == "active").then_some(())).is_some());
    // The name still leads to the old one, by which the new one is not to be reached.
    std::thread::sleep(Duration::from_secs(1));
    assert!(!new.is_served());
    docker(&["rename", &old.0, &scene.named("old")]);
    let port = new.port().unwrap();
    docker(&["rename", &new.0, scene.name()]);
    let begin = Instant::now();
    assert!(eventually(|| is_served(port).then_some(())).is_some());
    let took = begin.elapsed();
    eprintln!("served {} ms after the name led to it", took.as_millis());
    // Well below what a person or a peer would notice; on an idle machine it is a tenth of it.
    assert!(took < Duration::from_secs(3), "{took:?}");
    old.assert_nothing_left();
    assert_eq!(bridges(&new.processes()), 1);
}

#[test]
fn a_container_that_is_renamed_while_it_serves_is_left_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let first = scene.start(&[]);
    let server = scene.serve(&[]);
    first.wait_until_served(&server);
    docker(&["rename", &first.0, &scene.named("first")]);
    told(&server, "is another one now");
    assert!(eventually(|| (!first.is_served()).then_some(())).is_some());
    let second = scene.start(&[]);
    second.wait_until_served(&server);
    assert!(!first.is_served());
    first.assert_nothing_left();
}

#[test]
fn a_container_that_could_run_other_code_gets_no_signature_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let server = scene.serve(&[]);
    told(&server, "there is no container");
    scene.home.write("other", "not a program");
    let over = format!("{}:/opt/other:ro", scene.home.path("other").display());
    for (options, named) in [
        (&["-e", "LD_PRELOAD=/tmp/x.so"][..], "variable LD_PRELOAD"),
        (&["-v", &over], "/opt/other"),
        (&["--privileged"], "privileged"),
        (&["--user", "0:0"], "user 0:0"),
        (&["--pid", "host"], "pid=host"),
        (&["--cap-add", "SYS_PTRACE"], "SYS_PTRACE"),
        (&["--security-opt", "seccomp=unconfined"], "seccomp=unconfined"),
    ] {
        let container = scene.start(options);
        let text = told(&server, named);
        assert!(text.contains("gets no signature"), "{text}");
        assert!(text.contains("make it anew"), "{text}");
        assert_eq!(bridges(&container.processes()), 0);
        assert!(!container.is_served());
    }
    assert!(records_of(&scene.home, "signed").is_empty());
    let good = scene.start(&[
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
    ]);
    good.wait_until_served(&server);
}

#[test]
fn an_image_that_nobody_signed_is_served_only_unverified_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let image = Image::build();
    // Under the name of one that is signed: its bytes are what counts.
    let _tag = Tag::of(&image.0, &scene.release.reference);
    let container = scene.start_as(scene.name(), &scene.release.reference, &[]);
    let server = scene.serve(&[]);
    told(&server, "is another image than the one that the container runs");
    assert_eq!(bridges(&container.processes()), 0);
    assert_eq!(server.stop(), Some(0));
    let server = scene.serve(&["--unverified-guardian"]);
    container.wait_until_served(&server);
    let errors = scene.home.text("serve.err");
    assert!(errors.contains("WHATEVER runs in container"), "{errors}");
}

#[test]
fn an_image_signed_by_somebody_else_is_not_served_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let container = scene.start(&[]);
    let server = scene.serve(&[
        "--certificate-identity",
        "https://github.com/evil/kit/.github/workflows/release.yml@refs/tags/v1.2.3",
    ]);
    let text = told(&server, "gets no signature");
    assert!(text.contains("oc-guardian verify"), "{text}");
    assert_eq!(bridges(&container.processes()), 0);
}

#[test]
fn a_guardian_that_claims_another_image_gets_no_attestation_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let claim = format!("OC_GUARDIAN_IMAGE_DIGEST=sha256:{}", "11".repeat(32));
    let _container = scene.start(&["-e", &claim]);
    let server = scene.serve(&[]);
    let refused = eventually(|| {
        let events = server.events("refused");
        events.into_iter().find(|it| it["kind"] == "attestation")
    });
    let refused = refused.unwrap_or_else(|| panic!("{:?}", server.events("guardian")));
    assert_eq!(refused["reason"], "image-mismatch");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains(&scene.release.digest.to_string()),
        "{refused}"
    );
}

/// The engine's socket, at a place of the test's that can go away.
struct EngineRelay {
    open: Arc<AtomicBool>,
}

impl EngineRelay {
    fn start(home: &Home, name: &str) -> Self {
        let listener = UnixListener::bind(home.path(name)).unwrap();
        let open = Arc::new(AtomicBool::new(true));
        let is_open = Arc::clone(&open);
        std::thread::spawn(move || {
            for outside in listener.incoming().map_while(Result::ok) {
                let engine = UnixStream::connect("/var/run/docker.sock").unwrap();
                for (from, to) in [(&outside, &engine), (&engine, &outside)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let is_open = Arc::clone(&is_open);
                    std::thread::spawn(move || pass(from, to, &is_open));
                }
            }
        });
        Self { open }
    }

    fn set(&self, open: bool) {
        self.open.store(open, Ordering::SeqCst);
    }
}

fn pass(mut from: UnixStream, mut to: UnixStream, open: &AtomicBool) {
    from.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut buffer = vec![0; 64 * 1024];
    while open.load(Ordering::SeqCst) {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) if to.write_all(&buffer[..read]).is_err() => break,
            Ok(_) => {}
            Err(error)
                if matches!(
                    error.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::Interrupted
                ) => {}
            Err(_) => break,
        }
    }
    let how = if open.load(Ordering::SeqCst) {
        std::net::Shutdown::Write
    } else {
        std::net::Shutdown::Both
    };
    let _ = to.shutdown(how);
}

#[test]
fn an_engine_that_goes_away_is_found_again_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let container = scene.start(&[]);
    let engine = EngineRelay::start(&scene.home, "engine.sock");
    engine.set(false);
    let mut command = serve_command(
        &scene.home,
        &["--guardian", scene.name(), "--trusted-root", "root.json"],
    );
    command.env(
        "DOCKER_HOST",
        format!("unix://{}", scene.home.path("engine.sock").display()),
    );
    scene.home.write(
        crate::support::signer::POLICY,
        crate::support::signer::OPEN_POLICY,
    );
    let server = SigningServer::start_command(command, &scene.home);
    assert!(
        scene.home.text("serve.err").contains("could not be checked"),
        "{}",
        scene.home.text("serve.err")
    );
    engine.set(true);
    container.wait_until_served(&server);
    engine.set(false);
    assert!(eventually(|| (!container.is_served()).then_some(())).is_some());
    container.assert_nothing_left();
    engine.set(true);
    container.wait_until_served(&server);
    assert_eq!(server.stop(), Some(0));
}
