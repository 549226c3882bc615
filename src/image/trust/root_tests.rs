use super::*;

/// Of the embedded root, as of [`EMBEDDED_AS_OF`].
const EMBEDDED_DIGEST: &str = "sha256:6494e21ea73fa7ee769f85f57d5a3e6a08725eae1e38c755fc3517c9e6bc0b66";

fn production() -> String {
    SIGSTORE_PRODUCTION_TRUSTED_ROOT.to_owned()
}

fn read(text: &str) -> Result<TrustRoot, TrustError> {
    TrustRoot::from_bytes(text.as_bytes(), Origin::File("trusted_root.json".into()))
}

#[test]
fn the_embedded_root_is_the_one_that_is_dated() {
    let root = TrustRoot::embedded().unwrap();
    assert_eq!(
        root.digest().to_string(),
        EMBEDDED_DIGEST,
        "the pinned crate embeds another trust root: find out of which day it is, and change EMBEDDED_AS_OF with this"
    );
    assert_eq!(
        root.as_of().map(super::super::age::date).as_deref(),
        Some("2026-10-13")
    );
    assert!(!root.entries().is_empty());
}

#[test]
fn both_spellings_of_version_0_1_are_read_and_no_other() {
    let known = MEDIA_TYPES[0];
    read(&production()).unwrap();
    read(&production().replace(known, MEDIA_TYPES[1])).unwrap();
    for other in [
        "",
        "application/json",
        "application/vnd.dev.sigstore.trustedroot.v0.2+json",
        &known.to_uppercase(),
    ] {
        let error = read(&production().replace(known, other)).unwrap_err();
        assert!(matches!(error, TrustError::MediaType { found: Some(found), .. } if found == other));
    }
    let absent = production().replacen(&format!(r#""mediaType": "{known}","#), "", 1);
    assert!(matches!(
        read(&absent),
        Err(TrustError::MediaType { found: None, .. })
    ));
}

#[test]
fn changes_are_found_by_key_and_period() {
    let old = read(&production()).unwrap();
    assert!(read(&production()).unwrap().changes_since(&old).is_empty());
    // A period that ends now is a change, although the key is the same.
    let ended = production().replacen(
        r#""start": "2021-01-12T11:53:27Z""#,
        r#""start": "2021-01-12T11:53:27Z", "end": "2026-01-01T00:00:00Z""#,
        1,
    );
    let changes = read(&ended).unwrap().changes_since(&old);
    assert_eq!((changes.added.len(), changes.removed.len()), (1, 1));
    assert_eq!(changes.added[0].until.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(changes.added[0].fingerprint, changes.removed[0].fingerprint);
}

#[test]
fn a_log_must_not_be_there_twice() {
    let mut root: serde_json::Value = serde_json::from_str(SIGSTORE_PRODUCTION_TRUSTED_ROOT).unwrap();
    let log = root["tlogs"][0].clone();
    root["tlogs"].as_array_mut().unwrap().push(log);
    assert!(matches!(
        read(&root.to_string()),
        Err(TrustError::Unusable { .. })
    ));
}
