//! The operator's RPC, spoken byte by byte.

use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::running::{Kit, NO_PORTAL, RunningGuardian, bundle, envelope, hello, kit};
use crate::support::signer::{alert, eventually};
use crate::support::{ED25519_ID, Home};

fn guardian(home: &Home) -> RunningGuardian {
    RunningGuardian::start(home, "bundle", &bundle(home, NO_PORTAL, &json!({})))
}

/// A request of this kind; others may wait, too.
fn wait_for(kit: &mut Kit<UnixStream, UnixStream>, kind: &str) -> Value {
    eventually(|| kit.pending(5).into_iter().find(|request| request["kind"] == kind)).expect("no request")
}

#[test]
fn requests_are_fetched_and_signatures_brought() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let mut kit = kit(&home).greet();
    assert_eq!(
        guardian.healthz()["signer"],
        "waiting",
        "a kit that looks is no signing server"
    );
    let request = wait_for(&mut kit, "guardian-key");
    assert_eq!(guardian.healthz()["signer"], "connected");
    assert_eq!(request["payload"]["membership_hash"], Value::Null);
    // Not a signature, not over this, not ours: it stays.
    let answer = |status: u16, body: Value| json!({ "id": request["id"], "status": status, "body": body });
    let foreign = json!({ "ok": true, "envelope": envelope(&request, 2) });
    assert_eq!(kit.refusal("answer", &answer(200, foreign)), "not-a-signature");
    assert_eq!(
        kit.refusal("answer", &answer(200, json!({ "ok": true }))),
        "not-a-signature"
    );
    let no = json!({ "ok": false, "reason": "denied-by-policy", "detail": "no" });
    assert_eq!(kit.result("answer", &answer(403, no)), json!({}));
    assert!(kit.pending(0).iter().any(|it| it["id"] == request["id"]));
    assert_eq!(guardian.get("/status").status, 503);
    let good = json!({ "ok": true, "envelope": envelope(&request, 1) });
    assert_eq!(kit.result("answer", &answer(200, good)), json!({}));
    assert!(kit.pending(0).iter().all(|it| it["id"] != request["id"]));
    assert_eq!(guardian.get("/status").status, 200);
    drop(kit);
    assert!(eventually(|| (guardian.healthz()["signer"] == "waiting").then_some(())).is_some());
}

#[test]
fn a_new_poll_ends_the_one_before() {
    let home = Home::with_identity();
    let _guardian = guardian(&home);
    let mut kit = kit(&home).greet();
    let known = eventually(|| {
        let found = kit.pending(1);
        (found.len() == 2).then(|| found.iter().map(|it| it["id"].clone()).collect::<Vec<_>>())
    })
    .unwrap();
    // Far more than may be answered at once, each of which would take a minute.
    let begin = Instant::now();
    let calls: Vec<_> = (0..100)
        .map(|_| kit.send("pending", &json!({ "wait": 60, "known": known })))
        .collect();
    for call in &calls[..99] {
        let answer = kit.receive().unwrap();
        assert_eq!(
            (&answer["id"], &answer["error"]),
            (&json!(call), &Value::Null),
            "{answer}"
        );
        assert_eq!(answer["result"]["requests"], json!([]));
    }
    assert!(begin.elapsed() < Duration::from_secs(20), "{:?}", begin.elapsed());
}

#[test]
fn hello_comes_first_and_is_the_operators() {
    let home = Home::with_identity();
    let _guardian = guardian(&home);
    for (method, params, reason) in [
        ("pending", json!({ "wait": 0, "known": [] }), "hello-missing"),
        (
            "hello",
            json!({ "version": 2, "program": "9", "operator_id": hello()["operator_id"] }),
            "unknown-version",
        ),
        (
            "hello",
            json!({ "version": 1, "program": "0.0.1", "operator_id": ED25519_ID }),
            "foreign-operator",
        ),
        ("hello", json!({ "version": 1 }), "malformed-params"),
        (
            "hello",
            json!([1, "0.0.1", hello()["operator_id"]]),
            "malformed-params",
        ),
    ] {
        let mut kit = kit(&home);
        assert_eq!(kit.refusal(method, &params), reason);
        assert_eq!(kit.receive(), None, "the connection is closed");
    }
    assert_eq!(
        kit(&home).result("hello", &hello())["operator_id"],
        hello()["operator_id"]
    );
}

#[test]
fn calls_that_are_not_understood_are_answered() {
    let home = Home::with_identity();
    let _guardian = guardian(&home);
    let mut kit = kit(&home).greet();
    for (method, params, reason) in [
        ("sign", json!({}), "unknown-method"),
        ("hello", hello(), "unknown-method"),
        ("pending", json!({}), "malformed-params"),
        ("pending", json!({ "wait": -1, "known": [] }), "malformed-params"),
        (
            "pending",
            json!({ "wait": 0, "known": [], "more": 1 }),
            "malformed-params",
        ),
        (
            "answer",
            json!({ "id": "x", "status": 200, "body": {} }),
            "not-a-signature",
        ),
        (
            "answer",
            json!({ "id": "x", "status": 70000, "body": {} }),
            "malformed-params",
        ),
        ("head", json!(null), "malformed-params"),
        ("leave-head", json!({ "head": {} }), "not-a-head"),
        ("leave-head", json!({ "head": null }), "not-a-head"),
        (
            "request-notice",
            json!({ "title": "two\nlines", "closes": null }),
            "not-a-notice",
        ),
        ("submit-notice", json!({ "envelope": {} }), "not-a-notice"),
    ] {
        assert_eq!(kit.refusal(method, &params), reason, "{method} {params}");
    }
    assert_eq!(
        kit.result("head", &json!({ "of": "audit" })),
        json!({ "known": null })
    );
    assert_eq!(
        kit.result("head", &json!({ "of": "../x" })),
        json!({ "known": null })
    );
    assert_eq!(
        kit.result("peer-health", &json!({})),
        json!({ "peers": [], "notices": [] })
    );
}

#[test]
fn bytes_that_are_no_frames_end_the_connection_and_nothing_else() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let framed = |json: &[u8]| [&u32::try_from(json.len()).unwrap().to_be_bytes()[..], json].concat();
    for bytes in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0, 0, 0, 0],
        vec![0xff; 64],
        65_537_u32.to_be_bytes().to_vec(),
        framed(b"nonsense"),
        framed(b"[1,\"hello\",{}]"),
        framed(b"{\"id\":1,\"method\":\"hello\"}"),
        framed(b"{\"id\":-1,\"method\":\"hello\",\"params\":{}}"),
        framed(b"{\"id\":1,\"method\":\"hello\",\"params\":{},\"x\":1}"),
        framed(
            &[
                b"{\"id\":1,\"method\":\"hello\",\"params\":".to_vec(),
                vec![b'['; 60_000],
            ]
            .concat(),
        ),
        framed(&[0xff; 100]),
    ] {
        let mut kit = kit(&home);
        kit.send_bytes(&bytes);
        assert_eq!(kit.receive(), None, "{:?}", String::from_utf8_lossy(&bytes));
        let mut greeted = self::kit(&home).greet();
        greeted.send_bytes(&bytes);
        assert_eq!(greeted.receive(), None);
    }
    assert_eq!(guardian.state(), "active");
    kit(&home).greet();
}

#[test]
fn who_says_nothing_makes_room_for_others() {
    let home = Home::with_identity();
    let _guardian = guardian(&home);
    kit(&home).greet();
    // All places, and half a frame on one of them.
    let mut silent: Vec<_> = (0..8).map(|_| kit(&home)).collect();
    silent[0].send_bytes(&[0, 0, 1]);
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(kit(&home).receive(), None, "there is no place for a ninth");
    let begin = Instant::now();
    for kit in &mut silent {
        assert_eq!(kit.receive(), None);
    }
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    kit(&home).greet();
}

#[test]
fn the_socket_is_the_operators_alone() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::with_identity();
    let _guardian = guardian(&home);
    kit(&home).greet();
    let mode = std::fs::metadata(home.path("data/rpc.sock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(home.mode("data"), 0o700);
}

#[test]
fn a_head_is_kept_over_a_restart_and_goes_only_forward() {
    use oc_guardian::envelope::Tag;
    let home = Home::with_identity();
    let head = |seq: u64, secret: u8| {
        let key = crate::support::federation::small_key(secret);
        let text = format!(r#"{{"seq":{seq},"hash":"{}","at":1764000000}}"#, "5a".repeat(32));
        let signature = Tag::AuditHead.sign(&key, text.as_bytes());
        let head: Value = serde_json::from_str(&text).unwrap();
        json!({ "head": head, "pubkey_hex": key.public().to_hex(), "sig_hex": signature.to_hex() })
    };
    let (fifth, fourth) = (head(5, 1), head(4, 1));
    let first = guardian(&home);
    let mut kit = kit(&home).greet();
    assert_eq!(kit.result("leave-head", &json!({ "head": fifth })), json!({}));
    assert_eq!(kit.result("leave-head", &json!({ "head": fourth })), json!({}));
    assert_eq!(
        kit.refusal("leave-head", &json!({ "head": head(9, 2) })),
        "not-a-head"
    );
    first.kill();
    let _second = guardian(&home);
    let mut kit = self::kit(&home).greet();
    assert_eq!(
        kit.result("head", &json!({ "of": "audit" })),
        json!({ "known": fifth })
    );
}

/// `guardian rpc`, as `docker exec -i` runs it.
#[test]
fn the_bridge_passes_frames_both_ways_and_ends_with_either_side() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    drop(kit(&home));
    let bridge = || {
        let mut command = home.command(&["guardian", "rpc", "--config", "bundle"]);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (output, input) = (child.stdout.take().unwrap(), child.stdin.take().unwrap());
        (child, Kit::over(output, input))
    };
    let (mut child, kit) = bridge();
    let mut kit = kit.greet();
    let request = eventually(|| kit.pending(5).into_iter().find(|it| it["kind"] == "guardian-key")).unwrap();
    let body = json!({ "ok": true, "envelope": envelope(&request, 1) });
    let answer = json!({ "id": request["id"], "status": 200, "body": body });
    assert_eq!(kit.result("answer", &answer), json!({}));
    // The kit ends.
    drop(kit);
    assert_eq!(eventually(|| child.try_wait().unwrap()).unwrap().code(), Some(0));
    // The guardian ends.
    let (mut child, kit) = bridge();
    let _kit = kit.greet();
    assert_eq!(guardian.stop(), Some(0));
    assert_eq!(eventually(|| child.try_wait().unwrap()).unwrap().code(), Some(0));
    // There is none.
    let run = home.run(&["guardian", "rpc", "--config", "bundle"]);
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.stderr.contains("rpc.sock cannot be used"), "{}", run.text);
}

#[test]
fn notices_need_a_membership() {
    let home = Home::with_identity();
    let _guardian = guardian(&home);
    let mut kit = kit(&home).greet();
    let notice = envelope(&alert("info", "upgrading"), 1);
    let answer = kit.call("submit-notice", &json!({ "envelope": notice }));
    assert_eq!(answer["error"]["detail"], "this guardian serves in no membership");
}
