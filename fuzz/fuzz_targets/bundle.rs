//! The config bundle: whatever the bytes, the check neither panics nor hangs, and what it calls good can be used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::bundle::{Severity, check};

fuzz_target!(|bytes: &[u8]| {
    let checked = check(bytes, None);
    for finding in checked.findings() {
        let _ = checked.excerpt(finding);
    }
    assert_eq!(checked.is_good(), checked.count(Severity::Error) == 0);
    if checked.is_good() {
        assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_ok());
    }
});
