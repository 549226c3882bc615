//! A home whose signing server has run: made with the library, since a server that signs takes longer.

use oc_guardian::audit::{ChainKey, Entry, Event, Ledger};
use oc_guardian::envelope::Tag;
use oc_guardian::operator::{Scheme, SecretKey};
use oc_guardian::store::Folders;

use crate::support::{Home, SECRET_HEX, Transcript};

/// 2026-11-23T10:00:00Z
pub(super) const START: u64 = 1_795_428_000;

pub(super) fn secret() -> SecretKey {
    SecretKey::from_hex(Scheme::Bip340, SECRET_HEX).unwrap()
}

pub(super) fn folders(home: &Home) -> Folders {
    Folders::under(&home.path("home"))
}

pub(super) fn ledger(home: &Home) -> Ledger {
    let (ledger, _) = Ledger::open(&folders(home), ChainKey::derive(&secret()), &mut ()).unwrap();
    ledger
}

pub(super) fn signed(at: u64, tag: Tag, kind: &str, payload: &str, summary: &str) -> Entry {
    let mut entry = Entry::new(at, Event::Signed, summary).about(kind);
    entry.request_id = Some("00112233445566778899aabbccddeeff".into());
    entry.scheme = Some("bip340".into());
    entry.payload = Some(payload.into());
    entry.rule = Some("rule 1 (line 2)".into());
    entry.signature = Some(tag.sign(&secret(), payload.as_bytes()).to_hex());
    entry
}

/// Six records in two files.
pub(super) fn home_with_log() -> Home {
    let home = Home::with_identity();
    let ledger = ledger(&home);
    let add = |entry| ledger.append(entry).unwrap().wait().unwrap();
    add(Entry::new(START, Event::Started, "oc-guardian 0.1.0"));
    add(signed(
        START + 1,
        Tag::Attestation,
        "attestation",
        r#"{"kind":"x"}"#,
        "attestation for oc-me-v1",
    ));
    add(signed(
        START + 2,
        Tag::Action,
        "action",
        r#"{"action":"alert-publish"}"#,
        "alert: \u{1b}[2J\u{202e}gnp",
    ));
    ledger.checkpoint(b"history".to_vec()).unwrap().wait().unwrap();
    add(Entry::new(START + 3, Event::Denied, "payouts-claim to somebody").about("action"));
    let head = ledger.head();
    let signature = Tag::AuditHead.sign(&secret(), head.signed_bytes().as_bytes());
    add(head.entry(START + 4, Scheme::Bip340, &signature));
    add(Entry::new(START + 5, Event::Stopped, "stopped in order"));
    ledger.close().unwrap();
    home
}

/// Names of the two files, below the home.
pub(super) const FIRST: &str = "home/state/audit-0000000000000001.jsonl";
pub(super) const CURRENT: &str = "home/state/audit.jsonl";

/// With the hash of the last record masked: signatures, and so hashes, differ from run to run.
pub(super) fn masked(home: &Home, run: Transcript) -> Transcript {
    let log = home.text(CURRENT);
    let end = log.trim_end().trim_end_matches("\"}");
    run.replacing(&end[end.len() - 64..], "[HASH]")
}

/// Replaces text in a file of the log.
pub(super) fn edit(home: &Home, file: &str, from: &str, to: &str) {
    let text = home.text(file);
    assert!(text.contains(from), "{text}");
    home.write(file, text.replacen(from, to, 1));
}
