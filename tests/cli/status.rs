//! `oc-guardian status`: what it finds, and the remedy of each problem.

use snapbox::str;

use crate::support::Home;

#[test]
fn all_in_order() {
    let home = Home::with_identity();
    home.run(&["config", "gen", "--federation", "oc-me-v1"]);
    home.run(&["status"]).is(str![[r#"
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

Machine
version        oc-guardian 0.1.0
config         [DIR]/home/config
data           [DIR]/home/data
state          [DIR]/home/state
runtime        [DIR]/home/run

All in order.
--- exit 0

"#]]);
    home.run(&["status", "--json"]).is(str![[r#"
$ oc-guardian status --json
{"ok":true,"version":"0.1.0","identity":{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","scheme":"bip340","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","keystore":"file","key_file":"[DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age","origin":"imported","exported":false,"created_at":"[TIME]"},"keystore_reachable":true,"config_bundle":{"path":"[DIR]/home/config/oc-guardian.config","ok":true,"errors":0,"notes":0},"folders":{"config":"[DIR]/home/config","data":"[DIR]/home/data","state":"[DIR]/home/state","runtime":"[DIR]/home/run"},"notes":[],"problems":[]}
--- exit 0

"#]]);
}

#[test]
fn a_fresh_machine_is_told_to_begin() {
    Home::new().run(&["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    none

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
    Home::with_identity().run(&["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
key            within reach

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
    host.run(&["status"]).is(str![[r#"
$ oc-guardian status
Operator
operator id    none

Config bundle
file           [DIR]/home/config/oc-guardian.config
verdict        good
federation     oc-me-v1

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
    home.run(&["status"]).is(str![[r#"
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
    home.run(&["status", "--json"]).is(str![[r#"
$ oc-guardian status --json
{"ok":false,"reason":"problems-found","detail":"3 problems found","hint":"Run: chmod 700 [DIR]/home/data/keys","version":"0.1.0","identity":{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","scheme":"bip340","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","keystore":"file","key_file":"[DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age","origin":"imported","exported":false,"created_at":"[TIME]"},"keystore_reachable":false,"config_bundle":{"path":"[DIR]/home/config/oc-guardian.config","ok":false,"errors":5,"notes":0},"folders":{"config":"[DIR]/home/config","data":"[DIR]/home/data","state":"[DIR]/home/state","runtime":"[DIR]/home/run"},"notes":[],"problems":[{"reason":"permissions-too-open","detail":"[DIR]/home/data/keys is private but has permissions 0755","hint":"Run: chmod 700 [DIR]/home/data/keys"},{"reason":"config-schema-mismatch","detail":"[DIR]/home/config/oc-guardian.config has 5 errors","hint":"See them with: oc-guardian config check [DIR]/home/config/oc-guardian.config"},{"reason":"permissions-too-open","detail":"[DIR]/home/config is private but has permissions 0750","hint":"Run: chmod 700 [DIR]/home/config"}]}
--- exit 4

"#]]);
}

#[test]
fn a_key_file_that_is_gone() {
    let home = Home::with_identity();
    std::fs::remove_dir_all(home.path("home/data/keys")).unwrap();
    let seen = home.run(&["status", "--json"]).json();
    assert_eq!(seen["keystore_reachable"], false);
    assert_eq!(seen["problems"][0]["reason"], "key-file-missing");
}

#[test]
fn a_damaged_identity() {
    let home = Home::with_identity();
    home.write("home/config/operator.json", "{");
    let seen = home.run(&["status", "--json"]);
    assert_eq!(seen.code, Some(4));
    assert_eq!(seen.json()["problems"][0]["reason"], "identity-invalid");
}
