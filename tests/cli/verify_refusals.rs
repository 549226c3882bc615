//! `verify` where there is nothing to verify, or nothing that may be: each kind of refusal, told apart.

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use crate::support::registry::{Fault, OCI_INDEX, OCI_MANIFEST, Registry, descriptor, put_image};
use crate::support::{Home, Transcript};

const REPOSITORY: &str = "orangecheck/oc-guardian";
const PLATFORM: &str = "linux/amd64";

fn registry() -> (Registry, String, Digest) {
    let registry = Registry::start();
    let digest = put_image(&registry, REPOSITORY, "v1.2.3");
    let reference = registry.reference(&format!("{REPOSITORY}:v1.2.3"));
    (registry, reference, digest)
}

fn verify(home: &Home, reference: &str, more: &[&str]) -> Transcript {
    let arguments = [&["verify", reference, "--platform", PLATFORM], more].concat();
    home.run(&arguments)
}

fn verify_json(home: &Home, reference: &str, more: &[&str]) -> (Value, Option<i32>) {
    let run = verify(home, reference, &[more, &["--json"]].concat());
    let document = serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.text));
    (document, run.code)
}

#[track_caller]
fn assert_refused(home: &Home, reference: &str, more: &[&str], reason: &str, code: i32) -> String {
    let (document, found) = verify_json(home, reference, more);
    assert_eq!(document["reason"], reason, "{document}");
    assert_eq!(document["ok"], false);
    assert_eq!(found, Some(code), "{document}");
    assert!(document["hint"].is_string(), "{document}");
    // Nothing is remembered of what was refused.
    assert!(!home.path("home/state/verified.json").exists());
    document["detail"].as_str().unwrap().to_owned()
}

#[test]
fn an_unsigned_image_is_refused_in_words() {
    let (_registry, reference, digest) = registry();
    let run = verify(&Home::new(), &reference, &[]);
    let text = run
        .text
        .replace(&reference, "[IMAGE]")
        .replace(&digest.to_string(), "[DIGEST]");
    snapbox::assert_data_eq!(
        text,
        snapbox::str![[r#"
$ oc-guardian verify [IMAGE] --platform linux/amd64
--- stderr
Verifying [IMAGE]
error: [IMAGE]: not trusted (unsigned): [DIGEST] has no signature
hint: Do not run this image. Check the reference: the project signs what it releases as ghcr.io/orangecheck/oc-guardian.
--- exit 3

"#]]
    );
}

#[test]
fn what_is_not_there_is_no_verdict_on_an_image() {
    let (registry, _, _) = registry();
    for name in ["orangecheck/oc-guardian:v9", "orangecheck/other:v1.2.3"] {
        let detail = assert_refused(&Home::new(), &registry.reference(name), &[], "not-found", 1);
        assert!(detail.contains(name), "{detail}");
    }
    let absent = format!("{REPOSITORY}@{}", Digest::of(b"absent"));
    assert_refused(&Home::new(), &registry.reference(&absent), &[], "not-found", 1);
}

#[test]
fn a_registry_that_is_down_is_no_verdict_on_an_image() {
    let (registry, reference, _) = registry();
    registry.fault("/manifests/v1.2.3", Fault::Closed);
    assert_refused(&Home::new(), &reference, &[], "registry-unreachable", 1);
    drop(registry);
    assert_refused(&Home::new(), &reference, &[], "registry-unreachable", 1);
}

#[test]
fn a_registry_that_fails_later_does_not_make_an_image_unsigned() {
    for (piece, fault, reason, code) in [
        ("/referrers/", Fault::Status(403), "registry-denied", 1),
        ("/referrers/", Fault::Html(200), "registry-misbehaved", 1),
        (".sig", Fault::Closed, "registry-unreachable", 1),
        (".att", Fault::Status(500), "registry-unreachable", 1),
        (
            "/blobs/",
            Fault::OtherBytes(b"other".to_vec()),
            "digest-mismatch",
            3,
        ),
    ] {
        let (registry, reference, _) = registry();
        registry.fault(piece, fault);
        assert_refused(&Home::new(), &reference, &[], reason, code);
    }
}

#[test]
fn another_digest_than_the_pinned_one_is_refused() {
    let (registry, reference, digest) = registry();
    let home = Home::with_identity();
    let made = home.run_line("config gen --federation oc-me-v1");
    assert_eq!(made.code, Some(0), "{}", made.text);
    let path = "home/config/oc-guardian.config";
    let pinned = Digest::of(b"pinned");
    let pin = |digest: &Digest| {
        let mut bundle: Value = serde_json::from_slice(&home.read(path)).unwrap();
        bundle["image_digest"] = json!(digest);
        home.write(path, bundle.to_string());
    };
    pin(&pinned);
    let (document, code) = verify_json(&home, &reference, &[]);
    assert_eq!(
        (document["reason"].as_str(), code),
        (Some("not-pinned"), Some(3)),
        "{document}"
    );
    assert_eq!(document["found"], digest.to_string());
    assert_eq!(document["wanted"], pinned.to_string());
    assert!(
        document["hint"]
            .as_str()
            .unwrap()
            .contains("[DIR]/home/config/oc-guardian.config")
    );
    assert_eq!(
        registry
            .paths()
            .iter()
            .filter(|path| path.contains("referrers"))
            .count(),
        0
    );

    // Another image may be looked at, if that is said.
    assert_refused(&home, &reference, &["--no-pin"], "unsigned", 3);
    let both = verify(&home, &reference, &["--no-pin", "--config", path]).exits(2);
    assert!(both.stderr.contains("--no-pin"), "{}", both.text);

    // The pinned one goes on to the next step.
    pin(&digest);
    assert_refused(&home, &reference, &[], "unsigned", 3);
    let elsewhere = home.write("elsewhere.config", home.read(path));
    pin(&pinned);
    let elsewhere = elsewhere.display().to_string();
    assert_refused(&home, &reference, &["--config", &elsewhere], "unsigned", 3);
    // A bundle that cannot be read might pin anything.
    home.write(path, "{");
    let (document, code) = verify_json(&home, &reference, &[]);
    assert_eq!(
        (document["reason"].as_str(), code),
        (Some("config-schema-mismatch"), Some(1))
    );
}

#[test]
fn an_image_for_other_machines_is_named_as_that() {
    let (registry, reference, _) = registry();
    let home = Home::new();
    let run = home.run(&["verify", &reference, "--platform", "linux/arm64", "--json"]);
    assert!(
        run.stdout.contains("platform-missing") && run.stdout.contains("it is for linux/amd64"),
        "{}",
        run.text
    );
    assert_eq!(run.code, Some(1));

    let manifest = |os: &str, name: &str| {
        let mut entry = descriptor(OCI_MANIFEST, name.as_bytes());
        entry["platform"] = json!({ "os": os, "architecture": "amd64" });
        entry
    };
    let index = |tag: &str, entries: &[Value]| {
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
        let digest = registry.put_manifest(REPOSITORY, OCI_INDEX, index.to_string().as_bytes());
        registry.tag(REPOSITORY, tag, &digest);
        registry.reference(&format!("{REPOSITORY}:{tag}"))
    };
    let twice = index("twice", &[manifest("linux", "one"), manifest("linux", "two")]);
    assert_refused(&home, &twice, &[], "manifest-invalid", 3);
    let mut nested = manifest("linux", "one");
    nested["mediaType"] = json!(OCI_INDEX);
    let nested = index("nested", &[nested]);
    assert_refused(&home, &nested, &[], "manifest-invalid", 3);
    let other = index("other", &[manifest("windows", "one")]);
    assert_refused(&home, &other, &[], "platform-missing", 1);
}

#[test]
fn thousands_of_referrers_are_refused_before_they_are_fetched() {
    let (registry, reference, digest) = registry();
    registry.set_referrers_api(false);
    let entries: Vec<Value> = (0..3000)
        .map(|number| descriptor(OCI_MANIFEST, format!("{number}").as_bytes()))
        .collect();
    for count in [65, 1000, 3000] {
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": &entries[..count] });
        let list = registry.put_manifest(REPOSITORY, OCI_INDEX, index.to_string().as_bytes());
        registry.tag(REPOSITORY, &digest.to_string().replace(':', "-"), &list);
        let detail = assert_refused(&Home::new(), &reference, &[], "registry-misbehaved", 1);
        let wanted = "more than 64 referrers are attached to the image";
        assert!(detail.contains(wanted), "{detail}");
    }
    // Image, config, referrers, fallback tag, each time.
    assert_eq!(registry.requests().len(), 12, "{:?}", registry.paths());
}

#[test]
fn usage_errors_come_before_the_network() {
    let home = Home::new();
    home.write("not.pem", "x");
    for (arguments, reason, code) in [
        (&["Foo/bar"][..], "usage", 2),
        (&["https://ghcr.io/a/b"], "usage", 2),
        (&["a/b", "--certificate-identity-regexp", "("], "usage", 2),
        (&["a/b", "--certificate-identity-regexp", r"a)|(?:b"], "usage", 2),
        (
            &["a/b", "--certificate-identity-regexp", r"((\w{99}){99}){9}"],
            "usage",
            2,
        ),
        (&["a/b", "--certificate-identity", ""], "usage", 2),
        (
            &[
                "a/b",
                "--certificate-identity",
                "x",
                "--certificate-identity-regexp",
                "y",
            ],
            "usage",
            2,
        ),
        (&["a/b", "--platform", "amd64"], "usage", 2),
        (&["a/b", "--key", "absent.pem"], "not-found", 1),
        (&["a/b", "--key", "not.pem"], "key-unusable", 1),
        (&["a/b", "--trusted-root", "absent.json"], "not-found", 1),
        (&["a/b", "--trusted-root", "not.pem"], "trust-root-invalid", 1),
    ] {
        let run = home.run(&[&["verify"], arguments, &["--json"]].concat());
        let document: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}", run.text));
        assert_eq!(
            (document["reason"].as_str(), run.code),
            (Some(reason), Some(code)),
            "{}",
            run.text
        );
    }
}

#[test]
fn a_damaged_memory_of_versions_is_not_passed_over() {
    let (_registry, reference, _) = registry();
    let home = Home::new();
    home.write("home/state/verified.json", "{");
    let run = verify(&home, &reference, &["--json"]);
    let document: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(
        (document["reason"].as_str(), run.code),
        (Some("verified-file-damaged"), Some(1))
    );
    assert!(
        document["hint"]
            .as_str()
            .unwrap()
            .contains("[DIR]/home/state/verified.json"),
        "{document}"
    );
    home.write(
        "home/state/verified.json",
        r#"{"version":1,"floors":{},"digests":[]}"#,
    );
    home.chmod("home/state/verified.json", 0o666);
    let (document, code) = verify_json(&home, &reference, &[]);
    assert_eq!(
        (document["reason"].as_str(), code),
        (Some("permissions-too-open"), Some(1))
    );
}
