//! `incident publish`: signed under the policy, with a record, then handed to the devnet's portal.

use serde_json::{Value, json};
use snapbox::str;

use crate::support::portal::{SLUG, TestPortal};
use crate::support::signer::{LOG, SigningServer};
use crate::support::{Answering, Home, Transcript};

fn publish(home: &Home, arguments: &[&str]) -> Transcript {
    let start = ["incident", "publish", "--passphrase-file", "pass.txt"];
    home.run(&[&start[..], arguments].concat())
}

const UPGRADE: [&str; 6] = [
    "--severity",
    "info",
    "--tag",
    "upgrade",
    "--title",
    "Upgrading at 18:00 UTC",
];

fn incidents(portal: &TestPortal) -> Vec<Value> {
    let answer = portal
        .get(&format!("/api/operator/incidents?federation={SLUG}"))
        .json();
    answer["incidents"].as_array().unwrap().clone()
}

#[test]
fn without_a_signing_server() {
    let portal = TestPortal::of_home();
    let home = portal.home(SLUG);
    home.write("plan.txt", "One after another.\nAlder first.\n");
    let run = publish(
        &home,
        &[&UPGRADE[..], &["--body-file", "plan.txt", "--quiet"]].concat(),
    )
    .exits(0);
    let told = incidents(&portal);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["body"], "One after another.\nAlder first.");
    run.replacing(told[0]["id"].as_str().unwrap(), "[ID]")
        .replacing(&portal.portal.url(), "[PORTAL]")
        .is(str![[r#"
$ oc-guardian incident publish --passphrase-file pass.txt --severity info --tag upgrade --title Upgrading at 18:00 UTC --body-file plan.txt --quiet
The incident is published.
federation     oc-test-v1
severity       info
title          Upgrading at 18:00 UTC
id             [ID]

Next: oc-guardian incident list
--- stderr
warning: whether the state folder is an older copy could not be checked: no guardian is here to be asked
--- exit 0

"#]]);
    assert!(home.text(LOG).contains("alert-publish"), "it is in the log");
    let listed = home.run(&["incident", "list", "--json"]).exits(0).json();
    assert_eq!(listed["incidents"][0]["verified"], true);
}

#[test]
fn through_the_signing_server() {
    let portal = TestPortal::of_home();
    let home = portal.home(SLUG);
    let server = SigningServer::start(&home, &[]);
    let run = home
        .run(&[&["incident", "publish", "--json"], &UPGRADE[..]].concat())
        .exits(0);
    let told = incidents(&portal);
    assert_eq!(
        (run.json()["id"].clone(), run.json()["envelope"].clone()),
        (told[0]["id"].clone(), told[0]["envelope"].clone())
    );
    // A second one is another incident.
    home.run(&[&["incident", "publish"], &UPGRADE[..]].concat())
        .exits(0);
    assert_eq!(incidents(&portal).len(), 2);
    drop(server);
}

#[test]
fn what_the_policy_asks_about_needs_a_person() {
    let portal = TestPortal::of_home();
    let home = portal.home(SLUG);
    let run = publish(
        &home,
        &["--severity", "critical", "--title", "Host down", "--json"],
    );
    assert_eq!(run.exits(2).json()["reason"], "no-terminal");
    assert_eq!(incidents(&portal), Vec::<Value>::new());
}

#[test]
fn mistakes_are_named_by_their_flag_before_anything_is_signed() {
    let portal = TestPortal::of_home();
    let home = portal.home(SLUG);
    home.write("long.txt", "x".repeat(4001));
    home.write("binary", [0xff, 0xfe]);
    let long_title = "x".repeat(121);
    for (arguments, code, word) in [
        (vec!["--severity", "bad", "--title", "t"], 2, "--severity"),
        (vec!["--severity", "info", "--title", ""], 2, "--title"),
        (vec!["--severity", "info", "--title", "a\nb"], 2, "--title"),
        (vec!["--severity", "info", "--title", &long_title], 2, "--title"),
        (
            vec!["--severity", "info", "--title", "t", "--tag", "No"],
            2,
            "--tag",
        ),
        (
            vec!["--severity", "info", "--title", "t", "--body-file", "long.txt"],
            2,
            "--body-file",
        ),
        (
            vec!["--severity", "info", "--title", "t", "--body-file", "binary"],
            1,
            "UTF-8",
        ),
        (
            vec!["--severity", "info", "--title", "t", "--body-file", "none"],
            1,
            "none",
        ),
        (
            vec!["--severity", "info", "--title", "t", "--federation", "A B"],
            2,
            "--federation",
        ),
    ] {
        let run = publish(&home, &arguments).exits(code);
        assert!(run.stderr.contains(word), "{}", run.text);
    }
    assert!(!home.path(LOG).exists());
}

#[test]
fn a_portal_that_refuses_or_is_away() {
    let portal = TestPortal::of_home();
    let home = portal.home(SLUG);
    let elsewhere = [&UPGRADE[..], &["--federation", "elsewhere"]].concat();
    let run = publish(&home, &elsewhere);
    // The policy is for the bundle's federation: another one is asked about.
    assert_eq!(run.code, Some(2), "{}", run.text);
    // Every attempt carries the same envelope.
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = std::sync::Arc::clone(&seen);
    let away = Answering::by(move |mut stream, _| {
        use std::io::Read;
        let mut body = vec![0; 4096];
        let length = stream.read(&mut body).unwrap_or_default();
        kept.lock().unwrap().push(body[..length].to_vec());
    });
    let run = publish(
        &home,
        &[&UPGRADE[..], &["--portal-base", &away.url, "--json"]].concat(),
    );
    assert_eq!(run.exits(1).json()["reason"], "portal-unreachable");
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 3);
    assert!(seen.iter().all(|body| *body == seen[0] && !body.is_empty()));
    let refusing = Answering::http(
        "403 Forbidden",
        "application/json",
        &json!({"ok": false, "reason": "not-a-member", "detail": "no"}).to_string(),
    );
    let run = publish(
        &home,
        &[&UPGRADE[..], &["--portal-base", &refusing.url, "--json"]].concat(),
    );
    assert_eq!(run.exits(1).json()["reason"], "portal-refused");
}
