//! `verify --bundle`: files and digests.

use std::fs;
use std::process::Command;

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use super::verify_bundle_scene::{BLOB, BUNDLE, FILE, Scene, TAG};
use crate::support::registry::{Fault, Registry};
use crate::support::sigstore::{
    Claims, Key, REPOSITORY, SLSA_V1, Sigstore, ed25519_pem, release_workflow, statement,
};

#[test]
fn a_released_file_is_genuine_and_so_is_its_digest() {
    let scene = Scene::released();
    let digest = Digest::of(BLOB).to_string();
    for artifact in [FILE, &digest] {
        let told = scene.accepted(artifact, &[]);
        assert_eq!(told["artifact"], artifact);
        assert_eq!(told["digest"], digest);
        assert_eq!(told["signer"]["identity"], release_workflow(TAG));
        assert_eq!(told["repository"], REPOSITORY);
        assert_eq!(told["ref"], "refs/tags/v1.2.3");
        assert_eq!(told["predicate_type"], Value::Null);
        assert_eq!(told["trust_root"]["origin"], "file");
        assert_eq!(told["revocation_checked"], false);
        assert!(
            told["log_index"].is_u64() && told["signed_at"].is_string(),
            "{told}"
        );
    }
    let run = scene.verify(FILE, &[]).exits(0);
    assert!(
        run.stdout.starts_with("oc-guardian.tar.gz is genuine.\n"),
        "{}",
        run.text
    );
    assert!(run.stdout.contains("the file itself"), "{}", run.text);
    assert!(
        run.stderr.contains("Verifying oc-guardian.tar.gz"),
        "{}",
        run.text
    );
}

#[test]
fn a_statement_about_a_file_is_told_as_one() {
    let scene = Scene::new();
    let digest = Digest::of(BLOB);
    let signed = scene
        .sigstore
        .sign_statement(&statement(&digest, SLSA_V1, &json!({})), &Claims::release(TAG));
    scene.bundle(&signed.bundle());
    assert_eq!(scene.accepted(FILE, &[])["predicate_type"], SLSA_V1);
    assert_eq!(
        scene.accepted(&digest.to_string(), &[])["predicate_type"],
        SLSA_V1
    );
    let run = scene.verify(FILE, &[]).exits(0);
    assert!(
        run.stdout
            .contains("a statement about it: https://slsa.dev/provenance/v1"),
        "{}",
        run.text
    );
    scene.home.write(FILE, "another archive");
    let told = scene.refused(FILE, &[], "digest-mismatch");
    assert!(
        told["detail"].as_str().unwrap().contains(&digest.to_string()),
        "{told}"
    );
}

#[test]
fn a_refusal_names_the_file_and_what_was_found() {
    let scene = Scene::released();
    scene.home.write(FILE, "another archive");
    let told = scene.refused(FILE, &[], "digest-mismatch");
    let detail = told["detail"].as_str().unwrap();
    assert!(
        detail.starts_with(&format!("{FILE}: not trusted (digest-mismatch): ")),
        "{detail}"
    );
    scene.home.write(FILE, BLOB);
    let other = "https://example.com/another";
    let told = scene.refused(FILE, &["--certificate-identity", other], "wrong-identity");
    assert_eq!(told["found"], release_workflow(TAG));
    assert_eq!(told["wanted"], other);
    let genuine = scene.verify(FILE, &[]).exits(0);
    assert!(
        genuine.stdout.contains("\nnot checked    revocation: offline"),
        "{}",
        genuine.text
    );
}

#[test]
fn a_bundle_alone_says_nothing() {
    let scene = Scene::released();
    let refused = scene.home.run(&["verify", "--bundle", BUNDLE]).exits(2);
    assert!(
        refused.stderr.contains("ARTIFACT is missing")
            && refused.stderr.contains("verify --bundle FILE ARTIFACT"),
        "{}",
        refused.text
    );
}

#[test]
fn another_file_is_refused() {
    let scene = Scene::released();
    for other in [&BLOB[..BLOB.len() - 1], b"", b"a release archive\n"] {
        scene.home.write(FILE, other);
        let told = scene.refused(FILE, &[], "digest-mismatch");
        // Both are named: what was signed, and what is here.
        for digest in [Digest::of(BLOB), Digest::of(other)] {
            assert!(
                told["detail"].as_str().unwrap().contains(&digest.to_string()),
                "{told}"
            );
        }
    }
    scene.refused(&Digest::of(b"").to_string(), &[], "digest-mismatch");
}

#[test]
fn an_empty_file_can_be_signed() {
    let scene = Scene::new();
    scene.home.write(FILE, "");
    scene.bundle(&scene.sigstore.sign_blob(b"", &Claims::release(TAG)));
    scene.accepted(FILE, &[]);
}

#[test]
fn who_signed_is_compared_as_a_whole() {
    let scene = Scene::released();
    let ours = release_workflow(TAG);
    scene.accepted(FILE, &["--certificate-identity", &ours]);
    scene.accepted(FILE, &["--certificate-identity-regexp", REPOSITORY]);
    for other in [&ours[1..], &ours[..ours.len() - 1], "nobody@example.org"] {
        scene.refused(FILE, &["--certificate-identity", other], "wrong-identity");
    }
    scene.refused(
        FILE,
        &["--certificate-identity-regexp", "release"],
        "wrong-identity",
    );
    scene.refused(
        FILE,
        &["--certificate-oidc-issuer", "https://accounts.example"],
        "wrong-issuer",
    );
    // By default it is the project's release workflow, for a version tag.
    for identity in [
        format!("{REPOSITORY}/.github/workflows/release.yml@refs/heads/main"),
        format!("{REPOSITORY}/.github/workflows/ci.yml@refs/tags/{TAG}"),
        format!("{REPOSITORY}-evil/.github/workflows/release.yml@refs/tags/{TAG}"),
    ] {
        scene.bundle(
            &scene
                .sigstore
                .sign_blob(BLOB, &Claims::release(TAG).named(&identity)),
        );
        scene.refused(FILE, &[], "wrong-identity");
    }
}

#[test]
fn a_certificate_must_not_contradict_its_identity() {
    let scene = Scene::new();
    let ours = release_workflow(TAG);
    let mut claims = Claims::release(TAG);
    // Somebody else's repository called our workflow.
    claims.repository = Some("https://github.com/evil/kit".into());
    scene.bundle(&scene.sigstore.sign_blob(BLOB, &claims));
    scene.refused(FILE, &[], "wrong-identity");
    scene.refused(FILE, &["--certificate-identity", &ours], "wrong-identity");
    // One that says nothing of the source is good for whoever names its identity, not for the project.
    (claims.repository, claims.git_ref) = (None, None);
    scene.bundle(&scene.sigstore.sign_blob(BLOB, &claims));
    scene.refused(FILE, &[], "wrong-identity");
    scene.accepted(FILE, &["--certificate-identity", &ours]);
}

#[test]
fn a_key_stands_for_itself() {
    let scene = Scene::new();
    let (key, other) = (Key::new(), Key::new());
    scene.home.write("ours.pub", key.public_pem());
    scene.home.write("other.pub", other.public_pem());
    scene.bundle(
        &scene
            .sigstore
            .sign_blob_with_key(BLOB, &key, &Claims::release(TAG)),
    );
    let told = scene.accepted(FILE, &["--key", "ours.pub"]);
    assert_eq!(told["signer"]["kind"], "key");
    assert_eq!(told["signer"]["key_digest"], Digest::of(&key.spki()).to_string());
    scene.accepted(&Digest::of(BLOB).to_string(), &["--key", "ours.pub"]);
    scene.refused(FILE, &["--key", "other.pub"], "signature-invalid");
    scene.refused(FILE, &[], "wrong-identity");
    // Whose key it is says nothing about the file.
    scene.home.write(FILE, "another archive");
    scene.refused(FILE, &["--key", "ours.pub"], "digest-mismatch");
    // A certificate is not a key, whoever it is of.
    let scene = Scene::released();
    scene.home.write("ours.pub", key.public_pem());
    scene.refused(FILE, &["--key", "ours.pub"], "wrong-identity");
}

#[test]
fn a_key_that_signs_the_file_itself_reads_it_whole() {
    let scene = Scene::new();
    let key = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
    scene.home.write("ours.pub", ed25519_pem(&key));
    scene.bundle(
        &scene
            .sigstore
            .sign_blob_with_ed25519(BLOB, &key, &Claims::release(TAG)),
    );
    scene.accepted(FILE, &["--key", "ours.pub"]);
    // A digest of it is not enough to verify with.
    scene.refused(
        &Digest::of(BLOB).to_string(),
        &["--key", "ours.pub"],
        "signature-invalid",
    );
    scene.home.write(FILE, "another archive");
    scene.refused(FILE, &["--key", "ours.pub"], "digest-mismatch");
    // Sparse, and larger than what is read whole.
    let file = fs::File::create(scene.home.path(FILE)).unwrap();
    file.set_len(65 * 1024 * 1024).unwrap();
    scene.refused(FILE, &["--key", "ours.pub"], "digest-mismatch");
}

#[test]
fn a_root_of_another_sigstore_vouches_for_nothing() {
    let scene = Scene::released();
    scene.home.write("root.json", Sigstore::new().trusted_root_json());
    let told = scene.verify(FILE, &["--json"]).exits(3).json();
    assert!(
        ["certificate-invalid", "log-proof-invalid"].contains(&told["reason"].as_str().unwrap()),
        "{told}"
    );
    // Nor does the public one, which is used where none is named.
    let run = scene
        .home
        .run(&["verify", "--bundle", BUNDLE, FILE, "--json"])
        .exits(3);
    assert!(run.stdout.contains("-invalid"), "{}", run.text);
}

#[test]
fn files_that_cannot_be_read_are_no_verdict() {
    let scene = Scene::released();
    fs::create_dir(scene.home.path("folder")).unwrap();
    for (artifact, reason) in [
        ("absent", "not-found"),
        ("folder", "not-a-file"),
        ("/dev/zero", "not-a-file"),
    ] {
        let told = scene.verify(artifact, &["--json"]).exits(1).json();
        assert_eq!(told["reason"], reason, "{told}");
    }
    let made = Command::new("mkfifo")
        .arg(scene.home.path("pipe"))
        .status()
        .unwrap();
    assert!(made.success());
    // Nobody writes into it: it must not be waited for.
    let told = scene.verify("pipe", &["--json"]).exits(1).json();
    assert_eq!(told["reason"], "not-a-file");
}

#[test]
fn a_file_that_is_named_like_a_digest_does_not_stand_for_it() {
    let scene = Scene::released();
    let name = Digest::of(b"another archive").to_string();
    scene.home.write(&name, BLOB);
    scene.verify(&name, &[]).exits(3);
    let file = format!("./{name}");
    assert_eq!(scene.accepted(&file, &[])["digest"], Digest::of(BLOB).to_string());
}

#[test]
fn names_cannot_draw_on_the_terminal() {
    let scene = Scene::released();
    let name = "a\u{1b}[2J\u{202e}.gz";
    scene.home.write(name, BLOB);
    let run = scene.verify(name, &[]).exits(0);
    assert!(
        run.stdout.contains(r"a\u{1b}[2J\u{202e}.gz is genuine"),
        "{}",
        run.text
    );
    assert!(
        !run.text.split_once('\n').unwrap().1.contains('\u{1b}'),
        "{}",
        run.text
    );
}

#[test]
fn memory_does_not_grow_with_the_file() {
    let scene = Scene::new();
    const SIZE: usize = 256 * 1024 * 1024;
    let file = fs::File::create(scene.home.path(FILE)).unwrap();
    file.set_len(SIZE as u64).unwrap();
    scene.bundle(&scene.sigstore.sign_blob(&vec![0; SIZE], &Claims::release(TAG)));
    let limited = ["sh", "-c", "ulimit -d 65536; exec \"$@\"", "sh"];
    let run = scene.home.run_under(
        &limited,
        &["verify", "--trusted-root", "root.json", "--bundle", BUNDLE, FILE],
    );
    run.exits(0);
}

#[test]
fn flags_of_images_are_not_for_files() {
    let scene = Scene::released();
    for flag in [
        "--platform=linux/amd64",
        "--allow-missing-provenance",
        "--allow-downgrade",
        "--config=x",
    ] {
        let told = scene.verify(FILE, &[flag, "--json"]).exits(2).json();
        assert_eq!(told["reason"], "usage", "{told}");
    }
    let told = scene
        .home
        .run(&["verify", "--bundle", BUNDLE, "--json"])
        .exits(2)
        .json();
    assert_eq!(told["reason"], "usage", "{told}");
}

#[test]
fn nothing_is_asked_of_the_network_and_nothing_is_kept() {
    let scene = Scene::released();
    let registry = Registry::start();
    registry.fault("/", Fault::Closed);
    let before = scene.home.tree();
    let mut command =
        scene
            .home
            .command(&["verify", "--trusted-root", "root.json", "--bundle", BUNDLE, FILE]);
    for variable in ["http_proxy", "https_proxy", "ALL_PROXY"] {
        command.env(variable, registry.url(""));
    }
    assert!(command.output().unwrap().status.success());
    assert!(registry.paths().is_empty());
    assert_eq!(scene.home.tree(), before);
}
