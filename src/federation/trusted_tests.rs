use super::*;
use crate::federation::test_support::agreed;

fn home() -> (tempfile::TempDir, Folders) {
    let dir = tempfile::tempdir().unwrap();
    let folders = Folders::under(dir.path());
    (dir, folders)
}

fn trusted(slug: &str, charter: u8) -> TrustedFederation {
    TrustedFederation {
        directory: agreed(slug, charter),
        accepted_at: "2026-11-24T10:00:00Z".into(),
    }
}

#[test]
fn keeps_and_finds_what_was_accepted() {
    let (_dir, folders) = home();
    assert_eq!(TrustedFederation::list(&folders).unwrap(), Vec::<String>::new());
    assert!(matches!(
        TrustedFederation::load(&folders, "oc-me-v1"),
        Err(TrustedFederationError::Absent { .. })
    ));
    let (first, second) = (trusted("oc-me-v1", 7), trusted("other", 7));
    first.save(&folders, false).unwrap();
    second.save(&folders, false).unwrap();
    assert_eq!(TrustedFederation::load(&folders, "oc-me-v1").unwrap(), first);
    assert_eq!(TrustedFederation::list(&folders).unwrap(), ["oc-me-v1", "other"]);
}

#[test]
fn another_membership_is_not_slipped_in() {
    let (_dir, folders) = home();
    trusted("oc-me-v1", 7).save(&folders, false).unwrap();
    trusted("oc-me-v1", 7).save(&folders, false).unwrap();
    let other = trusted("oc-me-v1", 8);
    assert!(matches!(
        other.save(&folders, false),
        Err(TrustedFederationError::Conflict { .. })
    ));
    other.save(&folders, true).unwrap();
    assert_eq!(TrustedFederation::load(&folders, "oc-me-v1").unwrap(), other);
}

#[test]
fn nothing_that_is_not_agreed_is_kept_or_believed() {
    let (_dir, folders) = home();
    let mut partial = trusted("oc-me-v1", 7);
    partial.directory.charter_signatures.0.pop();
    assert!(matches!(
        partial.save(&folders, true),
        Err(TrustedFederationError::Charter(CharterError::Missing { .. }))
    ));
    trusted("oc-me-v1", 7).save(&folders, false).unwrap();
    let path = TrustedFederation::path(&folders, "oc-me-v1");
    let text = std::fs::read_to_string(&path).unwrap();
    let hash = trusted("oc-me-v1", 7).directory.membership.hash().to_string();
    for (from, to, said) in [
        ("\"version\": 1", "\"version\": 2", "version 2"),
        (hash.as_str(), &"0".repeat(64), "another hash"),
        ("2026-11-24T10:00:00Z", "yesterday", "accepted_at"),
        ("\\\"m\\\": 3", "\\\"m\\\": 4", "another hash"),
        ("\"version\"", "\"versions\"", "unknown field"),
        (
            "\\\"nonce\\\": 1",
            "\\\"nonce\\\": 2",
            "signature does not verify",
        ),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&path, text.replace(from, to)).unwrap();
        let error = TrustedFederation::load(&folders, "oc-me-v1")
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
    }
    std::fs::rename(&path, TrustedFederation::path(&folders, "other")).unwrap();
    std::fs::write(TrustedFederation::path(&folders, "other"), &text).unwrap();
    assert!(
        TrustedFederation::load(&folders, "other")
            .unwrap_err()
            .to_string()
            .contains("it is of oc-me-v1")
    );
}

#[test]
fn names_are_no_paths() {
    let (_dir, folders) = home();
    for slug in ["", "../x", "a/b", "A", ".", &"a".repeat(65)] {
        assert!(matches!(
            TrustedFederation::load(&folders, slug),
            Err(TrustedFederationError::Slug(_))
        ));
    }
}
