use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::super::descriptor::Platform;
use super::super::evidence::Form;
use super::super::identity::IdentityExpression;
use super::super::policy::IDENTITY;
use super::super::provenance::Provenance;
use super::super::trust::Origin;
use super::super::verified::{Facts, Logged, ProvenanceFacts, SignatureFacts, Signer};
use super::*;

const NAME: &str = "ghcr.io/orangecheck/oc-guardian";

fn facts(name: &str, bytes: &str, version: Option<&str>) -> Facts {
    let digest = Digest::of(bytes.as_bytes());
    let logged = Logged {
        at: None,
        index: None,
    };
    Facts {
        reference: format!("{name}:latest").parse().unwrap(),
        digest,
        platform: Platform::of_this_machine(),
        manifest_digest: Digest::of(format!("{bytes} manifest").as_bytes()),
        config_digest: Digest::of(format!("{bytes} config").as_bytes()),
        signature: SignatureFacts {
            form: Form::Bundle,
            signer: Signer::Certified {
                identity: "https://example.com/workflow".into(),
                issuer: "https://example.com".into(),
            },
            repository: None,
            git_ref: None,
            commit: None,
            run: None,
            logged,
        },
        provenance: Some(ProvenanceFacts {
            form: Form::Bundle,
            build: Provenance {
                builder: "https://example.com/workflow".into(),
                level: 2,
                repository: "https://example.com".into(),
                git_ref: "refs/tags/v1.2.3".into(),
                commit: None,
            },
            logged,
        }),
        version: version.map(|text| text.parse().unwrap()),
        floor: None,
        another_build: false,
        lower_allowed: false,
        policy: policy().fingerprint(),
        trust_root: *root().digest(),
        ignored: Vec::new(),
    }
}

fn image(name: &str, bytes: &str, version: Option<&str>) -> VerifiedImage {
    VerifiedImage::new(facts(name, bytes, version))
}

fn policy() -> Policy {
    Policy::official().unwrap()
}

fn root() -> TrustRoot {
    TrustRoot::embedded().unwrap()
}

/// The same keys in other bytes.
fn other_root() -> TrustRoot {
    let text = format!("{} ", sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT);
    TrustRoot::from_bytes(text.as_bytes(), Origin::File("other.json".into())).unwrap()
}

fn has_verified(known: &Known, image: &VerifiedImage) -> bool {
    known.has_verified(image.digest(), Some(image.config_digest()), &policy(), &root())
}

fn state() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let state = dir.path().join("state");
    (dir, state)
}

fn floor(state: &Path, name: &str) -> Option<String> {
    let reference = name.parse().unwrap();
    Known::load(state)
        .unwrap()
        .floor(&reference)
        .map(ToString::to_string)
}

fn floor_json(version: &str) -> String {
    let digest = Digest::of(b"x");
    format!(r#"{{"version":"{version}","digest":"{digest}","settled_at":"2025-11-24T16:00:00Z"}}"#)
}

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_764_000_000)
}

#[test]
fn verifying_is_remembered_and_raises_no_floor() {
    let (_dir, state) = state();
    assert_eq!(Known::load(&state).unwrap(), Known::default());
    let image = image(NAME, "one", Some("v1.2.3"));
    record_verified(&state, &image, now()).unwrap();
    let known = Known::load(&state).unwrap();
    assert!(has_verified(&known, &image));
    assert!(!has_verified(&known, &self::image(NAME, "other", Some("v1.2.3"))));
    assert_eq!(floor(&state, NAME), None);
    let path = state.join(FILE_NAME);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    // Nothing is written for what is known already.
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    record_verified(&state, &image, now() + Duration::from_secs(60)).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written);
}

#[test]
fn a_floor_only_rises_and_is_of_one_image() {
    let (_dir, state) = state();
    for (version, wanted) in [
        ("v1.2.3", "v1.2.3"),
        ("v1.10.0", "v1.10.0"),
        ("v1.9.0", "v1.10.0"),
        ("v1.10.0-rc.1", "v1.10.0"),
    ] {
        raise_floor(&state, &image(NAME, version, Some(version)), now()).unwrap();
        assert_eq!(floor(&state, NAME).as_deref(), Some(wanted));
    }
    raise_floor(&state, &image(NAME, "keyed", None), now()).unwrap();
    assert_eq!(
        floor(&state, &format!("{NAME}@{}", Digest::of(b"x"))).as_deref(),
        Some("v1.10.0")
    );
    assert_eq!(floor(&state, "ghcr.io/orangecheck/other"), None);
    assert_eq!(floor(&state, "registry.example/orangecheck/oc-guardian"), None);
}

#[test]
fn a_verdict_counts_only_for_what_it_rested_on() {
    let (_dir, state) = state();
    let image = image(NAME, "one", Some("v1.2.3"));
    record_verified(&state, &image, now()).unwrap();
    let known = Known::load(&state).unwrap();
    let (digest, config) = (image.digest(), image.config_digest());
    assert!(known.has_verified(digest, None, &policy(), &root()));
    assert!(!known.has_verified(digest, Some(digest), &policy(), &root()));
    assert!(!known.has_verified(digest, Some(config), &policy(), &other_root()));
    for other in [
        policy().with_issuer("https://example.com".into()),
        policy().with_repository_id("7".into()),
        policy().with_identity(IdentityExpression::pattern(IDENTITY).unwrap()),
    ] {
        assert!(!known.has_verified(digest, Some(config), &other, &root()));
        assert!(known.find_by_image_id(config, &other, &root()).is_none());
    }
    assert!(known.find_by_image_id(config, &policy(), &other_root()).is_none());
}

#[test]
fn what_was_let_pass_does_not_count_as_verified() {
    let unproven: fn(&mut Facts) = |facts| facts.provenance = None;
    let downgraded: fn(&mut Facts) = |facts| facts.lower_allowed = true;
    for (change, may_run_on) in [(unproven, false), (downgraded, true)] {
        let (_dir, state) = state();
        let mut facts = facts(NAME, "one", Some("v1.2.3"));
        change(&mut facts);
        let lenient = VerifiedImage::new(facts);
        record_verified(&state, &lenient, now()).unwrap();
        let known = Known::load(&state).unwrap();
        assert!(!has_verified(&known, &lenient));
        let found = known.find_by_image_id(lenient.config_digest(), &policy(), &root());
        assert_eq!(found.is_some(), may_run_on);

        // A strict verdict on the same image is one more, and that one counts.
        let strict = image(NAME, "one", Some("v1.2.3"));
        record_verified(&state, &strict, now()).unwrap();
        let known = Known::load(&state).unwrap();
        assert_eq!(known.file.verdicts.len(), 2);
        assert!(has_verified(&known, &strict));
        // And it is not undone by another lenient one.
        record_verified(&state, &lenient, now()).unwrap();
        assert!(has_verified(&Known::load(&state).unwrap(), &strict));
    }
}

#[test]
fn a_running_image_is_found_by_any_id_that_an_engine_gives_it() {
    let (_dir, state) = state();
    let image = image(NAME, "one", Some("v1.2.3"));
    record_verified(&state, &image, now()).unwrap();
    let known = Known::load(&state).unwrap();
    for id in [image.config_digest(), image.manifest_digest(), image.digest()] {
        let found = known.find_by_image_id(id, &policy(), &root()).unwrap();
        assert_eq!((found.digest(), found.image()), (image.digest(), NAME));
        assert_eq!(found.version(), image.version());
    }
    assert!(
        known
            .find_by_image_id(&Digest::of(b"one other"), &policy(), &root())
            .is_none()
    );
}

#[test]
fn a_signer_of_endless_name_is_not_remembered() {
    let (_dir, state) = state();
    let mut facts = facts(NAME, "one", Some("v1.2.3"));
    facts.signature.signer = Signer::Certified {
        identity: "a".repeat(2000),
        issuer: "b".into(),
    };
    let outcome = record_verified(&state, &VerifiedImage::new(facts), now());
    assert!(matches!(outcome, Err(KnownError::TooLong)));
    assert_eq!(Known::load(&state).unwrap(), Known::default());
}

#[test]
fn of_a_first_version_only_the_floors_count() {
    let (_dir, state) = state();
    let image = image(NAME, "one", Some("v1.2.3"));
    raise_floor(&state, &image, now()).unwrap();
    let digest = image.digest();
    let floor = floor_json("v1.2.3");
    let first = format!(
        r#"{{"version":1,"floors":{{"{NAME}":{floor}}},"digests":[{{"digest":"{digest}","image":"{NAME}","version":"v1.2.3","verified_at":"2025-11-24T16:00:00Z"}}]}}"#
    );
    let path = state.join(FILE_NAME);
    fs::write(&path, &first).unwrap();
    let known = Known::load(&state).unwrap();
    assert!(!known.has_verified(digest, None, &policy(), &root()));
    assert!(known.find_by_image_id(digest, &policy(), &root()).is_none());
    assert_eq!(self::floor(&state, NAME).as_deref(), Some("v1.2.3"));

    record_verified(&state, &image, now()).unwrap();
    assert!(has_verified(&Known::load(&state).unwrap(), &image));
    assert_eq!(self::floor(&state, NAME).as_deref(), Some("v1.2.3"));
    assert!(fs::read_to_string(&path).unwrap().contains("\"version\": 2"));
}

#[test]
fn the_file_is_what_the_documentation_says() {
    let (_dir, state) = state();
    let image = image(NAME, "one", Some("v1.2.3"));
    record_verified(&state, &image, now()).unwrap();
    raise_floor(&state, &image, now()).unwrap();
    let text = fs::read_to_string(state.join(FILE_NAME)).unwrap();
    let digest = image.digest();
    let (manifest, config) = (image.manifest_digest(), image.config_digest());
    let (policy, root) = (policy().fingerprint(), *root().digest());
    let wanted = format!(
        r#"{{
  "version": 2,
  "floors": {{
    "ghcr.io/orangecheck/oc-guardian": {{
      "version": "v1.2.3",
      "digest": "{digest}",
      "settled_at": "2025-11-24T16:00:00Z"
    }}
  }},
  "verdicts": [
    {{
      "digest": "{digest}",
      "manifest_digest": "{manifest}",
      "config_digest": "{config}",
      "image": "ghcr.io/orangecheck/oc-guardian",
      "version": "v1.2.3",
      "signer": {{
        "kind": "certificate",
        "identity": "https://example.com/workflow",
        "issuer": "https://example.com"
      }},
      "policy": "{policy}",
      "trust_root": "{root}",
      "provenance": true,
      "downgrade_allowed": false,
      "verified_at": "2025-11-24T16:00:00Z"
    }}
  ]
}}
"#
    );
    assert_eq!(text, wanted);
}

#[test]
fn a_damaged_file_is_not_taken_for_an_empty_one() {
    let (_dir, state) = state();
    let image = image(NAME, "one", Some("v1.2.3"));
    raise_floor(&state, &image, now()).unwrap();
    let path = state.join(FILE_NAME);
    let good = fs::read_to_string(&path).unwrap();
    for bad in [
        String::new(),
        "{}".into(),
        good[..good.len() / 2].into(),
        good.replace("\"version\": 2", "\"version\": 3"),
        good.replace("\"version\": 2", "\"version\": 1"),
        good.replace("\"version\": 2", "\"version\": \"2\""),
        good.replace("v1.2.3", "1.2.3"),
        good.replace("\"verdicts\"", "\"verdict\""),
        good.replace("sha256:", "sha512:"),
        good.replace(
            "\"floors\": {",
            &format!("\"floors\": {{ \"{NAME}\": {},", floor_json("v0.0.1")),
        ),
    ] {
        fs::write(&path, &bad).unwrap();
        assert!(
            matches!(Known::load(&state), Err(KnownError::Damaged { .. })),
            "{bad}"
        );
        assert!(record_verified(&state, &image, now()).is_err());
        assert!(raise_floor(&state, &image, now()).is_err());
        assert_eq!(fs::read_to_string(&path).unwrap(), bad, "left as it was found");
    }
    fs::write(&path, " ".repeat(MAX_BYTES + 1)).unwrap();
    assert!(matches!(
        Known::load(&state),
        Err(KnownError::Store(StoreError::TooLarge { .. }))
    ));
    fs::write(&path, &good).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(matches!(
        Known::load(&state),
        Err(KnownError::Store(StoreError::Exposed { .. }))
    ));
}

#[test]
fn what_is_kept_is_bounded() {
    let (_dir, state) = state();
    let mut known = Known::default();
    let numbered = |number: usize| image(NAME, &number.to_string(), Some("v1.2.3"));
    for number in 0..MAX_VERDICTS + 2 {
        known.note(Verdict::of(&numbered(number), now()).unwrap());
    }
    assert_eq!(known.file.verdicts.len(), MAX_VERDICTS);
    assert!(!has_verified(&known, &numbered(1)) && has_verified(&known, &numbered(2)));

    for number in 0..MAX_FLOORS {
        raise_floor(
            &state,
            &image(&format!("example.com/i{number}"), "x", Some("v1.2.3")),
            now(),
        )
        .unwrap();
    }
    let one_more = raise_floor(&state, &image("example.com/more", "x", Some("v1.2.3")), now());
    assert!(matches!(one_more, Err(KnownError::Full { .. })));
    raise_floor(&state, &image("example.com/i0", "x", Some("v1.2.4")), now()).unwrap();
    assert_eq!(floor(&state, "example.com/i0").as_deref(), Some("v1.2.4"));

    // The largest file that we write is one that we read.
    let long = format!(
        "example.com/{}",
        ["a".repeat(80), "b".repeat(80), "c".repeat(80)].join("/")
    );
    let version = format!("v1.2.3-{}", "a".repeat(120));
    let mut largest = Known::load(&state).unwrap();
    for number in 0..MAX_VERDICTS {
        let mut facts = facts(&long, &number.to_string(), Some(&version));
        facts.signature.signer = Signer::Certified {
            identity: "\"".repeat(511),
            issuer: "\u{1}".repeat(170),
        };
        largest.note(Verdict::of(&VerifiedImage::new(facts), now()).unwrap());
    }
    assert!(serde_json::to_string_pretty(&largest.file).unwrap().len() < MAX_BYTES);
}

#[test]
fn two_at_once_lose_nothing() {
    let (_dir, state) = state();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let state = &state;
            scope.spawn(move || {
                for number in 0..5 {
                    let name = format!("{thread}-{number}");
                    record_verified(state, &image(NAME, &name, Some("v1.2.3")), now()).unwrap();
                    raise_floor(
                        state,
                        &image(NAME, &name, Some(&format!("v1.{thread}.{number}"))),
                        now(),
                    )
                    .unwrap();
                }
            });
        }
    });
    let known = Known::load(&state).unwrap();
    assert_eq!(known.file.verdicts.len(), 20);
    assert_eq!(floor(&state, NAME).as_deref(), Some("v1.3.4"));
}
