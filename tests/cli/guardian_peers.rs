//! Four guardians of one federation, over real HTTP.

use oc_guardian::envelope::{GuardianKeyPayload, HealthAttestation, Status, Tag};
use oc_guardian::federation::{Address, Directory};
use oc_guardian::guardian::{Body, Message};
use oc_guardian::operator::OperatorId;
use serde_json::{Value, json};

use crate::support::federation::{agreed, membership, small_key};
use crate::support::portal::signed;
use crate::support::running::{NO_PORTAL, RunningGuardian, SigningKit, bundle, envelope, free_ports, kit_in};
use crate::support::signer::{FEDERATION, alert, eventually, now};
use crate::support::{Answering, Home};

pub const MEMBERS: [u8; 4] = [1, 2, 3, 4];

pub fn id(secret: u8) -> OperatorId {
    small_key(secret).public().operator_id()
}

pub fn directory() -> Directory {
    agreed(membership(FEDERATION, 3, &MEMBERS), &MEMBERS)
}

pub fn served(directory: &Directory) -> Answering {
    Answering::http("200 OK", "application/json", &directory.to_json())
}

/// The guardian of this operator, with a kit that signs for it.
pub fn start(
    home: &Home,
    secret: u8,
    directory_url: &str,
    ports: Option<(u16, u16)>,
) -> (RunningGuardian, SigningKit) {
    let command = command(home, secret, directory_url, ports, &json!({}));
    let guardian = RunningGuardian::start_command(command);
    let kit = SigningKit::of(home, &format!("data{secret}"), secret);
    (guardian, kit)
}

/// What starts it, with `more` in its bundle.
pub fn command(
    home: &Home,
    secret: u8,
    directory_url: &str,
    ports: Option<(u16, u16)>,
    more: &Value,
) -> std::process::Command {
    let data = format!("data{secret}");
    let key = small_key(secret).public();
    let mut fields = json!({
        "operator_id": key.operator_id(),
        "operator_pubkey_hex": key.to_hex(),
        "data_dir": home.path(&data).display().to_string(),
        "directory_url": format!("{directory_url}/directory.json"),
    });
    for (name, value) in more.as_object().unwrap() {
        fields[name] = value.clone();
    }
    let name = format!("bundle{secret}");
    home.write(&name, bundle(home, NO_PORTAL, &fields).to_string());
    match ports {
        None => RunningGuardian::command(home, &name),
        Some((api, p2p)) => home.command(&[
            "guardian",
            "--config",
            &name,
            "--json",
            "--attest-interval",
            "500ms",
            "--api-listen",
            &format!("127.0.0.1:{api}"),
            "--p2p-listen",
            &format!("127.0.0.1:{p2p}"),
        ]),
    }
}

#[test]
fn four_guardians_tell_each_other_how_they_are_and_what_they_are_about_to_do() {
    let home = Home::new();
    let ports = free_ports(8);
    let mut directory = directory();
    directory.addresses = MEMBERS
        .iter()
        .zip(ports.chunks(2))
        .map(|(secret, ports)| Address {
            operator_id: id(*secret),
            api_url: format!("http://127.0.0.1:{}", ports[0]),
            p2p_url: format!("http://127.0.0.1:{}", ports[1]),
        })
        .collect();
    let server = served(&directory);
    let guardians: Vec<_> = MEMBERS
        .iter()
        .zip(ports.chunks(2))
        .map(|(secret, ports)| start(&home, *secret, &server.url, Some((ports[0], ports[1]))))
        .collect();
    let peer_health = |secret: u8| {
        let mut kit = kit_in(&home, &format!("data{secret}"));
        let hello = json!({ "version": 1, "program": "0.0.1", "operator_id": id(secret) });
        kit.result("hello", &hello);
        kit.result("peer-health", &json!({}))
    };
    // Everybody has heard of all others.
    for secret in MEMBERS {
        let all = eventually(|| {
            let report = peer_health(secret);
            let peers = report["peers"].as_array().unwrap();
            (peers.len() == 3 && peers.iter().all(|peer| peer["fresh"] == true)).then_some(report)
        });
        let report = all.unwrap_or_else(|| panic!("{}\n{}", peer_health(secret), guardians[0].0.log()));
        for peer in report["peers"].as_array().unwrap() {
            let health = &peer["health"]["attestation"];
            assert_eq!(health["operator_id"], peer["operator_id"]);
            assert!(
                health["p2p_url"]
                    .as_str()
                    .unwrap()
                    .starts_with("http://127.0.0.1:")
            );
        }
    }
    // A notice that is submitted at one reaches all.
    let notice = envelope(&alert("info", "upgrading"), 2);
    let mut kit = kit_in(&home, "data2");
    kit.result(
        "hello",
        &json!({ "version": 1, "program": "0.0.1", "operator_id": id(2) }),
    );
    kit.result("submit-notice", &json!({ "envelope": notice }));
    for secret in MEMBERS {
        let reached = eventually(|| (peer_health(secret)["notices"] == json!([notice])).then_some(()));
        assert!(reached.is_some(), "{secret}: {}", peer_health(secret));
    }
    // The signing server is reminded of its nonce if it forgets.
    let known = kit.result("head", &json!({ "of": "alert-publish" }));
    assert_eq!(known["known"], notice);
    // One that the guardian is asked for is signed through its own queue, reaches all, and ends when that is asked for.
    let mut third = kit_in(&home, "data3");
    third.result(
        "hello",
        &json!({ "version": 1, "program": "0.0.1", "operator_id": id(3) }),
    );
    third.result(
        "request-notice",
        &json!({ "title": "Upgrade to v0.2.0", "closes": null }),
    );
    let of_third = |secret: u8| {
        let report = peer_health(secret);
        let notices = report["notices"].as_array().unwrap().clone();
        let key = small_key(3).public().to_hex();
        notices.into_iter().find(|it| it["pubkey"] == key)
    };
    for secret in MEMBERS {
        let told = eventually(|| of_third(secret)).unwrap_or_else(|| panic!("{}", peer_health(secret)));
        assert_eq!(told["payload"]["params"]["title"], "Upgrade to v0.2.0");
        assert_eq!(told["payload"]["params"]["tag"], "upgrade");
    }
    let nonce = &of_third(3).unwrap()["payload"]["nonce"];
    third.result(
        "request-notice",
        &json!({ "title": "Upgrade done", "closes": nonce }),
    );
    for secret in MEMBERS {
        let over = eventually(|| of_third(secret).is_none().then_some(()));
        assert!(over.is_some(), "{secret}: {}", peer_health(secret));
    }
    // A signed head that is left with one comes back to a guardian whose folder is new.
    let head = head(2, 7);
    kit.result("leave-head", &json!({ "head": head }));
    drop(kit);
    std::thread::sleep(std::time::Duration::from_millis(500));
    let mut guardians = guardians;
    let (second, its_kit) = guardians.remove(1);
    drop(its_kit);
    assert_eq!(second.stop(), Some(0));
    std::fs::remove_dir_all(home.path("data2")).unwrap();
    let second = start(&home, 2, &server.url, Some((ports[2], ports[3])));
    let recalled = eventually(|| {
        let mut kit = kit_in(&home, "data2");
        kit.result(
            "hello",
            &json!({ "version": 1, "program": "0.0.1", "operator_id": id(2) }),
        );
        (kit.result("head", &json!({ "of": "audit" }))["known"] == head).then_some(())
    });
    assert!(recalled.is_some(), "{}", second.0.log());
    // What the federation is can be read by anybody.
    let shown = guardians[0].0.get("/v1/federation").json();
    assert_eq!(shown["membership"]["slug"], FEDERATION);
    let status = guardians[0].0.get("/status").json();
    assert_eq!(
        status["status"]["membership_hash"],
        directory.membership.hash().to_string()
    );
}

fn head(secret: u8, seq: u64) -> Value {
    let key = small_key(secret);
    let text = format!(r#"{{"seq":{seq},"hash":"{}","at":1764000000}}"#, "5a".repeat(32));
    let signature = Tag::AuditHead.sign(&key, text.as_bytes());
    let head: Value = serde_json::from_str(&text).unwrap();
    json!({ "head": head, "pubkey_hex": key.public().to_hex(), "sig_hex": signature.to_hex() })
}

/// Guardian 1, and somebody who has the keys of others.
pub struct Target {
    _home: Home,
    pub guardian: RunningGuardian,
    _kit: SigningKit,
    _server: Answering,
    directory: Directory,
}

pub fn target() -> Target {
    target_by(Home::new(), |_| {})
}

/// As [`target`], with something changed about the guardian's start.
pub fn target_by(home: Home, change: impl Fn(&mut std::process::Command)) -> Target {
    let directory = directory();
    let server = served(&directory);
    let mut command = command(&home, 1, &server.url, None, &json!({}));
    change(&mut command);
    let guardian = RunningGuardian::start_command(command);
    let kit = SigningKit::of(&home, "data1", 1);
    let known = eventually(|| (guardian.get("/v1/federation").status == 200).then_some(()));
    assert!(known.is_some(), "{}", guardian.log());
    Target {
        _home: home,
        guardian,
        _kit: kit,
        _server: server,
        directory,
    }
}

impl Target {
    pub fn message(&self, from: u8, seq: u64, body: Body) -> Message {
        Message {
            from: id(from),
            to: id(1),
            membership_hash: self.directory.membership.hash(),
            at: now(),
            seq,
            body,
        }
    }

    pub fn word(&self, of: u8, transport: u8) -> GuardianKeyPayload {
        GuardianKeyPayload {
            transport_pubkey_hex: small_key(transport).public().to_hex(),
            operator_id: id(of),
            membership_hash: Some(self.directory.membership.hash().to_string()),
            expires_at: now() + 3600,
        }
    }

    pub fn send(&self, message: &Message, word: &str, transport: u8) -> String {
        let bytes = message.signed_bytes().unwrap();
        let signature = Tag::Peer.sign(&small_key(transport), bytes.as_bytes());
        self.guardian
            .tell(&Message::assemble(&bytes, word, &signature))
            .says()
    }

    /// All as it should be.
    pub fn good(&self, from: u8, seq: u64, body: Body) -> String {
        let word = signed(&small_key(from), Tag::GuardianKey, &self.word(from, from + 100));
        self.send(&self.message(from, seq, body), &word, from + 100)
    }
}

pub fn health(of: u8, at: u64) -> Body {
    let attestation = HealthAttestation {
        operator_id: id(of),
        federation_slug: FEDERATION.into(),
        hosted_request_id: None,
        guardian_version: "1.2.3".into(),
        p2p_url: "http://guardian.example:9001".into(),
        api_url: "http://guardian.example:9000".into(),
        status: Status::Running,
        attested_at: at,
        image_digest: None,
    };
    Body::Health(signed(&small_key(of), Tag::Attestation, &attestation))
}

#[test]
fn forged_foreign_stale_and_replayed_messages_are_refused() {
    let target = target();
    assert_eq!(target.good(2, 10, health(2, now())), "200");
    // Played again.
    assert_eq!(target.good(2, 10, Body::Recall), "409 replayed");
    assert_eq!(target.good(2, 9, Body::Recall), "409 replayed");
    // By strangers, and by ourselves.
    assert_eq!(target.good(9, 1, Body::Recall), "403 stranger");
    assert_eq!(target.good(1, 1, Body::Recall), "403 stranger");
    // With another's word, a word that is over, or one for something else.
    let recall = |seq| target.message(2, seq, Body::Recall);
    let by = |key: u8, word: &GuardianKeyPayload| signed(&small_key(key), Tag::GuardianKey, word);
    let word = target.word(2, 102);
    assert_eq!(target.send(&recall(20), &by(3, &word), 102), "403 not-delegated");
    assert_eq!(
        target.send(&recall(20), &by(2, &target.word(3, 102)), 102),
        "403 not-delegated"
    );
    for change in [
        (|word| word.expires_at = now() - 1) as fn(&mut GuardianKeyPayload),
        |word| word.membership_hash = None,
        |word| word.membership_hash = Some("ab".repeat(32)),
    ] {
        let mut other = target.word(2, 102);
        change(&mut other);
        assert_eq!(target.send(&recall(20), &by(2, &other), 102), "403 not-delegated");
    }
    assert_eq!(target.send(&recall(20), &by(2, &word), 103), "403 bad-signature");
    // By a clock that is five minutes off, of another membership, for another guardian.
    for at in [now() - 300, now() + 300] {
        let mut message = recall(20);
        message.at = at;
        assert_eq!(target.send(&message, &by(2, &word), 102), "403 clock-skew");
    }
    let mut message = recall(20);
    message.membership_hash = membership(FEDERATION, 4, &MEMBERS).hash();
    assert_eq!(target.send(&message, &by(2, &word), 102), "403 other-membership");
    let mut message = recall(20);
    message.to = id(3);
    assert_eq!(target.send(&message, &by(2, &word), 102), "403 not-for-us");
    // About others, or old.
    assert_eq!(target.good(2, 21, health(3, now())), "422 bad-document");
    assert_eq!(target.good(2, 22, health(2, now() - 200)), "422 bad-document");
    assert_eq!(target.good(2, 23, Body::Notice("{}".into())), "422 bad-document");
    for bytes in ["", "null", "{}", "[1]", "{\"message\":{}}"] {
        assert_eq!(target.guardian.tell(bytes).says(), "422 malformed-message");
    }
    // None of this used up what an honest message needs.
    assert_eq!(target.good(2, 24, Body::Recall), "200");
}

#[test]
fn a_flood_is_answered_with_429_and_harms_nobody_else() {
    let target = target();
    let mut counts = std::collections::BTreeMap::new();
    for seq in 1..=60 {
        *counts.entry(target.good(2, seq, Body::Recall)).or_insert(0) += 1;
    }
    assert_eq!(counts["200"], 30, "{counts:?}");
    assert_eq!(counts["429 too-many"], 30, "{counts:?}");
    assert_eq!(target.good(3, 1, health(3, now())), "200");
    assert_eq!(target.guardian.state(), "active");
}

#[test]
fn directories_that_cannot_be_believed_are_not_taken() {
    let home = Home::new();
    let outsider = agreed(membership(FEDERATION, 3, &[2, 3, 4, 5]), &[2, 3, 4, 5]);
    let other = agreed(membership("oc-other-v1", 3, &MEMBERS), &MEMBERS);
    let unsigned = agreed(membership(FEDERATION, 3, &MEMBERS), &[1, 2, 3]);
    let forged = agreed(membership(FEDERATION, 3, &MEMBERS), &[1, 2, 9, 4]);
    let document =
        |directory: &Directory| Answering::document("200 OK", "application/json", &directory.to_json());
    for (answer, says) in [
        (
            document(&outsider),
            "this operator is not in the directory's membership",
        ),
        (document(&other), "the directory is of oc-other-v1"),
        (document(&unsigned), "have not signed the charter"),
        (document(&forged), "sign"),
        (
            Answering::document("404 Not Found", "text/html", "gone"),
            "answered with status 404",
        ),
        (
            Answering::document("200 OK", "application/json", &" ".repeat(70_000)),
            "has more than 65536 bytes",
        ),
        (b"nonsense".to_vec(), "cannot be reached"),
    ] {
        let server = Answering::with(answer);
        let (guardian, _kit) = start(&home, 1, &server.url, None);
        let told = eventually(|| guardian.log().contains(says).then_some(()));
        assert!(told.is_some(), "{says}: {}", guardian.log());
        assert_eq!(guardian.get("/v1/federation").status, 404);
        // Its status is signed all the same.
        assert!(eventually(|| (guardian.get("/status").status == 200).then_some(())).is_some());
    }
}

#[test]
fn the_directory_is_remembered_for_a_start_without_a_network() {
    let home = Home::new();
    let server = served(&directory());
    let (first, kit) = start(&home, 1, &server.url, None);
    assert!(eventually(|| (first.get("/v1/federation").status == 200).then_some(())).is_some());
    drop(kit);
    first.kill();
    let (second, _kit) = start(&home, 1, NO_PORTAL, None);
    let known = eventually(|| (second.get("/v1/federation").status == 200).then_some(()));
    assert!(known.is_some(), "{}", second.log());
    // Somebody wrote into it: as little is believed as of the network.
    second.kill();
    let path = home.path("data1/directory.json");
    let text = std::fs::read_to_string(&path)
        .unwrap()
        .replace("\"m\": 3", "\"m\": 4");
    std::fs::write(&path, text).unwrap();
    let (third, _kit) = start(&home, 1, NO_PORTAL, None);
    assert!(eventually(|| third.log().contains("directory.json").then_some(())).is_some());
    assert_eq!(third.get("/v1/federation").status, 404);
}

/// An operator who does not trust the membership yet has a guardian with a status, and no voice among peers.
#[test]
fn a_membership_that_the_operator_does_not_trust_is_not_served_but_told() {
    let home = Home::with_identity();
    let directory = directory();
    let server = served(&directory);
    let socket = format!(
        "unix:{}",
        home.path(crate::support::signer::GUARDIAN_SOCKET).display()
    );
    let _signer = crate::support::signer::SigningServer::start(&home, &[]);
    let more = json!({ "signer_url": socket, "directory_url": format!("{}/d.json", server.url) });
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, NO_PORTAL, &more));
    let told = eventually(|| guardian.log().contains("membership-not-trusted").then_some(()));
    assert!(told.is_some(), "{}", guardian.log());
    let status = eventually(|| {
        let answer = guardian.get("/status");
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(status.unwrap()["status"]["membership_hash"], Value::Null);
    home.write("federation.json", directory.to_json());
    let hash = directory.membership.hash().to_string();
    let trusted = home.run(&["federation", "trust", "federation.json", "--expect-hash", &hash]);
    assert_eq!(trusted.code, Some(0), "{}", trusted.text);
    let voice =
        eventually(|| (guardian.get("/status").json()["status"]["membership_hash"] == *hash).then_some(()));
    assert!(voice.is_some(), "{}", guardian.log());
}
