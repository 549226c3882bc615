use super::*;
use crate::audit::{ChainKey, Event};
use crate::operator::{Scheme, SecretKey};

fn key() -> ChainKey {
    ChainKey::derive(&SecretKey::from_bytes(Scheme::Bip340, &[7; 32]).unwrap())
}

fn sealed(entry: Entry) -> Record {
    let key = key();
    Record::seal(7, Hash::from_bytes([0xab; 32]), entry, |pieces| {
        key.record(pieces)
    })
}

#[test]
fn what_is_written_is_read() {
    let mut entry = Entry::new(
        1_764_000_000,
        Event::NonceUsed,
        "a \"b\" \\ \n\u{1b}[2J\u{202e} ü 𝄞 /",
    );
    entry.payload = Some("\u{0}".repeat(crate::audit::MAX_PAYLOAD_BYTES));
    let record = sealed(entry);
    let line = record.to_line();
    let key = key();
    assert_eq!(Record::parse(line.as_bytes()).as_ref(), Ok(&record));
    assert!(record.is_sealed_by(line.as_bytes(), |pieces| key.record(pieces)));
}
