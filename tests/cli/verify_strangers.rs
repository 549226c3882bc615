//! Who may not sign and who may not build (steps 5 and 6): every claim of a certificate and of provenance, wrong one at a
//! time.

use std::time::SystemTime;

use oc_guardian::image::{Digest, Policy};
use serde_json::json;

use crate::support::sigstore::{
    Claims, GENERATOR, REPOSITORY as SOURCE, REPOSITORY_ID, SLSA_V1, SLSA_V02, predicate_v1, predicate_v02,
    release_workflow,
};
use crate::verify_library::{TAG, assert_refused, built_by, judge_by, signed_by};
use crate::verify_scene::{Scene, Stored};

/// A change of the claims, with its name.
type Change = (&'static str, fn(&mut Claims));

/// Step 5: what the certificate of a signature may not say.
const STRANGERS: [Change; 13] = [
    ("a repository whose name goes on", |claims| {
        *claims = claims
            .clone()
            .named(&release_workflow(TAG).replace("kit/", "kit-evil/"));
    }),
    ("the same name under another owner", |claims| {
        *claims = claims
            .clone()
            .named(&release_workflow(TAG).replace("orangecheck", "stranger"));
    }),
    ("another workflow of ours", |claims| {
        *claims = claims
            .clone()
            .named(&release_workflow(TAG).replace("release.yml", "ci.yml"));
    }),
    ("a branch", |claims| {
        *claims = claims
            .clone()
            .named(&release_workflow(TAG).replace("tags/v1.2.3", "heads/main"));
    }),
    ("something before it", |claims| {
        *claims = claims
            .clone()
            .named(&format!("https://evil.example/?{}", release_workflow(TAG)));
    }),
    ("something after it", |claims| {
        *claims = claims.clone().named(&format!("{}/x", release_workflow(TAG)));
    }),
    ("a line break after it", |claims| {
        *claims = claims.clone().named(&format!("{}\n", release_workflow(TAG)));
    }),
    ("our identity, another repository (.12)", |claims| {
        claims.repository = Some("https://github.com/stranger/oc-guardian-kit".into());
    }),
    ("our identity, no repository (.12)", |claims| {
        claims.repository = None;
    }),
    ("our identity, another ref (.14)", |claims| {
        claims.git_ref = Some("refs/tags/v9.9.9".into());
    }),
    ("our identity, no ref (.14)", |claims| claims.git_ref = None),
    ("the generator, which signs for everybody", |claims| {
        *claims = Claims::slsa_generator(TAG);
    }),
    ("an address", |claims| {
        *claims = claims.clone().named("https://github.com/login/oauth");
    }),
];

#[test]
fn every_other_identity_is_refused() {
    for stored in [Stored::Referrers, Stored::Legacy] {
        for (case, change) in STRANGERS {
            let mut claims = Claims::release(TAG);
            change(&mut claims);
            assert_refused(case, &signed_by(&claims, stored), "wrong-identity");
        }
        for issuer in [
            "https://token.actions.githubusercontent.com/enterprise",
            "https://accounts.google.com",
            "",
        ] {
            let mut claims = Claims::release(TAG);
            claims.issuer = Some(issuer.into());
            assert_refused(issuer, &signed_by(&claims, stored), "wrong-issuer");
        }
        let mut claims = Claims::release(TAG);
        claims.issuer = None;
        assert_refused("no issuer", &signed_by(&claims, stored), "certificate-invalid");
    }
}

#[test]
fn a_repository_of_the_same_name_with_another_number_is_refused_where_it_is_pinned() {
    let scene = signed_by(&Claims::release(TAG), Stored::Referrers);
    let pinned = |id: &str| Policy::official().unwrap().with_repository_id(id.into());
    judge_by(&scene, &pinned(REPOSITORY_ID), SystemTime::now()).unwrap();
    let refused = judge_by(&scene, &pinned("1"), SystemTime::now()).unwrap_err();
    assert_eq!(refused.reason(), "wrong-identity");
}

/// Step 6: what the certificate of provenance may not say.
const BUILDERS: [Change; 8] = [
    ("a self-hosted runner", |claims| {
        claims.runner = Some("self-hosted".into());
    }),
    ("a runner of no kind", |claims| claims.runner = None),
    ("another repository", |claims| {
        claims.repository = Some("https://github.com/stranger/kit".into());
    }),
    ("no repository", |claims| claims.repository = None),
    ("another tag", |claims| {
        claims.git_ref = Some("refs/tags/v1.2.2".into());
    }),
    ("no tag", |claims| claims.git_ref = None),
    ("another commit", |claims| claims.commit = Some("0".repeat(40))),
    ("another issuer", |claims| {
        claims.issuer = Some("https://accounts.google.com".into());
    }),
];

#[test]
fn every_other_builder_is_refused() {
    for stored in [Stored::Referrers, Stored::Legacy] {
        for good in [Claims::release(TAG), Claims::slsa_generator(TAG)] {
            for (case, change) in BUILDERS {
                let mut claims = good.clone();
                change(&mut claims);
                assert_refused(case, &built_by(&claims, stored), "provenance-mismatch");
            }
        }
        for identity in [
            GENERATOR.replace("container_slsa3", "generic_slsa3"),
            GENERATOR.replace("refs/tags/v2.1.0", "refs/heads/main"),
            GENERATOR.replace("slsa-framework", "stranger"),
            format!("{GENERATOR}-rc.1"),
            "https://github.com/stranger/kit/.github/workflows/release.yml@refs/tags/v1.2.3".into(),
        ] {
            let claims = Claims::slsa_generator(TAG).named(&identity);
            assert_refused(&identity, &built_by(&claims, stored), "provenance-mismatch");
        }
    }
}

#[test]
fn provenance_that_says_another_build_is_refused() {
    let claims = Claims::release(TAG);
    let source = json!(format!("git+{SOURCE}-evil@refs/tags/{TAG}"));
    for (kind, good, pointer, value) in [
        (
            SLSA_V1,
            predicate_v1(&claims),
            "/runDetails/builder/id",
            json!(GENERATOR),
        ),
        (SLSA_V1, predicate_v1(&claims), "/runDetails", json!({})),
        (
            SLSA_V1,
            predicate_v1(&claims),
            "/buildDefinition/externalParameters/workflow/repository",
            json!("https://github.com/stranger/kit"),
        ),
        (
            SLSA_V1,
            predicate_v1(&claims),
            "/buildDefinition/externalParameters/workflow/ref",
            json!("refs/heads/main"),
        ),
        (
            SLSA_V1,
            predicate_v1(&claims),
            "/buildDefinition/resolvedDependencies/0/digest/gitCommit",
            json!("0".repeat(40)),
        ),
        (SLSA_V02, predicate_v02(&claims), "/builder/id", json!(GENERATOR)),
        (
            SLSA_V02,
            predicate_v02(&claims),
            "/invocation/configSource/uri",
            source,
        ),
        (
            SLSA_V02,
            predicate_v02(&claims),
            "/invocation/configSource/digest/sha1",
            json!("0".repeat(40)),
        ),
        (SLSA_V02, predicate_v02(&claims), "/invocation", json!(null)),
        (SLSA_V1, json!({}), "", json!([])),
    ] {
        for stored in [Stored::Referrers, Stored::Legacy] {
            let scene = Scene::new(TAG);
            scene.sign(stored, &claims);
            let mut predicate = good.clone();
            *predicate.pointer_mut(pointer).unwrap() = value.clone();
            scene.attest_with(stored, &claims, kind, &predicate);
            assert_refused(
                &format!("{stored:?} {kind} {pointer}"),
                &scene,
                "provenance-mismatch",
            );
        }
    }
}

#[test]
fn provenance_of_another_image_is_refused() {
    let scene = Scene::new(TAG);
    let claims = Claims::release(TAG);
    scene.sign(Stored::Referrers, &claims);
    let other = scene.state(&Digest::of(b"other"), SLSA_V1, &predicate_v1(&claims), &claims);
    scene.add_bundle(Stored::Referrers, &other.bundle());
    assert_refused("provenance for another digest", &scene, "provenance-mismatch");
}
