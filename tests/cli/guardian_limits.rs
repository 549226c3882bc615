//! What ends or is renewed with time, and a disk that is full.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::running::{NO_PORTAL, RunningGuardian, SigningKit, board_row, bundle, kit, portal};
use crate::support::signer::{eventually, now};
use crate::support::{Home, Namespace, OPERATOR_ID};

fn guardian(home: &Home, options: &[&str]) -> RunningGuardian {
    home.write("bundle", bundle(home, NO_PORTAL, &json!({})).to_string());
    let mut command = RunningGuardian::command(home, "bundle");
    command.args(options);
    RunningGuardian::start_command(command)
}

/// Others parse it: fields, their order and their words do not change.
#[test]
fn healthz_is_frozen() {
    let home = Home::with_identity();
    let guardian = guardian(&home, &[]);
    assert!(eventually(|| (guardian.state() == "active").then_some(())).is_some());
    let version = env!("CARGO_PKG_VERSION");
    let expected = format!(
        r#"{{"ok":true,"version":"{version}","federation_slug":"oc-me-v1","state":"active","operator_id":"{OPERATOR_ID}","signer":"waiting","signed_at":null,"attested_at":null}}"#
    );
    let answer = guardian.get("/healthz");
    assert_eq!((answer.status, answer.body.as_str()), (200, expected.as_str()));
    assert!(
        answer.head.contains("content-type: application/json"),
        "{}",
        answer.head
    );
    // With a signing server, and a portal that does not answer.
    let _kit = SigningKit::of(&home, "data", 1);
    let connected = eventually(|| {
        let body = guardian.get("/healthz").body;
        let at = serde_json::from_str::<Value>(&body).ok()?["signed_at"].as_u64()?;
        let expected = expected.replace(
            r#""waiting","signed_at":null,"attested_at":null}"#,
            &format!(r#""connected","signed_at":{at},"attested_at":null,"problems":["portal"]}}"#),
        );
        (body == expected).then_some(())
    });
    assert!(connected.is_some(), "{}", guardian.get("/healthz").body);
    let status = guardian.get("/status").json();
    let fields: Vec<&String> = status["status"].as_object().unwrap().keys().collect();
    let documented = [
        "kind",
        "operator_id",
        "federation_slug",
        "membership_hash",
        "version",
        "image_digest",
        "state",
        "signer",
        "waiting_requests",
        "problems",
        "at",
    ];
    assert_eq!(fields, documented);
}

#[test]
fn a_kit_that_sends_nothing_is_let_go_and_one_that_polls_stays() {
    let home = Home::with_identity();
    let guardian = guardian(&home, &["--rpc-idle", "2s"]);
    let mut silent = kit(&home).greet();
    silent.pending(0);
    let mut polling = kit(&home).greet();
    let begin = Instant::now();
    let watching = std::thread::spawn(move || {
        let gone = silent.receive().is_none();
        (gone, begin.elapsed())
    });
    while begin.elapsed() < Duration::from_secs(5) {
        polling.pending(0);
        std::thread::sleep(Duration::from_millis(300));
    }
    let (gone, after) = watching.join().unwrap();
    assert!(gone);
    assert!(
        (Duration::from_millis(1500)..Duration::from_millis(4500)).contains(&after),
        "{after:?}"
    );
    assert_eq!(guardian.healthz()["signer"], "connected", "the one that polls");
    drop(polling);
    assert!(eventually(|| (guardian.healthz()["signer"] == "waiting").then_some(())).is_some());
}

/// A laptop that went to sleep: the connection is there, nobody is behind it.
#[test]
fn a_signing_server_that_fell_silent_is_not_called_connected() {
    let home = Home::with_identity();
    let guardian = guardian(&home, &["--rpc-idle", "1s"]);
    let mut asleep = kit(&home).greet();
    asleep.pending(0);
    assert_eq!(guardian.healthz()["signer"], "connected");
    assert!(eventually(|| (guardian.healthz()["signer"] == "waiting").then_some(())).is_some());
}

fn delegation(guardian: &RunningGuardian) -> Option<(Value, u64)> {
    let answer = guardian.get("/status");
    (answer.status == 200).then(|| {
        let payload = answer.json()["delegation"]["payload"].clone();
        let until = payload["expires_at"].as_u64().unwrap();
        (payload["transport_pubkey_hex"].clone(), until)
    })
}

#[test]
fn the_operators_word_is_renewed_at_half_life_for_the_same_key() {
    let home = Home::with_identity();
    let guardian = guardian(&home, &["--delegation", "8s"]);
    let kit = SigningKit::of(&home, "data", 1);
    let (key, first) = eventually(|| delegation(&guardian)).expect("no delegation");
    assert!(first <= now() + 8);
    let (same, second) = eventually(|| delegation(&guardian).filter(|(_, until)| *until > first)).unwrap();
    assert_eq!(key, same);
    assert!(now() < first, "before the first one ended");
    assert!((3..=6).contains(&(second - first)), "{first} {second}");
    let asked = guardian
        .log()
        .matches("the operator delegated to this guardian's transport key")
        .count();
    assert_eq!(asked, 2, "{}", guardian.log());
    // The signing server goes: the word holds until its end, and not a second longer.
    drop(kit);
    let (_, last) = delegation(&guardian).expect("still in force");
    let ended = eventually(|| delegation(&guardian).is_none().then(now)).expect("it does not end");
    assert!((last..=last + 2).contains(&ended), "{last} {ended}");
    assert_eq!(guardian.state(), "active");
    // It comes back.
    let _kit = SigningKit::of(&home, "data", 1);
    let (same, _) = eventually(|| delegation(&guardian)).unwrap();
    assert_eq!(key, same);
}

/// A full disk is told, and costs what is remembered, but neither health nor attestations.
#[test]
fn a_full_data_folder_is_told_and_the_guardian_goes_on() {
    const SCRIPT: &str = "mount -t tmpfs -o size=64k,mode=700 none data; head -c 60000 /dev/zero >data/ballast || true; \
                          cat /dev/zero >>data/ballast 2>/dev/null || true";
    let home = Home::with_identity();
    std::fs::create_dir(home.path("data")).unwrap();
    if Namespace::with(SCRIPT).is_none() {
        return;
    }
    let portal = portal(&[1]);
    home.write("bundle", bundle(&home, &portal.url(), &json!({})).to_string());
    let inner = RunningGuardian::command(&home, "bundle");
    let mut command = std::process::Command::new("unshare");
    let script = format!(
        "{SCRIPT}; \"$@\" & child=$!; trap 'kill $child; wait $child' TERM; \
         while [ ! -e mend ]; do sleep 0.05; done; rm data/ballast; wait $child"
    );
    command
        .args(["-m", "sh", "-c", &script, "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    command.current_dir(home.path("")).env_clear();
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap());
    }
    let guardian = RunningGuardian::start_command(command);
    let pid = guardian.started["pid"].as_i64().unwrap();
    let active = eventually(|| (guardian.state() == "active").then_some(()));
    assert!(active.is_some(), "{}", guardian.log());
    // Its RPC lies in the namespace, and is reached through the process.
    let socket = format!("/proc/{pid}/root{}", home.path("data/rpc.sock").display());
    let connect = || {
        let stream = std::os::unix::net::UnixStream::connect(&socket).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        Some(crate::support::running::Kit::over(
            stream.try_clone().unwrap(),
            stream,
        ))
    };
    let mut kit = eventually(connect)
        .unwrap_or_else(|| panic!("{}", guardian.log()))
        .greet();
    let head = head();
    assert_eq!(kit.refusal("leave-head", &json!({ "head": head })), "not-kept");
    assert_eq!(guardian.healthz()["problems"], json!(["data-folder"]));
    // It is known all the same, and attestations go on, which say that something is wrong.
    assert_eq!(
        kit.result("head", &json!({ "of": "audit" })),
        json!({ "known": head })
    );
    let green = eventually(|| {
        for request in kit.pending(1) {
            let body = json!({ "ok": true, "envelope": crate::support::running::envelope(&request, 1) });
            kit.result(
                "answer",
                &json!({ "id": request["id"], "status": 200, "body": body }),
            );
        }
        let row = board_row(&portal, 0);
        (row["color"] == "green" && row["status"] == "degraded").then_some(())
    });
    assert!(green.is_some(), "{}\n{}", board_row(&portal, 0), guardian.log());
    // There is room again.
    home.write("mend", "");
    let well = eventually(|| {
        kit.call("leave-head", &json!({ "head": head }));
        guardian.healthz()["problems"].is_null().then_some(())
    });
    assert!(well.is_some(), "{}", guardian.log());
    assert!(
        guardian.log().contains("data-folder: well again"),
        "{}",
        guardian.log()
    );
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap());
    rustix::process::kill_process(pid.unwrap(), rustix::process::Signal::TERM).unwrap();
}

fn head() -> Value {
    use oc_guardian::envelope::Tag;
    let key = crate::support::federation::small_key(1);
    let text = format!(r#"{{"seq":5,"hash":"{}","at":1764000000}}"#, "5a".repeat(32));
    let signature = Tag::AuditHead.sign(&key, text.as_bytes());
    let head: Value = serde_json::from_str(&text).unwrap();
    json!({ "head": head, "pubkey_hex": key.public().to_hex(), "sig_hex": signature.to_hex() })
}
