//! The exact bytes of every file, computed once by another program (Python's hmac and hashlib).

use std::fs;

use super::{ChainKey, Entry, Event, Ledger, operations};
use crate::operator::{Scheme, SecretKey};
use crate::store::Folders;

const FIRST: &str = r#"{"seq":1,"at":"2025-11-24T16:00:00Z","prev":"0000000000000000000000000000000000000000000000000000000000000000","event":"started","request_id":null,"kind":null,"summary":"oc-guardian 0.1.0","scheme":null,"payload":null,"rule":null,"signature":null,"hash":""#;
const FIRST_HASH: &str = "89b24ee014ef94c36ea2fa42ff307f1d5b9f0be71891a6d5f39ce187c7a504ea";
const SECOND: &str = concat!(
    r#"{"seq":2,"at":"2025-11-24T16:00:01Z","prev":"89b24ee014ef94c36ea2fa42ff307f1d5b9f0be71891a6d5f39ce187c7a504ea","event":"signed","request_id":"00112233445566778899aabbccddeeff","kind":"action","summary":"alert \"x\" \\ \n\u001b[2J"#,
    "\u{202e} ü \u{1d11e} /",
    r#"","scheme":"bip340","payload":"{\"action\":\"alert-publish\"}","rule":"rule 2 (line 8)","signature":"abababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababababab","hash":"670f005989a51b413149fc9c03b1f6c82351950de261598997a09513e1c9ad7c"}"#,
    "\n"
);
const EPOCH: &str = concat!(
    r#"{"version":1,"seq":2,"hash":"670f005989a51b413149fc9c03b1f6c82351950de261598997a09513e1c9ad7c","mac":"c9107a43d0f7967cda3f037bf118eea9bbff5b40fbf1ccf952defa0705870b18"}"#,
    "\n"
);
const CHECKPOINT: &str = concat!(
    r#"{"version":1,"seq":2,"hash":"670f005989a51b413149fc9c03b1f6c82351950de261598997a09513e1c9ad7c","at":1764000001,"bytes":5,"mac":"5f8b51f29426ccecb027537ba593f1a85bcc41178150cab1feeb22a5e4bf6f0c"}"#,
    "\nstate"
);

fn first() -> Entry {
    Entry::new(1_764_000_000, Event::Started, "oc-guardian 0.1.0")
}

fn second() -> Entry {
    let summary = "alert \"x\" \\ \n\u{1b}[2J\u{202e} ü \u{1d11e} /";
    let mut entry = Entry::new(1_764_000_001, Event::Signed, summary).about("action");
    entry.request_id = Some("00112233445566778899aabbccddeeff".into());
    entry.scheme = Some("bip340".into());
    entry.payload = Some(r#"{"action":"alert-publish"}"#.into());
    entry.rule = Some("rule 2 (line 8)".into());
    entry.signature = Some("ab".repeat(64));
    entry
}

#[test]
fn files_are_frozen() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::under(home.path());
    let mut secret = [0; 32];
    secret[31] = 1;
    let key = ChainKey::derive(&SecretKey::from_bytes(Scheme::Bip340, &secret).unwrap());
    let (ledger, _) = Ledger::open(&folders, key, &mut ()).unwrap();
    assert_eq!(ledger.append(first()).unwrap().wait().unwrap(), 1);
    assert_eq!(ledger.append(second()).unwrap().wait().unwrap(), 2);
    let log = format!("{FIRST}{FIRST_HASH}\"}}\n{SECOND}");
    let read = |folder: &std::path::Path, name| fs::read_to_string(folder.join(name)).unwrap();
    assert_eq!(read(&folders.state, "audit.jsonl"), log);
    assert_eq!(ledger.checkpoint(b"state".to_vec()).unwrap().wait().unwrap(), 2);
    ledger.close().unwrap();
    assert_eq!(read(&folders.state, "audit-0000000000000001.jsonl"), log);
    assert_eq!(read(&folders.state, "audit.checkpoint"), CHECKPOINT);
    assert_eq!(read(&folders.data, "audit.epoch"), EPOCH);
}

#[test]
fn operations_have_a_plain_hash() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::under(home.path());
    operations::append(&folders, &first()).unwrap();
    let hash = "962e2ded86001b494218b53078b4f410a83033397a9fe59873ed2e646c48b22f";
    let log = fs::read_to_string(folders.state.join("operations.jsonl")).unwrap();
    assert_eq!(log, format!("{FIRST}{hash}\"}}\n"));
}
