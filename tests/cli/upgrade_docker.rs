//! run, upgrade, rollback, stop and uninstall on a real engine.

use serde_json::Value;

use crate::support::docker_image::can_docker;
use crate::support::operated::Operated;
use crate::support::release_image::{Release, Variant};

#[test]
fn a_guardian_is_run_upgraded_rolled_back_and_removed_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let first = it.release("0.2.0");
    let ran = it.ok(&["run", "--image", &first.reference, "--settle", "1s"]);
    assert_eq!(ran["version"], "v0.2.0");
    assert_eq!(ran["digest"], first.digest.to_string());
    assert_eq!(it.health()["version"], "0.2.0");
    // Asked again, it says so and changes nothing.
    let id = it.id();
    it.ok(&["run", "--image", &first.reference]);
    assert_eq!(it.id(), id);

    let second = it.release("0.3.0");
    let reference = second.reference.clone();
    let check = it.json(&["upgrade", "--check", "--image", &reference], 4);
    assert_eq!(check["reason"], "upgrade-available");
    let upgraded = it.ok(&["upgrade", "--yes", "--image", &reference, "--settle", "1s"]);
    assert_eq!(upgraded["version"], "v0.3.0");
    assert_eq!(upgraded["from"], "v0.2.0");
    assert_eq!(upgraded["strategy"], "handover");
    assert!(upgraded["http_pause_ms"].as_u64().unwrap() < 30_000, "{upgraded}");
    assert_eq!(it.health()["version"], "0.3.0");
    assert_eq!(it.names(), ["", "-prev"]);
    it.json(&["upgrade", "--check", "--image", &reference], 0);

    let back = it.ok(&["rollback", "--yes", "--settle", "1s"]);
    assert_eq!(back["version"], "v0.2.0");
    assert_eq!(it.health()["version"], "0.2.0");
    assert_eq!(it.id(), id);
    assert_eq!(it.names(), ["", "-undone"]);
    // Only once: what was rolled back from is no way back.
    let none = it.json(&["rollback", "--yes"], 4);
    assert_eq!(none["reason"], "nothing-to-roll-back-to");
    let again = it.ok(&["upgrade", "--yes", "--image", &reference, "--settle", "1s"]);
    assert_eq!(again["version"], "v0.3.0");
    assert_eq!(it.names(), ["", "-prev"]);

    it.ok(&["stop"]);
    assert!(it.try_health().is_none());
    it.ok(&["run", "--image", &reference]);
    assert_eq!(it.health()["version"], "0.3.0");
    let removed = it.ok(&["uninstall", "--yes", "--volumes"]);
    assert_eq!(removed["volumes_left"], Value::Array(Vec::new()));
    assert_eq!(it.names(), [""; 0]);
}

#[test]
fn a_bundle_that_would_hide_files_of_the_image_is_not_run_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let bundle = "home/config/oc-guardian.config";
    let mut config: Value = serde_json::from_str(&it.home.text(bundle)).unwrap();
    config["data_dir"] = "/usr/lib".into();
    config["extra_ca_file"] = "/oc-guardian".into();
    it.home.write(bundle, config.to_string());
    it.home.chmod(bundle, 0o644);
    let refused = it.json(&["run", "--image", "127.0.0.1:9/nobody/asks:v0.2.0"], 1);
    assert_eq!(refused["reason"], "unsafe-mount", "{refused}");
    let why = refused["detail"].as_str().unwrap();
    assert!(why.contains("/oc-guardian, /usr/lib could hide"), "{why}");
    assert_eq!(it.names(), [""; 0]);
}

#[test]
fn an_image_that_fails_leaves_the_old_one_serving_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let first = it.release("0.2.0");
    it.ok(&["run", "--image", &first.reference, "--settle", "1s"]);
    let id = it.id();
    for (variant, reason) in [
        (Variant::Crashes, "container-crashed"),
        (Variant::Never, "not-healthy"),
        (Variant::WrongVersion, "wrong-version"),
    ] {
        let bad = it.release_as(
            "0.3.0",
            Release {
                variant,
                ..Release::default()
            },
        );
        let arguments = [
            "upgrade",
            "--yes",
            "--image",
            &bad.reference,
            "--settle",
            "1s",
            "--strategy",
            "handover",
        ];
        let failed = it.json(&arguments, 4);
        assert_eq!(failed["reason"], reason, "{failed}");
        assert_eq!(it.id(), id);
        assert_eq!(it.health()["state"], "active");
        assert_eq!(it.names(), [""], "{variant:?}");
        assert!(
            !it.home
                .path(&format!("home/state/upgrade-{}.json", it.name))
                .exists()
        );
    }
}

/// Undone after the ports had changed hands: Ctrl-C while the new one is watched.
#[test]
fn ctrl_c_while_the_new_one_proves_itself_gives_all_back_docker() {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;

    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let (first, second) = (it.release("0.2.0"), it.release("0.3.0"));
    it.ok(&["run", "--image", &first.reference, "--settle", "0s"]);
    let id = it.id();
    let arguments = [
        "upgrade",
        "--yes",
        "--image",
        &second.reference,
        "--settle",
        "60s",
    ];
    let mut child = it.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
    let mut last = Value::Null;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        last = serde_json::from_str(&line.unwrap()).unwrap();
        if last["step"] == "settle" && last["state"] == "started" {
            let pid = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(130), "{last}");
    assert_eq!(last["reason"], "interrupted");
    assert_eq!(it.id(), id);
    assert_eq!(it.health()["version"], "0.2.0");
    assert_eq!(it.names(), [""]);
}
