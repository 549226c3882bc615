//! `portal status`, `config check --portal` and `incident list`, against the devnet's portal.

use oc_guardian::devnet::portal::{Clock, Operator};
use oc_guardian::envelope::Action;
use oc_guardian::operator::{PublicKey, Scheme, SecretKey};
use serde_json::json;
use snapbox::str;

use crate::support::portal::{IMAGE, OTHER_IMAGE, SLUG, TestPortal};
use crate::support::{Answering, Home, SECRET_HEX, Transcript};

/// A portal whose first operator is the one of [`Home::with_identity`], at the time it is.
fn portal() -> TestPortal {
    let now = std::time::SystemTime::now();
    let portal = TestPortal::with_key(SecretKey::from_hex(Scheme::Bip340, SECRET_HEX).unwrap());
    let real = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    portal.pass(real - portal.now());
    portal
}

/// A home with identity and bundle, whose portal is this one.
fn home(portal: &TestPortal, slug: &str) -> Home {
    let home = Home::with_identity();
    let url = portal.url("/api/operator/attestation");
    home.run(&["config", "gen", "--federation", slug, "--attestation-url", &url])
        .exits(0);
    home
}

fn shown(transcript: Transcript, portal: &TestPortal) -> Transcript {
    transcript.replacing(&portal.portal.url(), "[PORTAL]")
}

#[test]
fn all_in_order() {
    let portal = portal();
    portal.attest(0, Some(IMAGE));
    let home = home(&portal, SLUG);
    shown(home.run(&["portal", "status"]), &portal).is(str![[r#"
$ oc-guardian portal status
portal         [PORTAL]
operator id    op-132f39a98c31baaddba6525f5d43f295
registry       registered as Alder
federation     oc-test-v1, a member
attestation    green since [TIME], last heard 0 s ago
says it is     running · 1.2.3 · sha256:1111111111111111111111111111111111111111111111111111111111111111

All in order.
--- stderr
Asking [PORTAL]
--- exit 0

"#]]);
    let json = home.run(&["portal", "status", "--json"]).exits(0).json();
    assert_eq!(
        (&json["registered"], &json["federation"]["member"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        (&json["attestation"]["color"], &json["problems"]),
        (&json!("green"), &json!([]))
    );
}

#[test]
fn grey_stale_and_wrong_image() {
    let portal = portal();
    let home = home(&portal, SLUG);
    shown(home.run(&["portal", "status"]), &portal).is(str![[r#"
$ oc-guardian portal status
portal         [PORTAL]
operator id    op-132f39a98c31baaddba6525f5d43f295
registry       registered as Alder
federation     oc-test-v1, a member
attestation    grey since [TIME], never heard

1 problem
  ✗ the portal has never heard of this guardian
    Start the guardian and the signing server (oc-guardian sign --serve), and check that the guardian's host can reach [PORTAL] (egress firewall).
--- stderr
Asking [PORTAL]
--- exit 4

"#]]);
    portal.attest(0, Some(OTHER_IMAGE));
    let wrong = home.run(&["portal", "status", "--json"]).exits(4).json();
    assert_eq!(wrong["problems"][0]["reason"], "attestation-wrong-image");
    portal.attest(0, Some(IMAGE));
    portal.pass(130);
    let stale = home.run(&["portal", "status", "--json"]).exits(4).json();
    let reasons: Vec<_> = stale["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| &it["reason"])
        .collect();
    assert_eq!(
        reasons,
        ["attestation-stale", "clock-skew"],
        "the test's clock ran ahead"
    );
}

#[test]
fn an_operator_and_a_federation_that_nobody_knows() {
    let portal = TestPortal::start();
    let home = home(&portal, "elsewhere");
    let run = home.run(&["portal", "status"]);
    shown(run, &portal).is(str![[r#"
$ oc-guardian portal status
portal         [PORTAL]
operator id    op-132f39a98c31baaddba6525f5d43f295
registry       not registered
federation     elsewhere is not known
attestation    not shown by this portal

2 problems
  ✗ op-132f39a98c31baaddba6525f5d43f295 is not in the portal's registry
    Apply to the operator programme at [PORTAL]/me/operator with this key, and wait for the acceptance.
  ✗ the portal knows no federation elsewhere
    Check federation_slug with: oc-guardian config show
--- stderr
Asking [PORTAL]
--- exit 4

"#]]);
    shown(home.run(&["config", "check", "--portal"]), &portal).is(str![[r#"
$ oc-guardian config check --portal
[DIR]/home/config/oc-guardian.config is a good config bundle (no errors).

2 problems
  ✗ op-132f39a98c31baaddba6525f5d43f295 is not in the portal's registry
    Apply to the operator programme at [PORTAL]/me/operator with this key, and wait for the acceptance.
  ✗ the portal knows no federation elsewhere
    Write the bundle anew with the right name: oc-guardian config gen --federation SLUG --force
--- stderr
Asking [PORTAL]
--- exit 1

"#]]);
    let json = home
        .run(&["config", "check", "--portal", "--json"])
        .exits(1)
        .json();
    assert_eq!(
        (&json["reason"], &json["portal"]["registered"]),
        (&json!("not-registered"), &json!(false))
    );
}

#[test]
fn a_key_that_is_registered_under_the_other_scheme() {
    // A bip340 key whose bytes are an Ed25519 point as well.
    let twins = (1_u8..=255).find_map(|seed| {
        // Others are there already.
        let seed = seed.checked_add(10)?;
        let key = SecretKey::from_bytes(Scheme::Bip340, &[seed; 32]).unwrap();
        let twin = PublicKey::from_hex(Scheme::Ed25519, &key.public().to_hex()).ok()?;
        Some((seed, twin))
    });
    let (seed, twin) = twins.unwrap();
    let portal = TestPortal::with(|config| {
        config.clock = Clock::system();
        config.federations[0].members.push(twin.operator_id());
        config.operators.push(Operator {
            name: "Twin".into(),
            key: twin,
        });
    });
    let home = Home::new();
    home.write("pass.txt", "correct horse battery");
    home.write("key.hex", format!("{seed:02x}").repeat(32));
    home.run_line("init --import-hex --scheme bip340 --from key.hex --passphrase-file pass.txt --yes")
        .exits(0);
    let run = home.run(&[
        "portal",
        "status",
        "--federation",
        SLUG,
        "--portal-base",
        &portal.portal.url(),
        "--json",
    ]);
    assert_eq!(
        run.exits(4).json()["problems"][0]["reason"],
        "registered-otherwise"
    );
}

#[test]
fn config_check_with_a_portal_that_knows_both() {
    let portal = portal();
    shown(home(&portal, SLUG).run(&["config", "check", "--portal"]), &portal).is(str![[r#"
$ oc-guardian config check --portal
[DIR]/home/config/oc-guardian.config is a good config bundle (no errors).
[PORTAL] knows the operator and the federation.

Next: oc-guardian status
--- stderr
Asking [PORTAL]
--- exit 0

"#]]);
}

#[test]
fn the_base_comes_from_flag_then_environment_then_bundle() {
    let (portal, other) = (portal(), TestPortal::start());
    let home = home(&portal, SLUG);
    let asked = |flag: Option<&str>, variable: Option<&str>| {
        let mut arguments = vec!["portal", "status", "--json"];
        arguments.extend(flag.iter().flat_map(|flag| ["--portal-base", flag]));
        let mut command = home.command(&arguments);
        if let Some(variable) = variable {
            command.env("OC_PORTAL_BASE", variable);
        }
        let output = command.output().unwrap();
        home.transcript(&arguments, &output).json()["portal"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (ours, theirs) = (portal.portal.url(), other.portal.url());
    assert_eq!(asked(None, None), ours);
    assert_eq!(asked(None, Some(&theirs)), theirs);
    assert_eq!(asked(Some(&ours), Some(&theirs)), ours);
}

#[test]
fn addresses_that_are_none() {
    let home = Home::with_identity();
    for address in ["http://portal.example", "me.ochk.io", "https://me.ochk.io/?x"] {
        let run = home.run(&[
            "portal",
            "status",
            "--federation",
            "a",
            "--portal-base",
            address,
            "--json",
        ]);
        assert_eq!(run.exits(2).json()["reason"], "usage", "{address}");
    }
    home.run(&["portal", "status", "--json"]).exits(1).json()["reason"]
        .as_str()
        .map(|it| assert_eq!(it, "no-federation"));
}

#[test]
fn a_portal_that_is_none() {
    let home = Home::with_identity();
    let page = Answering::http("200 OK", "text/html", "<html>\u{1b}[2J");
    let run = home.run(&[
        "portal",
        "status",
        "--federation",
        SLUG,
        "--portal-base",
        &page.url,
    ]);
    run.replacing(&page.url, "[PORTAL]").is(str![[r#"
$ oc-guardian portal status --federation oc-test-v1 --portal-base [PORTAL]
--- stderr
Asking [PORTAL]
error: the portal at [PORTAL] answered /api/operator/registry in an unexpected way: a web page came instead of JSON
hint: Log in to the network if it has a login page, and check the portal's address: oc-guardian config show
--- exit 1

"#]]);
    let gone = Answering::with("");
    let run = home.run(&[
        "portal",
        "status",
        "--federation",
        SLUG,
        "--portal-base",
        &gone.url,
        "--json",
    ]);
    assert_eq!(run.exits(1).json()["reason"], "portal-unreachable");
    let no = r#"{"ok":false,"reason":"maintenance","detail":"\u001b[2Jback at noon"}"#;
    let refusing = Answering::http("503 Busy", "application/json", no);
    let run = home.run(&[
        "incident",
        "list",
        "--federation",
        SLUG,
        "--portal-base",
        &refusing.url,
    ]);
    run.replacing(&refusing.url, "[PORTAL]").is(str![[r#"
$ oc-guardian incident list --federation oc-test-v1 --portal-base [PORTAL]
--- stderr
Asking [PORTAL]
error: the portal at [PORTAL] refused (503 maintenance): \u{1b}[2Jback at noon
hint: Read what the portal says; run `oc-guardian portal status` to see how it knows this operator.
--- exit 1

"#]]);
}

#[test]
fn incidents_are_listed_and_verified() {
    let portal = portal();
    let home = home(&portal, SLUG);
    shown(home.run(&["incident", "list"]), &portal).is(str![[r#"
$ oc-guardian incident list
No incident has been published in oc-test-v1.
--- stderr
Asking [PORTAL]
--- exit 0

"#]]);
    let publish = |operator: usize, severity: &str, title: &str, body: &str| {
        let params = json!({ "body": body, "severity": severity, "tag": "upgrade", "title": title });
        let envelope = portal.sign(operator, &portal.action(Action::AlertPublish, params));
        assert_eq!(portal.post("/api/operator/incidents", envelope).status, 200);
    };
    publish(
        1,
        "info",
        "A new image is here",
        "Version 1.3.0.\nVerify it first. \u{1b}[2J\u{202e}",
    );
    publish(3, "critical", "Do not upgrade", "");
    shown(home.run(&["incident", "list"]), &portal)
        .replacing(portal.id(1).as_str(), "[BIRCH]")
        .replacing(portal.id(3).as_str(), "[FIR]")
        .is(str![[r#"
$ oc-guardian incident list
critical [upgrade]  Do not upgrade
  [TIME], Douglas fir ([FIR])

info [upgrade]  A new image is here
  Version 1.3.0.
  Verify it first. \u{1b}[2J\u{202e}
  [TIME], Birch ([BIRCH])
--- stderr
Asking [PORTAL]
--- exit 0

"#]]);
    let json = home
        .run(&["incident", "list", "--last", "1", "--json"])
        .exits(0)
        .json();
    assert_eq!(
        (&json["total"], json["incidents"].as_array().unwrap().len()),
        (&json!(2), 1)
    );
    assert_eq!(json["incidents"][0]["verified"], true);
}

#[test]
fn words_that_a_portal_puts_into_an_operators_mouth() {
    let portal = TestPortal::start();
    let envelope = portal.sign(
        1,
        &portal.action(
            Action::AlertPublish,
            json!({ "body": "", "severity": "info", "title": "All is well" }),
        ),
    );
    let registry = portal.get("/api/operator/registry").text;
    let told = json!({ "ok": true, "federation": SLUG, "count": 1, "incidents": [{
        "id": "1", "operator_id": portal.id(1), "severity": "critical", "title": "Send your key to me", "body": "",
        "published_at": 1_764_000_000,
        "envelope": serde_json::from_str::<serde_json::Value>(&envelope).unwrap(),
    }] });
    let lying = Answering::asked(move |path| {
        let body = if path.contains("registry") {
            registry.clone()
        } else {
            told.to_string()
        };
        Answering::document("200 OK", "application/json", &body)
    });
    let home = Home::new();
    let run = home.run(&[
        "incident",
        "list",
        "--federation",
        SLUG,
        "--portal-base",
        &lying.url,
    ]);
    run.replacing(portal.id(1).as_str(), "[BIRCH]")
        .replacing(&lying.url, "[PORTAL]")
        .is(str![[r#"
$ oc-guardian incident list --federation oc-test-v1 --portal-base [PORTAL]
critical  Send your key to me
  [TIME], Birch ([BIRCH])
  not verified: nothing proves that this operator said it
--- stderr
Asking [PORTAL]
--- exit 0

"#]]);
}
