//! Requests that are fetched from a guardian's RPC.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::guardian::{FakeGuardian, Trick};
use crate::support::signer::{
    GUARDIAN_SOCKET, OPERATOR_SOCKET, SigningServer, action, alert, attestation, eventually, get, post,
    records, records_of, serve_command, sign,
};
use crate::support::signer::{exchange, http, unix};
use crate::support::{ED25519_ID, Home, OPERATOR_ID};

const SOCKET: [&str; 2] = ["--guardian", "./rpc.sock"];

fn guardian(home: &Home) -> FakeGuardian {
    FakeGuardian::listen(&home.path("rpc.sock"), OPERATOR_ID)
}

#[track_caller]
fn answer(guardian: &FakeGuardian, request: &Value) -> Value {
    eventually(|| guardian.answers(request).pop()).expect("no answer")
}

#[test]
fn requests_are_fetched_and_answered() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let before = attestation();
    guardian.ask(&before);
    let _server = SigningServer::start(&home, &SOCKET);
    assert_eq!(answer(&guardian, &before)["status"], 200);
    let requests: Vec<Value> = (0..100).map(|_| attestation()).collect();
    for request in &requests {
        guardian.ask(request);
    }
    for request in &requests {
        let answer = answer(&guardian, request);
        assert_eq!(answer["status"], 200);
        assert_eq!(answer["body"]["id"], request["id"]);
        assert!(answer["body"]["envelope"]["sig_hex"].is_string());
    }
    assert_eq!(guardian.waiting(), 0);
    assert_eq!(records_of(&home, "signed").len(), 101);
}

#[test]
fn a_refusal_leaves_the_request_where_it_is_and_is_told_once() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let _server = SigningServer::start(&home, &SOCKET);
    let denied = action("program-apply", &json!({}));
    guardian.ask(&denied);
    assert_eq!(answer(&guardian, &denied)["body"]["reason"], "denied-by-policy");
    // Others are answered meanwhile, and it is not asked about again.
    for _ in 0..5 {
        let request = attestation();
        guardian.ask(&request);
        assert_eq!(answer(&guardian, &request)["status"], 200);
    }
    assert_eq!(guardian.waiting(), 1);
    assert_eq!(guardian.answers(&denied).len(), 1);
}

#[test]
fn a_person_is_asked_for_the_guardian() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let _server = SigningServer::start(&home, &SOCKET);
    let request = alert("critical", "pulled");
    guardian.ask(&request);
    let question = eventually(|| {
        let list = get(&home, OPERATOR_SOCKET, "/v1/requests").json();
        list["requests"].as_array().unwrap().first().cloned()
    })
    .unwrap();
    assert!(
        question["caller"].as_str().unwrap().contains("rpc.sock"),
        "{question}"
    );
    assert!(guardian.answers(&request).is_empty());
    let body = json!({ "payload_sha256": question["payload_sha256"] }).to_string();
    let path = format!("/v1/requests/{}/approve", request["id"].as_str().unwrap());
    assert_eq!(post(&home, OPERATOR_SOCKET, &path, &body).status, 200);
    assert_eq!(answer(&guardian, &request)["status"], 200);
}

#[test]
fn it_is_found_again_after_restarts() {
    let home = Home::with_identity();
    let first = guardian(&home);
    let server = SigningServer::start(&home, &SOCKET);
    let request = attestation();
    first.ask(&request);
    answer(&first, &request);
    // The connection breaks in the middle.
    first.break_connections();
    let request = attestation();
    first.ask(&request);
    answer(&first, &request);
    assert!(first.hellos() >= 2);
    drop(first);
    server.wait_for("guardian");
    let second = guardian(&home);
    let request = attestation();
    second.ask(&request);
    assert_eq!(answer(&second, &request)["status"], 200);
    // The same request on a new connection has the same answer.
    second.break_connections();
    second.ask(&request);
    let again =
        eventually(|| (second.answers(&request).len() == 2).then(|| second.answers(&request))).unwrap();
    assert_eq!(again[0], again[1]);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn anothers_guardian_and_other_versions_are_not_served() {
    for hello in [
        json!({ "version": 1, "program": "0.0.1", "operator_id": ED25519_ID }),
        json!({ "version": 2, "program": "9.0.0", "operator_id": OPERATOR_ID }),
        json!({ "version": 1, "program": "0.0.1", "operator_id": OPERATOR_ID, "more": true }),
        json!([]),
    ] {
        let home = Home::with_identity();
        let guardian = guardian(&home);
        guardian.say(hello);
        let request = attestation();
        guardian.ask(&request);
        let server = SigningServer::start(&home, &SOCKET);
        let told = server.wait_for("guardian");
        assert!(told["error"].is_string(), "{told}");
        assert!(guardian.answers(&request).is_empty());
        assert!(home.text("serve.err").contains("could not be checked"));
        // The other doors are open all the same.
        assert_eq!(sign(&home, &attestation()).status, 200);
        assert!(home.path(GUARDIAN_SOCKET).exists());
    }
}

#[test]
fn an_unreachable_guardian_is_a_warning() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &SOCKET);
    assert!(
        home.text("serve.err")
            .contains("whether the state folder is an older copy could not be checked"),
        "{}",
        home.text("serve.err")
    );
    assert_eq!(sign(&home, &attestation()).status, 200);
    let guardian = guardian(&home);
    let request = attestation();
    guardian.ask(&request);
    assert_eq!(answer(&guardian, &request)["status"], 200);
    assert_eq!(server.stop(), Some(0));
}

/// An envelope that this home signed, and then forgot.
fn rolled_back(home: &Home) -> Value {
    let server = SigningServer::start(home, &[]);
    assert_eq!(server.stop(), Some(0));
    copy(home, "home/state", "old-state");
    copy(home, "home/data", "old-data");
    let server = SigningServer::start(home, &[]);
    let envelope = sign(home, &alert("info", "newer")).json()["envelope"].clone();
    assert_eq!(server.stop(), Some(0));
    // Both folders: the epoch file beside the key notices the one alone.
    for (old, place) in [("old-state", "home/state"), ("old-data", "home/data")] {
        std::fs::remove_dir_all(home.path(place)).unwrap();
        copy(home, old, place);
    }
    envelope
}

fn copy(home: &Home, from: &str, to: &str) {
    let status = std::process::Command::new("cp")
        .arg("-a")
        .arg(home.path(from))
        .arg(home.path(to))
        .status()
        .unwrap();
    assert!(status.success());
}

#[test]
fn an_older_copy_of_the_state_is_noticed_by_what_the_guardian_can_prove() {
    let home = Home::with_identity();
    let envelope = rolled_back(&home);
    let guardian = guardian(&home);
    guardian.remember("alert-publish", envelope);
    let output = serve_command(&home, &SOCKET).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (said["reason"].as_str().unwrap(), output.status.code()),
        ("rolled-back", Some(1))
    );
    assert!(
        said["detail"].as_str().unwrap().contains("alert-publish"),
        "{said}"
    );
    assert!(!home.path(GUARDIAN_SOCKET).exists());
    assert!(records_of(&home, "signed").is_empty());
    // Whoever knows what that means can go on, and it is recorded.
    let server = SigningServer::start(&home, &[&SOCKET[..], &["--accept-rollback"]].concat());
    assert!(
        home.text("serve.err")
            .contains("a guardian proves that alert-publish was signed with nonce")
    );
    let request = attestation();
    guardian.ask(&request);
    assert_eq!(answer(&guardian, &request)["status"], 200);
    assert_eq!(server.stop(), Some(0));
    assert!(
        records_of(&home, "forced")[0]["summary"]
            .as_str()
            .unwrap()
            .contains("alert-publish")
    );
}

#[test]
fn or_as_soon_as_the_guardian_is_there() {
    let home = Home::with_identity();
    let envelope = rolled_back(&home);
    let server = SigningServer::start(&home, &SOCKET);
    assert_eq!(sign(&home, &attestation()).status, 200);
    let guardian = guardian(&home);
    guardian.remember("alert-publish", envelope);
    let told = server.wait_for("stopped-signing");
    assert!(told["detail"].as_str().unwrap().contains("nonce"), "{told}");
    assert_eq!(sign(&home, &attestation()).says(), "503 rolled-back");
    assert_eq!(get(&home, GUARDIAN_SOCKET, "/healthz").says(), "503 rolled-back");
}

#[test]
fn what_a_guardian_makes_up_does_not_count() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let mut forged = sign(&home, &alert("info", "genuine")).json()["envelope"].clone();
    assert_eq!(server.stop(), Some(0));
    let genuine = forged.clone();
    let nonce = forged["payload"]["nonce"].as_u64().unwrap();
    forged["payload"]["nonce"] = (nonce + 1_000_000).into();
    let guardian = guardian(&home);
    guardian.remember("alert-publish", forged);
    // Genuine, but of another action.
    guardian.remember("charter-sign", genuine);
    guardian.remember(
        "audit",
        json!({
            "head": { "seq": 1_000_000, "hash": "ab".repeat(32), "at": 1 }, "pubkey_hex": "00", "sig_hex": "ab".repeat(64),
        }),
    );
    let _server = SigningServer::start(&home, &SOCKET);
    let errors = home.text("serve.err");
    assert_eq!(errors.matches("not counted").count(), 3, "{errors}");
    let request = attestation();
    guardian.ask(&request);
    assert_eq!(answer(&guardian, &request)["status"], 200);
    assert!(!records(&home).is_empty());
}

/// After 4,096 records, or an hour.
#[test]
fn signed_heads_are_left_with_the_guardian() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let _server = SigningServer::start(&home, &SOCKET);
    let headers = [("host", "localhost"), ("content-type", "application/json")];
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut stream = unix(&home, GUARDIAN_SOCKET);
                for _ in 0..1_030 {
                    let request = http("POST", "/v1/sign", &headers, &attestation().to_string());
                    assert_eq!(exchange(&mut stream, request).status, 200);
                }
            });
        }
    });
    let left = eventually(|| guardian.heads().pop()).expect("no head was left");
    let record = records(&home)
        .into_iter()
        .find(|record| record["seq"] == left["head"]["seq"])
        .unwrap();
    assert_eq!(record["hash"], left["head"]["hash"]);
    let signed = records_of(&home, "head").pop().unwrap();
    assert_eq!(
        (&signed["payload"], &signed["signature"]),
        (&left["head"].to_string().into(), &left["sig_hex"])
    );
    // It is proof: whoever lost what came after it is told.
    assert_eq!(left["pubkey_hex"], crate::support::signer::PUBKEY_HEX);
}

/// What could not be answered for now is asked for again by itself.
#[test]
fn what_was_too_fast_is_tried_again() {
    let home = Home::with_identity();
    home.write(
        crate::support::signer::POLICY,
        "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\nrate = \"2/s\"\n",
    );
    let guardian = guardian(&home);
    let _server = SigningServer::start(&home, &SOCKET);
    let requests: Vec<Value> = (0..6).map(|_| attestation()).collect();
    for request in &requests {
        guardian.ask(request);
    }
    assert!(eventually(|| (guardian.waiting() == 0).then_some(())).is_some());
    let refused = requests.iter().flat_map(|request| guardian.answers(request));
    assert!(refused.filter(|answer| answer["status"] == 429).count() > 0);
}

/// A guardian cannot keep the kit busy, and is served as soon as it behaves.
#[test]
fn the_pace_is_not_the_guardians() {
    for trick in [Trick::Impatient, Trick::Closing, Trick::Oversized] {
        let home = Home::with_identity();
        let guardian = guardian(&home);
        guardian.play(trick);
        let _server = SigningServer::start(&home, &SOCKET);
        let time = Duration::from_secs(4);
        std::thread::sleep(time);
        let calls = guardian.calls();
        // Without a pace there are 20 connections, or thousands of calls on one.
        assert!((2..=14).contains(&calls), "{trick:?}: {calls} calls in {time:?}");
    }
}

/// Both machines answer the same guardian: what the second one had signed is taken over by the first.
#[test]
fn a_second_machine_with_the_same_key_stops_nobody() {
    let (first, second) = (Home::with_identity(), Home::with_identity());
    let guardian = guardian(&first);
    std::os::unix::fs::symlink(first.path("rpc.sock"), second.path("rpc.sock")).unwrap();
    let server = SigningServer::start(&first, &SOCKET);
    // It has seen the guardian.
    let request = attestation();
    guardian.ask(&request);
    answer(&guardian, &request);
    let other = SigningServer::start(&second, &["--ask-only"]);
    let notice = alert("info", "by the second machine");
    assert_eq!(sign(&second, &notice).status, 202);
    let question = get(&second, OPERATOR_SOCKET, "/v1/requests").json()["requests"][0].clone();
    let body = json!({ "payload_sha256": question["payload_sha256"] }).to_string();
    let path = format!("/v1/requests/{}/approve", notice["id"].as_str().unwrap());
    let envelope = post(&second, OPERATOR_SOCKET, &path, &body).json()["envelope"].clone();
    assert_eq!(other.stop(), Some(0));
    guardian.remember("alert-publish", envelope.clone());
    guardian.break_connections();
    let told = server.wait_for("warning");
    assert!(
        told["detail"].as_str().unwrap().contains("alert-publish"),
        "{told}"
    );
    // Its nonce is used up here, too, and after a restart.
    let mut again = alert("info", "by the first machine");
    again["payload"]["nonce"] = envelope["payload"]["nonce"].clone();
    assert_eq!(sign(&first, &again).says(), "409 nonce-not-forward");
    assert_eq!(server.stop(), Some(0));
    let server = SigningServer::start(&first, &SOCKET);
    assert_eq!(sign(&first, &again).says(), "409 nonce-not-forward");
    assert_eq!(sign(&first, &alert("info", "next")).status, 200);
    assert_eq!(server.stop(), Some(0));
    // The second one is started for that: what is newer than its log is no reason to stop.
    let other = SigningServer::start(&second, &[&SOCKET[..], &["--ask-only"]].concat());
    assert_eq!(other.stop(), Some(0));
}

/// The head is below the last record here: a log that was built anew has grown past it.
#[test]
fn another_log_of_the_same_key_is_noticed() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    assert_eq!(server.stop(), Some(0));
    let output = home
        .command(&["audit", "head", "--json", "--passphrase-file", "pass.txt"])
        .output()
        .unwrap();
    let noted: Value = serde_json::from_slice(&output.stdout).unwrap();
    let head: Value = serde_json::from_str(noted["signed"].as_str().unwrap()).unwrap();
    let head = json!({
        "head": head, "pubkey_hex": crate::support::signer::PUBKEY_HEX, "sig_hex": noted["signature"],
    });
    std::fs::remove_dir_all(home.path("home/state")).unwrap();
    std::fs::remove_file(home.path("home/data/audit.epoch")).unwrap();
    let server = SigningServer::start(&home, &[]);
    for _ in 0..10 {
        assert_eq!(sign(&home, &attestation()).status, 200);
    }
    assert_eq!(server.stop(), Some(0));
    let guardian = guardian(&home);
    guardian.remember("audit", head);
    let output = serve_command(&home, &SOCKET).output().unwrap();
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(said["reason"], "rolled-back", "{said}");
    assert!(
        said["detail"].as_str().unwrap().contains("another record"),
        "{said}"
    );
    // Accepted once, it is accepted.
    let server = SigningServer::start(&home, &[&SOCKET[..], &["--accept-rollback"]].concat());
    assert_eq!(server.stop(), Some(0));
    let server = SigningServer::start(&home, &SOCKET);
    assert_eq!(server.stop(), Some(0));
}

/// One signature without a server is no way around it.
#[test]
fn sign_file_asks_the_guardian_too() {
    let home = Home::with_identity();
    let envelope = rolled_back(&home);
    home.write("request.json", attestation().to_string());
    let line = [
        "sign",
        "request.json",
        "--passphrase-file",
        "pass.txt",
        "--guardian",
        "./rpc.sock",
    ];
    let run = home.run(&line).exits(0);
    assert!(run.stderr.contains("could not be checked"), "{}", run.text);
    let guardian = guardian(&home);
    guardian.remember("alert-publish", envelope);
    home.write("request.json", attestation().to_string());
    let run = home.run(&[&line[..], &["--json"]].concat()).exits(1);
    assert_eq!(run.json()["reason"], "rolled-back", "{}", run.text);
    // Where nobody is named, the one of the bundle is asked.
    let mut bundle: Value = serde_json::from_str(&home.text("home/config/oc-guardian.config")).unwrap();
    bundle["data_dir"] = home.path("").display().to_string().into();
    home.write("home/config/oc-guardian.config", bundle.to_string());
    let run = home
        .run(&["sign", "request.json", "--passphrase-file", "pass.txt", "--json"])
        .exits(1);
    assert_eq!(run.json()["reason"], "rolled-back", "{}", run.text);
}
