use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::super::descriptor::Platform;
use super::super::evidence::Form;
use super::super::verified::{Facts, Logged, SignatureFacts, Signer};
use super::*;

const NAME: &str = "ghcr.io/orangecheck/oc-guardian";

fn image(name: &str, bytes: &str, version: Option<&str>) -> VerifiedImage {
    let digest = Digest::of(bytes.as_bytes());
    VerifiedImage::new(Facts {
        reference: format!("{name}:latest").parse().unwrap(),
        digest,
        platform: Platform::of_this_machine(),
        manifest_digest: digest,
        config_digest: digest,
        signature: SignatureFacts {
            form: Form::Bundle,
            signer: Signer::Key(digest),
            repository: None,
            git_ref: None,
            commit: None,
            run: None,
            logged: Logged {
                at: None,
                index: None,
            },
        },
        provenance: None,
        version: version.map(|text| text.parse().unwrap()),
        floor: None,
        another_build: false,
        lower_allowed: false,
        ignored: Vec::new(),
    })
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
    assert!(known.has_verified(image.digest()) && !known.has_verified(&Digest::of(b"other")));
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
fn the_file_is_what_the_documentation_says() {
    let (_dir, state) = state();
    let image = image(NAME, "one", Some("v1.2.3"));
    record_verified(&state, &image, now()).unwrap();
    raise_floor(&state, &image, now()).unwrap();
    let text = fs::read_to_string(state.join(FILE_NAME)).unwrap();
    let digest = image.digest();
    let wanted = format!(
        r#"{{
  "version": 1,
  "floors": {{
    "ghcr.io/orangecheck/oc-guardian": {{
      "version": "v1.2.3",
      "digest": "{digest}",
      "settled_at": "2025-11-24T16:00:00Z"
    }}
  }},
  "digests": [
    {{
      "digest": "{digest}",
      "image": "ghcr.io/orangecheck/oc-guardian",
      "version": "v1.2.3",
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
        good.replace("\"version\": 1", "\"version\": 2"),
        good.replace("v1.2.3", "1.2.3"),
        good.replace("\"digests\"", "\"digest\""),
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
    for number in 0..MAX_DIGESTS + 2 {
        known.note(&image(NAME, &number.to_string(), Some("v1.2.3")), now());
    }
    assert_eq!(known.file.digests.len(), MAX_DIGESTS);
    assert!(!known.has_verified(&Digest::of(b"1")) && known.has_verified(&Digest::of(b"2")));

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
    for number in 0..MAX_DIGESTS {
        largest.note(&image(&long, &number.to_string(), Some(&version)), now());
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
    assert_eq!(known.file.digests.len(), 20);
    assert_eq!(floor(&state, NAME).as_deref(), Some("v1.3.4"));
}
