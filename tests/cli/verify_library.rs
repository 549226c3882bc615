//! The verdict of the library on an image in a scene: the same function that the command calls, without a process for each
//! of the hundreds of images that must be refused.

use std::time::SystemTime;

use oc_guardian::image::registry::{Client, Options};
use oc_guardian::image::trust::{Origin, TrustRoot};
use oc_guardian::image::{
    Known, Platform, Policy, ProvenancePolicy, Request, VerifiedImage, VerifyError, verify,
};
use serde_json::{Value, json};

use crate::support::sigstore::{Claims, SIGN, push_bundle, push_layers};
use crate::verify_scene::{PLATFORM, REPOSITORY, Scene, Stored};

pub const TAG: &str = "v1.2.3";

/// The library's verdict, by the project's own policy.
pub fn judge(scene: &Scene) -> Result<VerifiedImage, VerifyError> {
    judge_by(scene, &Policy::official().unwrap(), SystemTime::now())
}

pub fn judge_by(scene: &Scene, policy: &Policy, now: SystemTime) -> Result<VerifiedImage, VerifyError> {
    let root = scene.sigstore.trusted_root_json();
    let trust = TrustRoot::from_bytes(root.as_bytes(), Origin::File("root.json".into())).unwrap();
    let reference = scene.reference().parse().unwrap();
    let platform: Platform = PLATFORM.parse().unwrap();
    let request = Request {
        reference: &reference,
        policy,
        provenance: ProvenancePolicy::Required,
        platform: &platform,
        pinned: None,
        allow_downgrade: false,
    };
    verify(
        &Client::new(Options::default()),
        &trust,
        &request,
        &Known::default(),
        now,
    )
}

#[track_caller]
pub fn assert_refused(case: &str, scene: &Scene, reason: &str) {
    match judge(scene) {
        Ok(_) => panic!("{case}: accepted"),
        Err(error) => assert_eq!(error.reason(), reason, "{case}: {error}"),
    }
}

/// Signature by these claims and good provenance, or the other way round.
pub fn signed_by(claims: &Claims, stored: Stored) -> Scene {
    let scene = Scene::new(TAG);
    scene.sign(stored, claims);
    scene.attest(stored, &Claims::release(TAG));
    scene
}

pub fn built_by(claims: &Claims, stored: Stored) -> Scene {
    let scene = Scene::new(TAG);
    scene.sign(stored, &Claims::release(TAG));
    scene.attest(stored, claims);
    scene
}

/// Attaches one changed layer as the image's only legacy signature, and good provenance.
pub fn with_layer(change: impl FnOnce(&Scene) -> (Vec<u8>, Value)) -> Scene {
    let scene = Scene::new(TAG);
    let layer = change(&scene);
    push_layers(&scene.registry, REPOSITORY, &scene.digest, "sig", &[layer]);
    scene.attest(Stored::Legacy, &Claims::release(TAG));
    scene
}

/// Signs any payload as a legacy signature.
pub fn with_payload(payload: &Value) -> Scene {
    with_layer(|scene| {
        let claims = Claims::release(TAG);
        let signed = scene
            .sigstore
            .sign(payload.to_string().into_bytes(), None, &claims);
        signed.legacy_layer()
    })
}

/// Attaches a changed signature bundle and good provenance.
pub fn with_bundle(change: impl FnOnce(&Scene, Value) -> Vec<u8>) -> Scene {
    let scene = Scene::new(TAG);
    let good = scene.state(&scene.digest, SIGN, &json!({}), &Claims::release(TAG));
    let bundle = change(&scene, good.bundle());
    scene.attest(Stored::Referrers, &Claims::release(TAG));
    push_bundle(&scene.registry, REPOSITORY, &scene.digest, &bundle);
    scene
}
