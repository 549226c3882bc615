//! The Sigstore bundle of a file: whatever the bytes, judging them neither panics nor hangs, and nobody makes a signature of
//! the project's by changing bytes.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use oc_guardian::image::trust::TrustRoot;
use oc_guardian::image::{Artifact, Digest, Policy, verify_artifact};

static TRUST: LazyLock<TrustRoot> = LazyLock::new(|| TrustRoot::embedded().expect("a test reads it"));
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::official().expect("a constant"));

fuzz_target!(|bytes: &[u8]| {
    let artifact = Artifact::Digest(Digest::of(b"artifact"));
    assert!(verify_artifact(artifact, bytes, TRUST.verifier(), &POLICY, SystemTime::now()).is_err());
});
