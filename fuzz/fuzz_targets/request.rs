//! Signing requests: what parses has canonical bytes, of which the same payload can be read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::envelope::canonical;
use oc_guardian::signer::Request;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::parse(bytes) {
        let payload = canonical::check(request.bytes.as_bytes()).expect("what would be signed is canonical");
        assert!(request.summary().len() <= 1024);
        assert!(!request.summary().chars().any(char::is_control));
        let again = serde_json::json!({
            "id": request.id.to_string(),
            "at": request.at,
            "kind": request.kind.as_str(),
            "federation": request.federation,
            "payload": payload,
        });
        let again = Request::parse(again.to_string().as_bytes()).expect("what we build, we read");
        assert_eq!(again.content_hash(), request.content_hash());
        assert_eq!(again.bytes, request.bytes);
    }
});
