//! `devnet` from its start to its end: what it serves, what it keeps to itself, what it leaves.

use std::time::Duration;

use oc_guardian::federation::{Directory, check_charter};
use rustix::process::Signal;
use serde_json::json;
use snapbox::str;

use crate::support::devnet::{Devnet, folders, is_there};
use crate::support::{Home, Terminal};

/// Quick enough for a test, and in whole seconds.
const QUICK: [&str; 4] = ["--attest-interval", "1s", "--stale-after", "4s"];

#[test]
fn four_guardians_turn_green_and_ctrl_c_leaves_nothing() {
    let home = Home::new();
    let mut devnet = Devnet::start(&home, &[]);
    devnet.until_green();
    devnet.until("said so", |it| {
        it.lines().iter().any(|line| line["event"] == "all-green")
    });
    let processes = devnet.processes();
    assert_eq!(processes.len(), 9, "portal, guardians, signing servers");
    assert!(processes.iter().all(|pid| is_there(*pid)));
    devnet.signal(Signal::INT);
    assert_eq!(devnet.end(), Some(0));
    assert_eq!(processes.iter().filter(|pid| is_there(**pid)).count(), 0);
    assert_eq!(folders(&home.path("")), [""; 0]);
    let last = devnet.lines().pop().unwrap();
    assert_eq!((&last["ok"], &last["event"]), (&json!(true), &json!("stopped")));
}

#[test]
fn with_pull_the_signing_servers_come_for_the_requests() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &[&QUICK[..], &["--pull"]].concat());
    devnet.until_green();
    for own in devnet.started["homes"].as_array().unwrap() {
        let own = own.as_str().unwrap();
        let bundle = std::fs::read_to_string(format!("{own}/config/oc-guardian.config")).unwrap();
        assert!(!bundle.contains("signer_url"), "{bundle}");
        // The requests came over the guardian's socket.
        devnet.until("signed", |_| {
            let log = std::fs::read_to_string(format!("{own}/state/audit.jsonl")).unwrap();
            log.lines()
                .any(|line| line.contains(r#""event":"signed""#) && line.contains(r#""kind":"attestation""#))
        });
    }
}

#[test]
fn everybody_agreed_and_everybody_trusts() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &["--guardians", "5", "--threshold", "4"]);
    devnet.until_green();
    let directory = devnet
        .get("/api/public/federations/oc-devnet/directory")
        .unwrap()
        .to_string();
    let directory = Directory::parse(directory.as_bytes()).unwrap();
    check_charter(&directory.membership, &directory.charter_signatures).unwrap();
    assert_eq!(directory.membership.threshold(), 4);
    assert_eq!(directory.addresses.len(), 5);
    let page = devnet.get("/api/public/federations/oc-devnet").unwrap();
    let members = page["federation"]["members"].as_array().unwrap();
    let hash = directory.membership.hash().to_string();
    assert!(members.iter().all(|it| it["charter"]["membership_hash"] == *hash));
    for own in devnet.started["homes"].as_array().unwrap() {
        let own = own.as_str().unwrap();
        let mut command = home.command(&["federation", "show", "--json"]);
        let shown = command.env("OC_GUARDIAN_HOME", own).output().unwrap();
        let shown: serde_json::Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(shown["federations"][0]["membership_hash"], *hash);
        let log = std::fs::read_to_string(format!("{own}/state/audit.jsonl")).unwrap();
        for event in ["asked", "approved", "signed"] {
            let wanted = format!(r#""event":"{event}""#);
            let charter = |line: &&str| line.contains(&wanted) && line.contains("charter-sign");
            assert_eq!(log.lines().filter(charter).count(), 1, "{event}: {log}");
        }
        // The guardian's own key is vouched for, in this membership.
        devnet.until("delegated", |_| {
            let log = std::fs::read_to_string(format!("{own}/state/audit.jsonl")).unwrap();
            log.lines()
                .any(|line| line.contains(r#""kind":"guardian-key""#) && line.contains(&hash))
        });
    }
    for member in &directory.addresses {
        let portal = format!("{}/healthz", member.api_url);
        let health = ureq::get(&portal)
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        assert!(health.contains(r#""state":"active""#), "{health}");
    }
}

#[test]
fn the_kit_works_as_one_of_its_operators() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &[]);
    devnet.until_green();
    let own = devnet.started["homes"][0].as_str().unwrap().to_owned();
    let run = |arguments: &[&str]| {
        let mut command = home.command(arguments);
        command.env("OC_GUARDIAN_HOME", &own);
        home.transcript(arguments, &command.output().unwrap())
    };
    let status = run(&["portal", "status", "--json"]).exits(0).json();
    assert_eq!(status["attestation"]["color"], "green");
    run(&[
        "incident",
        "publish",
        "--severity",
        "info",
        "--tag",
        "upgrade",
        "--title",
        "Trying it out",
    ])
    .exits(0);
    let page = devnet.get("/api/public/federations/oc-devnet").unwrap();
    assert_eq!(page["federation"]["incidents"][0]["title"], "Trying it out");
    // The log of a server that runs is looked at beside it.
    let passphrase = format!("{own}/passphrase");
    run(&["audit", "verify", "--passphrase-file", &passphrase]).exits(0);
}

#[test]
fn a_wrong_image_is_red_until_it_is_accepted() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &QUICK);
    devnet.until_green();
    let place = home.path("").display().to_string();
    let other = format!("sha256:{}", "a".repeat(64));
    let own = devnet.text("image_digest").to_owned();
    let pin = |digest: &str| {
        let pinned = home.run(&["devnet", "pin", digest, "--home", &place, "--json"]);
        pinned.exits(0).json()["pins"].clone()
    };
    assert_eq!(pin(&other), json!([other]));
    let took = devnet.until("all red", |it| {
        it.colours().iter().all(|colour| colour == "red wrong-image")
    });
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(pin("none"), json!([]));
    devnet.until_green();
    assert_eq!(pin("own"), json!([own]));
    devnet.until_green();
}

#[test]
fn nothing_secret_can_be_read_by_others_or_in_arguments() {
    let home = Home::new();
    let devnet = Devnet::start(&home, &[]);
    devnet.until_green();
    let folder = devnet.folder();
    let mode = |path: &std::path::Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    };
    assert_eq!(mode(&folder), 0o700);
    let passphrase = std::fs::read_to_string(folder.join("guardian-1/passphrase")).unwrap();
    assert_eq!(mode(&folder.join("guardian-1/passphrase")), 0o600);
    for pid in devnet.processes() {
        for file in ["cmdline", "environ"] {
            let bytes = std::fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(passphrase.trim()), "{file}: {text}");
        }
    }
    for log in ["guardian-1/signer.log", "guardian-1/guardian.log", "portal.log"] {
        let text = std::fs::read_to_string(folder.join(log)).unwrap();
        assert!(!text.contains(passphrase.trim()), "{log}: {text}");
    }
}

#[test]
fn stop_from_another_terminal() {
    let home = Home::new();
    let mut devnet = Devnet::start(&home, &[]);
    let place = home.path("").display().to_string();
    home.run(&["devnet", "stop", "--home", &place, "--quiet"])
        .is(str![[r#"
$ oc-guardian devnet stop --home [DIR]/ --quiet
The devnet is stopped, and its folder is gone.
--- exit 0

"#]]);
    assert_eq!(devnet.end(), Some(0));
    home.run(&["devnet", "stop", "--home", &place]).is(str![[r#"
$ oc-guardian devnet stop --home [DIR]/
--- stderr
error: no devnet runs in [DIR]/
hint: Start one with oc-guardian devnet, or say with --home where it is.
--- exit 1

"#]]);
}

#[test]
fn a_table_at_a_terminal() {
    let home = Home::new();
    let place = home.path("").display().to_string();
    let mut terminal = Terminal::start(&home, &["devnet", "--home", &place]);
    terminal.see("A federation of 4 guardians runs");
    terminal.see("guardian-1");
    terminal.see("All 4 guardians are green");
    terminal.see("answers");
    terminal.press_control('c');
    terminal.see("nothing of it is left");
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true));
    // Drawn in place, without wrapping, and wrapping is on again at the end.
    let (off, on) = (ended.screen.rfind("\u{1b}[?7l"), ended.screen.rfind("\u{1b}[?7h"));
    assert!(off.is_some() && off < on);
    assert_eq!(folders(&home.path("")), [""; 0]);
}
