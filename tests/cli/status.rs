//! `oc-guardian status`: what it finds, and the remedy of each problem.

use snapbox::str;

use serde_json::Value;

use crate::support::docker_image::can_docker;
use crate::support::operated::Operated;
use crate::support::{Home, Transcript};

/// On a machine without an engine.
fn run(home: &Home, arguments: &[&str]) -> Transcript {
    let output = home
        .command(arguments)
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .output();
    home.transcript(arguments, &output.unwrap())
}

#[test]
fn all_in_order() {
    let home = Home::with_identity();
    home.run(&["config", "gen", "--federation", "oc-me-v1"]);
    run(&home, &["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
key            within reach

Config bundle
file           [DIR]/home/config/oc-guardian.config
verdict        good
federation     oc-me-v1

Guardian
container      not looked at: no Docker engine answers

Machine
version        oc-guardian 0.1.0
config         [DIR]/home/config
data           [DIR]/home/data
state          [DIR]/home/state
runtime        [DIR]/home/run

All in order.
--- exit 0

"#]]);
    run(&home, &["status", "--json"]).is(str![[r#"
$ oc-guardian status --json
{"ok":true,"version":"0.1.0","identity":{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","scheme":"bip340","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","keystore":"file","key_file":"[DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age","origin":"imported","exported":false,"created_at":"[TIME]"},"keystore_reachable":true,"config_bundle":{"path":"[DIR]/home/config/oc-guardian.config","ok":true,"errors":0,"notes":0},"folders":{"config":"[DIR]/home/config","data":"[DIR]/home/data","state":"[DIR]/home/state","runtime":"[DIR]/home/run"},"engine":{"endpoint":"unix:///nonexistent/docker.sock","reachable":false,"detail":"unix:///nonexistent/docker.sock: no Docker engine answers (No such file or directory (os error 2))"},"guardian":null,"operation":null,"notes":[],"problems":[]}
--- exit 0

"#]]);
}

#[test]
fn a_fresh_machine_is_told_to_begin() {
    run(&Home::new(), &["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    none

Guardian
container      not looked at: no Docker engine answers

Machine
version        oc-guardian 0.1.0
config         [DIR]/home/config
data           [DIR]/home/data
state          [DIR]/home/state
runtime        [DIR]/home/run

1 problem
  ✗ there is no operator identity at [DIR]/home/config/operator.json
    Make one with: oc-guardian init (or, from a backup: oc-guardian init --restore --scheme SCHEME)
--- exit 4

"#]]);
}

#[test]
fn an_identity_without_a_bundle() {
    run(&Home::with_identity(), &["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
key            within reach

Guardian
container      not looked at: no Docker engine answers

Machine
version        oc-guardian 0.1.0
config         [DIR]/home/config
data           [DIR]/home/data
state          [DIR]/home/state
runtime        [DIR]/home/run

1 problem
  ✗ there is no config bundle at [DIR]/home/config/oc-guardian.config or /etc/oc-guardian/oc-guardian.config
    Write one with: oc-guardian config gen
--- exit 4

"#]]);
}

#[test]
fn a_host_that_has_only_the_bundle_is_in_order() {
    let operator = Home::with_identity();
    let bundle = operator
        .run(&["config", "gen", "--federation", "oc-me-v1", "--out", "-"])
        .stdout;
    let host = Home::new();
    host.write("home/config/oc-guardian.config", bundle);
    host.chmod("home/config", 0o700);
    run(&host, &["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    none

Config bundle
file           [DIR]/home/config/oc-guardian.config
verdict        good
federation     oc-me-v1

Guardian
container      not looked at: no Docker engine answers

Machine
version        oc-guardian 0.1.0
config         [DIR]/home/config
data           [DIR]/home/data
state          [DIR]/home/state
runtime        [DIR]/home/run

note: no operator key is kept on this machine
All in order.
--- exit 0

"#]]);
}

#[test]
fn every_problem_at_once() {
    let home = Home::with_identity();
    home.write("home/config/oc-guardian.config", "{}");
    home.chmod("home/data/keys", 0o755);
    home.chmod("home/config", 0o750);
    run(&home, &["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
key            out of reach

Config bundle
file           [DIR]/home/config/oc-guardian.config
verdict        5 errors

Guardian
container      not looked at: no Docker engine answers

Machine
version        oc-guardian 0.1.0
config         [DIR]/home/config
data           [DIR]/home/data
state          [DIR]/home/state
runtime        [DIR]/home/run

3 problems
  ✗ [DIR]/home/data/keys is private but has permissions 0755
    Run: chmod 700 [DIR]/home/data/keys
  ✗ [DIR]/home/config/oc-guardian.config has 5 errors
    See them with: oc-guardian config check [DIR]/home/config/oc-guardian.config
  ✗ [DIR]/home/config is private but has permissions 0750
    Run: chmod 700 [DIR]/home/config
--- exit 4

"#]]);
    run(&home, &["status", "--json"]).is(str![[r#"
$ oc-guardian status --json
{"ok":false,"reason":"problems-found","detail":"3 problems found","hint":"Run: chmod 700 [DIR]/home/data/keys","version":"0.1.0","identity":{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","scheme":"bip340","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","keystore":"file","key_file":"[DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age","origin":"imported","exported":false,"created_at":"[TIME]"},"keystore_reachable":false,"config_bundle":{"path":"[DIR]/home/config/oc-guardian.config","ok":false,"errors":5,"notes":0},"folders":{"config":"[DIR]/home/config","data":"[DIR]/home/data","state":"[DIR]/home/state","runtime":"[DIR]/home/run"},"engine":{"endpoint":"unix:///nonexistent/docker.sock","reachable":false,"detail":"unix:///nonexistent/docker.sock: no Docker engine answers (No such file or directory (os error 2))"},"guardian":null,"operation":null,"notes":[],"problems":[{"reason":"permissions-too-open","detail":"[DIR]/home/data/keys is private but has permissions 0755","hint":"Run: chmod 700 [DIR]/home/data/keys"},{"reason":"config-schema-mismatch","detail":"[DIR]/home/config/oc-guardian.config has 5 errors","hint":"See them with: oc-guardian config check [DIR]/home/config/oc-guardian.config"},{"reason":"permissions-too-open","detail":"[DIR]/home/config is private but has permissions 0750","hint":"Run: chmod 700 [DIR]/home/config"}]}
--- exit 4

"#]]);
}

#[test]
fn a_key_file_that_is_gone() {
    let home = Home::with_identity();
    std::fs::remove_dir_all(home.path("home/data/keys")).unwrap();
    let seen = run(&home, &["status", "--json"]).json();
    assert_eq!(seen["keystore_reachable"], false);
    assert_eq!(seen["problems"][0]["reason"], "key-file-missing");
}

#[test]
fn a_damaged_identity() {
    let home = Home::with_identity();
    home.write("home/config/operator.json", "{");
    let seen = run(&home, &["status", "--json"]);
    assert_eq!(seen.code, Some(4));
    assert_eq!(seen.json()["problems"][0]["reason"], "identity-invalid");
}

#[test]
fn no_engine_is_no_problem() {
    let home = Home::with_identity();
    home.run(&["config", "gen", "--federation", "oc-me-v1"]);
    let seen = run(&home, &["status", "--json"]).exits(0).json();
    assert_eq!(seen["engine"]["reachable"], false);
    assert_eq!(seen["engine"]["endpoint"], "unix:///nonexistent/docker.sock");
    assert_eq!(seen["guardian"], Value::Null);
}

/// As a power cut leaves it.
#[test]
fn an_interrupted_operation_is_told_and_left_alone() {
    let home = Home::with_identity();
    home.run(&["config", "gen", "--federation", "oc-me-v1"]);
    let id = "ab".repeat(32);
    let journal = format!(
        r#"{{"version":1,"transaction":"0123456789abcdef","operation":"upgrade","strategy":"handover","step":"warm",
            "container":"oc-guardian","engine":"unix:///var/run/docker.sock","network":"bridge",
            "old":{{"id":"{id}","restart":"unless-stopped","was_running":true}},"new":null,
            "image":{{"name":"ghcr.io/orangecheck/oc-guardian","digest":"sha256:{id}","version":"v0.3.0"}},
            "started_at":"2026-11-25T00:00:00Z","settle":60}}"#
    );
    home.write("home/state/upgrade.json", &journal);
    home.chmod("home/state", 0o700);
    let seen = run(&home, &["status", "--json"]).exits(4).json();
    assert_eq!(seen["operation"]["operation"], "upgrade");
    assert_eq!(seen["operation"]["step"], "warm");
    assert_eq!(seen["operation"]["under_way"], false);
    assert_eq!(seen["problems"][0]["reason"], "operation-unfinished");
    assert_eq!(home.text("home/state/upgrade.json"), journal);
    // Another guardian of this machine has nothing to do with it.
    let other = run(&home, &["status", "--json", "--name", "other"])
        .exits(0)
        .json();
    assert_eq!(other["operation"], Value::Null);
    home.write("home/state/upgrade.json", "{");
    let damaged = run(&home, &["status", "--json"]).exits(4).json();
    assert_eq!(damaged["problems"][0]["reason"], "journal-damaged");
}

#[test]
fn the_container_is_shown_as_it_is_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let none = it.ok(&["status"]);
    assert_eq!(none["engine"]["reachable"], true, "{none}");
    assert_eq!(none["guardian"], Value::Null);
    let first = it.release("0.2.0");
    it.ok(&["run", "--image", &first.reference, "--settle", "1s"]);
    let serves = it.ok(&["status"]);
    let guardian = &serves["guardian"];
    assert_eq!(guardian["state"], "running", "{serves}");
    assert_eq!(guardian["healthy"], true);
    assert_eq!(guardian["health"]["state"], "active");
    assert_eq!(guardian["version"], "v0.2.0");
    assert_eq!(guardian["digest"], first.digest.to_string());
    assert_eq!(guardian["restarts"], 0);
    assert_eq!(guardian["previous"], Value::Null);
    let second = it.release("0.3.0");
    it.ok(&["upgrade", "--yes", "--image", &second.reference, "--settle", "1s"]);
    let upgraded = it.ok(&["status"]);
    assert_eq!(upgraded["guardian"]["version"], "v0.3.0");
    assert_eq!(upgraded["guardian"]["previous"], "v0.2.0");
    it.ok(&["stop"]);
    let stopped = it.ok(&["status"]);
    assert_eq!(stopped["guardian"]["state"], "exited");
    assert_eq!(stopped["guardian"]["healthy"], Value::Null);
}
