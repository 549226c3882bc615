use sigstore_types::{MediaType, SignatureContent};

use super::*;

const BODY: &str = r#"{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{}}"#;

fn logged() -> Value {
    json!({
        "SignedEntryTimestamp": "c2V0",
        "Payload": {
            "body": STANDARD.encode(BODY),
            "integratedTime": 1_700_000_000,
            "logIndex": 42,
            "logID": "c0".repeat(32),
        }
    })
}

fn layer() -> LegacyLayer {
    let annotations = [
        (SIGNATURE.to_owned(), STANDARD.encode("signature")),
        (LOG_ENTRY.to_owned(), logged().to_string()),
    ];
    LegacyLayer {
        annotations: annotations.into(),
        bytes: b"payload".to_vec(),
    }
}

fn with(name: &str, value: &str) -> LegacyLayer {
    let mut layer = layer();
    layer.annotations.insert(name.into(), value.into());
    layer
}

#[test]
fn a_signature_becomes_a_bundle() {
    let bundle = signature(&layer()).unwrap();
    assert_eq!(bundle.media_type(), MediaType::Bundle0_1);
    assert!(bundle.signing_certificate().is_none());
    let SignatureContent::MessageSignature(signed) = &bundle.content else {
        panic!("{bundle:?}");
    };
    assert_eq!(signed.signature.as_bytes(), b"signature");
    let [entry] = bundle.verification_material.tlog_entries.as_slice() else {
        panic!("{bundle:?}");
    };
    assert_eq!(entry.log_index.get(), 42);
    assert_eq!(entry.integrated_time.unwrap().as_second(), 1_700_000_000);
    assert_eq!(entry.canonicalized_body.as_bytes(), BODY.as_bytes());
    assert_eq!(entry.log_id.key_id.as_bytes(), [0xc0; 32]);
    assert_eq!(entry.kind_version.kind(), "hashedrekord");
    let promise = entry.inclusion_promise.as_ref().unwrap();
    assert_eq!(promise.signed_entry_timestamp.as_bytes(), b"set");
}

#[test]
fn only_the_leaf_of_a_chain_is_taken() {
    let one = "-----BEGIN CERTIFICATE-----\nbGVhZg==\n-----END CERTIFICATE-----\n";
    let two = "-----BEGIN CERTIFICATE-----\ncm9vdA==\n-----END CERTIFICATE-----\n";
    let bundle = signature(&with(CERTIFICATE, &format!("{one}{two}"))).unwrap();
    assert_eq!(bundle.signing_certificate().unwrap().as_bytes(), b"leaf");
    let key = one.replace("CERTIFICATE", "PUBLIC KEY");
    assert!(matches!(
        signature(&with(CERTIFICATE, &key)),
        Err(LegacyError::Annotation {
            annotation: CERTIFICATE,
            ..
        })
    ));
}

#[test]
fn an_attestation_becomes_a_bundle() {
    let mut layer = layer();
    layer.bytes =
        br#"{"payloadType":"t","payload":"e30=","signatures":[{"keyid":"","sig":"c2ln"}]}"#.to_vec();
    let bundle = attestation(&layer).unwrap();
    let SignatureContent::DsseEnvelope(envelope) = &bundle.content else {
        panic!("{bundle:?}");
    };
    assert_eq!(envelope.payload.as_bytes(), b"{}");
    for bad in [
        "",
        "{}",
        r#"{"payloadType":"t","payload":"e30=","signatures":[]}"#,
        r#"{"payloadType":"t","payload":"e30=","signatures":[{"sig":"YQ=="},{"sig":"Yg=="}]}"#,
        r#"{"payloadType":"t","payload":"e30=","payload":"e30=","signatures":[{"sig":"c2ln"}]}"#,
    ] {
        layer.bytes = bad.as_bytes().to_vec();
        assert!(matches!(attestation(&layer), Err(LegacyError::Layer(_))), "{bad}");
    }
}

#[test]
fn a_timestamp_is_carried_over() {
    let bundle = signature(&with(TIMESTAMP, r#"{"SignedRFC3161Timestamp":"dHNh"}"#)).unwrap();
    let stamps = &bundle
        .verification_material
        .timestamp_verification_data
        .rfc3161_timestamps;
    assert_eq!(stamps[0].signed_timestamp.as_bytes(), b"tsa");
    assert!(matches!(
        signature(&with(TIMESTAMP, "{}")),
        Err(LegacyError::Annotation {
            annotation: TIMESTAMP,
            ..
        })
    ));
}

#[test]
fn malformed_annotations_are_named() {
    let mut without = layer();
    without.annotations.remove(SIGNATURE);
    assert!(matches!(
        signature(&without),
        Err(LegacyError::Missing(SIGNATURE))
    ));
    let mut without = layer();
    without.annotations.remove(LOG_ENTRY);
    assert!(matches!(signature(&without), Err(LegacyError::NotLogged)));
    assert!(matches!(
        signature(&with(LOG_ENTRY, "")),
        Err(LegacyError::NotLogged)
    ));

    let mutate = |change: &dyn Fn(&mut Value)| {
        let mut entry = logged();
        change(&mut entry);
        entry.to_string()
    };
    let doubled = logged()
        .to_string()
        .replace(r#""logIndex":42"#, r#""logIndex":42,"logIndex":43"#);
    for bad in [
        "null".to_owned(),
        "{".to_owned(),
        "x".repeat(MAX_ANNOTATION + 1),
        doubled,
        mutate(&|entry| entry["Payload"]["logID"] = "c0".into()),
        mutate(&|entry| entry["Payload"]["logID"] = "C0".repeat(32).into()),
        mutate(&|entry| entry["Payload"]["body"] = "not base64!".into()),
        mutate(&|entry| entry["Payload"]["body"] = STANDARD.encode("[]").into()),
        mutate(&|entry| entry["Payload"]["integratedTime"] = "1700000000".into()),
        mutate(&|entry| entry["SignedEntryTimestamp"] = Value::Null),
    ] {
        let refused = signature(&with(LOG_ENTRY, &bad)).unwrap_err();
        assert!(
            matches!(
                refused,
                LegacyError::Annotation {
                    annotation: LOG_ENTRY,
                    ..
                }
            ),
            "{refused}"
        );
    }
    for bad in [
        mutate(&|entry| entry["Payload"]["logIndex"] = (-1).into()),
        mutate(&|entry| entry["SignedEntryTimestamp"] = "not base64!".into()),
        mutate(&|entry| entry["Payload"]["integratedTime"] = i64::MAX.into()),
        mutate(&|entry| {
            entry["Payload"]["body"] = STANDARD.encode(r#"{"apiVersion":"9","kind":"rpm"}"#).into();
        }),
    ] {
        assert!(
            matches!(signature(&with(LOG_ENTRY, &bad)), Err(LegacyError::Layer(_))),
            "{bad}"
        );
    }
}

#[test]
fn a_payload_is_for_one_image() {
    let digest = Digest::of(b"image");
    let payload = |digest: &str, type_: &str| {
        json!({"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":digest},"type":type_},"optional":null})
            .to_string()
    };
    let good = payload(&digest.to_string(), PAYLOAD_TYPE);
    check_payload(good.as_bytes(), &digest).unwrap();
    let other = Digest::of(b"other");
    assert!(matches!(
        check_payload(good.as_bytes(), &other),
        Err(LegacyError::OtherImage(found)) if found == digest.to_string()
    ));
    assert!(matches!(
        check_payload(
            payload(&digest.to_string(), "atomic container signature").as_bytes(),
            &digest
        ),
        Err(LegacyError::PayloadType(_))
    ));
    let doubled = good.replace(
        r#""image":"#,
        &format!(r#""image":{{"docker-manifest-digest":"{other}"}},"image":"#),
    );
    for bad in ["", "{}", r#"{"critical":{}}"#, &doubled] {
        assert!(
            matches!(check_payload(bad.as_bytes(), &digest), Err(LegacyError::Layer(_))),
            "{bad}"
        );
    }
}
