//! What the verbs for the guardian's container refuse, and what they do without a registry, on a real engine.

use crate::support::docker_image::can_docker;
use crate::support::in_docker::{Container, Volume, docker};
use crate::support::operated::Operated;
use crate::support::registry::Fault;

/// After a power cut the registry may be out of reach, and the guardian has to come back all the same.
#[test]
fn a_stopped_guardian_is_started_again_without_a_registry_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let (first, second) = (it.release("0.2.0"), it.release("0.3.0"));
    it.ok(&["run", "--image", &first.reference, "--settle", "0s"]);
    let id = it.id();
    let stopped = it.ok(&["stop"]);
    assert_eq!(stopped["was_running"], true);
    let refused = it.json(&["upgrade", "--yes", "--image", &first.reference], 4);
    assert_eq!(refused["reason"], "stopped", "{refused}");

    it.registry.fault("/", Fault::Status(503));
    let again = it.ok(&["run"]);
    assert_eq!(again["version"], "v0.2.0");
    assert_eq!(again["digest"], first.digest.to_string());
    assert_eq!(it.id(), id);
    assert_eq!(it.health()["version"], "0.2.0");
    // One that runs is asked how it is, without a registry, too.
    it.ok(&["run"]);

    it.registry.clear_faults();
    let other = it.json(&["run", "--image", &second.reference], 1);
    assert_eq!(other["reason"], "already-there", "{other}");
    assert_eq!(it.id(), id);
}

/// Started by hand, and of an image that was never verified here: without a registry nothing can be said of it.
#[test]
fn what_was_never_verified_is_not_started_without_a_registry_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let first = it.release("0.2.0");
    docker(&["pull", "-q", &first.reference]);
    let bundle = it.home.path("home/config/oc-guardian.config");
    let bind = format!("{}:/etc/oc-guardian/config.json:ro", bundle.display());
    let _made = Container(it.name.clone());
    docker(&["create", "--name", &it.name, "-v", &bind, &first.reference]);
    it.registry.fault("/", Fault::Status(503));
    let refused = it.json(&["run"], 1);
    assert!(refused["detail"].as_str().unwrap().contains("503"), "{refused}");
    assert_eq!(
        docker(&["inspect", "-f", "{{.State.Running}}", &it.name]),
        "false"
    );
}

#[test]
fn the_container_of_something_else_is_left_alone_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let first = it.release("0.2.0");
    docker(&["pull", "-q", &first.reference]);
    let volume = Volume(format!("{}-database", it.name));
    let mount = format!("{}:/var/lib/database", volume.0);
    let other = Container(it.name.clone());
    docker(&["create", "--name", &other.0, "-v", &mount, &first.reference]);
    for arguments in [
        &["stop"][..],
        &["uninstall", "--yes", "--volumes"],
        &["run", "--image", &first.reference],
        &["upgrade", "--yes", "--image", &it.release("0.3.0").reference],
    ] {
        let refused = it.json(arguments, 4);
        assert_eq!(refused["reason"], "not-a-guardian", "{refused}");
    }
    docker(&["inspect", &other.0]);
    docker(&["volume", "inspect", &volume.0]);
}

#[test]
fn uninstall_takes_the_guardians_data_and_no_other_volume_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let first = it.release("0.2.0");
    docker(&["pull", "-q", &first.reference]);
    let bundle = it.home.path("home/config/oc-guardian.config");
    let bind = format!("{}:/etc/oc-guardian/config.json:ro", bundle.display());
    let data = Volume(format!("{}-data", it.name));
    let other = Volume(format!("{}-other", it.name));
    let (first_mount, second_mount) = (
        format!("{}:/var/lib/oc-guardian", data.0),
        format!("{}:/run/other", other.0),
    );
    let made = Container(it.name.clone());
    docker(&[
        "create",
        "--name",
        &made.0,
        "-v",
        &bind,
        "-v",
        &first_mount,
        "-v",
        &second_mount,
        &first.reference,
    ]);
    let removed = it.ok(&["uninstall", "--yes", "--volumes"]);
    assert_eq!(removed["volumes_removed"], serde_json::json!([data.0]));
    docker(&["volume", "inspect", &other.0]);
    let left = docker(&["volume", "ls", "-q", "--filter", &format!("name={}", it.name)]);
    assert_eq!(left, other.0);
}

/// Two kits with one engine: the journal of the other one is on its machine, the names are here.
#[test]
fn while_another_machine_watches_its_upgrade_nothing_is_begun_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let (first, second) = (it.release("0.2.0"), it.release("0.3.0"));
    it.ok(&["run", "--image", &first.reference, "--settle", "0s"]);
    let id = it.id();
    for name in [
        format!("{}-old-0123456789abcdef", it.name),
        format!("{}-next", it.name),
    ] {
        let theirs = Container(name);
        docker(&[
            "create",
            "--name",
            &theirs.0,
            &docker(&["inspect", "-f", "{{.Image}}", &it.name]),
        ]);
        let refused = it.json(&["upgrade", "--yes", "--image", &second.reference], 4);
        assert_eq!(refused["reason"], "operation-under-way", "{refused}");
        assert!(
            refused["detail"].as_str().unwrap().contains(&theirs.0),
            "{refused}"
        );
        assert_eq!(it.id(), id);
    }
    it.ok(&["upgrade", "--yes", "--image", &second.reference, "--settle", "0s"]);
    assert_eq!(it.health()["version"], "0.3.0");
}

#[test]
fn names_that_belong_to_another_guardian_are_wrong_usage() {
    let it = crate::support::Home::new();
    for name in ["x-next", "x-prev", "x-undone", "x-stage", "x.last", "x-old-1"] {
        let output = it.command(&["stop", "--name", name]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{name}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("belongs to another guardian"), "{said}");
    }
}
