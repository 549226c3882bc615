//! `charter sign`: agreeing to a membership, through a server and without one, by terminal and without one.

use oc_guardian::devnet::portal::{Clock, Operator};
use oc_guardian::federation::{Directory, check_charter};
use snapbox::str;

use crate::support::federation::{agreed, membership, small_key};
use crate::support::portal::{SLUG, TestPortal};
use crate::support::signer::{LOG, SigningServer};
use crate::support::{Home, Terminal};

fn directory(signed: &[u8]) -> Directory {
    agreed(membership(SLUG, 3, &[1, 2, 3, 4]), signed)
}

fn hash() -> String {
    directory(&[]).membership.hash().to_string()
}

/// With the directory in `fed.json`, under which these operators have signed; the home's operator is 1.
fn home(signed: &[u8]) -> Home {
    let home = Home::with_identity();
    home.write("fed.json", directory(signed).to_json());
    let bundle = serde_json::json!({
        "operator_id": crate::support::OPERATOR_ID,
        "operator_pubkey_hex": small_key(1).public().to_hex(),
        "federation_slug": SLUG,
        "attestation_post_url": "https://me.ochk.io/api/operator/attestation",
        "log_level": "info",
    });
    home.write("home/config/oc-guardian.config", bundle.to_string());
    home
}

/// How often the log has each of asked, approved and signed for a charter.
fn events(home: &Home) -> [usize; 3] {
    let log = home.text(LOG);
    ["asked", "approved", "signed"].map(|event| {
        let event = format!(r#""event":"{event}""#);
        let lines = log.lines();
        lines
            .filter(|line| line.contains(&event) && line.contains("charter-sign"))
            .count()
    })
}

#[test]
fn into_the_directory_that_all_others_have_signed() {
    let home = home(&[2, 3, 4]);
    let signed = home.run(&[
        "charter",
        "sign",
        "fed.json",
        "--into",
        "fed.json",
        "--expect-hash",
        &hash(),
        "--passphrase-file",
        "pass.txt",
        "--quiet",
    ]);
    signed.replacing(&hash(), "[HASH]").is(str![[r#"
$ oc-guardian charter sign fed.json --into fed.json --expect-hash [HASH] --passphrase-file pass.txt --quiet
The charter of oc-test-v1 is signed.
membership     [HASH]
put into       fed.json

Next: oc-guardian federation trust fed.json
--- stderr
warning: whether the state folder is an older copy could not be checked: no guardian is here to be asked
--- exit 0

"#]]);
    let whole = Directory::parse(&home.read("fed.json")).unwrap();
    check_charter(&whole.membership, &whole.charter_signatures).unwrap();
    assert_eq!(home.mode("fed.json"), 0o644);
    assert_eq!(events(&home), [1, 1, 1], "asked and approved like any other");
    home.run(&["federation", "trust", "fed.json", "--expect-hash", &hash()])
        .exits(0);
}

#[test]
fn again_takes_the_place_of_the_first() {
    let home = home(&[2]);
    let sign = || {
        let arguments = [
            "charter",
            "sign",
            "fed.json",
            "--into",
            "fed.json",
            "--expect-hash",
            &hash(),
            "--json",
            "--passphrase-file",
            "pass.txt",
        ];
        home.run(&arguments).exits(0).json()
    };
    let first = sign();
    let second = sign();
    let nonce = |run: &serde_json::Value| run["envelope"]["payload"]["nonce"].as_u64().unwrap();
    assert!(nonce(&first) < nonce(&second));
    let file = Directory::parse(&home.read("fed.json")).unwrap();
    assert_eq!(file.charter_signatures.0.len(), 2);
    assert_eq!(file.charter_signatures.0[1], second["envelope"]);
    let missing = |secret: u8| small_key(secret).public().operator_id().to_string();
    assert_eq!(second["missing"], serde_json::json!([missing(3), missing(4)]));
}

#[test]
fn the_envelope_alone_goes_to_standard_output() {
    let home = home(&[]);
    let signed = home
        .run(&[
            "charter",
            "sign",
            "fed.json",
            "--expect-hash",
            &hash(),
            "--passphrase-file",
            "pass.txt",
        ])
        .exits(0);
    let mut directory = directory(&[]);
    let envelope = serde_json::from_str(&signed.stdout).unwrap();
    assert_eq!(
        directory.add_charter_signature(envelope),
        Ok(small_key(1).public().operator_id())
    );
    assert_eq!(home.read("fed.json"), self::directory(&[]).to_json().into_bytes());
    home.run(&[
        "charter",
        "sign",
        "fed.json",
        "--out",
        "mine.json",
        "--expect-hash",
        &hash(),
        "--passphrase-file",
        "pass.txt",
    ])
    .exits(0);
    let envelope = serde_json::from_str(&home.text("mine.json")).unwrap();
    directory.add_charter_signature(envelope).unwrap();
    // Before anything is signed: the file is there.
    let failed = home.run(&[
        "charter",
        "sign",
        "fed.json",
        "--out",
        "mine.json",
        "--expect-hash",
        &hash(),
        "--json",
    ]);
    assert_eq!(failed.exits(1).json()["reason"], "exists");
    assert_eq!(events(&home), [2, 2, 2]);
}

#[test]
fn through_a_running_server_and_to_the_portal() {
    let portal = TestPortal::with(|config| {
        config.clock = Clock::system();
        config.operators = (1..=4)
            .map(|secret| Operator {
                name: format!("Operator {secret}"),
                key: small_key(secret).public(),
            })
            .collect();
        config.federations[0].members = (1..=4)
            .map(|secret| small_key(secret).public().operator_id())
            .collect();
        config.directories = vec![directory(&[2, 3, 4])];
    });
    let home = home(&[2, 3, 4]);
    let server = SigningServer::start(&home, &[]);
    let url = portal.portal.url();
    let signed = home
        .run(&[
            "charter",
            "sign",
            "fed.json",
            "--post",
            "--portal-base",
            &url,
            "--expect-hash",
            &hash(),
            "--json",
        ])
        .exits(0)
        .json();
    assert_eq!(signed["portal"], url);
    assert_eq!(events(&home), [1, 1, 1]);
    assert_eq!(
        server.events("approved").len(),
        1,
        "who watches the server sees it"
    );
    let directory = portal.get(&format!("/api/public/federations/{SLUG}/directory"));
    let directory = Directory::parse(directory.text.as_bytes()).unwrap();
    check_charter(&directory.membership, &directory.charter_signatures).unwrap();
}

#[test]
fn a_policy_that_denies_is_not_overruled() {
    let home = home(&[]);
    home.write(
        "home/config/policy.toml",
        "version = 1\n[[rule]]\nkind = \"action\"\naction = [\"charter-sign\"]\ndecision = \"deny\"\n",
    );
    let failed = home.run(&[
        "charter",
        "sign",
        "fed.json",
        "--expect-hash",
        &hash(),
        "--passphrase-file",
        "pass.txt",
        "--json",
    ]);
    failed.exits(5);
    assert_eq!(events(&home), [0, 0, 0]);
}

#[test]
fn asked_at_the_terminal_once() {
    let home = home(&[]);
    let arguments = [
        "charter",
        "sign",
        "fed.json",
        "--into",
        "fed.json",
        "--passphrase-file",
        "pass.txt",
    ];
    let mut terminal = Terminal::start(&home, &arguments);
    terminal.see("in words");
    terminal.answer("Sign the charter of this federation?", "");
    terminal.see("was not signed");
    assert_eq!(terminal.end().code, 5);
    let mut terminal = Terminal::start(&home, &arguments);
    terminal.answer("Sign the charter of this federation?", "y");
    terminal.see("is signed");
    assert_eq!(terminal.end().code, 0);
    assert_eq!(events(&home), [1, 1, 1]);
}

#[test]
fn without_a_terminal_the_hash_is_needed() {
    let home = home(&[]);
    let failed = home.run(&[
        "charter",
        "sign",
        "fed.json",
        "--passphrase-file",
        "pass.txt",
        "--json",
    ]);
    let failed = failed.exits(2).json();
    assert_eq!(failed["reason"], "no-terminal");
    assert!(
        failed["hint"].as_str().unwrap().contains("--expect-hash HASH"),
        "{failed}"
    );
}

#[test]
fn what_is_not_ours_to_sign() {
    let home = home(&[]);
    let refused = |arguments: &[&str]| {
        let start = ["charter", "sign", "--json", "--passphrase-file", "pass.txt"];
        let failed = home.run(&[&start[..], arguments].concat()).exits(1).json();
        failed["reason"].as_str().unwrap().to_owned()
    };
    home.write(
        "others.json",
        agreed(membership(SLUG, 3, &[2, 3, 4, 5]), &[]).to_json(),
    );
    assert_eq!(
        refused(&["others.json", "--expect-hash", &hash()]),
        "not-a-member"
    );
    let other = "0".repeat(64);
    assert_eq!(
        refused(&["fed.json", "--expect-hash", &other]),
        "membership-mismatch"
    );
    home.write(
        "five.json",
        agreed(membership(SLUG, 3, &[1, 2, 3, 4, 5]), &[]).to_json(),
    );
    assert_eq!(
        refused(&["fed.json", "--into", "five.json", "--expect-hash", &hash()]),
        "membership-mismatch"
    );
    home.write("bad.json", "{}");
    assert_eq!(refused(&["bad.json", "--expect-hash", &hash()]), "bad-directory");
    assert!(
        !home.path(LOG).exists(),
        "nothing was signed, and no key was opened"
    );
}
