//! Everything that a signature or attestation has to have by itself (steps 3 and 4), wrong one thing at a time, in each
//! form of storage. Each is refused for its own reason; one of each reason asks the binary.

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use crate::support::sigstore::{Claims, Flaw, base64, simple_signing, unbase64};
use crate::verify_library::{TAG, assert_refused, built_by, judge, signed_by, with_bundle, with_payload};
use crate::verify_scene::{EMPTY, REPOSITORY, Scene, Stored};

#[test]
fn what_nothing_is_wrong_with_is_accepted() {
    // Else all of the refusals here could be for another reason.
    for stored in Stored::ALL {
        judge(&signed_by(&Claims::release(TAG), stored)).unwrap();
        judge(&built_by(&Claims::slsa_generator(TAG), stored)).unwrap();
    }
    let same = |digest: &Digest| serde_json::from_slice(&simple_signing(digest)).unwrap();
    judge(&with_payload(&same(&Scene::new(TAG).digest))).unwrap();
    judge(&with_bundle(|_, bundle| bundle.to_string().into_bytes())).unwrap();
}

/// Step 3: what the reason of a flaw is.
pub fn reason(flaw: Flaw) -> &'static str {
    match flaw {
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
        Flaw::FromTomorrow
        | Flaw::NotLogged
        | Flaw::NoPromise
        | Flaw::PromiseByOtherKey
        | Flaw::PromiseForOtherTime
        | Flaw::UnknownLog
        | Flaw::NoProof
        | Flaw::ProofOfOtherEntry
        | Flaw::BrokenProof
        | Flaw::NoCheckpoint
        | Flaw::CheckpointByOtherKey
        | Flaw::CheckpointOfOtherTree
        | Flaw::EntryForOtherPayload
        | Flaw::EntryWithOtherSignature
        | Flaw::EntryWithOtherCertificate => "log-proof-invalid",
    }
}

#[test]
fn every_flaw_of_a_signature_is_refused() {
    for stored in Stored::ALL {
        for flaw in Flaw::ALL {
            if stored != Stored::Legacy || !flaw.is_about_proof() {
                let scene = signed_by(&Claims::release(TAG).with(flaw), stored);
                assert_refused(&format!("{stored:?} {flaw:?}"), &scene, reason(flaw));
            }
        }
    }
}

#[test]
fn every_flaw_of_provenance_is_refused() {
    for stored in Stored::ALL {
        for flaw in Flaw::ALL {
            if stored == Stored::Legacy && flaw.is_about_proof() {
                continue;
            }
            for claims in [Claims::release(TAG), Claims::slsa_generator(TAG)] {
                let scene = built_by(&claims.with(flaw), stored);
                assert_refused(&format!("{stored:?} {flaw:?}"), &scene, reason(flaw));
            }
        }
    }
}

#[test]
fn a_legacy_payload_must_be_about_this_image() {
    let good = |digest: &Digest| serde_json::from_slice::<Value>(&simple_signing(digest)).unwrap();
    let other = Digest::of(b"other");
    assert_refused("another image", &with_payload(&good(&other)), "digest-mismatch");
    let scene = Scene::new(TAG);
    for (pointer, value) in [
        ("/critical/type", json!("atomic container signature")),
        ("/critical/type", json!("")),
        ("/critical/type", json!(null)),
        ("/critical/image", json!({})),
        ("/critical", json!(null)),
    ] {
        let mut payload = good(&scene.digest);
        *payload.pointer_mut(pointer).unwrap() = value;
        assert_refused(pointer, &with_payload(&payload), "signature-invalid");
    }
}

#[test]
fn changed_bytes_inside_an_envelope_are_refused() {
    let scene = with_bundle(|_, mut bundle| {
        let payload = unbase64(bundle["dsseEnvelope"]["payload"].as_str().unwrap());
        let mut statement: Value = serde_json::from_slice(&payload).unwrap();
        statement["predicate"] = json!({ "more": true });
        bundle["dsseEnvelope"]["payload"] = base64(statement.to_string()).into();
        bundle.to_string().into_bytes()
    });
    assert_refused("predicate", &scene, "signature-invalid");
    for (case, kind) in [
        ("no type", ""),
        ("another type", "application/json"),
        ("upper case", "application/vnd.in-toto+JSON"),
    ] {
        let scene = with_bundle(|_, mut bundle| {
            bundle["dsseEnvelope"]["payloadType"] = kind.into();
            bundle.to_string().into_bytes()
        });
        assert_refused(case, &scene, "signature-invalid");
    }
}

#[test]
fn a_signature_of_bare_bytes_is_no_signature_of_an_image() {
    let scene = with_bundle(|scene, _| {
        let index = scene.registry.manifest(REPOSITORY, &scene.digest).unwrap().1;
        scene
            .sigstore
            .sign_blob(&index, &Claims::release(TAG))
            .to_string()
            .into_bytes()
    });
    assert_refused("messageSignature", &scene, "unsigned");
}

#[test]
fn a_referrer_of_another_image_is_no_signature() {
    // The registry lists a genuine signature of another image as one of ours.
    let scene = Scene::new(TAG);
    scene.sign_digest(Stored::Referrers, &Claims::release(TAG), &Digest::of(b"other"));
    scene.attest(Stored::Referrers, &Claims::release(TAG));
    assert_refused("another image's", &scene, "digest-mismatch");
}

#[test]
fn the_command_gives_each_reason_with_exit_code_3() {
    let wrong = |change: fn(&mut Claims)| {
        let mut claims = Claims::release(TAG);
        change(&mut claims);
        signed_by(&claims, Stored::Referrers)
    };
    let flawed = |flaw| signed_by(&Claims::release(TAG).with(flaw), Stored::Referrers);
    for (scene, reason) in [
        (Scene::new(TAG), "unsigned"),
        (wrong(|claims| claims.repository = None), "wrong-identity"),
        (
            wrong(|claims| claims.issuer = Some("https://accounts.google.com".into())),
            "wrong-issuer",
        ),
        (flawed(Flaw::SignedByOtherKey), "signature-invalid"),
        (flawed(Flaw::BrokenProof), "log-proof-invalid"),
        (flawed(Flaw::OtherCa), "certificate-invalid"),
        (
            with_payload(&serde_json::from_slice(&simple_signing(&Digest::of(b"other"))).unwrap()),
            "digest-mismatch",
        ),
        (
            built_by(&Claims::release("v1.2.2"), Stored::Referrers),
            "provenance-mismatch",
        ),
    ] {
        scene.refused(&[], reason);
    }
    let scene = Scene::new(TAG);
    scene.sign(Stored::Legacy, &Claims::release(TAG));
    scene.refused(&[], "provenance-missing");
    let scene = Scene::released(TAG);
    scene.settle_on("v9.0.0", EMPTY);
    scene.refused(&[], "downgrade");
}
