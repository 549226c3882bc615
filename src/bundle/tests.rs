use super::*;
use crate::operator::{PublicKey, Scheme, SecretKey};

pub(super) const ONE: &str = "0000000000000000000000000000000000000000000000000000000000000001";

pub(super) fn public(scheme: Scheme) -> PublicKey {
    SecretKey::from_hex(scheme, ONE).unwrap().public()
}

pub(super) fn good() -> String {
    let mut draft = Draft::new(&public(Scheme::Bip340));
    draft.set(Name::FederationSlug, "oc-me-v1");
    draft.to_json()
}

/// `(slug, line, column)` of each finding.
fn places(text: &str) -> Vec<(&'static str, usize, usize)> {
    check(text.as_bytes(), None)
        .findings()
        .iter()
        .map(|it| (it.code.as_str(), it.line, it.column))
        .collect()
}

#[test]
fn a_default_bundle_is_the_documented_one() {
    assert_eq!(
        good(),
        r#"{
  "operator_id": "op-132f39a98c31baaddba6525f5d43f295",
  "operator_pubkey_hex": "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
  "federation_slug": "oc-me-v1",
  "attestation_post_url": "https://me.ochk.io/api/operator/attestation",
  "log_level": "info"
}
"#
    );
    let bundle = Bundle::parse(good().as_bytes()).unwrap();
    assert_eq!(bundle.data_dir.to_str(), Some("/var/lib/oc-guardian"));
    assert_eq!(bundle.value(Name::Scheme), Some(("bip340", false)));
    assert_eq!(bundle.value(Name::LogLevel), Some(("info", true)));
}

#[test]
fn every_leniency_has_its_place() {
    let text = good()
        .replace("{\n", "{ // why\n  /* and */\n")
        .replace("\"oc-me-v1\",", "'oc-me-v1'")
        .replace("\"log_level\"", "log_level")
        .replace("\"info\"\n", "\"in\\x66o\",\n")
        .replace("  \"attestation", "\u{a0}\"attestation");
    assert_eq!(
        places(&text),
        [
            ("comment", 1, 3),
            ("comment", 2, 3),
            ("single-quotes", 5, 22),
            ("missing-comma", 5, 32),
            ("bad-space", 6, 1),
            ("unquoted-name", 7, 3),
            ("bad-string", 7, 14),
            ("trailing-comma", 7, 23),
        ]
    );
    for (number, code) in [
        ("0x10", "bad-number"),
        ("+1", "bad-number"),
        ("NaN", "bad-number"),
        ("1", "wrong-type"),
    ] {
        let text = good().replace("\"info\"", number);
        assert_eq!(places(&text)[0], (code, 6, 16), "{number}");
    }
}

#[test]
fn what_json_allows_is_allowed() {
    let text = good()
        .replace("\"info\"", r#""\u0069nfo", "data_dir": "\/\ud83d\ude00\u00e9""#)
        .replace('\n', "\r\n\t");
    assert_eq!(places(&text), []);
}

#[test]
fn beyond_leniency_there_is_one_place() {
    for (from, to, place) in [
        ("\"info\"\n", "info\n", ("syntax", 6, 16)),
        ("\"oc-me-v1\",", "\"oc-me-v1,", ("syntax", 4, 22)),
        ("\n}\n", "\n", ("syntax", 1, 1)),
        ("\n}\n", "\n}}\n", ("syntax", 7, 2)),
        ("\": \"info", "\" \"info", ("syntax", 6, 15)),
    ] {
        assert_eq!(places(&good().replace(from, to)), [place], "{to}");
    }
}

#[test]
fn files_that_are_no_object() {
    for (text, code) in [
        ("", "empty"),
        (" \n", "empty"),
        ("[]", "not-an-object"),
        ("\"a\"", "not-an-object"),
    ] {
        assert_eq!(places(text)[0].0, code, "{text}");
    }
    assert_eq!(places("// x"), [("comment", 1, 1), ("empty", 1, 1)]);
    assert_eq!(places(&"[".repeat(60_000)), [("too-deep", 1, 9)]);
    assert_eq!(places(&" ".repeat(MAX_BYTES + 1)), [("too-large", 1, 1)]);
    let mut bytes = good().into_bytes();
    bytes[20] = 0xff;
    let checked = check(&bytes, None);
    let finding = checked
        .findings()
        .iter()
        .find(|it| it.code == Code::NotUtf8)
        .unwrap();
    assert!(finding.message.contains("byte 21 "));
    assert_eq!(
        places(&format!("\u{feff}{}", good())),
        [("byte-order-mark", 1, 1)]
    );
    assert_eq!(check(b"\xff\xfe{\0}\0", None).findings()[0].code, Code::NotUtf8);
}

#[test]
fn fields_that_are_wrong_in_themselves() {
    let text = r#"{
  "operator_id": null,
  "operator_id": "op-132f39a98c31baaddba6525f5d43f295",
  "loglevel": "info",
  "federation_slug": "OC",
  "public_host": null
}"#;
    let checked = check(text.as_bytes(), None);
    let found: Vec<_> = checked
        .findings()
        .iter()
        .map(|it| (it.code.as_str(), it.line, it.help.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(found[0], ("wrong-type", 2, ""));
    assert_eq!(found[1], ("duplicate-field", 3, "Keep one of them."));
    assert!(checked.findings()[1].message.ends_with("on line 2"));
    assert_eq!(found[2], ("unknown-field", 4, "Did you mean log_level?"));
    assert_eq!(found[3], ("bad-value", 5, ""));
    assert_eq!(found[4], ("wrong-type", 6, "Leave the field out."));
    assert_eq!(
        found[5..]
            .iter()
            .filter(|it| it.0 == "missing-field" && it.1 == 7)
            .count(),
        3
    );
    assert_eq!(found.len(), 8);
}

#[test]
fn id_key_and_identity() {
    let (own, other) = (public(Scheme::Bip340), public(Scheme::Ed25519));
    let codes = |text: &str, identity| {
        let checked = check(text.as_bytes(), Some(identity));
        checked.findings().iter().map(|it| it.code).collect::<Vec<_>>()
    };
    assert_eq!(codes(&good(), &own), []);
    let short = good().replace("op-132f39a98c31baaddba6525f5d43f295", "op-132f39a98c31baad");
    assert_eq!(codes(&short, &own), [Code::ShortId]);
    assert_eq!(
        Bundle::parse(short.as_bytes()).unwrap().operator_id(),
        own.operator_id()
    );
    let wrong = good().replace("op-132f", "op-232f");
    assert_eq!(codes(&wrong, &own), [Code::IdMismatch]);
    assert_eq!(codes(&good(), &other), [Code::IdentityMismatch; 2]);
    let no_point = good().replace(&own.to_hex(), &format!("{}5", "0".repeat(63)));
    assert!(codes(&no_point, &own).contains(&Code::NotAKey));
    let mut draft = Draft::new(&other);
    draft.set(Name::FederationSlug, "a");
    assert!(draft.check().is_good());
    assert_eq!(Bundle::parse(draft.to_json().as_bytes()).unwrap().operator, other);
}

#[test]
fn a_signing_server_on_http_needs_a_token_and_only_that_one() {
    let with = |extra: &str| places(&good().replace("\"info\"", &format!("\"info\", {extra}")));
    assert_eq!(with(r#""signer_url": "unix:/s""#), []);
    assert_eq!(
        with(r#""signer_url": "http://127.0.0.1:1", "signer_token_file": "/t""#),
        []
    );
    assert_eq!(
        with(r#""signer_url": "http://127.0.0.1:1""#),
        [("missing-field", 6, 38)]
    );
    assert_eq!(with(r#""signer_token_file": "/t""#), [("conflict", 6, 24)]);
    assert_eq!(
        with(r#""signer_url": "unix:/s", "signer_token_file": "/t""#),
        [("conflict", 6, 49)]
    );
}

#[test]
fn the_operators_own_secret_is_named_first_and_never_shown() {
    let own = public(Scheme::Bip340).to_hex();
    let text = good().replace("{\n", "{ // op\n").replace(&own, ONE);
    let checked = check(text.as_bytes(), None);
    let first = &checked.findings()[0];
    assert_eq!(first.code, Code::OwnSecret);
    assert_eq!(first.field, Some(Name::OperatorPubkeyHex));
    assert!(first.message.contains("PRIVATE"));
    let shown = checked.excerpt(first).unwrap();
    assert_eq!(
        shown.text,
        format!("  \"operator_pubkey_hex\": \"{}\",", "•".repeat(64))
    );
    // With the right key beside it, a comment with the secret is the owner's all the same.
    let text = format!("{}// {ONE} {own}", good());
    let codes: Vec<_> = check(text.as_bytes(), None)
        .findings()
        .iter()
        .map(|it| it.code)
        .collect();
    assert_eq!(codes, [Code::OwnSecret, Code::Comment]);
    // Even where the file cannot be parsed.
    let broken = format!("{}{ONE}", good());
    assert_eq!(check(broken.as_bytes(), None).findings()[0].code, Code::OwnSecret);
}

#[test]
fn digest_and_public_key_are_no_secrets() {
    let text = good().replace(
        "\"info\"",
        &format!("\"info\", \"image_digest\": \"sha256:{}\"", "0f".repeat(32)),
    );
    assert_eq!(places(&text), []);
    let elsewhere = text.replace("image_digest", "imagedigest");
    assert_eq!(places(&elsewhere), [("unknown-field", 6, 24), ("secret", 6, 47)]);
}
