//! Bundles of files with something wrong: each refused for what it is.

use serde_json::{Value, json};

use super::verify_bundle_scene::{BLOB, BUNDLE, FILE, Scene, TAG};
use crate::support::sigstore::{Claims, Flaw};

/// The same under the label of version 0.1, whose rules ask for no proof that the signature is in the log.
fn relabelled(mut bundle: Value) -> Value {
    let material = bundle["verificationMaterial"].as_object_mut().unwrap();
    let certificate = material.remove("certificate").unwrap();
    material.insert(
        "x509CertificateChain".into(),
        json!({ "certificates": [certificate] }),
    );
    bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1".into();
    bundle
}

#[test]
fn every_flaw_is_refused_for_what_it_is() {
    let scene = Scene::new();
    let good = scene.sigstore.sign_blob(BLOB, &Claims::release(TAG));
    for bundle in [good.clone(), relabelled(good)] {
        scene.bundle(&bundle);
        scene.accepted(FILE, &[]);
    }
    for flaw in Flaw::ALL {
        let reason = match flaw {
            Flaw::OtherCa
            | Flaw::BrokenCertificate
            | Flaw::NoCodeSigning
            | Flaw::NoSct
            | Flaw::SctByOtherKey
            | Flaw::SctOfUnknownLog
            | Flaw::SctForOtherCertificate
            | Flaw::LoggedEarly
            | Flaw::LoggedLate => "certificate-invalid",
            Flaw::SignedByOtherKey | Flaw::PayloadChanged => "signature-invalid",
            _ => "log-proof-invalid",
        };
        let bundle = scene.sigstore.sign_blob(BLOB, &Claims::release(TAG).with(flaw));
        for bundle in [bundle.clone(), relabelled(bundle)] {
            scene.bundle(&bundle);
            let verdict = scene.verify(FILE, &["--json"]);
            assert_eq!(verdict.code, Some(3), "{flaw:?}: {}", verdict.text);
            assert_eq!(verdict.json()["reason"], reason, "{flaw:?}: {}", verdict.text);
        }
    }
}

/// Changes of one thing each, with the reason that they are refused for.
#[test]
fn changed_bundles_are_refused() {
    type Change = fn(&mut Value, &Scene);
    let cases: [(&str, Change, &str); 14] = [
        (
            "no entry",
            |bundle, _| bundle["verificationMaterial"]["tlogEntries"] = json!([]),
            "log-proof-invalid",
        ),
        (
            "the entry of another file (CVE-2022-23649)",
            |bundle, scene| {
                let other = scene.sigstore.sign_blob(b"another", &Claims::release(TAG));
                bundle["verificationMaterial"]["tlogEntries"] =
                    other["verificationMaterial"]["tlogEntries"].clone();
            },
            "log-proof-invalid",
        ),
        (
            "the entry of another signature of the same file",
            |bundle, scene| {
                let other = scene.sigstore.sign_blob(BLOB, &Claims::release(TAG));
                bundle["verificationMaterial"]["tlogEntries"] =
                    other["verificationMaterial"]["tlogEntries"].clone();
            },
            "log-proof-invalid",
        ),
        (
            "a second entry without a proof",
            |bundle, _| {
                let mut second = bundle["verificationMaterial"]["tlogEntries"][0].clone();
                second.as_object_mut().unwrap().remove("inclusionProof");
                bundle["verificationMaterial"]["tlogEntries"]
                    .as_array_mut()
                    .unwrap()
                    .push(second);
            },
            "log-proof-invalid",
        ),
        (
            "another signature",
            |bundle, scene| {
                let other = scene.sigstore.sign_blob(BLOB, &Claims::release(TAG));
                bundle["messageSignature"]["signature"] = other["messageSignature"]["signature"].clone();
            },
            "signature-invalid",
        ),
        (
            "another certificate",
            |bundle, scene| {
                let other = scene.sigstore.sign_blob(BLOB, &Claims::release(TAG));
                bundle["verificationMaterial"]["certificate"] =
                    other["verificationMaterial"]["certificate"].clone();
            },
            "signature-invalid",
        ),
        (
            "another digest",
            |bundle, _| {
                bundle["messageSignature"]["messageDigest"]["digest"] =
                    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".into();
            },
            "digest-mismatch",
        ),
        (
            "no version",
            |bundle, _| drop(bundle.as_object_mut().unwrap().remove("mediaType")),
            "signature-invalid",
        ),
        (
            "an unknown version",
            |bundle, _| bundle["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json".into(),
            "signature-invalid",
        ),
        (
            "two contents",
            |bundle, _| {
                bundle["dsseEnvelope"] =
                    json!({ "payloadType": "t", "payload": "", "signatures": [{ "sig": "AA==" }] });
            },
            "signature-invalid",
        ),
        (
            "two signers",
            |bundle, _| bundle["verificationMaterial"]["publicKey"] = json!({ "hint": "" }),
            "signature-invalid",
        ),
        (
            "no signature",
            |bundle, _| drop(bundle.as_object_mut().unwrap().remove("messageSignature")),
            "signature-invalid",
        ),
        (
            "no material",
            |bundle, _| drop(bundle.as_object_mut().unwrap().remove("verificationMaterial")),
            "signature-invalid",
        ),
        (
            "not base64",
            |bundle, _| bundle["messageSignature"]["signature"] = "%%%".into(),
            "signature-invalid",
        ),
    ];
    let scene = Scene::new();
    for (case, change, reason) in cases {
        let mut bundle = scene.sigstore.sign_blob(BLOB, &Claims::release(TAG));
        scene.bundle(&bundle);
        scene.accepted(FILE, &[]);
        change(&mut bundle, &scene);
        scene.bundle(&bundle);
        let verdict = scene.verify(FILE, &["--json"]);
        assert_eq!(verdict.code, Some(3), "{case}: {}", verdict.text);
        assert_eq!(verdict.json()["reason"], reason, "{case}: {}", verdict.text);
    }
}

#[test]
fn bytes_that_are_no_bundle_are_refused() {
    let scene = Scene::released();
    let good = scene.home.text(BUNDLE);
    let doubled = good.replacen(
        r#""messageSignature""#,
        r#""messageSignature":{"signature":""},"messageSignature""#,
        1,
    );
    for bytes in [
        b"".to_vec(),
        b"{}".to_vec(),
        vec![0xff; 100],
        vec![b'['; 100_000],
        good.as_bytes()[..good.len() / 2].to_vec(),
        doubled.into_bytes(),
        [good.as_bytes(), b"{}"].concat(),
    ] {
        scene.home.write(BUNDLE, bytes);
        scene.refused(FILE, &[], "signature-invalid");
    }
    scene.home.write(BUNDLE, vec![b' '; 5 * 1024 * 1024]);
    let told = scene.verify(FILE, &["--json"]).exits(1).json();
    assert_eq!(told["reason"], "too-large");
}
