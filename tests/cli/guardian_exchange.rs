//! Guardians and what lies between them: TLS, silence, strangers, directories that change.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use oc_guardian::federation::{Address, Directory};
use oc_guardian::guardian::Body;
use serde_json::{Value, json};

use super::guardian_peers::{MEMBERS, command, directory, health, id, served, start, target};
use crate::support::federation::{agreed, membership};
use crate::support::running::{RunningGuardian, SigningKit, board_row, bundle, free_ports, kit_in, portal};
use crate::support::signer::{FEDERATION, eventually, now};
use crate::support::{AUTHORITY, Answering, Home, Nginx};

fn address(secret: u8, p2p_url: String) -> Address {
    Address {
        operator_id: id(secret),
        api_url: "http://127.0.0.1:9".into(),
        p2p_url,
    }
}

/// The peers of this operator's guardian, as its kit sees them.
fn peers_of(home: &Home, secret: u8) -> Vec<Value> {
    let mut kit = kit_in(home, &format!("data{secret}"));
    let hello = json!({ "version": 1, "program": "0.0.1", "operator_id": id(secret) });
    kit.result("hello", &hello);
    kit.result("peer-health", &json!({}))["peers"]
        .as_array()
        .unwrap()
        .clone()
}

#[test]
fn peers_over_https_behind_nginx() {
    if !Nginx::is_here() {
        return;
    }
    let home = Home::new();
    let members = [1, 2];
    let ports = free_ports(6);
    let mut directory = directory();
    directory.addresses = members
        .iter()
        .zip(&ports)
        .map(|(secret, port)| address(*secret, format!("https://localhost:{port}")))
        .collect();
    let _nginx = Nginx::start(&home, &[(ports[0], ports[3]), (ports[1], ports[5])]);
    // The authority is for portal, peers and directory alike.
    let server = served(&directory);
    let with = json!({ "extra_ca_file": home.path(AUTHORITY).display().to_string() });
    let guardians: Vec<_> = members
        .iter()
        .zip(ports[2..].chunks(2))
        .map(|(secret, ports)| {
            let command = command(&home, *secret, &server.url, Some((ports[0], ports[1])), &with);
            let guardian = RunningGuardian::start_command(command);
            (guardian, SigningKit::of(&home, &format!("data{secret}"), *secret))
        })
        .collect();
    for (secret, other) in [(1, 2), (2, 1)] {
        let heard = eventually(|| {
            let peers = peers_of(&home, secret);
            let other = peers
                .iter()
                .find(|peer| peer["operator_id"] == id(other).as_str())?;
            (other["fresh"] == true).then(|| other.clone())
        });
        let heard = heard.unwrap_or_else(|| panic!("{}\n{}", guardians[0].0.log(), home.text("nginx.err")));
        let url = heard["health"]["attestation"]["p2p_url"].as_str().unwrap();
        assert!(url.starts_with("https://localhost:"), "{url}");
    }
    assert!(
        home.text("access.log").contains("POST /v1/peer"),
        "{}",
        home.text("access.log")
    );
}

#[test]
fn peers_whose_certificate_nobody_vouches_for_are_told_nothing() {
    if !Nginx::is_here() {
        return;
    }
    let home = Home::new();
    let ports = free_ports(1);
    let ear = Answering::http("200 OK", "application/json", r#"{"ok":true}"#);
    let port = ear.url.rsplit(':').next().unwrap().parse().unwrap();
    let _nginx = Nginx::start(&home, &[(ports[0], port)]);
    let mut directory = directory();
    directory.addresses = vec![
        address(2, format!("https://localhost:{}", ports[0])),
        address(3, ear.url.clone()),
    ];
    let server = served(&directory);
    let (guardian, _kit) = start(&home, 1, &server.url, None);
    let told = eventually(|| (ear.connections() > 0).then_some(()));
    assert!(told.is_some(), "{}", guardian.log());
    std::thread::sleep(Duration::from_secs(1));
    assert!(
        !home.text_or_empty("access.log").contains("POST"),
        "{}",
        home.text("access.log")
    );
}

/// As a private federation has it: the portal's certificate is by an authority that only the bundle names.
#[test]
fn a_portal_behind_tls_with_an_authority_of_its_own() {
    if !Nginx::is_here() {
        return;
    }
    let home = Home::with_identity();
    let portal = portal(&[1]);
    let inner = portal.url().rsplit(':').next().unwrap().parse().unwrap();
    let ports = free_ports(1);
    let _nginx = Nginx::start(&home, &[(ports[0], inner)]);
    let url = format!("https://localhost:{}", ports[0]);
    // Without it nothing is sent.
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, &url, &json!({})));
    let kit = SigningKit::of(&home, "data", 1);
    let refused = eventually(|| (guardian.healthz()["problems"] == json!(["portal"])).then_some(()));
    assert!(refused.is_some(), "{}", guardian.log());
    assert_eq!(board_row(&portal, 0)["color"], "grey");
    drop(kit);
    assert_eq!(guardian.stop(), Some(0));
    let with = json!({ "extra_ca_file": home.path(AUTHORITY).display().to_string() });
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, &url, &with));
    let _kit = SigningKit::of(&home, "data", 1);
    let green = eventually(|| (board_row(&portal, 0)["color"] == "green").then_some(()));
    assert!(green.is_some(), "{}", guardian.log());
}

/// Messages to one that does not answer become fewer, those to the others do not, and it is told at once when it is back.
#[test]
fn a_silent_peer_is_left_alone_until_it_speaks() {
    let home = Home::new();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = format!("http://{}", listener.local_addr().unwrap());
    let knocks = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&knocks);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            kept.lock().unwrap().push(Instant::now());
            drop(stream);
        }
    });
    let lively = Answering::http("200 OK", "application/json", r#"{"ok":true}"#);
    let mut directory = directory();
    directory.addresses = vec![address(2, silent), address(3, lively.url.clone())];
    let server = served(&directory);
    let (guardian, _kit) = start(&home, 1, &server.url, None);
    let known = eventually(|| (lively.connections() > 0).then_some(()));
    assert!(known.is_some(), "{}", guardian.log());
    // Health goes out every five seconds: without a pause there would be six by then.
    std::thread::sleep(Duration::from_secs(27));
    let (tried, told) = (knocks.lock().unwrap().len(), lively.connections());
    assert!((1..=4).contains(&tried), "{tried}");
    assert!(told >= 5, "{told}");
    // It speaks, and is told how we are at the next turn, long before its pause is over.
    let hash = directory.membership.hash();
    let mut message = oc_guardian::guardian::Message {
        from: id(2),
        to: id(1),
        membership_hash: hash,
        at: now(),
        seq: 1,
        body: Body::Recall,
    };
    message.at = now();
    let word = oc_guardian::envelope::GuardianKeyPayload {
        transport_pubkey_hex: crate::support::federation::small_key(102).public().to_hex(),
        operator_id: id(2),
        membership_hash: Some(hash.to_string()),
        expires_at: now() + 3600,
    };
    use oc_guardian::envelope::Tag;
    let word =
        crate::support::portal::signed(&crate::support::federation::small_key(2), Tag::GuardianKey, &word);
    let bytes = message.signed_bytes().unwrap();
    let signature = Tag::Peer.sign(&crate::support::federation::small_key(102), bytes.as_bytes());
    let text = oc_guardian::guardian::Message::assemble(&bytes, &word, &signature);
    assert_eq!(guardian.tell(&text).says(), "200");
    let begin = Instant::now();
    let again = eventually(|| (knocks.lock().unwrap().len() > tried).then_some(()));
    assert!(again.is_some());
    assert!(begin.elapsed() < Duration::from_secs(8), "{:?}", begin.elapsed());
}

/// A stranger's messages are refused unread after the first hundred, and guardians are heard all the same.
#[test]
fn a_stranger_cannot_burn_our_time() {
    let target = target();
    let stranger = [("x-forwarded-for", "203.0.113.7")];
    let forged = {
        // As good as a stranger can make it: a real delegation, and a signature by another key.
        let word = crate::support::portal::signed(
            &crate::support::federation::small_key(2),
            oc_guardian::envelope::Tag::GuardianKey,
            &target.word(2, 102),
        );
        let bytes = target.message(2, 1, Body::Recall).signed_bytes().unwrap();
        let key = crate::support::federation::small_key(103);
        let signature = oc_guardian::envelope::Tag::Peer.sign(&key, bytes.as_bytes());
        oc_guardian::guardian::Message::assemble(&bytes, &word, &signature)
    };
    let mut counts = std::collections::BTreeMap::new();
    let begin = Instant::now();
    for _ in 0..400 {
        let says = target.guardian.tell_as(&forged, &stranger).says();
        *counts.entry(says).or_insert(0_u64) += 1;
    }
    let looked_at = counts["403 bad-signature"];
    let most = 100 + 2 * (begin.elapsed().as_secs() + 1);
    assert!((100..=most).contains(&looked_at), "{counts:?}");
    assert_eq!(counts["429 too-many-refused"], 400 - looked_at, "{counts:?}");
    // Neither those of its neighbour nor those of a guardian.
    let neighbour = [("x-forwarded-for", "203.0.113.8")];
    assert_eq!(
        target.guardian.tell_as(&forged, &neighbour).says(),
        "403 bad-signature"
    );
    assert_eq!(target.good(2, 2, health(2, now())), "200");
    // The last name in the header is the proxy's; what comes before it is anybody's.
    let other_name = [("x-forwarded-for", "198.51.100.1, 203.0.113.7")];
    assert_eq!(
        target.guardian.tell_as(&forged, &other_name).says(),
        "429 too-many-refused"
    );
}

/// Serves one directory after the other, as far as the counter says.
struct Changing {
    server: Answering,
    at: Arc<AtomicUsize>,
}

impl Changing {
    fn new(directories: Vec<Directory>) -> Self {
        let at = Arc::new(AtomicUsize::new(0));
        let shown = Arc::clone(&at);
        let server = Answering::asked(move |_| {
            let directory = &directories[shown.load(Ordering::SeqCst)];
            Answering::document("200 OK", "application/json", &directory.to_json())
        });
        Self { server, at }
    }
}

fn sequence(guardian: &RunningGuardian) -> Value {
    guardian.get("/v1/federation").json()["sequence"].clone()
}

/// Not even after a restart: the copy in the data folder has the number.
#[test]
fn an_older_directory_does_not_take_the_place_of_a_newer_one() {
    let home = Home::new();
    let with = |sequence: u64, digest: &str| {
        let mut directory = directory();
        directory.sequence = sequence;
        directory.image_digest = Some(format!("sha256:{}", digest.repeat(64)));
        directory
    };
    let changing = Changing::new(vec![with(7, "a"), with(6, "b"), with(7, "b"), with(8, "b")]);
    let (first, kit) = start(&home, 1, &changing.server.url, None);
    assert!(
        eventually(|| (sequence(&first) == 7).then_some(())).is_some(),
        "{}",
        first.log()
    );
    drop(kit);
    first.kill();
    for (at, says) in [
        (
            1,
            "the directory has sequence 6, and one with sequence 7 is known",
        ),
        (2, "another directory with sequence 7 is known"),
    ] {
        changing.at.store(at, Ordering::SeqCst);
        let (guardian, _kit) = start(&home, 1, &changing.server.url, None);
        let told = eventually(|| guardian.log().contains(says).then_some(()));
        assert!(told.is_some(), "{says}: {}", guardian.log());
        let known = guardian.get("/v1/federation").json();
        assert_eq!(known["sequence"], 7);
        assert_eq!(known["image_digest"], format!("sha256:{}", "a".repeat(64)));
    }
    changing.at.store(3, Ordering::SeqCst);
    let (guardian, _kit) = start(&home, 1, &changing.server.url, None);
    assert!(
        eventually(|| (sequence(&guardian) == 8).then_some(())).is_some(),
        "{}",
        guardian.log()
    );
}

/// A membership that all have signed is served by the next process, though the copy is of the one before.
#[test]
fn another_membership_is_served_after_a_restart() {
    let home = Home::new();
    let other = agreed(membership(FEDERATION, 4, &MEMBERS), &MEMBERS);
    let changing = Changing::new(vec![directory(), other.clone()]);
    let (first, kit) = start(&home, 1, &changing.server.url, None);
    assert!(eventually(|| (first.get("/v1/federation").status == 200).then_some(())).is_some());
    drop(kit);
    first.kill();
    changing.at.store(1, Ordering::SeqCst);
    let m = |guardian: &RunningGuardian| guardian.get("/v1/federation").json()["membership"]["m"].clone();
    let (second, kit) = start(&home, 1, &changing.server.url, None);
    let told = eventually(|| second.log().contains("start the guardian anew").then_some(()));
    assert!(told.is_some(), "{}", second.log());
    assert_eq!(m(&second), 3, "one process serves in one membership");
    drop(kit);
    second.kill();
    let (third, _kit) = start(&home, 1, &changing.server.url, None);
    assert!(
        eventually(|| (m(&third) == 4).then_some(())).is_some(),
        "{}",
        third.log()
    );
}
