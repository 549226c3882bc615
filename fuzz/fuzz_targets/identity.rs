//! `operator.json`: what parses is written back to the same values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::operator::Identity;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(identity) = Identity::parse(bytes) {
        let again = Identity::parse(identity.to_json().as_bytes()).expect("what we write, we read");
        assert_eq!(identity, again);
    }
});
