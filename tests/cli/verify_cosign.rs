//! The same images in front of real cosign: both verifiers accept what is good, and where they differ the difference is
//! named here and explained in `docs/threat-model.md`.
//!
//! Needs a `cosign` 3 on the PATH, which Debian 12 has no package of: these tests print a word and return where there is
//! none. Written against 3.1.1.

use std::process::{Command, Output};

use serde_json::json;

use crate::support::sigstore::{Claims, EntryKind, Flaw, ISSUER, REPOSITORY};
use crate::verify_scene::{Kind, Scene, Stored};

const TAG: &str = "v1.2.3";
/// The expression for cosign, closed at both ends: it searches, we match as a whole.
const IDENTITY: &str =
    r"^https://github\.com/orangecheck/oc-guardian-kit/\.github/workflows/release\.yml@refs/tags/v[^/]+$";

/// Version 2 asks the network for keys in spite of `--trusted-root`. Packages do not all say which version they are, but 3
/// has no flag for the form of bundles any longer.
fn cosign_is_here() -> bool {
    let help = Command::new("cosign").args(["verify", "--help"]).output();
    let here = help.is_ok_and(|help| {
        let text = String::from_utf8_lossy(&help.stdout).into_owned();
        text.contains("--trusted-root") && !text.contains("--new-bundle-format")
    });
    if !here {
        eprintln!("no cosign 3 on the PATH: not compared");
    }
    here
}

/// cosign on an image of a scene, in the scene's folder, with nothing of the caller's environment.
fn cosign(scene: &Scene, verb: &[&str]) -> Output {
    let reference = scene.reference();
    let fixed = [
        "--trusted-root",
        "root.json",
        "--certificate-oidc-issuer",
        ISSUER,
        &reference,
    ];
    let mut command = Command::new("cosign");
    command.args(verb).args(fixed).current_dir(scene.home.path("."));
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command
        .env("HOME", scene.home.path("."))
        .env("SIGSTORE_NO_CACHE", "1");
    command.output().unwrap()
}

/// Whether cosign takes the image for signed by the project, and what it said.
fn cosign_verify(scene: &Scene) -> (bool, String) {
    verdict(&cosign(
        scene,
        &["verify", "--certificate-identity-regexp", IDENTITY],
    ))
}

/// Whether cosign finds provenance by this identity.
fn cosign_provenance(scene: &Scene, kind: &str, identity: &str) -> (bool, String) {
    let verb = [
        "verify-attestation",
        "--type",
        kind,
        "--certificate-identity",
        identity,
    ];
    verdict(&cosign(scene, &verb))
}

fn verdict(output: &Output) -> (bool, String) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.success(), said)
}

#[test]
fn both_accept_every_form_of_a_good_image() {
    if !cosign_is_here() {
        return;
    }
    for kind in Kind::ALL {
        for stored in Stored::ALL {
            for (builder, predicate) in [
                (Claims::release(TAG), "slsaprovenance1"),
                (Claims::slsa_generator(TAG), "slsaprovenance02"),
            ] {
                let scene = Scene::of(kind, TAG);
                scene.sign(stored, &Claims::release(TAG));
                scene.attest(stored, &builder);
                scene.accepted(&[]);
                let case = format!("{kind:?} {stored:?} {}", builder.identity);
                let (accepted, said) = cosign_verify(&scene);
                assert!(accepted, "{case}: {said}");
                let (accepted, said) = cosign_provenance(&scene, predicate, &builder.identity);
                assert!(accepted, "{case}: {said}");
            }
        }
    }
}

#[test]
fn both_accept_the_older_kind_of_log_entry() {
    if !cosign_is_here() {
        return;
    }
    let scene = Scene::new(TAG);
    let mut claims = Claims::release(TAG);
    claims.entry = EntryKind::Intoto;
    scene.sign(Stored::Referrers, &claims);
    scene.attest(Stored::Referrers, &claims);
    scene.accepted(&[]);
    let (accepted, said) = cosign_verify(&scene);
    assert!(accepted, "{said}");
}

#[test]
fn both_refuse_every_flaw() {
    if !cosign_is_here() {
        return;
    }
    for stored in [Stored::Referrers, Stored::Legacy] {
        for flaw in Flaw::ALL {
            if stored == Stored::Legacy && flaw.is_about_proof() {
                continue;
            }
            let scene = Scene::new(TAG);
            // Without provenance: cosign would take that for a signature.
            scene.sign(stored, &Claims::release(TAG).with(flaw));
            let case = format!("{stored:?} {flaw:?}");
            let ours = scene.verify(&["--allow-missing-provenance"]);
            assert_eq!(ours.code, Some(3), "{case}: {}", ours.text);
            let (accepted, said) = cosign_verify(&scene);
            let differs = flaw == ONLY_OURS;
            assert_eq!(accepted, differs, "{case}: {said}");
        }
    }
}

/// The flaw that cosign does not mind: it does not compare the log's time with its own clock.
const ONLY_OURS: Flaw = Flaw::FromTomorrow;

/// Makes an image that only cosign accepts.
type Make = fn(&Scene);

/// What cosign's `verify` accepts and we refuse, with our reason: the table in `docs/threat-model.md`.
pub const DIFFERENCES: [(&str, Make, &str); 5] = [
    (
        "only provenance, no signature",
        |scene| scene.attest(Stored::Referrers, &Claims::release(TAG)),
        "unsigned",
    ),
    (
        "a statement of any other kind",
        |scene| {
            scene.attest(Stored::Referrers, &Claims::release(TAG));
            scene.attest_with(
                Stored::Referrers,
                &Claims::release(TAG),
                "https://spdx.dev/Document",
                &json!({}),
            );
        },
        "unsigned",
    ),
    (
        "signed, without provenance",
        |scene| scene.sign(Stored::Referrers, &Claims::release(TAG)),
        "provenance-missing",
    ),
    (
        "logged in the future of this machine's clock",
        |scene| scene.sign(Stored::Referrers, &Claims::release(TAG).with(ONLY_OURS)),
        "log-proof-invalid",
    ),
    (
        "the certificate names another source repository",
        |scene| {
            let mut claims = Claims::release(TAG);
            claims.repository = Some("https://github.com/stranger/oc-guardian-kit".into());
            scene.sign(Stored::Referrers, &claims);
            scene.attest(Stored::Referrers, &Claims::release(TAG));
        },
        "wrong-identity",
    ),
];

#[test]
fn known_differences_are_as_documented() {
    let page = include_str!("../../docs/threat-model.md");
    let here = cosign_is_here();
    for (what, make, reason) in DIFFERENCES {
        assert!(page.contains(what), "docs/threat-model.md does not name: {what}");
        let scene = Scene::new(TAG);
        make(&scene);
        scene.refused(&[], reason);
        if here {
            let (accepted, said) = cosign_verify(&scene);
            assert!(accepted, "{what}: cosign refuses it too: {said}");
        }
    }
}

#[test]
fn a_bare_expression_reaches_further_in_cosign() {
    let scene = Scene::new(TAG);
    let evil = format!("{REPOSITORY}-evil");
    let mut claims =
        Claims::release(TAG).named(&format!("{evil}/.github/workflows/release.yml@refs/tags/{TAG}"));
    claims.repository = Some(evil);
    scene.sign(Stored::Referrers, &claims);
    scene.attest(Stored::Referrers, &claims);
    scene.refused(&["--certificate-identity-regexp", REPOSITORY], "wrong-identity");
    if cosign_is_here() {
        let (accepted, said) = verdict(&cosign(
            &scene,
            &["verify", "--certificate-identity-regexp", REPOSITORY],
        ));
        assert!(accepted, "{said}");
    }
}
