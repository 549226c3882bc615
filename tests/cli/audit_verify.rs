use std::fs;

use snapbox::str;

use super::audit_support::{CURRENT, FIRST, START, edit, folders, home_with_log, ledger, masked, signed};
use crate::support::{Home, Transcript};
use oc_guardian::audit::{Entry, Event};
use oc_guardian::envelope::Tag;

const VERIFY: [&str; 4] = ["audit", "verify", "--passphrase-file", "pass.txt"];

fn verify(home: &Home) -> Transcript {
    home.run(&VERIFY)
}

/// Reason and place of each finding.
#[track_caller]
fn findings(home: &Home, more: &[&str]) -> Vec<String> {
    let run = home.run(&[&VERIFY[..], &["--json"], more].concat()).exits(1);
    let document = run.json();
    assert_eq!(document["ok"], false);
    let found = document["findings"].as_array().unwrap();
    assert_eq!(
        document["reason"],
        format!("audit-{}", found[0]["reason"].as_str().unwrap())
    );
    let text = |value: &serde_json::Value| value.to_string().trim_matches('"').to_owned();
    found
        .iter()
        .map(|one| {
            format!(
                "{} {}:{}",
                text(&one["reason"]),
                text(&one["file"]),
                text(&one["line"])
            )
        })
        .collect()
}

#[test]
fn a_whole_log() {
    let home = home_with_log();
    masked(&home, verify(&home)).is(str![[r#"
$ oc-guardian audit verify --passphrase-file pass.txt
records        6 in 2 files
signatures     3 verified
head           6:[HASH]
The audit log is whole.
--- stderr
Opening the key file
Proving the audit log
--- exit 0

"#]]);
}

#[test]
fn a_whole_log_as_json() {
    let home = home_with_log();
    masked(&home, home.run(&[&VERIFY[..], &["--json"]].concat())).is(str![[r#"
$ oc-guardian audit verify --passphrase-file pass.txt --json
{"ok":true,"records":6,"segments":2,"signatures":3,"unverified":0,"operations":0,"noted_heads":0,"head":"6:[HASH]","epoch":6,"torn_bytes":0,"total_findings":0,"findings":[]}
--- stderr
Opening the key file
Proving the audit log
--- exit 0

"#]]);
}

#[test]
fn each_finding_is_shown_with_its_place() {
    let home = home_with_log();
    edit(&home, FIRST, "attestation for", "attestation against");
    masked(&home, verify(&home)).is(str![[r#"
$ oc-guardian audit verify --passphrase-file pass.txt
records        5 in 2 files
signatures     2 verified
head           6:[HASH]
  ✗ audit-0000000000000001.jsonl:2 (edited): record 2 was changed
The audit log is not what was written.
Keep a copy of the state folder as it is. If nobody should have touched it, treat this machine as compromised; a head noted elsewhere tells what was there.
--- stderr
Opening the key file
Proving the audit log
--- exit 1

"#]]);
}

#[test]
fn edited_removed_reordered_and_inserted_records() {
    let home = home_with_log();
    edit(&home, FIRST, "alert-publish", "alert-Publish");
    assert_eq!(findings(&home, &[]), ["edited audit-0000000000000001.jsonl:3"]);
    let home = home_with_log();
    let lines: Vec<String> = home
        .text(CURRENT)
        .lines()
        .map(|line| format!("{line}\n"))
        .collect();
    home.write(CURRENT, [&lines[0][..], &lines[2]].concat());
    assert_eq!(findings(&home, &[]), ["removed audit.jsonl:2"]);
    home.write(CURRENT, [&lines[0][..], &lines[2], &lines[1]].concat());
    assert_eq!(findings(&home, &[]), ["reordered audit.jsonl:3"]);
    home.write(CURRENT, [&lines[0][..], &lines[0], &lines[1], &lines[2]].concat());
    assert_eq!(findings(&home, &[]), ["inserted audit.jsonl:2"]);
}

#[test]
fn a_bad_signature() {
    let home = Home::with_identity();
    let server = ledger(&home);
    // Signed for another purpose than the kind says.
    let entry = signed(START, Tag::Attestation, "action", "{}", "misused");
    server.append(entry).unwrap().wait().unwrap();
    let mut other = signed(START, Tag::Action, "action", "{}", "changed");
    other.payload = Some("{\"x\":1}".into());
    server.append(other).unwrap().wait().unwrap();
    let mut scheme = signed(START, Tag::Action, "action", "{}", "of another scheme");
    scheme.scheme = Some("ed25519".into());
    server.append(scheme).unwrap().wait().unwrap();
    let share = signed(START, Tag::Federation, "frost-sign", "{}", "a share");
    server.append(share).unwrap().wait().unwrap();
    server.close().unwrap();
    let bad = [
        "bad-signature audit.jsonl:1",
        "bad-signature audit.jsonl:2",
        "bad-signature audit.jsonl:3",
    ];
    assert_eq!(findings(&home, &[]), bad);
}

#[test]
fn a_noted_head_shows_a_cut_tail_and_a_rebuilt_chain() {
    let home = home_with_log();
    let noted = home
        .run(&["audit", "head", "--json", "--passphrase-file", "pass.txt"])
        .exits(0);
    // Times in the transcript are masked; the file has what was printed.
    let raw = home
        .command(&["audit", "head", "--json", "--passphrase-file", "pass.txt"])
        .output()
        .unwrap();
    home.write("head.json", raw.stdout);
    home.write("head.txt", noted.json()["head"].as_str().unwrap());
    let whole = home
        .run(&[&VERIFY[..], &["--head", "head.json", "--head", "head.txt"]].concat())
        .exits(0);
    assert!(
        whole.stdout.contains("It has all 2 noted heads."),
        "{}",
        whole.text
    );

    let lines: Vec<String> = home
        .text(CURRENT)
        .lines()
        .map(|line| format!("{line}\n"))
        .collect();
    home.write(CURRENT, lines[..2].concat());
    fs::remove_file(home.path("home/data/audit.epoch")).unwrap();
    let unnoticed = verify(&home).exits(0);
    assert!(
        unnoticed.stdout.contains("there is no epoch file"),
        "{}",
        unnoticed.text
    );
    assert_eq!(
        findings(&home, &["--head", "head.json"]),
        ["cut-tail audit.jsonl:null"]
    );

    // Whoever has the key can write another end.
    let server = ledger(&home);
    server
        .append(Entry::new(START + 9, Event::Stopped, "another end"))
        .unwrap()
        .wait()
        .unwrap();
    server
        .append(Entry::new(START + 9, Event::Stopped, "another end"))
        .unwrap()
        .wait()
        .unwrap();
    server.close().unwrap();
    verify(&home).exits(0);
    assert_eq!(
        findings(&home, &["--head", "head.json"]),
        ["rebuilt audit.jsonl:3"]
    );
}

#[test]
fn an_older_copy_and_a_replaced_file() {
    let home = home_with_log();
    let text = home.text(CURRENT);
    home.write(CURRENT, text.lines().next().unwrap().to_owned() + "\n");
    assert_eq!(findings(&home, &[]), ["state-older audit.jsonl:null"]);
    let home = home_with_log();
    home.write(CURRENT, home.text(FIRST));
    let found = findings(&home, &[]);
    assert!(
        found.contains(&"state-older audit.jsonl:null".to_owned()),
        "{found:?}"
    );
    let home = home_with_log();
    home.write(FIRST, home.text(CURRENT));
    let found = findings(&home, &[]);
    assert_eq!(found[0], "replaced audit-0000000000000001.jsonl:null");
}

#[test]
fn works_while_a_server_writes() {
    let home = home_with_log();
    let _lock = oc_guardian::vault::LockedHome::acquire(&folders(&home))
        .ok()
        .unwrap();
    let text = home.text(CURRENT);
    home.write(CURRENT, text + "{\"seq\":7,\"at\":");
    let run = verify(&home).exits(0);
    assert!(run.stdout.contains("the last line is not whole"), "{}", run.text);
}

#[test]
fn a_head_that_is_none_or_that_another_key_signed_is_refused() {
    let home = home_with_log();
    home.run(&[&VERIFY[..], &["--head", "nothing.json"]].concat())
        .is(str![[r#"
$ oc-guardian audit verify --passphrase-file pass.txt --head nothing.json
--- stderr
error: nothing.json does not exist
hint: Check the path.
--- exit 1

"#]]);
    home.write("head.json", "{\"seq\":1}");
    home.run(&[&VERIFY[..], &["--head", "head.json"]].concat())
        .is(str![[r#"
$ oc-guardian audit verify --passphrase-file pass.txt --head head.json
--- stderr
error: head.json holds no noted head
hint: Give SEQ:HASH, or a file with that or with the output of: oc-guardian audit head --json
--- exit 1

"#]]);
    let raw = home
        .command(&["audit", "head", "--json", "--passphrase-file", "pass.txt"])
        .output()
        .unwrap();
    let signed = String::from_utf8(raw.stdout).unwrap();
    home.write("head.json", signed.replace("\\\"seq\\\":6", "\\\"seq\\\":5"));
    let run = home
        .run(&[&VERIFY[..], &["--head", "head.json"]].concat())
        .exits(1);
    assert!(
        run.stderr.contains("this operator key has not signed"),
        "{}",
        run.text
    );
}

#[test]
fn the_key_is_needed() {
    let home = home_with_log();
    home.run(&["audit", "verify"]).is(str![[r#"
$ oc-guardian audit verify
--- stderr
error: nobody can be asked (no terminal, or --no-input): Passphrase of the key file
hint: Answer with --passphrase-file FILE.
--- exit 2

"#]]);
    // Of another operator, the epoch file already tells.
    let other = Home::with_identity();
    other.write(
        "home/data/audit.epoch",
        home.text("home/data/audit.epoch")
            .replace("\"mac\":\"", "\"mac\":\"0"),
    );
    let run = verify(&other).exits(1);
    assert!(run.stderr.contains("the epoch file"), "{}", run.text);
}

#[test]
fn an_empty_log_is_whole() {
    verify(&Home::with_identity()).is(str![[r#"
$ oc-guardian audit verify --passphrase-file pass.txt
records        0 in 0 files
signatures     0 verified
head           0:0000000000000000000000000000000000000000000000000000000000000000
The audit log is whole.
--- stderr
Opening the key file
Proving the audit log
--- exit 0

"#]]);
}
