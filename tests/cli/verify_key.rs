//! `verify --key`: signatures by a key, which has no name in it and names no version.

use serde_json::{Value, json};

use crate::support::sigstore::{Claims, Key};
use crate::verify_scene::{EMPTY, Scene, Stored};

const TAG: &str = "v1.2.3";
const KEY: [&str; 2] = ["--key", "cosign.pub"];

fn scene(stored: Stored) -> (Scene, Key) {
    let (scene, key) = (Scene::new(TAG), Key::new());
    scene.home.write("cosign.pub", key.public_pem());
    scene.sign_by(&key, stored);
    (scene, key)
}

#[test]
fn a_signature_by_the_key_is_accepted_with_provenance_by_the_identity() {
    for stored in Stored::ALL {
        let (scene, _) = scene(stored);
        scene.refused(&KEY, "provenance-missing");
        scene.attest(stored, &Claims::slsa_generator(TAG));
        let found = scene.accepted(&KEY);
        assert_eq!(found["signature"]["signer"]["kind"], "key");
        assert_eq!(found["signature"]["ref"], Value::Null);
        // The version is the provenance's.
        assert_eq!(found["version"], TAG);
        assert_eq!(found["provenance"]["slsa_build_level"], 3);
        scene.settle_on("v1.3.0", EMPTY);
        scene.refused(&KEY, "downgrade");
    }
}

#[test]
fn without_a_version_only_a_first_use_is_accepted() {
    let (scene, _) = scene(Stored::Referrers);
    let flags = [&KEY[..], &["--allow-missing-provenance"]].concat();
    let found = scene.accepted(&flags);
    assert_eq!(
        (&found["version"], &found["freshness"]["another_build"]),
        (&Value::Null, &json!(false))
    );
    scene.settle_on("v0.0.1", EMPTY);
    let refused = scene.refused(&flags, "downgrade");
    assert!(
        refused["detail"].as_str().unwrap().contains("signed with a key"),
        "{refused}"
    );
    scene.accepted(&[&flags[..], &["--allow-downgrade"]].concat());
}

#[test]
fn another_key_is_refused() {
    for stored in Stored::ALL {
        let (scene, _) = scene(stored);
        scene.attest(stored, &Claims::release(TAG));
        scene.home.write("cosign.pub", Key::new().public_pem());
        scene.refused(&KEY, "signature-invalid");
    }
}

#[test]
fn keys_and_certificates_do_not_stand_for_each_other() {
    for stored in Stored::ALL {
        let (keyed, _) = scene(stored);
        keyed.attest(stored, &Claims::release(TAG));
        keyed.refused(&[], "wrong-identity");
        let certified = Scene::new(TAG);
        certified.sign(stored, &Claims::release(TAG));
        certified.attest(stored, &Claims::release(TAG));
        certified.home.write("cosign.pub", Key::new().public_pem());
        let refused = certified.refused(&KEY, "wrong-identity");
        assert_eq!(refused["found"], "a certificate");
    }
}

#[test]
fn provenance_is_never_taken_from_the_key() {
    let (scene, key) = scene(Stored::Legacy);
    scene.attest_by(&key, Stored::Legacy);
    scene.refused(&KEY, "provenance-mismatch");
}

#[test]
fn another_identity_may_be_named_for_the_provenance() {
    let (scene, _) = scene(Stored::Referrers);
    let repository = "https://github.com/somebody/else";
    let mut claims = Claims::release(TAG).named(&format!(
        "{repository}/.github/workflows/build.yml@refs/tags/{TAG}"
    ));
    claims.repository = Some(repository.into());
    scene.attest(Stored::Referrers, &claims);
    scene.refused(&KEY, "provenance-mismatch");
    scene.accepted(&[&KEY[..], &["--certificate-identity", &claims.identity]].concat());
}
