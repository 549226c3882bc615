//! The guardian in a container, started as the runbook says.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::docker_image::{Image, can_docker};
use crate::support::running::{Kit, bundle};
use crate::support::signer::eventually;
use crate::support::{Home, OPERATOR_ID};

/// A container, removed with its volume when dropped.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", "-v", &self.0]).output();
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{arguments:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.trim().to_owned()
}

#[test]
fn guardian_in_docker() {
    if !can_docker() {
        return;
    }
    let image = Image::build();
    let home = Home::with_identity();
    let mut config = bundle(&home, "https://me.ochk.io", &json!({}));
    config.as_object_mut().unwrap().shift_remove("data_dir");
    let path = home.write("oc-guardian.config", config.to_string());
    // As `config gen` writes it; the container's user is another one.
    home.chmod("oc-guardian.config", 0o644);
    let container = Container(format!("oc-guardian-test-{}", std::process::id()));
    let mount = format!("{}:/etc/oc-guardian/config.json:ro", path.display());
    docker(&[
        "run",
        "-d",
        "--name",
        &container.0,
        "--restart",
        "unless-stopped",
        "-v",
        &mount,
        "-p",
        "127.0.0.1::9000",
        "-p",
        "127.0.0.1::9001",
        &image.0,
    ]);
    let state = |format: &str| docker(&["inspect", "-f", format, &container.0]);
    let healthy = eventually(|| (state("{{.State.Health.Status}}") == "healthy").then_some(()));
    assert!(
        healthy.is_some(),
        "{}\n{}",
        state("{{json .State}}"),
        docker(&["logs", &container.0])
    );
    // The kit's way to the requests.
    let mut child = Command::new("docker")
        .args(["exec", "-i", &container.0, "/oc-guardian", "guardian", "rpc"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (output, input) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
    let mut kit = Kit::over(output, input).greet();
    let request = eventually(|| kit.pending(5).into_iter().find(|it| it["kind"] == "attestation")).unwrap();
    assert_eq!(request["payload"]["operator_id"], OPERATOR_ID);
    drop(kit);
    child.wait().unwrap();
    let check = docker(&["exec", &container.0, "/oc-guardian", "guardian", "standby"]);
    assert!(check.starts_with("The guardian is standby"), "{check}");
    assert!(docker(&["exec", &container.0, "/oc-guardian", "guardian", "activate"]).contains("active"));
    docker(&["stop", &container.0]);
    assert_eq!(state("{{.State.ExitCode}}"), "0");
}
