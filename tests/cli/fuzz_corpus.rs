//! The seeds of the fuzz targets, through the same functions, on every run of the tests.

use std::fs;
use std::path::Path;

use oc_guardian::envelope::canonical;
use oc_guardian::operator::Identity;
use oc_guardian::signer::{Policy, Request};
use oc_guardian::vault::{self, Passphrase};

/// Name and content of each seed.
fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    seeds.sort();
    seeds
}

/// Names of the seeds that `accepts` takes, of those that a person named.
fn accepted(target: &str, accepts: impl Fn(&[u8]) -> bool) -> Vec<String> {
    let taken = seeds(target).into_iter().filter(|(_, bytes)| accepts(bytes));
    taken
        .map(|(name, _)| name)
        .filter(|name| name.contains('.'))
        .collect()
}

#[test]
fn identity() {
    let good = accepted("identity", |bytes| Identity::parse(bytes).is_ok());
    assert_eq!(good, ["file-exported.json", "keychain.json"]);
}

#[test]
fn payload() {
    let good = accepted("payload", |bytes| vault::parse_payload(bytes).is_ok());
    assert_eq!(good, ["bip340.json", "ed25519.json"]);
}

#[test]
fn key_file() {
    let passphrase = Passphrase::new("correct horse battery").ok().unwrap();
    let good = accepted("key_file", |bytes| {
        vault::open_key_file(bytes, &passphrase).is_ok()
    });
    assert_eq!(good, ["good.age", "work-2.age"]);
}

#[test]
fn request() {
    let good = accepted("request", |bytes| Request::parse(bytes).is_ok());
    assert_eq!(
        good,
        [
            "alert.json",
            "attestation.json",
            "ceremony.json",
            "charter.json",
            "guardian-key.json",
            "statement.json",
        ]
    );
}

#[test]
fn canonical() {
    let good = accepted("canonical", |bytes| canonical::check(bytes).is_ok());
    assert_eq!(
        good,
        ["action.json", "escapes.json", "nested.json", "numbers.json"]
    );
}

#[test]
fn policy() {
    let good = accepted("policy", |bytes| {
        std::str::from_utf8(bytes).is_ok_and(|text| Policy::parse(text).is_ok())
    });
    assert_eq!(good, ["every-key.toml", "simple.toml"]);
}

#[test]
fn peer_message() {
    use crate::support::federation::membership;
    let membership = membership("oc-me-v1", 3, &[1, 2, 3, 4]);
    let ours = membership.guardians()[0].operator_id();
    let good = accepted("peer_message", |bytes| {
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        oc_guardian::guardian::believe(text, &membership, &ours, 1_764_000_000).is_ok()
    });
    assert_eq!(good, ["health.json"]);
}

#[test]
fn rpc_call() {
    use oc_guardian::signer::frames::{Call, parse_frame};
    let good = accepted("rpc_call", |bytes| parse_frame::<Call<'_>>(bytes).is_ok());
    assert_eq!(
        good,
        ["answer.json", "hello.json", "leave-head.json", "pending.json"]
    );
}
