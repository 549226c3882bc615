//! `verify` of images that the project signed, in every form in which they come, and of older and newer ones.

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use crate::support::registry::Fault;
use crate::support::sigstore::{Claims, GENERATOR, SIGN, SLSA_V1, predicate_v1, release_workflow};
use crate::verify_scene::{EMPTY, Kind, PLATFORM, REPOSITORY, Scene, Stored};

const TAG: &str = "v1.2.3";

#[test]
fn every_form_of_image_and_signature_is_accepted() {
    for kind in Kind::ALL {
        for stored in Stored::ALL {
            for (builder, level) in [(Claims::release(TAG), 2), (Claims::slsa_generator(TAG), 3)] {
                let scene = Scene::of(kind, TAG);
                scene.sign(stored, &Claims::release(TAG));
                scene.attest(stored, &builder);
                let found = scene.accepted(&[]);
                let case = format!("{kind:?} {stored:?} {found}");
                assert_eq!(found["digest"], scene.digest.to_string(), "{case}");
                assert_eq!(found["manifest_digest"], scene.runs.0.to_string(), "{case}");
                assert_eq!(found["config_digest"], scene.runs.1.to_string(), "{case}");
                assert_eq!(found["platform"], PLATFORM, "{case}");
                assert_eq!(found["version"], TAG, "{case}");
                let form = if stored == Stored::Legacy {
                    "legacy"
                } else {
                    "bundle"
                };
                assert_eq!(found["signature"]["form"], form, "{case}");
                assert_eq!(found["provenance"]["form"], form, "{case}");
                assert_eq!(found["provenance"]["slsa_build_level"], level, "{case}");
                assert_eq!(found["provenance"]["builder"], builder.identity, "{case}");
            }
        }
    }
}

#[test]
fn forms_may_be_mixed() {
    for (signature, provenance) in [
        (Stored::Legacy, Stored::Referrers),
        (Stored::Referrers, Stored::Legacy),
        (Stored::Legacy, Stored::FallbackTag),
        (Stored::FallbackTag, Stored::Legacy),
    ] {
        let scene = Scene::new(TAG);
        scene.sign(signature, &Claims::release(TAG));
        scene.attest(provenance, &Claims::release(TAG));
        scene.accepted(&[]);
    }
}

#[test]
fn the_report_says_what_the_verdict_rests_on() {
    let scene = Scene::new(TAG);
    scene.sign(Stored::Referrers, &Claims::release(TAG).days_ago(3));
    scene.attest(Stored::Referrers, &Claims::slsa_generator(TAG).days_ago(3));
    let run = scene
        .verify(&[])
        .replacing(&scene.reference(), "[IMAGE]")
        .replacing(&scene.digest.to_string(), "[DIGEST]");
    run.is(snapbox::str![[r#"
$ oc-guardian verify [IMAGE] --trusted-root root.json --platform linux/arm64
[IMAGE] is verified: v1.2.3.

signed by      https://github.com/orangecheck/oc-guardian-kit/.github/workflows/release.yml@refs/tags/v1.2.3
identity from  https://token.actions.githubusercontent.com
signed         [TIME] (3 days ago), log entry 25000005
source         https://github.com/orangecheck/oc-guardian-kit, tag v1.2.3, commit 9f8e7d6c5b4a39281706f5e4d3c2b1a098765432
built by       https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0
provenance     SLSA build level 3, [TIME] (3 days ago), log entry 25000006
freshness      first use here; signed 3 days ago
platform       linux/arm64
trust root     root.json, of unknown age
not checked    revocation: offline, a signer that was revoked since cannot be told
digest to pin  [DIGEST]
--- stderr
Verifying [IMAGE]
--- exit 0

"#]]);
}

#[test]
fn what_is_verified_is_remembered_and_raises_no_floor() {
    let scene = Scene::released(TAG);
    scene.accepted(&[]);
    let known: Value = serde_json::from_slice(&scene.home.read("home/state/verified.json")).unwrap();
    assert_eq!(known["floors"], json!({}));
    let verdict = &known["verdicts"][0];
    assert_eq!(verdict["digest"], scene.digest.to_string());
    assert_eq!(verdict["manifest_digest"], scene.runs.0.to_string());
    assert_eq!(verdict["config_digest"], scene.runs.1.to_string());
    assert_eq!(verdict["version"], TAG);
    assert_eq!(
        verdict["signer"]["issuer"].as_str(),
        Claims::release(TAG).issuer.as_deref()
    );
    let root = Digest::of(&scene.home.read("root.json"));
    assert_eq!(verdict["trust_root"], root.to_string());
    assert_eq!(
        (&verdict["provenance"], &verdict["downgrade_allowed"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(scene.home.mode("home/state/verified.json"), 0o600);
    assert_eq!(scene.home.mode("home/state"), 0o700);
    scene.accepted(&[]);
    let again: Value = serde_json::from_slice(&scene.home.read("home/state/verified.json")).unwrap();
    assert_eq!(again, known);
}

#[test]
fn what_a_flag_let_pass_is_remembered_as_that() {
    let scene = Scene::new(TAG);
    scene.sign(Stored::Referrers, &Claims::release(TAG));
    scene.settle_on("v1.2.4", EMPTY);
    scene.home.chmod("home/state", 0o700);
    scene.home.chmod("home/state/verified.json", 0o600);
    scene.accepted(&["--allow-missing-provenance", "--allow-downgrade"]);
    let known: Value = serde_json::from_slice(&scene.home.read("home/state/verified.json")).unwrap();
    let verdict = &known["verdicts"][0];
    assert_eq!(
        (&verdict["provenance"], &verdict["downgrade_allowed"]),
        (&json!(false), &json!(true))
    );
    // A verdict by another policy is another one.
    scene.accepted(&[
        "--allow-missing-provenance",
        "--allow-downgrade",
        "--certificate-identity-regexp",
        "https://github.com/orangecheck/oc-guardian-kit",
    ]);
    let known: Value = serde_json::from_slice(&scene.home.read("home/state/verified.json")).unwrap();
    let verdicts = known["verdicts"].as_array().unwrap();
    assert_eq!(verdicts.len(), 2);
    assert_ne!(verdicts[0]["policy"], verdicts[1]["policy"]);
}

#[test]
fn a_memory_that_cannot_be_written_does_not_change_the_verdict() {
    let scene = Scene::released(TAG);
    scene.home.write("home/state", "a file in the way");
    let run = scene.verify(&[]).exits(0);
    assert!(
        run.stderr.contains("could not be noted") && run.stderr.contains("not a directory"),
        "{}",
        run.text
    );
    std::fs::remove_file(scene.home.path("home/state")).unwrap();
    std::fs::create_dir_all(scene.home.path("home/state")).unwrap();
    scene.home.chmod("home/state", 0o755);
    let run = scene.verify(&[]).exits(0);
    assert!(
        run.stderr.contains("could not be noted") && run.stderr.contains("0755"),
        "{}",
        run.text
    );
}

#[test]
fn an_older_image_is_refused_unless_that_is_meant() {
    let scene = Scene::released(TAG);
    for (settled, accepted) in [
        ("v1.2.2", true),
        ("v1.2.4", false),
        ("v1.10.0", false),
        ("v1.2.3-rc.1", true),
    ] {
        scene.settle_on(settled, EMPTY);
        if accepted {
            let found = scene.accepted(&[]);
            assert_eq!(found["freshness"]["floor"], settled);
            continue;
        }
        let refused = scene.refused(&[], "downgrade");
        assert_eq!(
            (&refused["found"], &refused["wanted"]),
            (&json!(TAG), &json!(settled))
        );
        let run = scene.verify(&["--allow-downgrade"]).exits(0);
        assert!(
            run.stderr.contains(&format!("v1.2.3 is older than {settled}")),
            "{}",
            run.text
        );
        // Looking at an older one does not lower the floor.
        assert!(scene.home.text("home/state/verified.json").contains(settled));
    }
}

#[test]
fn another_build_of_the_settled_version_is_told() {
    let scene = Scene::released(TAG);
    scene.settle_on(TAG, EMPTY);
    let run = scene.verify(&[]).exits(0);
    assert!(run.stderr.contains("another build"), "{}", run.text);
    scene.settle_on(TAG, &scene.digest.to_string());
    let run = scene.verify(&[]).exits(0);
    assert!(!run.stderr.contains("another build"), "{}", run.text);
}

#[test]
fn only_the_certified_tag_is_a_version() {
    // The registry's tag and the image's label say v9.9.9; it was signed for v1.0.0.
    let scene = Scene::new("v9.9.9");
    scene.sign(Stored::Referrers, &Claims::release("v1.0.0"));
    scene.attest(Stored::Referrers, &Claims::release("v1.0.0"));
    assert_eq!(scene.accepted(&[])["version"], "v1.0.0");
    scene.settle_on("v1.2.3", EMPTY);
    scene.refused(&[], "downgrade");
}

#[test]
fn who_names_no_tag_names_no_version() {
    let scene = Scene::new(TAG);
    let branch =
        "https://github.com/orangecheck/oc-guardian-kit/.github/workflows/release.yml@refs/heads/main";
    let mut claims = Claims::release(TAG).named(branch);
    claims.git_ref = Some("refs/heads/main".into());
    scene.sign(Stored::Referrers, &claims);
    scene.attest(Stored::Referrers, &claims);
    scene.refused(&[], "wrong-identity");
    let identity = ["--certificate-identity", branch];
    scene.refused(&identity, "downgrade");
    let run = scene
        .verify(&[&identity[..], &["--allow-downgrade"]].concat())
        .exits(0);
    assert!(
        run.stderr.contains("nothing certifies the image's version"),
        "{}",
        run.text
    );
}

#[test]
fn without_provenance_an_image_is_refused_unless_that_is_meant() {
    for stored in Stored::ALL {
        let scene = Scene::new(TAG);
        scene.sign(stored, &Claims::release(TAG));
        scene.refused(&[], "provenance-missing");
        let run = scene.verify(&["--allow-missing-provenance"]).exits(0);
        assert!(
            run.stderr.contains("warning: the image has no build provenance"),
            "{}",
            run.text
        );
        // Wrong provenance is another thing.
        scene.attest(stored, &Claims::release("v1.2.2"));
        scene.refused(&["--allow-missing-provenance"], "provenance-mismatch");
    }
}

#[test]
fn the_runbooks_flags_mean_this_repository_only() {
    let flags = [
        "--certificate-identity-regexp",
        "https://github.com/orangecheck/oc-guardian-kit",
        "--certificate-oidc-issuer",
        "https://token.actions.githubusercontent.com",
    ];
    Scene::released(TAG).accepted(&flags);
    let scene = Scene::new(TAG);
    let evil = "https://github.com/orangecheck/oc-guardian-kit-evil";
    let mut claims =
        Claims::release(TAG).named(&format!("{evil}/.github/workflows/release.yml@refs/tags/{TAG}"));
    claims.repository = Some(evil.into());
    scene.sign(Stored::Referrers, &claims);
    scene.attest(Stored::Referrers, &claims);
    let refused = scene.refused(&flags, "wrong-identity");
    assert_eq!(refused["found"], claims.identity);
    scene.accepted(&["--certificate-identity", &claims.identity]);
}

#[test]
fn a_digest_is_verified_as_what_it_is() {
    let scene = Scene::released(TAG);
    let reference = scene
        .registry
        .reference(&format!("{REPOSITORY}@{}", scene.digest));
    let run = scene.verify_reference(&reference, &["--json"]).exits(0);
    assert_eq!(run.json()["pin"], reference);
    // A tag beside it says nothing.
    let both = scene
        .registry
        .reference(&format!("{REPOSITORY}:v0.0.1@{}", scene.digest));
    scene.verify_reference(&both, &[]).exits(0);
}

#[test]
fn a_tag_that_is_moved_afterwards_does_not_matter() {
    let scene = Scene::released(TAG);
    scene.accepted(&[]);
    let asked = scene.registry.paths();
    assert_eq!(
        asked.iter().filter(|path| path.ends_with(TAG)).count(),
        1,
        "{asked:?}"
    );
}

#[test]
fn one_good_signature_among_others_is_enough() {
    for stored in Stored::ALL {
        let scene = Scene::new(TAG);
        let mut stranger = Claims::release(TAG)
            .named("https://github.com/stranger/x/.github/workflows/x.yml@refs/tags/v9.9.9");
        stranger.repository = Some("https://github.com/stranger/x".into());
        stranger.git_ref = Some("refs/tags/v9.9.9".into());
        scene.sign(stored, &stranger);
        scene.sign_digest(stored, &Claims::release(TAG), &Digest::of(b"another image"));
        scene.sign(stored, &Claims::release(TAG));
        scene.attest(stored, &stranger);
        scene.attest(stored, &Claims::release(TAG));
        let found = scene.accepted(&[]);
        assert_eq!(found["signature"]["signer"]["identity"], release_workflow(TAG));
    }
}

#[test]
fn of_two_releases_of_one_image_the_later_counts() {
    let scene = Scene::new(TAG);
    for tag in ["v1.2.3", "v1.3.0", "v1.2.4"] {
        scene.sign(Stored::Referrers, &Claims::release(tag));
        scene.attest(Stored::Referrers, &Claims::release(tag));
    }
    assert_eq!(scene.accepted(&[])["version"], "v1.3.0");
    // Unless its provenance is missing.
    scene.sign(Stored::Referrers, &Claims::release("v1.4.0"));
    assert_eq!(scene.accepted(&[])["version"], "v1.3.0");
}

#[test]
fn a_bad_bundle_is_not_saved_by_a_good_legacy_signature() {
    let scene = Scene::new(TAG);
    scene.sign(Stored::Legacy, &Claims::release(TAG));
    scene.attest(Stored::Legacy, &Claims::release(TAG));
    scene.accepted(&[]);
    scene.sign_digest(
        Stored::Referrers,
        &Claims::release(TAG),
        &Digest::of(b"another image"),
    );
    scene.refused(&[], "digest-mismatch");
}

#[test]
fn a_statement_of_another_kind_is_no_signature() {
    let scene = Scene::new(TAG);
    let claims = Claims::release(TAG);
    scene.attest(Stored::Referrers, &claims);
    scene.attest_with(
        Stored::Referrers,
        &claims,
        "https://spdx.dev/Document",
        &json!({}),
    );
    let refused = scene.refused(&[], "unsigned");
    assert!(
        refused["detail"]
            .as_str()
            .unwrap()
            .contains("https://spdx.dev/Document"),
        "{refused}"
    );
    // Nor in the legacy tag for attestations.
    scene.attest_with(Stored::Legacy, &claims, SIGN, &json!({}));
    scene.refused(&[], "unsigned");
}

#[test]
fn an_old_kind_of_bundle_is_no_signature() {
    let scene = Scene::new(TAG);
    let claims = Claims::release(TAG);
    let mut bundle = scene.state(&scene.digest, SIGN, &json!({}), &claims).bundle();
    bundle["mediaType"] = json!("application/vnd.dev.sigstore.bundle+json;version=0.1");
    let certificate = bundle["verificationMaterial"]["certificate"].take();
    bundle["verificationMaterial"]["x509CertificateChain"] = json!({ "certificates": [certificate] });
    bundle["verificationMaterial"]
        .as_object_mut()
        .unwrap()
        .remove("certificate");
    bundle["verificationMaterial"]["tlogEntries"][0]
        .as_object_mut()
        .unwrap()
        .remove("inclusionProof");
    scene.add_bundle(Stored::Referrers, &bundle);
    scene.attest(Stored::Referrers, &claims);
    scene.refused(&[], "unsigned");
}

#[test]
fn provenance_must_be_of_the_signed_build() {
    let scene = Scene::new(TAG);
    let claims = Claims::release(TAG);
    scene.sign(Stored::Referrers, &claims);
    let mut predicate = predicate_v1(&claims);
    predicate["runDetails"]["builder"]["id"] = json!(GENERATOR);
    scene.attest_with(Stored::Referrers, &claims, SLSA_V1, &predicate);
    let refused = scene.refused(&[], "provenance-mismatch");
    assert_eq!(
        (&refused["found"], &refused["wanted"]),
        (&json!(GENERATOR), &json!(claims.identity))
    );
}

#[test]
fn the_registry_answers_slowly_and_the_verdict_is_the_same() {
    let scene = Scene::released(TAG);
    scene
        .registry
        .fault("/blobs/", Fault::Drip(std::time::Duration::from_micros(50)));
    scene.accepted(&[]);
}

#[test]
fn two_at_once_do_not_disturb_each_other() {
    let scene = Scene::released(TAG);
    let run = |_| {
        let reference = scene.reference();
        scene
            .home
            .command(&[
                "verify",
                &reference,
                "--trusted-root",
                "root.json",
                "--platform",
                PLATFORM,
            ])
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap()
    };
    for child in (0..6).map(run).collect::<Vec<_>>() {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            !String::from_utf8_lossy(&output.stderr).contains("warning"),
            "{output:?}"
        );
    }
    let known: Value = serde_json::from_slice(&scene.home.read("home/state/verified.json")).unwrap();
    assert_eq!(known["verdicts"].as_array().unwrap().len(), 1);
}
