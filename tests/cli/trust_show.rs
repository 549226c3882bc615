use oc_guardian::image::Digest;
use serde_json::{Value, json};
use sigstore_trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;

use crate::support::Home;

const STATE: &str = "home/data/trust/production/state.json";

fn shown(home: &Home) -> Value {
    // Not by `run`, which hides times.
    let output = home.command(&["trust", "show", "--json"]).output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What `trust update` leaves, confirmed at this time.
fn state(root: &str, confirmed_at: &str) -> String {
    json!({
        "version": 1,
        "mirror": "https://tuf.example",
        "confirmed_at": confirmed_at,
        "tuf": { "root": 17, "timestamp": 9, "snapshot": 8, "targets": 7 },
        "trusted_root_digest": Digest::of(root.as_bytes()),
        "trusted_root": root,
    })
    .to_string()
}

#[test]
fn without_an_update_the_built_in_root_is_in_use() {
    let home = Home::new();
    let root = shown(&home);
    assert_eq!(root["origin"], "embedded");
    assert_eq!(root["as_of"], "2026-10-13T00:00:00Z");
    assert_eq!(root["tuf"], Value::Null);
    assert_eq!(
        root["digest"],
        Digest::of(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes()).to_string()
    );
    let roles: Vec<&str> = root["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["role"].as_str().unwrap())
        .collect();
    for role in [
        "certificate-authority",
        "log",
        "certificate-log",
        "timestamp-authority",
    ] {
        assert!(roles.contains(&role), "{role}");
    }
    assert!(home.tree().is_empty(), "showing made something");
}

#[test]
fn people_see_what_is_trusted_and_how_old_it_is() {
    let run = Home::new().run(&["trust", "show"]);
    assert_eq!(run.code, Some(0));
    for text in [
        "trust root     the embedded trust root",
        "days old",
        "log                    https://rekor.sigstore.dev  (since 2021-01-12)",
        "certificate authority  https://fulcio.sigstore.dev  (2021-03-07 to 2022-12-31)",
    ] {
        assert!(run.stdout.contains(text), "{text}\n{}", run.text);
    }
}

#[test]
fn what_was_fetched_is_used_where_it_is_newer() {
    let home = Home::new();
    let root = SIGSTORE_PRODUCTION_TRUSTED_ROOT.replace('\n', "\n ");
    home.write(STATE, state(&root, "2026-11-01T12:00:00Z"));
    let newer = shown(&home);
    assert_eq!(newer["origin"], "updated");
    assert_eq!(newer["digest"], Digest::of(root.as_bytes()).to_string());
    assert_eq!(newer["as_of"], "2026-11-01T12:00:00Z");
    assert_eq!(newer["tuf"]["root"], 17);
    // A later release of the kit brings a newer one.
    home.write(STATE, state(&root, "2026-10-12T12:00:00Z"));
    assert_eq!(shown(&home)["origin"], "embedded");
}

#[test]
fn a_clock_before_the_roots_date_is_named() {
    let home = Home::new();
    home.write(
        STATE,
        state(SIGSTORE_PRODUCTION_TRUSTED_ROOT, "2999-01-01T00:00:00Z"),
    );
    let root = shown(&home);
    assert_eq!(root["age_days"], Value::Null);
    assert!(root["note"].as_str().unwrap().contains("set the clock"), "{root}");
}

#[test]
fn damage_is_not_passed_over() {
    let home = Home::new();
    let good = state(SIGSTORE_PRODUCTION_TRUSTED_ROOT, "2026-11-01T12:00:00Z");
    for (case, bad) in [
        (
            "another root",
            good.replace("fulcio.sigstore.dev", "fulcio.evil.example"),
        ),
        ("cut off", good[..good.len() / 2].to_owned()),
        ("empty", String::new()),
        (
            "another version",
            good.replacen(r#""version":1"#, r#""version":2"#, 1),
        ),
    ] {
        home.write(STATE, bad);
        let run = home.run(&["trust", "show", "--json"]);
        assert_eq!(run.code, Some(1), "{case}: {}", run.text);
        assert!(run.stdout.contains("trust-state-damaged"), "{case}: {}", run.text);
        assert!(run.stdout.contains("Move it away"), "{case}: {}", run.text);
    }
}

#[test]
fn a_file_has_no_date() {
    let home = Home::new();
    home.write("trusted_root.json", SIGSTORE_PRODUCTION_TRUSTED_ROOT);
    let run = home.run(&["trust", "show", "--trusted-root", "trusted_root.json"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert!(run.stdout.contains("as of          unknown"), "{}", run.text);
    assert!(run.stdout.contains("its age was not judged"), "{}", run.text);
}

#[test]
fn a_file_must_be_a_trust_root_of_a_known_version() {
    let home = Home::new();
    let good = SIGSTORE_PRODUCTION_TRUSTED_ROOT;
    let doubled = good.replacen(r#""mediaType""#, r#""tlogs": [], "mediaType""#, 1);
    let backwards = good.replacen("2022-12-31T23:59:59.999Z", "2020-12-31T23:59:59.999Z", 1);
    for (case, text, says) in [
        ("nothing", String::new(), "is not a Sigstore trusted root"),
        ("not JSON", "hello".into(), "is not a Sigstore trusted root"),
        ("a list", "[]".into(), "is not a Sigstore trusted root"),
        (
            "no version",
            good.replace("mediaType", "mediatype"),
            "it has none",
        ),
        (
            "0.2",
            good.replace("trustedroot+json;version=0.1", "trustedroot.v0.2+json"),
            "mediaType",
        ),
        ("doubled", doubled, "twice in one object"),
        ("a period that ends first", backwards, "cannot be used"),
        (
            "a bad key",
            good.replacen("MFkwEwYH", "AAAAAAAA", 1),
            "cannot be used",
        ),
    ] {
        home.write("trusted_root.json", &text);
        let run = home.run(&["trust", "show", "--json", "--trusted-root", "trusted_root.json"]);
        assert_eq!(run.code, Some(1), "{case}: {}", run.text);
        assert!(run.stdout.contains("trust-root-invalid"), "{case}: {}", run.text);
        assert!(run.stdout.contains(says), "{case}: {}", run.text);
    }
    home.write("trusted_root.json", " ".repeat(2 * 1024 * 1024));
    let run = home.run(&["trust", "show", "--json", "--trusted-root", "trusted_root.json"]);
    assert!(run.stdout.contains("larger than"), "{}", run.text);
    let run = home.run(&["trust", "show", "--json", "--trusted-root", "absent.json"]);
    assert!(run.stdout.contains(r#""reason":"not-found""#), "{}", run.text);
}
