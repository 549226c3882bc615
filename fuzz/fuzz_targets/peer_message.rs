//! `POST /v1/peer`: whatever comes, an answer and no panic; what is believed is canonical and says what was signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::envelope::canonical;
use oc_guardian::federation::{Member, Membership};
use oc_guardian::guardian::believe;
use oc_guardian::operator::{Scheme, SecretKey};

fuzz_target!(|bytes: &[u8]| {
    let guardians = (1..=4_u8).map(|secret| {
        let mut key = [0; 32];
        key[31] = secret;
        let key = SecretKey::from_bytes(Scheme::Bip340, &key).expect("a small secret is one");
        Member { public: key.public() }
    });
    let membership =
        Membership::new("oc-me-v1".into(), 3, guardians.collect(), [7; 32]).expect("four guardians, three sign");
    let ours = membership.guardians()[0].operator_id();
    if let Ok(believed) = believe(bytes, &membership, &ours, 1_764_000_000) {
        assert!(canonical::check(bytes).is_ok());
        let signed = believed.message.signed_bytes().expect("what was read can be written");
        let text = std::str::from_utf8(bytes).expect("canonical JSON is UTF-8");
        assert!(text.contains(&signed));
    }
});
