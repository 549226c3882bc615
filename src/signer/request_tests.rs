use super::*;
use serde_json::json;

const GOOD: &str = r#"{"id":"69248100abababababababababababab","at":1764000000,"kind":"action","federation":"oc-me-v1",
 "payload":{"action":"charter-sign","params":{"b":1,"a":{"d":2,"c":3}},"nonce":1764000000000,"expires_at":1764000600,
 "federation":"oc-me-v1"}}"#;

fn refusal(from: &str, to: &str) -> RequestError {
    assert!(GOOD.contains(from), "{from}");
    Request::parse(GOOD.replacen(from, to, 1).as_bytes()).unwrap_err()
}

#[test]
fn a_meaning_becomes_bytes_that_are_built_here() {
    let request = Request::parse(GOOD.as_bytes()).unwrap();
    // Documented order, and params sorted, whatever order they came in.
    assert_eq!(
        request.bytes,
        r#"{"action":"charter-sign","params":{"a":{"c":3,"d":2},"b":1},"nonce":1764000000000,"expires_at":1764000600,"federation":"oc-me-v1"}"#
    );
    let moved = GOOD.replace(r#""b":1,"a":{"d":2,"c":3}"#, r#""a":{"c":3,"d":2},"b":1"#);
    let moved = Request::parse(moved.as_bytes()).unwrap();
    assert_eq!(moved.content_hash(), request.content_hash());
    let other = GOOD.replace(r#""b":1"#, r#""b":2"#);
    assert_ne!(
        Request::parse(other.as_bytes()).unwrap().content_hash(),
        request.content_hash()
    );
}

#[test]
fn a_request_is_read_strictly() {
    for (from, to, reason) in [
        ("\"at\"", "\"at\":1764000000,\"at\"", "malformed-json"),
        ("1764000000,", "1764000000.0,", "malformed-json"),
        ("1764000000000", "9007199254740992", "malformed-json"),
        ("\"a\":{", "\"A\":{", "malformed-json"),
        ("\"kind\"", "\"more\":1,\"kind\"", "malformed-request"),
        ("\"action\",\"fed", "\"actions\",\"fed", "malformed-request"),
        ("charter-sign", "charter-burn", "malformed-request"),
        ("\"b\":1", "\"b\":1},\"more\":{}", ""),
        ("69248100ab", "69248100AB", "malformed-request"),
        ("69248100", "69248101", "id-time-mismatch"),
        (
            "\"federation\":\"oc-me-v1\",\n",
            "\"federation\":\"oc-me-v2\",\n",
            "federation-mismatch",
        ),
        (
            "\"federation\":\"oc-me-v1\",\n",
            "\"federation\":null,\n",
            "federation-mismatch",
        ),
        ("\"federation\":\"oc-me-v1\",\n", "", "malformed-request"),
    ] {
        if !reason.is_empty() {
            assert_eq!(refusal(from, to).reason(), reason, "{to}");
        }
    }
    let deep = format!("{}1{}", "[".repeat(9), "]".repeat(9));
    assert_eq!(
        refusal("\"b\":1", &format!("\"b\":{deep}")).reason(),
        "malformed-json"
    );
    let long = format!("\"b\":\"{}\"", "x".repeat(MAX_REQUEST));
    assert_eq!(refusal("\"b\":1", &long).reason(), "too-large");
}

#[test]
fn a_payload_may_be_as_deep_as_a_verifier_takes_it() {
    // payload 1, params 2, and 6 more.
    let nested = |depth: usize| format!("\"b\":{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Request::parse(GOOD.replacen("\"b\":1", &nested(6), 1).as_bytes()).is_ok());
    assert_eq!(refusal("\"b\":1", &nested(7)).reason(), "malformed-json");
}

#[test]
fn later_kinds_are_read_but_have_no_tag() {
    let text = json!({"id": "69248100abababababababababababab", "at": 1_764_000_000, "kind": "frost-sign",
        "federation": null, "payload": {"anything": 1}});
    let request = Request::parse(text.to_string().as_bytes()).unwrap();
    assert_eq!(request.meaning.tag(), None);
}
