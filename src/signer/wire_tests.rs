//! The examples of docs/formats.md are what is read and written here.

use super::decide::tests::{Bench, NOW};
use super::{Kind, MAX_ID_AHEAD, NEW_ID_AGE, Request};
use crate::operator::{Scheme, SecretKey};

const FORMATS: &str = include_str!("../../docs/formats.md");

fn section() -> &'static str {
    let start = FORMATS.find("## Signing request").unwrap();
    let end = FORMATS.find("### Rules that no policy lifts").unwrap();
    &FORMATS[start..end]
}

#[test]
fn documented_requests_get_the_documented_answers() {
    let documents: Vec<&str> = section().lines().filter(|line| line.starts_with('{')).collect();
    let (requests, answers) = documents.split_at(3);
    let mut bench = Bench::new("version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\n");
    let mut secret = [0; 32];
    secret[31] = 1;
    // Ed25519 signatures are deterministic.
    bench.key = SecretKey::from_bytes(Scheme::Ed25519, &secret).unwrap();
    bench.public = bench.key.public();
    bench.operator_id = bench.public.operator_id();
    bench.now = NOW;
    let given: Vec<String> = requests
        .iter()
        .map(|text| {
            let request = Request::parse(text.as_bytes()).unwrap();
            bench.serve(&request).unwrap().to_json()
        })
        .collect();
    assert_eq!(given, answers, "\n{}", given.join("\n"));
}

#[test]
fn documented_names_and_bounds_are_the_real_ones() {
    for kind in Kind::ALL {
        assert!(section().contains(&format!("`{}`", kind.as_str())), "{kind:?}");
    }
    let bounds = format!("A new id is at most {NEW_ID_AGE} s old and {MAX_ID_AHEAD} s ahead.");
    assert!(section().contains(&bounds));
    for action in crate::envelope::Action::ALL {
        assert!(FORMATS.contains(&format!("`{}`", action.as_str())), "{action:?}");
    }
}
