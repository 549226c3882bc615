//! What strangers attach to an image: quoted only in part, and never taken for less than it may be.

use oc_guardian::image::Digest;
use serde_json::json;

use crate::support::registry::Fault;
use crate::support::sigstore::{Claims, SIGN, SLSA_V1, predicate_v1};
use crate::verify_scene::{REPOSITORY, Scene, Stored};

const TAG: &str = "v1.2.3";

#[test]
fn what_is_passed_over_is_quoted_in_part() {
    let scene = Scene::released(TAG);
    let long = format!("https://example.com/{}", "x".repeat(100_000));
    scene.attest_with(Stored::Referrers, &Claims::release(TAG), &long, &json!({}));
    let document = scene.accepted(&[]);
    let ignored = document["ignored"][0].as_str().unwrap();
    assert!(
        ignored.len() < 600 && ignored.ends_with("… (99620 more characters)"),
        "{} bytes",
        ignored.len()
    );
}

#[test]
fn who_else_signed_is_quoted_in_part() {
    let scene = Scene::new(TAG);
    let long = format!("https://example.com/{}", "x".repeat(20_000));
    scene.sign(Stored::Referrers, &Claims::release(TAG).named(&long));
    let document = scene.refused(&[], "wrong-identity");
    let found = document["found"].as_str().unwrap();
    assert!(
        found.len() < 500 && found.contains("more characters"),
        "{} bytes",
        found.len()
    );
    assert!(document["detail"].as_str().unwrap().len() < 1500, "{document}");
}

#[test]
fn a_listed_bundle_whose_content_is_gone_is_not_passed_over() {
    let scene = Scene::new(TAG);
    scene.sign(Stored::Referrers, &Claims::release(TAG));
    let claims = Claims::release(TAG);
    let bundle = scene
        .state(&scene.digest, SLSA_V1, &predicate_v1(&claims), &claims)
        .bundle();
    scene.add_bundle(Stored::Referrers, &bundle);
    scene.accepted(&[]);
    let content = Digest::of(bundle.to_string().as_bytes());
    let gone = Fault::Answer {
        status: 404,
        headers: Vec::new(),
        body: Vec::new(),
    };
    scene.registry.fault(&format!("/blobs/{content}"), gone);
    // Not `not-found`, which would be a word about the image, nor as if it had no provenance.
    let refused = scene.refused(&["--allow-missing-provenance"], "signature-invalid");
    assert!(
        refused["detail"].as_str().unwrap().contains("is not there"),
        "{refused}"
    );
}

#[test]
fn provenance_is_missing_only_where_nothing_could_be_it() {
    let scene = Scene::new(TAG);
    scene.sign(Stored::Referrers, &Claims::release(TAG));
    let index = scene.registry.manifest(REPOSITORY, &scene.digest).unwrap().1;
    // Bare bytes are signed: whatever that is, it is no provenance.
    scene.add_bundle(
        Stored::Referrers,
        &scene.sigstore.sign_blob(&index, &Claims::release(TAG)),
    );
    let found = scene.accepted(&["--allow-missing-provenance"]);
    assert_eq!(found["provenance"], json!(null));
    // Beside it something that nobody can read.
    let mut unreadable = scene
        .state(&scene.digest, SIGN, &json!({}), &Claims::release(TAG))
        .bundle();
    unreadable["dsseEnvelope"]["payload"] = json!("AAAA");
    scene.add_bundle(Stored::Referrers, &unreadable);
    scene.refused(&["--allow-missing-provenance"], "signature-invalid");
}
