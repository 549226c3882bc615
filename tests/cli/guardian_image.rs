//! The Dockerfile: its last stage, built from a binary without a network, and what comes out of it.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::Home;
use crate::support::docker_image::{Image, can_docker, put_prebuilt};
use crate::support::running::bundle;
use crate::support::signer::eventually;

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {text}{errors}");
    text.trim().to_owned()
}

/// Removed with its volume when dropped.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", "-v", &self.0]).output();
    }
}

fn build() -> Image {
    let context = tempfile::tempdir().unwrap();
    put_prebuilt(context.path());
    let name = format!("oc-guardian-dockerfile:{}", std::process::id());
    let folder = context.path().display().to_string();
    // The builder that every engine has: a network is neither needed nor there.
    let output = Command::new("docker")
        .env("DOCKER_BUILDKIT", "0")
        .args([
            "build",
            "--network",
            "none",
            "--target",
            "prebuilt",
            "--build-arg",
            "TARGETARCH=amd64",
        ])
        .args(["-t", &name, &folder])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Image(name)
}

#[test]
fn the_dockerfile_makes_the_image_that_it_says_and_it_serves_without_any_right_in_docker() {
    if !can_docker() {
        return;
    }
    let image = build();
    let config: Value =
        serde_json::from_str(&docker(&["inspect", "-f", "{{json .Config}}", &image.0])).unwrap();
    assert_eq!(config["User"], "65532:65532");
    assert_eq!(config["Entrypoint"], json!(["/oc-guardian", "guardian"]));
    assert_eq!(config["Volumes"], json!({ "/var/lib/oc-guardian": {} }));
    assert_eq!(config["ExposedPorts"], json!({ "9000/tcp": {}, "9001/tcp": {} }));
    assert_eq!(
        config["Healthcheck"]["Test"],
        json!(["CMD", "/oc-guardian", "guardian", "healthcheck"])
    );
    assert_eq!(config["Labels"]["io.ochk.guardian.data-version"], "1");
    assert_eq!(config["Labels"]["org.opencontainers.image.licenses"], "MIT");

    let home = Home::with_identity();
    let mut fields = bundle(&home, "https://portal.example", &json!({}));
    fields.as_object_mut().unwrap().shift_remove("data_dir");
    let path = home.write("oc-guardian.config", fields.to_string());
    home.chmod("oc-guardian.config", 0o644);
    let container = Container(format!("oc-guardian-dockerfile-{}", std::process::id()));
    docker(&[
        "run",
        "-d",
        "--name",
        &container.0,
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
        "--health-interval",
        "1s",
        // A name that only the system's own lookup knows.
        "--add-host",
        "portal.example:127.0.0.1",
        "-v",
        &format!("{}:/etc/oc-guardian/config.json:ro", path.display()),
        &image.0,
    ]);
    let state = |format: &str| docker(&["inspect", "-f", format, &container.0]);
    let healthy = eventually(|| (state("{{.State.Health.Status}}") == "healthy").then_some(()));
    let log = || {
        let output = Command::new("docker")
            .args(["logs", &container.0])
            .output()
            .unwrap();
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    assert!(healthy.is_some(), "{}\n{}", state("{{json .State}}"), log());
    // Active: the volume is the user's own to lock.
    let check = docker(&[
        "exec",
        &container.0,
        "/oc-guardian",
        "guardian",
        "healthcheck",
        "--json",
    ]);
    let health: Value = serde_json::from_str(&check).unwrap();
    assert_eq!(health["state"], "active", "{}", log());

    // Nothing is in it but the program, what it is linked to, and its folder.
    let listed = Command::new("sh")
        .args([
            "-c",
            "docker export \"$1\" | tar -tv --numeric-owner",
            "sh",
            &container.0,
        ])
        .output()
        .unwrap();
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let line = |name: &str| {
        listed
            .lines()
            .find(|line| line.split_whitespace().nth(5) == Some(name))
            .unwrap_or_else(|| panic!("no {name}: {listed}"))
            .to_owned()
    };
    assert!(line("oc-guardian").contains(" 0/0 "), "{listed}");
    let data = line("var/lib/oc-guardian/");
    assert!(data.starts_with("drwx------ 65532/65532 "), "{data}");
    assert!(!listed.contains("bin/sh"), "{listed}");
    docker(&["stop", &container.0]);
    assert_eq!(state("{{.State.ExitCode}}"), "0");
}
