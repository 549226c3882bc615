use super::version::Version;

/// Why a genuine image is not new enough: a registry must not be able to serve an old, genuinely signed, vulnerable one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Downgrade {
    /// Lower than what has run here.
    #[error("the image is {found}; this machine has settled on {floor}")]
    Lower {
        /// Version of the image.
        found: Version,
        /// Lowest that is accepted.
        floor: Version,
    },
    /// Nobody certified which version it is.
    #[error("the image has no certified version: it was signed {}, which names no version tag", .signed_for)]
    Unversioned {
        /// What it was signed for.
        signed_for: String,
    },
}

/// Whose word the version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Certifies<'a> {
    /// A certificate with this identity, which should name a tag.
    Identity(&'a str),
    /// A key, which can name nothing.
    Key,
}

/// Decides whether an image of this version may be selected where `floor` has settled.
pub(super) fn check(
    version: Option<&Version>,
    certifies: Certifies,
    floor: Option<&Version>,
) -> Result<(), Downgrade> {
    match (version, floor, certifies) {
        (Some(found), Some(floor), _) if found < floor => Err(Downgrade::Lower {
            found: found.clone(),
            floor: floor.clone(),
        }),
        (Some(_), _, _) | (None, None, Certifies::Key) => Ok(()),
        (None, Some(_), Certifies::Key) => Err(Downgrade::Unversioned {
            signed_for: "with a key".into(),
        }),
        (None, _, Certifies::Identity(identity)) => Err(Downgrade::Unversioned {
            signed_for: format!("by {identity}"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    fn decide(found: Option<&str>, certifies: Certifies, floor: Option<&str>) -> Result<(), Downgrade> {
        check(
            found.map(version).as_ref(),
            certifies,
            floor.map(version).as_ref(),
        )
    }

    #[test]
    fn a_lower_version_is_a_downgrade() {
        let by = Certifies::Identity("x");
        for (found, floor) in [
            ("v1.2.3", None),
            ("v1.2.3", Some("v1.2.3")),
            ("v1.10.0", Some("v1.9.9")),
        ] {
            assert_eq!(decide(Some(found), by, floor), Ok(()), "{found} {floor:?}");
            assert_eq!(decide(Some(found), Certifies::Key, floor), Ok(()));
        }
        for (found, floor) in [
            ("v1.2.2", "v1.2.3"),
            ("v1.2.3-rc.1", "v1.2.3"),
            ("v0.99.0", "v1.0.0"),
        ] {
            for by in [by, Certifies::Key] {
                assert!(matches!(
                    decide(Some(found), by, Some(floor)),
                    Err(Downgrade::Lower { .. })
                ));
            }
        }
    }

    #[test]
    fn no_version_is_no_way_round_the_floor() {
        let by = Certifies::Identity("x@refs/heads/main");
        for floor in [None, Some("v1.2.3")] {
            assert!(matches!(
                decide(None, by, floor),
                Err(Downgrade::Unversioned { .. })
            ));
        }
        assert_eq!(decide(None, Certifies::Key, None), Ok(()));
        assert!(matches!(
            decide(None, Certifies::Key, Some("v1.2.3")),
            Err(Downgrade::Unversioned { .. })
        ));
    }
}
