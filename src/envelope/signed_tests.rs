//! The wire forms, frozen, and verified by libraries that the project does not use.

use super::super::{Action, ActionPayload, GuardianKeyPayload, HealthAttestation, Status};
use super::*;
use crate::operator::{Scheme, SecretKey};
use serde_json::json;

const SCHEMES: [Scheme; 2] = Scheme::ALL;

fn key(scheme: Scheme) -> SecretKey {
    let mut secret = [0; 32];
    secret[31] = 1;
    SecretKey::from_bytes(scheme, &secret).unwrap()
}

fn action() -> ActionPayload {
    ActionPayload {
        action: Action::AlertPublish,
        params: json!({"body": "é\n\u{7f}", "severity": "info", "tag": "upgrade", "title": "v1.2.3"}),
        nonce: 1_764_000_000_000,
        expires_at: 1_764_000_600,
        federation: "oc-me-v1".into(),
    }
}

fn health() -> HealthAttestation {
    HealthAttestation {
        operator_id: "op-132f39a98c31baaddba6525f5d43f295".parse().unwrap(),
        federation_slug: "oc-me-v1".into(),
        hosted_request_id: None,
        guardian_version: "1.2.3".into(),
        p2p_url: "http://host:9001".into(),
        api_url: "http://host:9000".into(),
        status: Status::Running,
        attested_at: 1_764_000_000,
        image_digest: Some(format!("sha256:{}", "0f".repeat(32))),
    }
}

fn guardian_key() -> GuardianKeyPayload {
    GuardianKeyPayload {
        transport_pubkey_hex: "0a".repeat(32),
        operator_id: "op-132f39a98c31baaddba6525f5d43f295".parse().unwrap(),
        membership_hash: None,
        expires_at: 1_764_043_200,
    }
}

#[test]
fn signed_bytes_are_frozen() {
    assert_eq!(
        action().signed_bytes().unwrap(),
        "{\"action\":\"alert-publish\",\"params\":{\"body\":\"é\\n\u{7f}\",\"severity\":\"info\",\"tag\":\"upgrade\",\
         \"title\":\"v1.2.3\"},\"nonce\":1764000000000,\"expires_at\":1764000600,\"federation\":\"oc-me-v1\"}"
    );
    assert_eq!(
        health().signed_bytes().unwrap(),
        "{\"kind\":\"oc-guardian-attestation\",\"operator_id\":\"op-132f39a98c31baaddba6525f5d43f295\",\
         \"federation_slug\":\"oc-me-v1\",\"hosted_request_id\":null,\"fedimintd_version\":\"1.2.3\",\
         \"p2p_url\":\"http://host:9001\",\"api_url\":\"http://host:9000\",\"status\":\"running\",\
         \"attested_at\":1764000000,\"image_digest\":\
         \"sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f\"}"
    );
    assert_eq!(
        guardian_key().signed_bytes().unwrap(),
        "{\"transport_pubkey_hex\":\"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a\",\
         \"operator_id\":\"op-132f39a98c31baaddba6525f5d43f295\",\"membership_hash\":null,\
         \"expires_at\":1764043200}"
    );
}

/// Verifies with another library, over a message that is put together here.
fn verified_elsewhere(scheme: Scheme, tag: &str, bare: bool, bytes: &str, signature: &Signature) {
    let public = key(scheme).public();
    match scheme {
        Scheme::Bip340 => {
            let sha256 = |bytes: &[u8]| aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes);
            let tag = sha256(tag.as_bytes());
            let message = sha256(&[tag.as_ref(), tag.as_ref(), bytes.as_bytes()].concat());
            let signature = secp256k1::schnorr::Signature::from_byte_array(*signature.as_bytes());
            let public = secp256k1::XOnlyPublicKey::from_byte_array(*public.as_bytes()).unwrap();
            secp256k1::schnorr::verify(&signature, message.as_ref(), &public).unwrap();
        }
        Scheme::Ed25519 => {
            let message = if bare {
                bytes.as_bytes().to_vec()
            } else {
                [tag.as_bytes(), &[0], bytes.as_bytes()].concat()
            };
            aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, public.as_bytes())
                .verify(&message, signature.as_bytes())
                .unwrap();
        }
    }
}

fn round_trip<P: Payload + PartialEq + std::fmt::Debug>(payload: &P, tag: &str, bare: bool) {
    for scheme in SCHEMES {
        let key = key(scheme);
        let bytes = payload.signed_bytes().unwrap();
        let signature = P::TAG.sign(&key, bytes.as_bytes());
        verified_elsewhere(scheme, tag, bare, &bytes, &signature);
        let envelope = Envelope::build(payload, &key.public(), &signature).unwrap();
        assert_eq!(
            Envelope::<P>::verify(envelope.as_bytes(), &key.public())
                .unwrap()
                .payload(),
            payload
        );
    }
}

#[test]
fn an_independent_library_verifies_every_envelope() {
    round_trip(&action(), "oc-guardian/action/v1", true);
    round_trip(&health(), "oc-guardian/attestation/v1", true);
    round_trip(&guardian_key(), "oc-guardian/guardian-key/v1", false);
}

fn opened<P: Payload>(bytes: &[u8], key: &PublicKey) -> P {
    Envelope::verify(bytes, key).unwrap().into_payload()
}

/// Envelopes that were made once: Ed25519 is deterministic, and for BIP-340 any valid signature stays valid.
#[test]
fn old_envelopes_keep_verifying() {
    let vectors = include_str!("../../tests/vectors/envelopes.txt");
    let mut seen = 0;
    for line in vectors.lines().filter(|line| !line.starts_with('#')) {
        let (head, envelope) = line.split_once(' ').unwrap();
        let (scheme, kind) = head.split_once('/').unwrap();
        let public = key(scheme.parse().unwrap()).public();
        let bytes = envelope.as_bytes();
        match kind {
            "action" => assert_eq!(opened::<ActionPayload>(bytes, &public), action()),
            "attestation" => assert_eq!(opened::<HealthAttestation>(bytes, &public), health()),
            "guardian-key" => assert_eq!(opened::<GuardianKeyPayload>(bytes, &public), guardian_key()),
            _ => panic!("{kind}"),
        }
        seen += 1;
    }
    assert_eq!(seen, 6);
}

/// Prints the vectors of the test above: `cargo test --lib print_envelope_vectors -- --ignored --nocapture`.
#[test]
#[ignore = "writes vectors, checks nothing"]
#[allow(clippy::print_stdout)]
fn print_envelope_vectors() {
    fn one<P: Payload>(scheme: Scheme, kind: &str, payload: &P) {
        let key = key(scheme);
        let signature = P::TAG.sign(&key, payload.signed_bytes().unwrap().as_bytes());
        let envelope = Envelope::build(payload, &key.public(), &signature).unwrap();
        println!("{scheme}/{kind} {envelope}");
    }
    for scheme in SCHEMES {
        one(scheme, "action", &action());
        one(scheme, "attestation", &health());
        one(scheme, "guardian-key", &guardian_key());
    }
}

fn good() -> String {
    let key = key(Scheme::Bip340);
    let bytes = action().signed_bytes().unwrap();
    let signature = Tag::Action.sign(&key, bytes.as_bytes());
    Envelope::build(&action(), &key.public(), &signature).unwrap()
}

fn refusal(from: &str, to: &str) -> EnvelopeError {
    let text = good();
    assert!(text.contains(from), "{from}");
    let public = key(Scheme::Bip340).public();
    Envelope::<ActionPayload>::verify(text.replacen(from, to, 1).as_bytes(), &public).unwrap_err()
}

#[test]
fn a_changed_envelope_is_refused() {
    let bad = EnvelopeError::BadSignature;
    assert_eq!(refusal("1764000000000", "1764000000001"), bad);
    assert_eq!(refusal("oc-me-v1", "oc-me-v2"), bad);
    assert_eq!(refusal("v1.2.3", "v1.2.4"), bad);
    // The same text in another spelling is what was signed: read, but only as it is written here.
    assert!(matches!(refusal("info", "fatal"), EnvelopeError::Shape(_)));
    assert!(matches!(
        refusal("\"nonce\"", "\"nonse\""),
        EnvelopeError::Shape(_)
    ));
    assert!(matches!(
        refusal("\"payload\"", "\"attestation\""),
        EnvelopeError::Shape(_)
    ));
    assert!(matches!(
        refusal("{\"payload\"", "{\"x\":1,\"payload\""),
        EnvelopeError::Shape(_)
    ));
    assert!(matches!(
        refusal("\"nonce\":", "\"nonce\":1,\"nonce\":"),
        EnvelopeError::Json(_)
    ));
    assert!(matches!(
        refusal("\"pubkey\":\"79be", "\"pubkey\":\"79bf"),
        EnvelopeError::OtherKey(_)
    ));
    assert!(matches!(
        refusal("\"sig_hex\":\"", "\"sig_hex\":\"0"),
        EnvelopeError::Shape(_)
    ));
}

#[test]
fn fields_in_another_order_are_refused() {
    let moved = refusal(
        r#""expires_at":1764000600,"federation":"oc-me-v1"}"#,
        r#""federation":"oc-me-v1","expires_at":1764000600}"#,
    );
    assert_eq!(moved, EnvelopeError::Spelling);
}

#[test]
fn a_key_of_the_other_scheme_verifies_nothing() {
    let text = good();
    let other = key(Scheme::Ed25519).public();
    let outcome = Envelope::<ActionPayload>::verify(text.as_bytes(), &other);
    assert!(matches!(outcome, Err(EnvelopeError::OtherKey(_))));
}

#[test]
fn a_signature_for_one_purpose_is_none_for_another() {
    // Ed25519 signs the bare bytes of both public envelopes; only their fields tell them apart.
    let key = key(Scheme::Ed25519);
    let bytes = health().signed_bytes().unwrap();
    let signature = Tag::Attestation.sign(&key, bytes.as_bytes());
    let dressed = format!(
        r#"{{"payload":{bytes},"pubkey":"{}","sig_hex":"{}"}}"#,
        key.public().to_hex(),
        signature.to_hex()
    );
    let outcome = Envelope::<ActionPayload>::verify(dressed.as_bytes(), &key.public());
    assert!(matches!(outcome, Err(EnvelopeError::Shape(_))), "{outcome:?}");
}

#[test]
fn bounds_of_an_alert() {
    let with = |name: &str, value: serde_json::Value| {
        let mut payload = action();
        payload.params[name] = value;
        ActionPayload::from_value(&payload.to_value()).is_ok()
    };
    assert!(with("title", json!("é".repeat(120))) && !with("title", json!("é".repeat(121))));
    assert!(!with("title", json!("")) && !with("title", json!("a\nb")) && !with("title", json!(null)));
    assert!(with("body", json!("é".repeat(4000))) && !with("body", json!("é".repeat(4001))));
    assert!(!with("tag", json!("Upgrade")) && !with("tag", json!(null)) && !with("tag", json!("")));
    assert!(!with("severity", json!("high")) && !with("more", json!(1)));
}

#[test]
fn statements_are_of_a_closed_table() {
    let proposed = |statement: serde_json::Value| {
        let mut payload = action();
        payload.action = Action::FederationSign;
        payload.params = json!({ "statement": statement });
        ActionPayload::from_value(&payload.to_value()).map(|it| it.statement().unwrap())
    };
    let digest = format!("sha256:{}", "00".repeat(32));
    let good = [
        json!({"type": "heartbeat", "seq": 7, "at": 1}),
        json!({"type": "directory-update", "seq": 7, "prev": null, "directory": {}}),
        json!({"type": "image-pin", "seq": 7, "image": "ghcr.io/a/b", "digest": digest, "min_version": "1.2.3"}),
        json!({"type": "resolution", "seq": 7, "title": "t", "body_sha256": "00".repeat(32), "url": "https://a"}),
    ];
    for statement in good {
        assert_eq!(proposed(statement.clone()).unwrap().seq, 7);
        for name in statement.as_object().unwrap().keys() {
            let mut without = statement.clone();
            without.as_object_mut().unwrap().shift_remove(name);
            assert!(proposed(without).is_err(), "{name}");
        }
        let mut with_more = statement;
        with_more["more"] = json!(1);
        assert!(proposed(with_more).is_err());
    }
    assert!(proposed(json!({"type": "spend", "seq": 1})).is_err());
}
