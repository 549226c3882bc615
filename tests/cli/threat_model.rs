//! `docs/threat-model.md` names tests that exist, and names all that attack verification.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/threat-model.md");
/// Files whose every test is about a threat.
const ALL_OF: [&str; 3] = ["verify_attacks", "verify_mutants", "verify_strangers"];

/// `file::test` for each test of a file.
fn tests_of(file: &str) -> BTreeSet<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cli/{file}.rs"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.split("#[test]\nfn ")
        .skip(1)
        .map(|rest| format!("{file}::{}", rest.split('(').next().unwrap()))
        .collect()
}

/// What stands between backquotes and looks like a test.
fn named() -> BTreeSet<String> {
    PAGE.split('`')
        .skip(1)
        .step_by(2)
        .filter(|text| {
            ["verify_", "sign_engine_", "guardian_"]
                .iter()
                .any(|start| text.starts_with(start))
        })
        .filter(|text| text.contains("::"))
        .map(str::to_owned)
        .collect()
}

#[test]
fn tests_that_it_names_exist() {
    let named = named();
    assert!(named.len() > 20, "{named:?}");
    for test in &named {
        let file = test.split("::").next().unwrap();
        assert!(tests_of(file).contains(test), "no such test: {test}");
    }
}

#[test]
fn tests_of_attacks_are_named() {
    let named = named();
    for file in ALL_OF {
        let tests = tests_of(file);
        assert!(!tests.is_empty());
        let controls = ["verify_mutants::what_nothing_is_wrong_with_is_accepted"];
        for test in tests.iter().filter(|test| !controls.contains(&test.as_str())) {
            assert!(named.contains(test), "docs/threat-model.md does not name {test}");
        }
    }
}
