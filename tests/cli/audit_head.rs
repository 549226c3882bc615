use std::fs;

use snapbox::str;

use super::audit_support::{CURRENT, START, edit, folders, home_with_log, ledger, masked, secret};
use crate::support::Home;
use oc_guardian::audit::{Entry, Event};
use oc_guardian::envelope::Tag;
use oc_guardian::operator::Signature;
use oc_guardian::store::hex;

const HEAD: [&str; 4] = ["audit", "head", "--passphrase-file", "pass.txt"];
const EXPORT: [&str; 6] = [
    "audit",
    "export",
    "--out",
    "log.jsonl",
    "--passphrase-file",
    "pass.txt",
];
const ACCEPT: [&str; 5] = ["audit", "accept-clock", "--yes", "--passphrase-file", "pass.txt"];

fn verifies(signed: &str, signature: &str) -> bool {
    let mut bytes = [0; 64];
    hex::decode_into(signature, &mut bytes)
        && Tag::AuditHead.verify(
            &secret().public(),
            signed.as_bytes(),
            &Signature::from_bytes(bytes),
        )
}

#[test]
fn shows_the_head_to_note_elsewhere() {
    let home = home_with_log();
    masked(&home, home.run(&HEAD)).is(str![[r#"
$ oc-guardian audit head --passphrase-file pass.txt
head           6:[HASH]
recorded       [TIME]
Note it where whoever gets into this machine cannot change it.
--- stderr
Opening the key file
--- exit 0

"#]]);
}

#[test]
fn json_has_a_signed_head() {
    let home = home_with_log();
    let run = home.command(&[&HEAD[..], &["--json"]].concat()).output().unwrap();
    let document: serde_json::Value = serde_json::from_slice(&run.stdout).unwrap();
    let signed = document["signed"].as_str().unwrap();
    assert!(verifies(signed, document["signature"].as_str().unwrap()));
    assert!(
        signed.starts_with("{\"seq\":6,\"hash\":\"")
            && signed.ends_with(&format!("\",\"at\":{}}}", START + 5))
    );
}

#[test]
fn a_log_without_records_has_no_head() {
    Home::with_identity().run(&HEAD).is(str![[r#"
$ oc-guardian audit head --passphrase-file pass.txt
--- stderr
Opening the key file
error: the audit log has no records yet
hint: It begins with the first start of: oc-guardian sign --serve
--- exit 1

"#]]);
}

#[test]
fn a_head_that_was_changed_is_not_signed() {
    let home = home_with_log();
    edit(&home, CURRENT, "stopped in order", "stopped in Order");
    home.run(&HEAD).is(str![[r#"
$ oc-guardian audit head --passphrase-file pass.txt
--- stderr
Opening the key file
error: the audit log [DIR]/home/state/audit.jsonl is damaged at line 3: it was changed, or written under another operator key
hint: Keep a copy of [DIR]/home/state/audit.jsonl as it is, and see what is wrong with: oc-guardian audit verify. If nobody should have touched it, treat this machine as compromised; otherwise put the state folder back from its newest backup.
--- exit 1

"#]]);
}

#[test]
fn an_export_is_the_log_between_a_name_and_a_signature() {
    let home = home_with_log();
    masked(&home, home.run(&EXPORT)).is(str![[r#"
$ oc-guardian audit export --out log.jsonl --passphrase-file pass.txt
6 records are in [DIR]/log.jsonl.
head           6:[HASH]
--- stderr
Opening the key file
Writing the audit log
--- exit 0

"#]]);
    assert_eq!(home.mode("log.jsonl"), 0o600);
    let export = home.text("log.jsonl");
    let (body, last) = export.trim_end().rsplit_once('\n').unwrap();
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    let head = last["head"].as_str().unwrap();
    assert!(verifies(head, last["signature"].as_str().unwrap()));
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, format!("{body}\n").as_bytes());
    assert!(
        head.ends_with(&format!("\"sha256\":\"{}\"}}", hex::encode(digest.as_ref()))),
        "{head}"
    );
    let (first, records) = body.split_once('\n').unwrap();
    assert!(first.starts_with("{\"format\":\"oc-guardian/audit-export/v1\",\"operator_id\":\"op-132f39a9"));
    let log = home.text("home/state/audit-0000000000000001.jsonl") + &home.text(CURRENT);
    assert_eq!(records, log.trim_end());
}

#[test]
fn an_export_overwrites_nothing_and_leaves_nothing_of_a_bad_log() {
    let home = home_with_log();
    home.write("log.jsonl", "mine");
    let run = home.run(&EXPORT).exits(1);
    assert!(run.stderr.contains("log.jsonl exists already"), "{}", run.text);
    assert_eq!(home.text("log.jsonl"), "mine");
    fs::remove_file(home.path("log.jsonl")).unwrap();
    edit(&home, CURRENT, "denied", "signed");
    let run = home.run(&EXPORT).exits(1);
    assert!(
        run.stderr.contains("audit.jsonl is damaged at line 1"),
        "{}",
        run.text
    );
    let left: Vec<_> = home
        .tree()
        .into_iter()
        .filter(|name| name.contains("log.jsonl"))
        .collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_clock_that_was_wrong_is_accepted_and_that_is_recorded() {
    let home = home_with_log();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let server = ledger(&home);
    server
        .append(Entry::new(now + 86_400, Event::Started, "tomorrow"))
        .unwrap()
        .wait()
        .unwrap();
    server.close().unwrap();
    home.run(&ACCEPT).is(str![[r#"
$ oc-guardian audit accept-clock --yes --passphrase-file pass.txt
The clock is accepted, and that is record 8.
--- stderr
Opening the key file
--- exit 0

"#]]);
    let log = home.run(&["audit", "log", "--event", "forced"]).exits(0);
    assert!(
        log.stdout
            .contains("forced     accept-clock   clock accepted at [TIME], before a record of [TIME]"),
        "{}",
        log.text
    );
    // Nothing is left to accept.
    home.run(&ACCEPT).is(str![[r#"
$ oc-guardian audit accept-clock --yes --passphrase-file pass.txt
No record is of a later time: there is nothing to accept.
--- stderr
Opening the key file
--- exit 0

"#]]);
}

#[test]
fn accepting_the_clock_needs_the_lock_and_a_word() {
    let home = home_with_log();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let server = ledger(&home);
    server
        .append(Entry::new(now + 86_400, Event::Started, "tomorrow"))
        .unwrap()
        .wait()
        .unwrap();
    server.close().unwrap();
    let run = home
        .run(&["audit", "accept-clock", "--passphrase-file", "pass.txt"])
        .exits(2);
    assert!(run.stderr.contains("--yes"), "{}", run.text);
    let _lock = oc_guardian::vault::LockedHome::acquire(&folders(&home))
        .ok()
        .unwrap();
    let run = home.run(&ACCEPT).exits(1);
    assert!(run.stderr.contains("is working on this identity"), "{}", run.text);
    assert_eq!(home.text(CURRENT).lines().count(), 4);
}

#[test]
fn an_older_copy_of_the_state_folder_is_refused_with_the_way_to_recover() {
    let home = home_with_log();
    let text = home.text(CURRENT);
    home.write(CURRENT, text.lines().next().unwrap().to_owned() + "\n");
    home.run(&ACCEPT).is(str![[r#"
$ oc-guardian audit accept-clock --yes --passphrase-file pass.txt
--- stderr
Opening the key file
error: the audit log in [DIR]/home/state ends at record 4, but this identity has written record 6: it is an older copy, or was cut
hint: Put the newest copy of [DIR]/home/state back. If there is none, everything signed since is forgotten: compare with what the guardian and the portal have of this operator, wait until nothing of it is valid any more (an action is for up to 30 days, all else for up to 24 hours), then move [DIR]/home/data/audit.epoch away and start again; that is recorded.
--- exit 1

"#]]);
}
