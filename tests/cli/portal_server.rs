//! The devnet's portal against clients that lie, replay, flood and dawdle.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use oc_guardian::devnet::portal::{Federation, Operator, Rate};
use oc_guardian::envelope::{Action, ActionPayload, Envelope, Tag};
use oc_guardian::federation::{Directory, charter_params, check_charter};
use oc_guardian::operator::{PublicKey, Scheme, SecretKey};
use serde_json::{Value, json};

use crate::support::federation::{membership, small_key};
use crate::support::portal::{Answer, IMAGE, OTHER_IMAGE, SLUG, START, TestPortal, signed};

const ATTESTATION: &str = "/api/operator/attestation";
const CHARTER: &str = "/api/operator/charter";
const INCIDENTS: &str = "/api/operator/incidents";

fn of(path: &str) -> String {
    format!("{path}?federation={SLUG}")
}

fn alert() -> Value {
    json!({ "body": "", "severity": "info", "tag": "upgrade", "title": "A new image is here" })
}

fn charter() -> Value {
    json!({ "charter_hash": "c".repeat(64), "membership_hash": "d".repeat(64) })
}

#[test]
fn the_board_is_written_as_documented() {
    let portal = TestPortal::start();
    portal.pass(10);
    portal.attest(0, Some(IMAGE));
    portal.pass(5);
    let board = portal.get(&of(ATTESTATION));
    let empty = |operator: usize, name: &str| {
        format!(
            r#"{{"operator_id":"{}","name":"{name}","color":"grey","cause":"never-heard","since":1764000000,"attested_at":null,"received_at":null,"status":null,"image_digest":null,"guardian_version":null,"api_url":null,"p2p_url":null}}"#,
            portal.id(operator)
        )
    };
    let expected = format!(
        r#"{{"ok":true,"federation":"oc-test-v1","name":"Test federation","threshold":3,"at":1764000015,"stale_after":120,"pins":["{IMAGE}"],"operators":[{{"operator_id":"{}","name":"Alder","color":"green","cause":"fresh","since":1764000010,"attested_at":1764000010,"received_at":1764000010,"status":"running","image_digest":"{IMAGE}","guardian_version":"1.2.3","api_url":"http://guardian-0.example:9000","p2p_url":"http://guardian-0.example:9001"}},{},{},{}],"count":4}}"#,
        portal.id(0),
        empty(1, "Birch"),
        empty(2, "Cedar"),
        empty(3, "Douglas fir"),
    );
    assert_eq!(board.text, expected);
}

#[test]
fn incidents_are_written_as_documented() {
    let portal = TestPortal::start();
    let envelope = portal.sign(1, &portal.action(Action::AlertPublish, alert()));
    let posted = portal.post(INCIDENTS, &envelope).json();
    let expected = format!(
        r#"{{"ok":true,"federation":"oc-test-v1","incidents":[{{"id":{},"operator_id":"{}","severity":"info","tag":"upgrade","title":"A new image is here","body":"","published_at":1764000000,"envelope":{envelope}}}],"count":1}}"#,
        posted["id"],
        portal.id(1),
    );
    assert_eq!(portal.get(&of(INCIDENTS)).text, expected);
}

#[test]
fn registry_and_federations_are_written_as_documented() {
    let portal = TestPortal::start();
    let registry = portal.get("/api/operator/registry").json();
    assert_eq!(registry["count"], 4);
    assert_eq!(
        registry["operators"][3],
        json!({
            "operator_id": portal.id(3),
            "pubkey": portal.key(3).public().to_hex(),
            "scheme": "ed25519",
            "name": "Douglas fir",
        })
    );
    let list = portal.get("/api/federations");
    let expected = r#"{"ok":true,"federations":[{"slug":"oc-test-v1","name":"Test federation","threshold":3,"guardians":4}],"count":1}"#;
    assert_eq!(list.text, expected);
}

#[test]
fn both_schemes_turn_green() {
    let portal = TestPortal::start();
    for operator in 0..4 {
        portal.attest(operator, Some(IMAGE));
    }
    assert_eq!(portal.colours(), ["green"; 4]);
}

#[test]
fn a_wrong_image_is_taken_and_red_until_it_is_accepted() {
    let portal = TestPortal::start();
    portal.attest(0, Some(OTHER_IMAGE));
    assert_eq!(portal.colours(), ["red", "grey", "grey", "grey"]);
    let handle = portal.portal.handle();
    assert_eq!(
        handle.set_pins(SLUG, vec![IMAGE.into(), OTHER_IMAGE.into()]),
        Ok(true)
    );
    assert_eq!(portal.colours(), ["green", "grey", "grey", "grey"]);
    assert!(handle.set_pins(SLUG, vec!["latest".into()]).is_err());
    assert_eq!(handle.set_pins("elsewhere", vec![]), Ok(false));
}

/// Sends an envelope, which must be refused and change nothing.
#[track_caller]
fn refused(portal: &TestPortal, path: &str, envelope: impl AsRef<[u8]>, status: u16, reason: &str) {
    let before = (
        portal.colours(),
        portal.get(&of(INCIDENTS)).text,
        portal.get(&of(CHARTER)).text,
    );
    portal.post(path, envelope).is_refused(status, reason);
    let after = (
        portal.colours(),
        portal.get(&of(INCIDENTS)).text,
        portal.get(&of(CHARTER)).text,
    );
    assert_eq!(before, after);
}

#[test]
fn forged_signatures() {
    let portal = TestPortal::start();
    let good = portal.sign(0, &portal.attestation(0));
    // Another statement under the signature of this one; another signature; the signature of another purpose.
    refused(
        &portal,
        ATTESTATION,
        good.replace("running", "degraded"),
        403,
        "bad-signature",
    );
    refused(
        &portal,
        ATTESTATION,
        good.replace(r#""sig_hex":""#, r#""sig_hex":"00"#),
        400,
        "bad-envelope",
    );
    let zeros = format!(r#""sig_hex":"{}"}}"#, "0".repeat(128));
    let start = good.find(r#""sig_hex""#).unwrap();
    refused(
        &portal,
        ATTESTATION,
        format!("{}{zeros}", &good[..start]),
        403,
        "bad-signature",
    );
    let other_purpose = signed(portal.key(0), Tag::GuardianKey, &portal.attestation(0));
    refused(&portal, ATTESTATION, other_purpose, 403, "bad-signature");
    assert_eq!(
        portal.post(ATTESTATION, good).status,
        200,
        "and the good one is good"
    );
}

#[test]
fn foreign_keys_and_other_operators() {
    let portal = TestPortal::start();
    let stranger = SecretKey::from_bytes(Scheme::Bip340, &[99; 32]).unwrap();
    let said = portal.attestation(0);
    refused(
        &portal,
        ATTESTATION,
        signed(&stranger, Tag::Attestation, &said),
        403,
        "unknown-key",
    );
    refused(
        &portal,
        ATTESTATION,
        portal.sign(1, &said),
        403,
        "operator-mismatch",
    );
    // A stranger's signature under the name of an operator.
    let under_our_name = signed(&stranger, Tag::Attestation, &said)
        .replace(&stranger.public().to_hex(), &portal.key(0).public().to_hex());
    refused(&portal, ATTESTATION, under_our_name, 403, "bad-signature");
}

#[test]
fn the_registry_states_the_scheme() {
    // An Ed25519 key that is an x-only point as well, registered as the latter.
    let (key, twin) = (10..=255)
        .map(|seed| SecretKey::from_bytes(Scheme::Ed25519, &[seed; 32]).unwrap())
        .find_map(|key| {
            let twin = PublicKey::from_hex(Scheme::Bip340, &key.public().to_hex()).ok()?;
            Some((key, twin))
        })
        .unwrap();
    let portal = TestPortal::with(|config| {
        config.federations[0].members[0] = twin.operator_id();
        config.operators[0].key = twin;
    });
    let mut said = portal.attestation(0);
    said.operator_id = key.public().operator_id();
    refused(
        &portal,
        ATTESTATION,
        signed(&key, Tag::Attestation, &said),
        403,
        "bad-signature",
    );
}

#[test]
fn envelopes_of_another_form() {
    let portal = TestPortal::start();
    let good = portal.sign(0, &portal.attestation(0));
    let action = portal.sign(0, &portal.action(Action::AlertPublish, alert()));
    for (name, bad) in [
        ("empty", String::new()),
        ("not JSON", "<html>".into()),
        ("an action", action),
        (
            "a field twice",
            good.replace(
                r#""status":"running""#,
                r#""status":"running","status":"running""#,
            ),
        ),
        (
            "a field more",
            good.replace(r#""status":"running""#, r#""status":"running","more":1"#),
        ),
        (
            "a float",
            good.replace(
                &format!(r#""attested_at":{START}"#),
                &format!(r#""attested_at":{START}.0"#),
            ),
        ),
        ("another order", {
            let (first, second) = (r#""status":"running","#, format!(r#""attested_at":{START},"#));
            good.replace(&format!("{first}{second}"), &format!("{second}{first}"))
        }),
        ("no key", good.replace("pubkey_hex", "pubkey_hexx")),
        (
            "a key that is none",
            good.replace(r#""pubkey_hex":""#, r#""pubkey_hex":{"a":1},"x":""#),
        ),
        ("too deep", format!("{}1{}", "[".repeat(200), "]".repeat(200))),
    ] {
        let answer = portal.post(ATTESTATION, &bad);
        assert_eq!(
            (answer.status, &answer.json()["reason"]),
            (400, &json!("bad-envelope")),
            "{name}"
        );
    }
    assert_eq!(portal.colours(), ["grey"; 4]);
}

#[test]
fn stale_and_future_attestations() {
    let portal = TestPortal::start();
    for (skew, status) in [(-120_i64, 200), (120, 200)] {
        let mut said = portal.attestation(0);
        said.attested_at = said.attested_at.checked_add_signed(skew).unwrap();
        assert_eq!(
            portal.post(ATTESTATION, portal.sign(0, &said)).status,
            status,
            "{skew}"
        );
    }
    for (skew, reason) in [
        (-121_i64, "stale"),
        (121, "from-the-future"),
        (1 << 50, "from-the-future"),
    ] {
        let mut said = portal.attestation(1);
        said.attested_at = said.attested_at.checked_add_signed(skew).unwrap();
        refused(&portal, ATTESTATION, portal.sign(1, &said), 409, reason);
    }
}

#[test]
fn replayed_attestations() {
    let portal = TestPortal::start();
    let first = portal.sign(0, &portal.attestation(0));
    assert_eq!(portal.post(ATTESTATION, &first).json()["repeated"], false);
    portal.pass(60);
    let again = portal.post(ATTESTATION, &first);
    assert_eq!((again.status, &again.json()["repeated"]), (200, &json!(true)));
    let board = portal.get(&of(ATTESTATION)).json();
    assert_eq!(
        board["operators"][0]["received_at"], START,
        "a repeated one is no sign of life"
    );
    // Other white space is still the same statement.
    let spaced = first.replacen('{', "{ ", 1);
    assert_eq!(portal.post(ATTESTATION, spaced).json()["repeated"], true);
    portal.attest(0, Some(IMAGE));
    refused(&portal, ATTESTATION, &first, 409, "older-than-last");
    portal.pass(61);
    refused(&portal, ATTESTATION, &first, 409, "stale");
}

#[test]
fn other_federations() {
    let portal = TestPortal::with(|config| {
        let others = config.federations[0].members[1..].to_vec();
        config.federations.push(Federation {
            slug: "other".into(),
            name: "Other".into(),
            threshold: 2,
            members: others,
            pins: vec![],
        });
    });
    let at = |slug: &str| {
        let mut said = portal.attestation(0);
        said.federation_slug = slug.into();
        portal.post(ATTESTATION, portal.sign(0, &said))
    };
    at("nowhere").is_refused(404, "unknown-federation");
    at("other").is_refused(403, "not-a-member");
    assert_eq!(at(SLUG).status, 200);
    let elsewhere = portal.get("/api/operator/attestation?federation=other").json();
    assert!(
        elsewhere["operators"]
            .as_array()
            .unwrap()
            .iter()
            .all(|row| row["color"] == "grey")
    );
}

#[test]
fn nonces_go_forward_only() {
    let portal = TestPortal::start();
    let publish = |nonce: u64, title: &str| {
        let mut action = portal.action(Action::AlertPublish, alert());
        action.params["title"] = json!(title);
        action.nonce = nonce;
        portal.post(INCIDENTS, portal.sign(0, &action.sorted()))
    };
    let first = portal.sign(0, &portal.action(Action::AlertPublish, alert()));
    assert_eq!(portal.post(INCIDENTS, &first).status, 200);
    publish(START * 1000, "same nonce").is_refused(409, "nonce-used");
    publish(START * 1000 - 1, "lower nonce").is_refused(409, "nonce-used");
    publish(START * 1000 + 300_001, "far ahead").is_refused(409, "nonce-ahead");
    // The same envelope once more is no second incident.
    let again = portal.post(INCIDENTS, &first);
    assert_eq!((again.status, &again.json()["repeated"]), (200, &json!(true)));
    assert_eq!(publish(START * 1000 + 300_000, "last").status, 200);
    assert_eq!(portal.get(&of(INCIDENTS)).json()["count"], 2);
    // Each action and each key counts by itself.
    let charter = portal.sign(0, &portal.action(Action::CharterSign, charter()));
    assert_eq!(portal.post(CHARTER, charter).status, 200);
}

#[test]
fn actions_that_expired_or_last_too_long() {
    let portal = TestPortal::start();
    let expiring = |expires_at: u64| {
        let action = ActionPayload {
            expires_at,
            ..portal.action(Action::CharterSign, charter())
        };
        portal.sign(0, &action)
    };
    refused(&portal, CHARTER, expiring(START), 409, "expired");
    refused(
        &portal,
        CHARTER,
        expiring(START + 30 * 86_400 + 1),
        400,
        "expires-too-late",
    );
    assert_eq!(portal.post(CHARTER, expiring(START + 1)).status, 200);
}

#[test]
fn actions_at_the_wrong_address() {
    let portal = TestPortal::start();
    let leave = portal.sign(0, &portal.action(Action::FederationLeave, json!({})));
    refused(&portal, CHARTER, &leave, 400, "wrong-action");
    refused(&portal, INCIDENTS, &leave, 400, "wrong-action");
    let bad_alert = portal.sign(0, &portal.action(Action::FederationJoin, json!({})));
    refused(
        &portal,
        INCIDENTS,
        bad_alert.replace("federation-join", "alert-publish"),
        400,
        "bad-envelope",
    );
}

#[test]
fn charters_are_passed_on_byte_for_byte() {
    let portal = TestPortal::start();
    let envelope = portal.sign(2, &portal.action(Action::CharterSign, charter()));
    assert_eq!(portal.post(CHARTER, &envelope).json()["repeated"], false);
    assert_eq!(portal.post(CHARTER, &envelope).json()["repeated"], true);
    let answer = portal.get(&of(CHARTER));
    assert!(answer.text.contains(&envelope), "{}", answer.text);
    let passed_on = answer.json()["signatures"][0]["envelope"].to_string();
    let verified = Envelope::<ActionPayload>::verify(passed_on.as_bytes(), &portal.key(2).public());
    assert_eq!(verified.unwrap().payload().params, charter());
    let federation = portal.get(&format!("/api/public/federations/{SLUG}")).json();
    assert_eq!(
        federation["federation"]["members"][2]["charter"]["membership_hash"],
        "d".repeat(64)
    );
    assert_eq!(federation["federation"]["events"][0]["event"], "charter");
}

#[test]
fn one_operator_cannot_push_out_what_others_published() {
    let portal = TestPortal::start();
    let publish = |operator: usize, nonce: u64, body: &str| {
        let params = json!({ "body": body, "severity": "info", "title": format!("number {nonce}") });
        let mut action = portal.action(Action::AlertPublish, params);
        action.nonce = nonce;
        assert_eq!(portal.post(INCIDENTS, portal.sign(operator, &action)).status, 200);
    };
    publish(1, 1, "");
    for nonce in 1..60 {
        publish(0, nonce, "");
    }
    let told = portal.get(&of(INCIDENTS)).json();
    let titles: Vec<_> = told["incidents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["title"].as_str().unwrap())
        .collect();
    assert_eq!(
        (titles.len(), titles[0], titles[20]),
        (21, "number 59", "number 1")
    );
    // However large they are, the answer can be read by our own client.
    for operator in 0..4 {
        for nonce in 100..110 {
            publish(operator, nonce, &"\u{1}".repeat(4000));
        }
    }
    assert!(portal.get(&of(INCIDENTS)).text.len() < 1024 * 1024);
    assert_eq!(portal.get(&of(INCIDENTS)).json()["count"], 4);
    let large = json!({ "charter_hash": "c".repeat(4096) });
    let charter = portal.sign(0, &portal.action(Action::CharterSign, large));
    portal.post(CHARTER, charter).is_refused(400, "too-large");
}

#[test]
fn upgrades_are_told() {
    let portal = TestPortal::start();
    portal.attest(0, Some(IMAGE));
    portal.pass(1);
    portal.attest(0, Some(OTHER_IMAGE));
    portal.pass(1);
    portal.attest(0, Some(OTHER_IMAGE));
    let federation = portal.get(&format!("/api/public/federations/{SLUG}")).json();
    let events = federation["federation"]["events"].as_array().unwrap();
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0]["to"]["image_digest"], OTHER_IMAGE);
}

#[test]
fn each_key_has_its_own_share() {
    let portal = TestPortal::with(|config| {
        config.limits.per_key = Rate {
            burst: 3,
            per_second: 1,
        };
    });
    let good = portal.sign(0, &portal.attestation(0));
    // Whoever forges envelopes of a key does not use up its share.
    let forged = good.replace("running", "starting");
    for _ in 0..20 {
        portal.post(ATTESTATION, &forged).is_refused(403, "bad-signature");
    }
    for _ in 0..3 {
        assert_eq!(portal.post(ATTESTATION, &good).status, 200);
    }
    portal.post(ATTESTATION, &good).is_refused(429, "rate-limited");
    assert_eq!(
        portal
            .post(ATTESTATION, portal.sign(1, &portal.attestation(1)))
            .status,
        200
    );
    portal.pass(1);
    assert_eq!(portal.post(ATTESTATION, &good).status, 200);
}

#[test]
fn forgers_are_slowed_down() {
    let portal = TestPortal::with(|config| {
        config.limits.forged = Rate {
            burst: 2,
            per_second: 1,
        };
    });
    portal.post(ATTESTATION, "{}").is_refused(400, "bad-envelope");
    portal.post(ATTESTATION, "{}").is_refused(400, "bad-envelope");
    portal.post(ATTESTATION, "{}").is_refused(429, "rate-limited");
    portal.attest(0, Some(IMAGE));
}

#[test]
fn bodies_that_are_too_large() {
    let portal = TestPortal::start();
    portal
        .post(ATTESTATION, vec![b' '; 64 * 1024 + 1])
        .is_refused(413, "too-large");
    portal
        .post(ATTESTATION, vec![b' '; 64 * 1024])
        .is_refused(400, "bad-envelope");
}

#[test]
fn what_is_not_json_is_not_read() {
    let portal = TestPortal::start();
    let good = portal.sign(0, &portal.attestation(0));
    let answer = raw(
        &portal,
        &format!(
            "POST {ATTESTATION} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{good}",
            good.len()
        ),
    );
    assert!(
        answer.starts_with("HTTP/1.1 415 ") && answer.contains("not-json"),
        "{answer}"
    );
    assert_eq!(portal.colours(), ["grey"; 4]);
}

/// What the portal answers to these bytes, until it closes the connection or half a second has nothing new.
fn raw(portal: &TestPortal, request: &str) -> String {
    let mut stream = TcpStream::connect(portal.portal.addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn slow_clients_are_cut_off() {
    let portal = TestPortal::with(|config| {
        config.limits.head_time = Duration::from_millis(300);
        config.limits.body_time = Duration::from_millis(300);
    });
    let slow_body = format!(
        "POST {ATTESTATION} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
    );
    let answer = raw(&portal, &slow_body);
    assert!(
        answer.starts_with("HTTP/1.1 408 ") && answer.contains("slow-body"),
        "{answer}"
    );
    // Half a head, and nothing at all.
    for start in ["GET / HTTP/1.1\r\nHost:", ""] {
        let mut stream = TcpStream::connect(portal.portal.addr()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream.write_all(start.as_bytes()).unwrap();
        let began = Instant::now();
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
        assert!(began.elapsed() < Duration::from_secs(5), "{start:?}");
    }
}

#[test]
fn connections_are_counted() {
    let portal = TestPortal::with(|config| config.limits.connections = 2);
    let held: Vec<TcpStream> = (0..2)
        .map(|_| TcpStream::connect(portal.portal.addr()).unwrap())
        .collect();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(
        raw(&portal, "GET /api/federations HTTP/1.1\r\nHost: x\r\n\r\n"),
        ""
    );
    drop(held);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(portal.get("/api/federations").status, 200);
}

#[test]
fn pages_that_are_kept_up_to_date_are_counted() {
    let portal = TestPortal::with(|config| config.limits.live = 1);
    let live = format!("{ATTESTATION}/live?federation={SLUG}");
    let mut first = TcpStream::connect(portal.portal.addr()).unwrap();
    write!(first, "GET {live} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut start = [0; 16];
    first.read_exact(&mut start).unwrap();
    assert_eq!(&start[..12], b"HTTP/1.1 200");
    portal.get(&live).is_refused(503, "too-many-pages");
    drop(first);
    // The next event finds nobody there.
    portal.attest(0, Some(IMAGE));
    let began = Instant::now();
    while raw(&portal, &format!("GET {live} HTTP/1.1\r\nHost: x\r\n\r\n")).starts_with("HTTP/1.1 503") {
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn it_stops_at_once_whoever_is_connected() {
    let portal = TestPortal::start();
    let mut page = TcpStream::connect(portal.portal.addr()).unwrap();
    write!(
        page,
        "GET {ATTESTATION}/live?federation={SLUG} HTTP/1.1\r\nHost: x\r\n\r\n"
    )
    .unwrap();
    let _idle = TcpStream::connect(portal.portal.addr()).unwrap();
    let mut start = [0; 16];
    page.read_exact(&mut start).unwrap();
    let began = Instant::now();
    portal.portal.stop();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[test]
fn addresses_and_methods() {
    let portal = TestPortal::start();
    portal.get("/api/nothing").is_refused(404, "not-found");
    portal.get("/assets/..%2fboard.html").is_refused(404, "not-found");
    portal.get(ATTESTATION).is_refused(400, "no-federation");
    portal
        .get("/api/operator/attestation?federation=nowhere")
        .is_refused(404, "unknown-federation");
    portal
        .get("/api/public/federations/%3Cscript%3E")
        .is_refused(404, "unknown-federation");
    portal
        .post("/api/operator/registry", "{}")
        .is_refused(405, "wrong-method");
    let absent: Answer = portal.get("/federations/%3Cscript%3E");
    assert_eq!(absent.status, 404);
    assert!(!absent.text.contains("script"), "{}", absent.text);
}

#[test]
fn every_answer_is_guarded() {
    let portal = TestPortal::start();
    for path in [
        "/me/operator/attestation",
        "/assets/board.js",
        "/api/federations",
        "/nothing",
    ] {
        let answer = raw(&portal, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let head = answer.split("\r\n\r\n").next().unwrap();
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; ",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(head.contains(header), "{path}: {head}");
        }
        assert!(!head.contains("access-control"), "{path}: {head}");
    }
}

#[test]
fn pages_have_nothing_inline_and_nothing_from_elsewhere() {
    let portal = TestPortal::start();
    for path in [
        "/me/operator/attestation",
        &format!("/federations/{SLUG}"),
        "/federations/none",
    ] {
        let page = portal.get(path).text;
        for forbidden in [
            "style=", "<style", "onclick", "onload", "https://", "http://", "//", "<script>",
        ] {
            assert!(!page.contains(forbidden), "{path} has {forbidden}");
        }
    }
    for asset in ["board.js", "federation.js", "live.js"] {
        let script = portal.get(&format!("/assets/{asset}")).text;
        for forbidden in [
            "innerHTML",
            "outerHTML",
            "insertAdjacent",
            "document.write",
            "eval(",
            ".style",
            "http:",
            "https:",
        ] {
            assert!(!script.contains(forbidden), "{asset} has {forbidden}");
        }
    }
}

#[test]
fn the_directory_takes_charter_signatures_in_and_no_others() {
    let membership = membership(SLUG, 3, &[1, 2, 3, 4]);
    let mut without = Directory::of(membership.clone());
    without.sequence = 7;
    let portal = TestPortal::with(|config| {
        config.operators = (1..=4)
            .map(|secret| Operator {
                name: format!("Operator {secret}"),
                key: small_key(secret).public(),
            })
            .collect();
        config.federations[0].members = (1..=4)
            .map(|secret| small_key(secret).public().operator_id())
            .collect();
        config.directories = vec![without.clone()];
    });
    let path = format!("/api/public/federations/{SLUG}/directory");
    assert_eq!(portal.get(&path).text, without.to_json());
    let post = |secret: u8, params: Value, nonce: u64| {
        let payload = ActionPayload {
            nonce,
            ..portal.action(Action::CharterSign, params)
        };
        let answer = portal.post(CHARTER, signed(&small_key(secret), Tag::Action, &payload));
        assert_eq!(answer.status, 200, "{}", answer.text);
    };
    // Over another membership: taken and shown, but not part of this directory.
    post(4, charter(), START * 1000);
    assert_eq!(portal.get(&path).text, without.to_json());
    for secret in 1..=4 {
        post(secret, charter_params(&membership), START * 1000 + 1);
    }
    post(1, charter_params(&membership), START * 1000 + 2);
    let whole = Directory::parse(portal.get(&path).text.as_bytes()).unwrap();
    assert_eq!((whole.sequence, whole.charter_signatures.0.len()), (7, 4));
    check_charter(&whole.membership, &whole.charter_signatures).unwrap();
    portal
        .get("/api/public/federations/elsewhere/directory")
        .is_refused(404, "unknown-federation");
    TestPortal::start().get(&path).is_refused(404, "no-directory");
}
