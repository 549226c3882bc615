//! Image references: what parses has one spelling, and nothing in it could leave its place in a URL.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::image::Reference;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(reference) = text.parse::<Reference>() {
        let canonical = reference.to_string();
        assert_eq!(canonical.parse().as_ref(), Ok(&reference));
        assert!(reference.tag().is_some() || reference.digest().is_some());
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"/._-".contains(&byte);
        assert!(reference.repository().bytes().all(plain) && !reference.repository().contains(".."));
        assert!(reference.host().bytes().all(|byte| plain(byte) || b"[]:".contains(&byte)));
    }
});
