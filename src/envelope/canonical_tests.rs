use proptest::prelude::*;
use serde_json::json;

use super::*;

fn parsed(text: &str) -> Result<Value, CanonicalError> {
    parse_strict(text.as_bytes())
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        // The same key, spelt with an escape.
        r#"{"a":1,"\u0061":2}"#,
        r#"{"a":1}x"#,
        r#"{"a":1,}"#,
        r#"["\ud800"]"#,
        "[\"\u{1}\"]",
        "",
        "nul",
        "{'a':1}",
        "\u{feff}{}",
    ] {
        assert!(matches!(parsed(text), Err(CanonicalError::Json(_))), "{text}");
    }
    assert!(parse_strict(b"[\"\xff\"]").is_err());
}

#[test]
fn keys_have_one_form() {
    for key in ["", "A", "1", "a-b", "aB", "_a", "__proto__", "é", "a b", "a\u{0}"] {
        let text = json!({ "ok": { key: 1 } }).to_string();
        assert_eq!(parsed(&text), Err(CanonicalError::Key(key.into())), "{text}");
        assert_eq!(encode(&json!({ key: 1 })), Err(CanonicalError::Key(key.into())));
    }
    assert!(parsed(r#"{"a":1,"b2_":2}"#).is_ok());
}

#[test]
fn numbers_are_exact_integers() {
    for number in [
        "1.0",
        "1e3",
        "1E0",
        "-0",
        "0.5",
        "9007199254740992",
        "-9007199254740992",
        "18446744073709551616",
        "1e999",
    ] {
        let text = format!("[{number}]");
        // The last one is no number to the parser either.
        let refused = parsed(&text);
        assert!(
            matches!(refused, Err(CanonicalError::Number(_) | CanonicalError::Json(_))),
            "{number}: {refused:?}"
        );
    }
    for number in ["0", "-1", "9007199254740991", "-9007199254740991"] {
        assert_eq!(check(number.as_bytes()).unwrap().to_string(), number);
    }
    assert!(encode(&json!(1.0)).is_err() && encode(&json!(u64::MAX)).is_err());
}

#[test]
fn depth_and_size_are_bounded() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(parsed(&nested(8)).is_ok());
    assert_eq!(parsed(&nested(9)), Err(CanonicalError::TooDeep(8)));
    // Deep enough to overflow the stack of a parser that only counts afterwards.
    assert!(parsed(&"[".repeat(MAX_BYTES)).is_err());
    let value = serde_json::from_str(&nested(9)).unwrap();
    assert_eq!(encode(&value), Err(CanonicalError::TooDeep(8)));

    let text = |length: usize| format!("\"{}\"", "a".repeat(length - 2));
    assert!(parsed(&text(MAX_BYTES)).is_ok());
    assert_eq!(
        parsed(&text(MAX_BYTES + 1)),
        Err(CanonicalError::TooLarge(65_537))
    );
    // Escapes make it longer than it was.
    let grows = Value::String("\u{1}".repeat(MAX_BYTES / 4));
    assert!(matches!(encode(&grows), Err(CanonicalError::TooLarge(_))));
}

#[test]
fn another_spelling_is_refused_with_its_place() {
    let good = r#"{"a":["é/",true,null],"b":-1}"#;
    assert!(check(good.as_bytes()).is_ok());
    for (from, to, at) in [
        (",\"b\"", ", \"b\"", 23),
        ("é", "\\u00e9", 7),
        ("/", "\\/", 9),
        ("}", "}\n", good.len()),
        ("{", " {", 0),
    ] {
        let other = good.replacen(from, to, 1);
        assert_eq!(
            check(other.as_bytes()),
            Err(CanonicalError::Spelling(at)),
            "{other}"
        );
    }
}

#[test]
fn the_escapes_are_those_of_json_stringify() {
    let text = "\"\\/\u{8}\u{c}\n\r\t\u{0}\u{1f}\u{7f}\u{2028}\u{10ffff}";
    let expected = "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{2028}\u{10ffff}\"";
    assert_eq!(encode(&json!(text)).unwrap(), expected);
}

/// Values that the rules allow.
pub(crate) fn allowed() -> impl Strategy<Value = Value> {
    let exact = -MAX_INTEGER.cast_signed()..=MAX_INTEGER.cast_signed();
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        exact.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\\x00-\\x20\"\\\\\u{7f}-\u{a0}\u{2028}]{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 32, 4, |inner| {
        let member = ("[a-z][a-z0-9_]{0,6}", inner.clone());
        prop_oneof![
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
            proptest::collection::vec(member, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(256) })]

    #[test]
    fn what_is_encoded_is_canonical_and_means_the_same(value in allowed()) {
        let text = encode(&value).unwrap();
        prop_assert_eq!(check(text.as_bytes()).unwrap(), value);
    }

    #[test]
    fn white_space_is_never_canonical(value in allowed(), at in any::<prop::sample::Index>()) {
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(parse_strict(pretty.as_bytes()).unwrap(), value.clone());
        let text = encode(&value).unwrap();
        prop_assert_eq!(check(pretty.as_bytes()).is_ok(), pretty == text);
        // Any one byte more makes it something else, or refused.
        let mut other = text.clone().into_bytes();
        other.insert(at.index(other.len() + 1), b' ');
        prop_assert!(check(&other).map_or(true, |it| it != value));
    }

    #[test]
    fn whatever_the_bytes_nothing_panics(bytes in any::<Vec<u8>>()) {
        if let Ok(value) = check(&bytes) {
            prop_assert_eq!(encode(&value).unwrap().into_bytes(), bytes);
        }
    }

    #[test]
    fn sorting_changes_the_order_only(value in allowed()) {
        let mut sorted = value.clone();
        sort(&mut sorted);
        prop_assert_eq!(&sorted, &value);
        let once = encode(&sorted).unwrap();
        sort(&mut sorted);
        prop_assert_eq!(encode(&sorted).unwrap(), once);
    }
}
