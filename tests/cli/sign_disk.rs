//! A disk that fills up while the server audits.

use std::process::Command;

use crate::support::signer::{
    GUARDIAN_SOCKET, OPEN_POLICY, OPERATOR_SOCKET, POLICY, SigningServer, attestation, eventually, get, post,
    serve_command, sign,
};
use crate::support::{Home, Namespace, Transcript};

/// A script that fills the small file system that the log is on, and makes room again, when files appear that say so.
const STATE: &str = "mkdir -p home/state; mount -t tmpfs -o size=$SIZE,mode=700 none home/state";

#[test]
fn no_signature_leaves_and_it_goes_on_when_there_is_room_needs_namespaces() {
    let Some(_) = Namespace::with(STATE) else {
        return;
    };
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    let inner = serve_command(&home, &[]);
    // The filler runs beside the server, in the same namespace: outside, this file system cannot be seen. It ends with the
    // server, whose process id is that of this shell.
    let script = format!(
        "{STATE}; (while sleep 0.05 && kill -0 $$ 2>/dev/null; do \
           if [ -e fill ]; then rm fill; cat /dev/zero > home/state/filler 2>/dev/null; touch full; fi; \
           if [ -e free ]; then rm free home/state/filler; touch freed; fi; \
           if [ -e copy ]; then cp home/state/audit.jsonl copied.tmp; mv copied.tmp copied; rm copy; fi; \
         done) & exec \"$@\""
    );
    let mut outer = Command::new("unshare");
    outer
        .args(["-m", "--kill-child", "--fork", "sh", "-c", &script, "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    outer.current_dir(home.path("")).env_clear().env("SIZE", "256k");
    for (name, value) in inner.get_envs() {
        if let Some(value) = value {
            outer.env(name, value);
        }
    }
    let server = SigningServer::start_command(outer, &home);
    let wait_for = |name: &str| {
        assert!(
            eventually(|| home.path(name).exists().then_some(())).is_some(),
            "{name}"
        );
    };
    let first = attestation();
    let before = sign(&home, &first);
    assert_eq!(before.status, 200);
    let asked = crate::support::signer::alert("critical", "asked before the disk was full");
    assert_eq!(sign(&home, &asked).status, 202);
    let path = format!("/v1/requests/{}", asked["id"].as_str().unwrap());
    let question = get(&home, OPERATOR_SOCKET, &path).json()["question"].clone();
    let yes = format!(r#"{{"payload_sha256":{}}}"#, question["payload_sha256"]);
    let approve = || post(&home, OPERATOR_SOCKET, &format!("{path}/approve"), &yes);
    home.write("fill", "");
    wait_for("full");
    // The page that the log has begun may still take a record or two.
    let mut held = vec![before.json()["signature_hex"].clone()];
    let refused = eventually(|| {
        let answer = sign(&home, &attestation());
        if answer.status == 200 {
            held.push(answer.json()["signature_hex"].clone());
            return None;
        }
        Some(answer.says())
    });
    assert_eq!(refused.as_deref(), Some("503 disk-full"));
    assert_eq!(get(&home, GUARDIAN_SOCKET, "/healthz").says(), "503 disk-full");
    server.wait_for("stopped-signing");
    for _ in 0..5 {
        assert_eq!(sign(&home, &attestation()).status, 503);
    }
    // A yes that cannot be recorded now can be said again.
    assert_eq!(approve().says(), "503 disk-full");
    assert_eq!(server.wait_for("not-signed")["id"], asked["id"]);
    assert_eq!(get(&home, GUARDIAN_SOCKET, &path).status, 202);
    home.write("free", "");
    wait_for("freed");
    let again = eventually(|| {
        let answer = sign(&home, &attestation());
        (answer.status == 200).then(|| answer.json()["signature_hex"].clone())
    });
    held.push(again.expect("it does not go on"));
    assert_eq!(get(&home, GUARDIAN_SOCKET, "/healthz").status, 200);
    server.wait_for("signing-again");
    let approved = approve();
    assert_eq!(approved.status, 200, "{approved:?}");
    held.push(approved.json()["signature_hex"].clone());
    assert_eq!(sign(&home, &first).body, before.body);
    home.write("copy", "");
    wait_for("copied");
    let log = home.text("copied");
    for (next, line) in (1..).zip(log.lines()) {
        let record: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(record["seq"], next);
    }
    for signature in held {
        assert!(
            log.contains(signature.as_str().unwrap()),
            "a signature left without its record"
        );
    }
}

#[test]
fn a_full_disk_at_the_start_is_said_needs_namespaces() {
    let Some(small) = Namespace::with(
        "mkdir -p home/state; mount -t tmpfs -o size=4k,mode=700 none home/state; cat /dev/zero > home/state/filler 2>/dev/null || true",
    ) else {
        return;
    };
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    let (run, _): (Transcript, String) = small.run(
        &home,
        "4k",
        &["sign", "--serve", "--passphrase-file", "pass.txt"],
        "",
    );
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.stderr.contains("No space left"), "{}", run.text);
    assert!(!home.path(GUARDIAN_SOCKET).exists());
}
