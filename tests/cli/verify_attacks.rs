//! Attacks that verifiers of images have fallen for, or might: by name.

use std::time::{Duration, SystemTime};

use oc_guardian::image::{Digest, Policy};
use serde_json::json;

use crate::support::registry::{OCI_INDEX, OCI_MANIFEST, descriptor, put_image};
use crate::support::sigstore::{
    BUNDLE, Claims, Flaw, IN_TOTO, SIGN, SLSA_V1, Signed, predicate_v1, statement,
};
use crate::verify_library::{TAG, assert_refused, judge, judge_by, signed_by, with_bundle, with_layer};
use crate::verify_mutants::reason;
use crate::verify_scene::{EMPTY, REPOSITORY, Scene, Stored};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn cve_2022_35929_another_kind_of_attestation_is_no_signature() {
    let claims = Claims::release(TAG);
    for kind in [
        "https://spdx.dev/Document",
        "https://cosign.sigstore.dev/attestation/v1",
        "",
        &format!("{SIGN}/"),
    ] {
        let scene = Scene::new(TAG);
        scene.attest(Stored::Referrers, &claims);
        scene.attest_with(Stored::Referrers, &claims, kind, &json!({}));
        assert_refused(kind, &scene, "unsigned");
        // Nor is it provenance.
        let scene = Scene::new(TAG);
        scene.sign(Stored::Referrers, &claims);
        scene.attest_with(Stored::Referrers, &claims, kind, &predicate_v1(&claims));
        assert_refused(kind, &scene, "provenance-missing");
    }
}

#[test]
fn cve_2022_23649_the_log_entry_of_another_signature_is_refused() {
    let other = |scene: &Scene| {
        let image = Digest::of(b"other");
        scene.sigstore.sign_legacy(&image, &Claims::release(TAG))
    };
    let scene = with_layer(|scene| {
        let mut signed = scene.sigstore.sign_legacy(&scene.digest, &Claims::release(TAG));
        signed.entry = other(scene).entry;
        signed.legacy_layer()
    });
    assert_refused("legacy", &scene, "log-proof-invalid");
    let scene = Scene::new(TAG);
    let claims = Claims::release(TAG);
    let mut signed = scene.state(&scene.digest, SIGN, &json!({}), &claims);
    signed.entry = scene
        .state(&Digest::of(b"other"), SIGN, &json!({}), &claims)
        .entry;
    scene.add_bundle(Stored::Referrers, &signed.bundle());
    scene.attest(Stored::Referrers, &claims);
    assert_refused("bundle", &scene, "log-proof-invalid");
}

#[test]
fn cve_2022_36056_an_entry_that_does_not_match_its_material_is_refused() {
    // The entry is genuine and of the same signer, for the same image, at another time.
    let scene = Scene::new(TAG);
    let claims = Claims::release(TAG);
    let mut signed = scene.state(&scene.digest, SIGN, &json!({}), &claims);
    let again = scene.state(&scene.digest, SIGN, &json!({}), &claims);
    signed.entry = again.entry.clone();
    scene.add_bundle(Stored::Referrers, &signed.bundle());
    scene.attest(Stored::Referrers, &claims);
    assert_refused("entry", &scene, "log-proof-invalid");
    // Parts of two genuine signatures.
    for mix in [
        |one: &mut Signed, two: &Signed| one.signature.clone_from(&two.signature),
        |one: &mut Signed, two: &Signed| one.certificate.clone_from(&two.certificate),
    ] {
        let scene = Scene::new(TAG);
        let mut one = scene.state(&scene.digest, SIGN, &json!({}), &claims);
        let two = scene.state(&scene.digest, SIGN, &json!({}), &claims);
        mix(&mut one, &two);
        scene.add_bundle(Stored::Referrers, &one.bundle());
        scene.attest(Stored::Referrers, &claims);
        assert_refused("mixed", &scene, "signature-invalid");
    }
}

#[test]
fn doubled_members_in_bundles_are_refused() {
    for member in [
        "dsseEnvelope",
        "verificationMaterial",
        "mediaType",
        "certificate",
        "tlogEntries",
        "payload",
        "logId",
    ] {
        let scene = with_bundle(|_, bundle| {
            let text = bundle.to_string();
            let doubled = text.replacen(
                &format!("\"{member}\":"),
                &format!("\"{member}\":null,\"{member}\":"),
                1,
            );
            assert_ne!(text, doubled, "{member}");
            doubled.into_bytes()
        });
        assert_refused(member, &scene, "signature-invalid");
    }
    // Two contents, two signers: a parser that takes the first and one that takes the last disagree.
    let scene = with_bundle(|_, mut bundle| {
        bundle["messageSignature"] = json!({ "signature": "AA==" });
        bundle.to_string().into_bytes()
    });
    assert_refused("two contents", &scene, "signature-invalid");
    let scene = with_bundle(|_, mut bundle| {
        bundle["verificationMaterial"]["publicKey"] = json!({ "hint": "" });
        bundle.to_string().into_bytes()
    });
    assert_refused("two signers", &scene, "signature-invalid");
}

#[test]
fn a_doubled_member_in_a_statement_is_refused() {
    let scene = Scene::new(TAG);
    let good = statement(&scene.digest, SIGN, &json!({})).to_string();
    let doubled = good.replacen(
        r#""predicateType""#,
        &format!(r#""predicateType":"{SLSA_V1}","predicateType""#),
        1,
    );
    let signed = scene
        .sigstore
        .sign(doubled.into_bytes(), Some(IN_TOTO), &Claims::release(TAG));
    scene.add_bundle(Stored::Referrers, &signed.bundle());
    scene.attest(Stored::Referrers, &Claims::release(TAG));
    assert_refused("statement", &scene, "signature-invalid");
}

#[test]
fn json_bombs_are_refused() {
    for (case, bomb) in [
        ("deep", vec![b'['; 2_000_000]),
        ("deep objects", r#"{"a":"#.repeat(300_000).into_bytes()),
        (
            "many members",
            format!("{{{}}}", vec![r#""a":0"#; 300_000].join(",")).into_bytes(),
        ),
        ("a huge number", vec![b'9'; 1_000_000]),
        ("empty", Vec::new()),
        ("not text", vec![0xff; 1000]),
    ] {
        let scene = with_bundle(|_, _| bomb.clone());
        assert_refused(case, &scene, "signature-invalid");
        let scene = with_layer(|scene| {
            let signed = scene.sigstore.sign_legacy(&scene.digest, &Claims::release(TAG));
            let (_, mut layer) = signed.legacy_layer();
            let annotations = layer["annotations"].take();
            layer = descriptor("application/vnd.dev.cosign.simplesigning.v1+json", &bomb);
            layer["annotations"] = annotations;
            (bomb, layer)
        });
        assert_refused(case, &scene, "signature-invalid");
    }
}

#[test]
fn a_bundle_relabelled_to_an_older_version_is_not_saved_by_its_promise() {
    for keep_proof in [true, false] {
        let scene = with_bundle(|_, mut bundle| {
            bundle["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1".into();
            let material = bundle["verificationMaterial"].as_object_mut().unwrap();
            let certificate = material.remove("certificate").unwrap();
            material.insert(
                "x509CertificateChain".into(),
                json!({ "certificates": [certificate] }),
            );
            if !keep_proof {
                material["tlogEntries"][0]
                    .as_object_mut()
                    .unwrap()
                    .remove("inclusionProof");
            }
            bundle.to_string().into_bytes()
        });
        assert_refused("relabelled", &scene, "unsigned");
    }
}

#[test]
fn a_good_legacy_signature_does_not_save_a_bad_bundle() {
    for flaw in [Flaw::SignedByOtherKey, Flaw::NoProof, Flaw::OtherCa] {
        let scene = Scene::new(TAG);
        scene.sign(Stored::Legacy, &Claims::release(TAG));
        scene.attest(Stored::Legacy, &Claims::release(TAG));
        judge(&scene).unwrap();
        scene.sign(Stored::Referrers, &Claims::release(TAG).with(flaw));
        assert_refused("bad bundle", &scene, reason(flaw));
    }
}

#[test]
fn an_old_signed_image_behind_a_new_tag_is_a_downgrade() {
    let scene = Scene::new("v2.0.0");
    scene.sign(Stored::Referrers, &Claims::release("v1.0.0").days_ago(300));
    scene.attest(Stored::Referrers, &Claims::release("v1.0.0").days_ago(300));
    scene.accepted(&[]);
    scene.settle_on("v1.5.0", EMPTY);
    let refused = scene.refused(&[], "downgrade");
    assert_eq!(refused["found"], "v1.0.0");
}

#[test]
fn a_tag_that_moves_while_it_is_verified_is_read_once() {
    let scene = Scene::new(TAG);
    scene.sign(Stored::Referrers, &Claims::release(TAG));
    scene.attest(Stored::Referrers, &Claims::release(TAG));
    let verified = judge(&scene).unwrap();
    let evil = put_image(&scene.registry, REPOSITORY, TAG);
    assert_ne!(evil, scene.digest);
    // What is pulled and run is named by digest: the one that was signed.
    assert_eq!(verified.digest(), &scene.digest);
    assert!(verified.pinned().to_string().ends_with(&scene.digest.to_string()));
    assert_refused("the new one", &scene, "platform-missing");
}

#[test]
fn a_clock_that_is_wrong_by_a_day_is_told_apart() {
    let scene = signed_by(&Claims::release(TAG), Stored::Referrers);
    let policy = Policy::official().unwrap();
    let early = judge_by(&scene, &policy, SystemTime::now() - DAY).unwrap_err();
    assert_eq!(early.reason(), "log-proof-invalid");
    assert!(early.to_string().contains("clock"), "{early}");
    // A day late is nothing: what counts is when it was logged.
    judge_by(&scene, &policy, SystemTime::now() + DAY).unwrap();
}

#[test]
fn a_referrer_with_other_than_one_layer_is_not_taken_apart() {
    let scene = Scene::new(TAG);
    let good = scene
        .state(&scene.digest, SIGN, &json!({}), &Claims::release(TAG))
        .bundle()
        .to_string();
    scene.registry.put_blob(good.as_bytes());
    let layer = descriptor(BUNDLE, good.as_bytes());
    let manifest = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.empty.v1+json", b"{}"),
        "layers": [layer, layer],
        "subject": { "mediaType": OCI_INDEX, "digest": scene.digest.to_string(), "size": 1 },
    })
    .to_string();
    scene
        .registry
        .put_manifest(REPOSITORY, OCI_MANIFEST, manifest.as_bytes());
    scene.attest(Stored::Referrers, &Claims::release(TAG));
    assert_refused("two layers", &scene, "signature-invalid");
}
