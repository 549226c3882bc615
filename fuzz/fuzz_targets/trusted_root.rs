//! A trust root: whatever the bytes, reading neither panics nor hangs, and what is read can be shown and compared.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::image::trust::{Origin, TrustRoot};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(root) = TrustRoot::from_bytes(bytes, Origin::Embedded) {
        assert!(root.changes_since(&root).is_empty());
        assert!(root.as_of().is_none());
    }
});
