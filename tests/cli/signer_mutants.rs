//! What the signing server reads, with one byte changed, one left out, or the end cut off: the promises of the fuzz targets,
//! on every run of the tests.

use std::fs;
use std::path::Path;

use oc_guardian::envelope::canonical;
use oc_guardian::signer::policy::check;
use oc_guardian::signer::{Policy, Request};

/// Each seed of a target with something wrong at each place.
fn mutants(target: &str, mut look: impl FnMut(&[u8])) -> usize {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let seed = fs::read(entry.unwrap().path()).unwrap();
        for at in 0..seed.len() {
            let mut without = seed.clone();
            without.remove(at);
            look(&without);
            look(&seed[..at]);
            for byte in *b"\"\\{}[],:.=-019eaA _\n\0\x80\xff" {
                let mut other = seed.clone();
                other[at] = byte;
                look(&other);
                count += 1;
            }
        }
    }
    count
}

#[test]
fn of_requests() {
    let (mut good, mut bad) = (0, 0);
    mutants("request", |bytes| match Request::parse(bytes) {
        Ok(request) => {
            good += 1;
            assert!(canonical::check(request.bytes.as_bytes()).is_ok());
            let summary = request.summary();
            assert!(
                summary.len() <= 1024 && !summary.chars().any(char::is_control),
                "{summary}"
            );
        }
        Err(error) => {
            bad += 1;
            assert!(error.to_string().len() < 400, "{error}");
        }
    });
    assert!(good > 1000 && bad > 1000, "{good} {bad}");
}

#[test]
fn of_canonical_json() {
    mutants("canonical", |bytes| {
        if let Ok(value) = canonical::parse_strict(bytes) {
            assert_eq!(serde_json::from_slice::<serde_json::Value>(bytes).unwrap(), value);
            let text = canonical::encode(&value).unwrap();
            assert_eq!(canonical::check(bytes).is_ok(), text.as_bytes() == bytes);
        }
    });
}

#[test]
fn of_policies() {
    mutants("policy", |bytes| {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return;
        };
        match Policy::parse(text) {
            Ok(policy) => assert_eq!(check(&policy).len(), policy.rules().len()),
            Err(error) => {
                assert!(!error.findings.is_empty() && error.findings.len() <= 100);
                assert!(error.findings.iter().all(|it| it.line >= 1 && it.column >= 1));
            }
        }
    });
}
