//! A line of the audit log, and a signed head: what parses is written back to the same bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::audit::{Head, Record};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = Record::parse(bytes) {
        assert_eq!(record.to_line().as_bytes(), bytes);
        record.entry.check().expect("what is read could have been written");
    }
    if let Ok(text) = std::str::from_utf8(bytes)
        && let Some(head) = Head::parse_signed_bytes(text)
    {
        assert_eq!(head.signed_bytes(), text);
    }
});
