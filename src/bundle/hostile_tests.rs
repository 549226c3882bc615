//! Any bytes at all, and everything that `config gen` can write.

use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::tests::{ONE, good, public};
use super::*;
use crate::operator::{Scheme, SecretKey};

/// Whatever the bytes: no panic, little time, and no finding without its place.
fn assert_sound(bytes: &[u8]) {
    let started = Instant::now();
    let checked = check(bytes, Some(&public(Scheme::Bip340)));
    for finding in checked.findings() {
        assert!(finding.line >= 1 && finding.column >= 1);
        if let Some(excerpt) = checked.excerpt(finding) {
            assert!(excerpt.span.start <= excerpt.span.end);
            assert!(excerpt.span.end <= excerpt.text.chars().count());
        }
    }
    assert!(checked.findings().len() <= 101);
    assert_eq!(checked.is_good(), checked.count(Severity::Error) == 0);
    // A debug build on a busy machine; quadratic behaviour takes minutes.
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn hostile_sizes_take_little_time() {
    let full = |unit: &str| unit.repeat(MAX_BYTES / unit.len());
    let object = |unit: &str| format!("{{{}}}", unit.repeat((MAX_BYTES - 2) / unit.len()));
    for text in [
        full("["),
        full("{\"a\":"),
        full("\""),
        full("\\"),
        full("'\n"),
        full("//\n"),
        full("/*"),
        full("1 "),
        full("\u{feff}"),
        full("a"),
        full("K"),
        full("xprv"),
        full("nsec1"),
        full("nsec1q"),
        full("abandon "),
        full("-----BEGIN PRIVATE KEY-----"),
        full("-----BEGIN "),
        full(ONE),
        full("0123456789abcdef"),
        full("\\u0061"),
        full("operator_pubkey_hex "),
        object("\"a\":1,"),
        object("\"log_level\":\"x\","),
        object("'log_levl' 'x' "),
        object(
            "\"operator_pubkey_hex\":\"0000000000000000000000000000000000000000000000000000000000000001\",",
        ),
    ] {
        assert_sound(text.as_bytes());
    }
}

/// The seeds of the fuzz target, through the same door.
#[test]
fn seeds_of_the_fuzz_target() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/bundle");
    let mut seeds = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        assert_sound(&std::fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds >= 12, "{seeds}");
}

fn drafts() -> impl Strategy<Value = Draft> {
    let scheme = prop::sample::select(&Scheme::ALL);
    let path = "/[ -~äß€]{0,30}";
    let host = "[a-z][a-z0-9]{0,9}(\\.[a-z][a-z0-9-]{0,8}[a-z0-9]){0,2}";
    let url = format!(
        "(https://{host}(:[1-9][0-9]{{0,3}})?|http://127\\.0\\.0\\.1:8080)(/[a-z0-9/?=&\\.]{{0,20}})?"
    );
    let signer = prop_oneof![
        Just(None),
        path.prop_map(|path| Some((format!("unix:{path}"), None))),
        path.prop_map(|path| Some(("http://localhost:9100".into(), Some(path)))),
    ];
    (
        (scheme, any::<[u8; 31]>(), "[a-z0-9-]{1,64}"),
        prop::sample::select(&LogLevel::ALL),
        prop::option::of(prop::string::string_regex(&url).unwrap()),
        prop::option::of(host),
        prop::option::of(path),
        prop::option::of("[0-9a-f]{64}"),
        signer,
    )
        .prop_map(
            |((scheme, secret, slug), level, url, host, path, digest, signer)| {
                let mut bytes = [1; 32];
                bytes[1..].copy_from_slice(&secret);
                let mut draft = Draft::new(&SecretKey::from_bytes(scheme, &bytes).unwrap().public());
                draft.set(Name::FederationSlug, slug);
                draft.set(Name::LogLevel, level.as_str());
                let mut set = |name, value: Option<String>| {
                    if let Some(value) = value {
                        draft.set(name, value);
                    }
                };
                set(Name::AttestationPostUrl, url.clone());
                set(Name::DirectoryUrl, url);
                set(Name::PublicHost, host);
                set(Name::ExtraCaFile, path.clone());
                set(Name::DataDir, path);
                set(Name::ImageDigest, digest.map(|it| format!("sha256:{it}")));
                if let Some((url, token)) = signer {
                    set(Name::SignerUrl, Some(url));
                    set(Name::SignerTokenFile, token);
                }
                draft
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_is_generated_passes_and_comes_back(draft in drafts()) {
        let text = draft.to_json();
        let document = serde_json::from_str(&text).unwrap();
        prop_assert!(jsonschema::draft202012::is_valid(&schema(), &document), "{}", text);
        let checked = draft.check();
        prop_assert_eq!(checked.findings(), &[], "{}", text);
        let bundle = checked.into_bundle().unwrap();
        let mut again = Draft::new(&bundle.operator);
        for name in Name::all() {
            if let Some((value, _)) = bundle.value(name) {
                again.set(name, value);
            }
        }
        prop_assert_eq!(again.to_json(), text);
    }

    #[test]
    fn the_schema_takes_every_value_that_the_check_takes(
        url in "https?://(localhost|127\\.0\\.0\\.1|[a-zA-Z0-9.:\\[\\]@_-]{1,12})(:[0-9]{0,6})?[ -~é]{0,6}",
        host in "[a-zA-Z0-9.:_-]{1,8}",
        path in "/[ -~\u{7f}\u{80}é\n]{0,6}",
        slug in "[a-z0-9A_-]{0,3}",
    ) {
        let validator = jsonschema::draft202012::new(&schema()).unwrap();
        let socket = format!("unix:{path}");
        for (name, value) in [
            (Name::AttestationPostUrl, &url),
            (Name::SignerUrl, &socket),
            (Name::PublicHost, &host),
            (Name::DataDir, &path),
            (Name::FederationSlug, &slug),
        ] {
            let mut draft = Draft::new(&public(Scheme::Bip340));
            draft.set(Name::FederationSlug, "a");
            draft.set(name, value);
            if draft.check().is_good() {
                let document = serde_json::from_str(&draft.to_json()).unwrap();
                prop_assert!(validator.is_valid(&document), "{} {:?}", name, value);
            }
        }
    }

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        assert_sound(&bytes);
    }

    #[test]
    fn anything_that_looks_like_json(text in "([{}\\[\\],:\"'/*\\\\ \n\r\t\u{feff}\u{a0}é0-9a-fx.+-]|true|null|\"log_level\"|\\\\u){0,80}") {
        assert_sound(text.as_bytes());
    }

    #[test]
    fn a_bundle_with_a_splinter(at in 0usize..330, cut in 0usize..20, splinter in "[ -~\u{a0}é\u{202e}\n]{0,12}") {
        let mut text = good();
        let at = at.min(text.len());
        text.replace_range(at..(at + cut).min(text.len()), &splinter);
        assert_sound(text.as_bytes());
    }
}
