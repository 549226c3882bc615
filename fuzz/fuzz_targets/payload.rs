//! The payload of key file and keychain entry.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::vault;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = vault::parse_payload(bytes) {
        // A key that parses has a public half and 24 words.
        let _ = key.public().operator_id();
        assert_eq!(key.to_words().iter().count(), 24);
    }
});
