//! `oc-guardian status`: what it finds, and the remedy of each problem.

use snapbox::str;

use crate::support::Home;

#[test]
fn all_in_order() {
    let home = Home::with_identity();
    home.run(&["config", "gen", "--federation", "oc-me-v1"]);
    home.run(&["status"]).is(str![]);
    home.run(&["status", "--json"]).is(str![]);
}

#[test]
fn a_fresh_machine_is_told_to_begin() {
    Home::new().run(&["status"]).is(str![]);
}

#[test]
fn an_identity_without_a_bundle() {
    Home::with_identity().run(&["status"]).is(str![]);
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
    host.run(&["status"]).is(str![]);
}

#[test]
fn every_problem_at_once() {
    let home = Home::with_identity();
    home.write("home/config/oc-guardian.config", "{}");
    home.chmod("home/data/keys", 0o755);
    home.chmod("home/config", 0o750);
    home.run(&["status"]).is(str![]);
    home.run(&["status", "--json"]).is(str![]);
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
