use proptest::prelude::*;

use super::*;
use crate::audit::{ChainKey, Event, MAX_AT, MAX_PAYLOAD_BYTES, MAX_TEXT_BYTES};
use crate::operator::{Scheme, SecretKey};

fn key() -> ChainKey {
    ChainKey::derive(&SecretKey::from_bytes(Scheme::Bip340, &[7; 32]).unwrap())
}

fn sealed(entry: &Entry) -> String {
    let key = key();
    let mut text = String::new();
    let prev = Hash::from_bytes([0xab; 32]);
    Record::append_sealed(&mut text, 7, prev, entry, |pieces| key.record(pieces));
    assert_eq!(text.pop(), Some('\n'));
    text
}

fn is_sealed(line: &str) -> bool {
    let key = key();
    let record = Record::parse(line.as_bytes()).unwrap();
    record.is_sealed_by(line.as_bytes(), |pieces| key.record(pieces))
}

#[test]
fn the_longest_entry_fits_into_a_line() {
    let worst = |length| "\u{0}".repeat(length);
    let mut entry = Entry::new(MAX_AT, Event::NonceUsed, worst(MAX_TEXT_BYTES));
    entry.payload = Some(worst(MAX_PAYLOAD_BYTES));
    for field in [
        &mut entry.request_id,
        &mut entry.kind,
        &mut entry.scheme,
        &mut entry.rule,
        &mut entry.signature,
    ] {
        *field = Some(worst(MAX_TEXT_BYTES));
    }
    entry.check().unwrap();
    let line = sealed(&entry);
    assert!(line.len() < MAX_LINE_BYTES, "{}", line.len());
    assert_eq!(Record::parse(line.as_bytes()).unwrap().entry, entry);
}

#[test]
fn an_entry_that_is_too_long_is_named() {
    let mut entry = Entry::new(0, Event::Signed, "");
    entry.payload = Some("x".repeat(MAX_PAYLOAD_BYTES + 1));
    let error = entry.check().unwrap_err().to_string();
    assert_eq!(
        error,
        "an audit record cannot hold this: its payload is above 65536"
    );
    let late = Entry::new(MAX_AT + 1, Event::Signed, "");
    assert!(late.check().unwrap_err().to_string().contains("its at is above"));
    let long = Entry::new(0, Event::Signed, "x".repeat(MAX_TEXT_BYTES + 1));
    assert!(
        long.check()
            .unwrap_err()
            .to_string()
            .contains("its summary is above")
    );
}

#[test]
fn another_spelling_of_the_same_record_is_refused() {
    let line = sealed(&Entry::new(1_764_000_000, Event::Signed, "a/b é").about("action"));
    assert!(is_sealed(&line));
    for (from, to) in [
        ("\"seq\":7", "\"seq\": 7"),
        ("\"seq\":7", "\"seq\":07"),
        ("\"seq\":7", "\"seq\":7.0"),
        ("\"seq\":7,", "\"seq\":7,\"seq\":7,"),
        ("a/b é", "a\\/b é"),
        ("a/b é", "a/b \\u00e9"),
        ("\"rule\":null,", ""),
        ("\"rule\":null", "\"rule\":null,\"more\":1"),
        ("2025-11-24T16:00:00Z", "2025-11-24T16:00:00.000Z"),
        ("2025-11-24T16:00:00Z", "2025-11-24 16:00:00Z"),
        ("abab", "ABAB"),
        ("signed", "SIGNED"),
        ("}", "} "),
        ("{", " {"),
    ] {
        let other = line.replacen(from, to, 1);
        assert_ne!(other, line, "{from}");
        assert!(Record::parse(other.as_bytes()).is_err(), "{from} {to}");
    }
    let reordered = line.replacen(
        "\"rule\":null,\"signature\":null",
        "\"signature\":null,\"rule\":null",
        1,
    );
    assert_eq!(Record::parse(reordered.as_bytes()), Err(RecordError::Spelling));
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x1f\"\\\\/\u{7f}\u{2028}\u{202e}é]{0,40}"
    ]
}

fn entries() -> impl Strategy<Value = Entry> {
    let optional = || proptest::option::of(text());
    let event = (0..Event::ALL.len()).prop_map(|at| Event::ALL[at]);
    let texts = (
        optional(),
        optional(),
        text(),
        optional(),
        optional(),
        optional(),
        optional(),
    );
    (0..=MAX_AT, event, texts).prop_map(
        |(at, event, (request_id, kind, summary, scheme, payload, rule, signature))| Entry {
            at,
            event,
            request_id,
            kind,
            summary,
            scheme,
            payload,
            rule,
            signature,
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read(entry in entries()) {
        let line = sealed(&entry);
        prop_assert!(!line.contains('\n'));
        prop_assert!(is_sealed(&line));
        prop_assert_eq!(Record::parse(line.as_bytes()).unwrap().entry, entry);
    }

    #[test]
    fn no_changed_byte_goes_unnoticed(entry in entries(), at in any::<prop::sample::Index>(), bit in 0_u32..8) {
        let line = sealed(&entry);
        let mut changed = line.into_bytes();
        let at = at.index(changed.len());
        changed[at] ^= 1_u8 << bit;
        let key = key();
        let accepted = Record::parse(&changed)
            .is_ok_and(|record| record.is_sealed_by(&changed, |pieces| key.record(pieces)));
        prop_assert!(!accepted);
    }

    #[test]
    fn what_is_read_is_written_back_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(record) = Record::parse(&bytes) {
            prop_assert_eq!(record.to_line().into_bytes(), bytes);
        }
    }
}
