//! Canonical JSON: what is accepted is its own encoding, and serde_json reads it as the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::envelope::canonical;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = canonical::parse_strict(bytes) {
        assert_eq!(serde_json::from_slice::<serde_json::Value>(bytes).ok().as_ref(), Some(&value));
        if let Ok(text) = canonical::encode(&value) {
            assert_eq!(canonical::check(text.as_bytes()).as_ref(), Ok(&value));
            assert_eq!(canonical::check(bytes).is_ok(), text.as_bytes() == bytes);
        }
    }
});
