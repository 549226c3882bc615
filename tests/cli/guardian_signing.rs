//! Signatures for the guardian, by each way, and what it does with them.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use oc_guardian::devnet::portal::Portal;
use serde_json::{Value, json};

use crate::support::running::{NO_PORTAL, RunningGuardian, SigningKit, board_row, bundle, kit, portal};
use crate::support::signer::{
    FEDERATION, GUARDIAN_SOCKET, SigningServer, TOKEN, eventually, guardian_key, records_of, sign,
};
use crate::support::{Answering, Home, OPERATOR_ID};

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

#[track_caller]
fn becomes_green(portal: &Portal, guardian: &RunningGuardian) {
    let green = eventually(|| (board_row(portal, 0)["color"] == "green").then_some(()));
    assert!(green.is_some(), "{}\n{}", board_row(portal, 0), guardian.log());
}

#[track_caller]
fn signer_is(guardian: &RunningGuardian, word: &str) {
    let said = eventually(|| (guardian.healthz()["signer"] == word).then_some(()));
    assert!(said.is_some(), "{}", guardian.log());
}

#[test]
fn green_through_the_rpc_with_the_digest_that_run_passed_in() {
    let home = Home::with_identity();
    let portal = portal(&[1]);
    home.write(
        "bundle",
        bundle(
            &home,
            &portal.url(),
            &json!({ "public_host": "guardian.example" }),
        )
        .to_string(),
    );
    let mut command = RunningGuardian::command(&home, "bundle");
    command.env("OC_GUARDIAN_IMAGE_DIGEST", DIGEST);
    let guardian = RunningGuardian::start_command(command);
    assert_eq!(board_row(&portal, 0)["color"], "grey");
    let _signer = SigningServer::start(&home, &["--guardian", "data/rpc.sock"]);
    becomes_green(&portal, &guardian);
    signer_is(&guardian, "connected");
    let row = board_row(&portal, 0);
    assert_eq!(row["image_digest"], DIGEST, "{row}");
    let port = guardian.api();
    assert_eq!(row["api_url"], format!("http://guardian.example:{port}"), "{row}");
    // And the guardian's own word, signed by its transport key.
    let status = eventually(|| {
        let answer = guardian.get("/status");
        (answer.status == 200).then(|| answer.json())
    })
    .unwrap();
    assert_eq!(status["status"]["image_digest"], DIGEST);
    assert_eq!(status["delegation"]["payload"]["operator_id"], OPERATOR_ID);
    assert_eq!(status["delegation"]["payload"]["membership_hash"], Value::Null);
    assert_is_signed(&status);
}

/// As somebody else would verify it, from docs/formats.md.
fn assert_is_signed(status: &Value) {
    use aws_lc_rs::digest::{SHA256, digest};
    let bytes = |text: &Value| -> Vec<u8> {
        let text = text.as_str().unwrap();
        (0..text.len() / 2)
            .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    };
    let verify = |tag: &str, text: String, signature: &Value, key: &Value| {
        let tag = digest(&SHA256, tag.as_bytes());
        let message = digest(&SHA256, &[tag.as_ref(), tag.as_ref(), text.as_bytes()].concat());
        let signature = secp256k1::schnorr::Signature::from_byte_array(bytes(signature).try_into().unwrap());
        let key = secp256k1::XOnlyPublicKey::from_byte_array(bytes(key).try_into().unwrap()).unwrap();
        secp256k1::schnorr::verify(&signature, message.as_ref(), &key).unwrap();
    };
    let word = &status["delegation"];
    let transport = &word["payload"]["transport_pubkey_hex"];
    verify(
        "oc-guardian/status/v1",
        status["status"].to_string(),
        &status["sig_hex"],
        transport,
    );
    verify(
        "oc-guardian/guardian-key/v1",
        word["payload"].to_string(),
        &word["sig_hex"],
        &word["pubkey"],
    );
}

#[test]
fn through_the_signers_socket() {
    let home = Home::with_identity();
    let portal = portal(&[1]);
    let socket = format!("unix:{}", home.path(GUARDIAN_SOCKET).display());
    // There is no server yet.
    let guardian = RunningGuardian::start(
        &home,
        "bundle",
        &bundle(&home, &portal.url(), &json!({ "signer_url": socket })),
    );
    signer_is(&guardian, "waiting");
    let signer = SigningServer::start(&home, &[]);
    becomes_green(&portal, &guardian);
    signer_is(&guardian, "connected");
    // Nothing waits on the RPC: that is not where a server is looked for.
    assert!(kit(&home).greet().pending(0).is_empty());
    // It goes and comes again.
    signer.kill();
    let before = board_row(&portal, 0);
    let _signer = SigningServer::start(&home, &[]);
    let again = eventually(|| (board_row(&portal, 0)["attested_at"] != before["attested_at"]).then_some(()));
    assert!(again.is_some(), "{}", guardian.log());
}

#[test]
fn through_loopback_with_a_token() {
    let home = Home::with_identity();
    let portal = portal(&[1]);
    let signer = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let more = json!({
        "signer_url": format!("http://127.0.0.1:{}", signer.port()),
        "signer_token_file": home.path(TOKEN).display().to_string(),
    });
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, &portal.url(), &more));
    becomes_green(&portal, &guardian);
}

#[test]
fn a_signer_that_refuses_is_told_in_the_log_and_asked_again() {
    let home = Home::with_identity();
    let portal = portal(&[1]);
    let deny = "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"deny\"\n";
    home.write(crate::support::signer::POLICY, deny);
    let socket = format!("unix:{}", home.path(GUARDIAN_SOCKET).display());
    let signer = SigningServer::start(&home, &[]);
    let guardian = RunningGuardian::start(
        &home,
        "bundle",
        &bundle(&home, &portal.url(), &json!({ "signer_url": socket })),
    );
    assert!(eventually(|| guardian.log().contains("denied-by-policy").then_some(())).is_some());
    assert_eq!(board_row(&portal, 0)["color"], "grey");
    home.write(
        crate::support::signer::POLICY,
        crate::support::signer::OPEN_POLICY,
    );
    signer.signal(rustix::process::Signal::HUP);
    becomes_green(&portal, &guardian);
    // Once each, however often it lasted.
    let refused = guardian.log().matches("WARN").count() + guardian.log().matches("warn").count();
    assert!(refused < 10, "{}", guardian.log());
}

#[test]
fn no_attestation_is_signed_twice_over_restarts_of_both() {
    let home = Home::with_identity();
    let portal = portal(&[1]);
    let shared = bundle(&home, &portal.url(), &json!({}));
    let mut guardian = RunningGuardian::start(&home, "bundle", &shared);
    for _ in 0..3 {
        let signer = SigningServer::start(&home, &["--guardian", "data/rpc.sock"]);
        let before = records_of(&home, "signed").len();
        assert!(eventually(|| (records_of(&home, "signed").len() > before + 3).then_some(())).is_some());
        signer.kill();
        guardian.kill();
        guardian = RunningGuardian::start(&home, "bundle", &shared);
    }
    let ids: Vec<Value> = records_of(&home, "signed")
        .iter()
        .map(|it| it["request_id"].clone())
        .collect();
    let mut once = ids.clone();
    once.sort_by_key(ToString::to_string);
    once.dedup();
    assert_eq!(once.len(), ids.len());
}

/// A portal of bytes, whose answer a test changes as it goes.
struct Moody {
    server: Answering,
    mood: Arc<AtomicU8>,
    taken: Arc<Mutex<Vec<Value>>>,
}

const TAKES: u8 = 0;
const HANGS: u8 = 1;
const NONSENSE: u8 = 2;
const REFUSES: u8 = 3;
const HUGE: u8 = 4;
const CLOSES: u8 = 5;
const REDIRECTS: u8 = 6;

impl Moody {
    fn new(mood: u8) -> Self {
        let mood = Arc::new(AtomicU8::new(mood));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (felt, kept) = (Arc::clone(&mood), Arc::clone(&taken));
        let server = Answering::by(move |mut stream, _| {
            let (mut body, mut piece) = (Vec::new(), [0; 4096]);
            let json = loop {
                if let Ok(json) = serde_json::from_slice::<Value>(&body) {
                    break json;
                }
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => return,
                    Ok(count) => body.extend_from_slice(&piece[..count]),
                }
            };
            kept.lock().unwrap().push(json);
            let kind = "application/json";
            let answer = match felt.load(Ordering::SeqCst) {
                TAKES => Answering::document("200 OK", kind, r#"{"ok":true}"#),
                HANGS => {
                    std::thread::sleep(Duration::from_secs(60));
                    return;
                }
                NONSENSE => b"\x00\xff nonsense\r\n\r\n".to_vec(),
                REFUSES => Answering::document(
                    "403 Forbidden",
                    kind,
                    r#"{"ok":false,"reason":"unknown-operator","detail":"\u001b[31mno"}"#,
                ),
                HUGE => Answering::document("200 OK", kind, &" ".repeat(4 << 20)),
                REDIRECTS => {
                    b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
                        .to_vec()
                }
                _ => return,
            };
            let _ = stream.write_all(&answer);
        });
        Self { server, mood, taken }
    }

    fn count(&self) -> usize {
        self.taken.lock().unwrap().len()
    }
}

#[test]
fn whatever_the_portal_does_the_guardian_goes_on_and_is_well_again_after() {
    let home = Home::with_identity();
    let portal = Moody::new(NONSENSE);
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, &portal.server.url, &json!({})));
    let _kit = SigningKit::of(&home, "data", 1);
    for mood in [NONSENSE, REFUSES, HUGE, CLOSES, REDIRECTS] {
        portal.mood.store(mood, Ordering::SeqCst);
        let before = portal.count();
        assert!(
            eventually(|| (portal.count() > before + 1).then_some(())).is_some(),
            "{mood}: {}",
            guardian.log()
        );
        let health = guardian.healthz();
        assert_eq!(health["problems"], json!(["portal"]), "{mood}");
        assert_eq!(
            (&health["ok"], &health["state"]),
            (&json!(true), &json!("active"))
        );
    }
    portal.mood.store(TAKES, Ordering::SeqCst);
    let well = eventually(|| guardian.healthz()["problems"].is_null().then_some(()));
    assert!(well.is_some(), "{}", guardian.log());
    assert!(guardian.log().contains("portal: well again"));
    // That the portal was out of touch is no news to it.
    let taken = portal.taken.lock().unwrap();
    assert!(taken.iter().all(|it| it["attestation"]["status"] == "running"));
    assert!(
        !guardian.log().contains('\u{1b}'),
        "what comes from outside is escaped"
    );
}

#[test]
fn a_portal_that_hangs_holds_up_neither_health_nor_the_end_and_nothing_piles_up() {
    let home = Home::with_identity();
    let portal = Moody::new(HANGS);
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, &portal.server.url, &json!({})));
    let _kit = SigningKit::of(&home, "data", 1);
    assert!(eventually(|| (portal.count() == 1).then_some(())).is_some());
    for _ in 0..30 {
        assert_eq!(guardian.state(), "active");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(portal.count(), 1, "one at a time");
    let begin = std::time::Instant::now();
    assert_eq!(guardian.stop(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(3), "{:?}", begin.elapsed());
}

#[test]
fn a_portal_that_is_down_costs_fewer_tries_and_only_the_newest_is_sent() {
    let home = Home::with_identity();
    let portal = Moody::new(CLOSES);
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, &portal.server.url, &json!({})));
    let _kit = SigningKit::of(&home, "data", 1);
    assert!(eventually(|| (portal.count() > 0).then_some(())).is_some());
    std::thread::sleep(Duration::from_secs(3));
    let tries = portal.count();
    // Every 400 ms, after the first ones.
    assert!((3..=14).contains(&tries), "{tries}: {}", guardian.log());
    let at = |it: &Value| it["attestation"]["attested_at"].as_u64().unwrap();
    let taken = portal.taken.lock().unwrap();
    assert!(taken.windows(2).all(|pair| at(&pair[0]) <= at(&pair[1])));
}

/// `federation trust` is enough: the running server signs for the membership a moment later.
#[test]
fn the_signing_server_signs_for_a_membership_once_it_is_trusted() {
    use crate::support::federation::{agreed, membership};
    let home = Home::with_identity();
    let _signer = SigningServer::start(&home, &[]);
    let ask = |hash: &str| {
        let mut request = guardian_key();
        request["payload"]["membership_hash"] = hash.into();
        sign(&home, &request).says()
    };
    let directory = agreed(membership(FEDERATION, 3, &[1, 2, 3, 4]), &[1, 2, 3, 4]);
    let hash = directory.membership.hash().to_string();
    assert_eq!(ask(&hash), "403 membership-not-trusted");
    home.write("federation.json", directory.to_json());
    let trusted = home.run(&["federation", "trust", "federation.json", "--expect-hash", &hash]);
    assert_eq!(trusted.code, Some(0), "{}", trusted.text);
    assert!(
        eventually(|| (ask(&hash) == "200").then_some(())).is_some(),
        "{}",
        ask(&hash)
    );
    assert_eq!(ask(&"ab".repeat(32)), "403 membership-not-trusted");
    let identity = crate::support::signer::get(&home, GUARDIAN_SOCKET, "/v1/identity").json();
    assert_eq!(
        identity["federations"],
        json!([{ "slug": FEDERATION, "membership_hash": hash }])
    );
    // What is taken back is not signed for any more.
    std::fs::remove_file(home.path(&format!("home/config/federations/{FEDERATION}.json"))).unwrap();
    assert!(eventually(|| ask(&hash).starts_with("403").then_some(())).is_some());
}

#[test]
fn without_a_portal_the_signer_is_still_asked() {
    let home = Home::with_identity();
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, NO_PORTAL, &json!({})));
    let _kit = SigningKit::of(&home, "data", 1);
    assert!(eventually(|| (guardian.get("/status").status == 200).then_some(())).is_some());
    assert!(eventually(|| (guardian.healthz()["problems"] == json!(["portal"])).then_some(())).is_some());
}
