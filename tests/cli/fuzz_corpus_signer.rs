//! The seeds of the signing server's fuzz targets, as in `fuzz_corpus`.

use oc_guardian::audit::Record;
use oc_guardian::envelope::canonical;
use oc_guardian::signer::frames::{Answer, Call, parse_frame};
use oc_guardian::signer::{Policy, Request};

use super::fuzz_corpus::accepted;

#[test]
fn audit_line() {
    let good = accepted("audit_line", |bytes| Record::parse(bytes).is_ok());
    assert_eq!(
        good,
        ["controls.json", "late.json", "signed.json", "started.json"]
    );
}

#[test]
fn frame() {
    let calls = accepted("frame", |bytes| parse_frame::<Call<'_>>(bytes).is_ok());
    assert_eq!(calls, ["hello.json", "pending.json"]);
    let answers = accepted("frame", |bytes| parse_frame::<Answer>(bytes).is_ok());
    assert_eq!(answers, ["answer-error.json", "answer-requests.json"]);
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
