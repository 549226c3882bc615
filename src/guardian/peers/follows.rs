use crate::federation::Directory;

/// Why a directory does not take the place of the one that is known.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(in crate::guardian) enum NotTaken {
    #[error(
        "the directory has another membership than this process serves in; start the guardian anew to serve in it"
    )]
    OtherMembership,
    #[error("the directory has sequence {offered}, and one with sequence {known} is known")]
    Older { offered: u64, known: u64 },
    #[error("another directory with sequence {0} is known")]
    Forked(u64),
}

/// Whether a directory may take the place of `known`. Sequence 0 is before the federation signs: what may change is nobody's
/// word then, and does change. After that a number means one directory.
///
/// # Errors
/// [`NotTaken`]
pub(super) fn follows(known: &Directory, offered: &Directory) -> Result<(), NotTaken> {
    if known.membership != offered.membership {
        return Err(NotTaken::OtherMembership);
    }
    if offered.sequence < known.sequence {
        return Err(NotTaken::Older {
            offered: offered.sequence,
            known: known.sequence,
        });
    }
    let is_same = known.addresses == offered.addresses
        && known.image_digest == offered.image_digest
        && known.federation_key == offered.federation_key;
    if offered.sequence > 0 && offered.sequence == known.sequence && !is_same {
        return Err(NotTaken::Forked(known.sequence));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::test_support::agreed;
    use crate::guardian::peers::test_support::SLUG;

    fn directory(sequence: u64, digest: char) -> Directory {
        let mut directory = agreed(SLUG, 7);
        directory.sequence = sequence;
        directory.image_digest = Some(format!("sha256:{}", digest.to_string().repeat(64)));
        directory
    }

    #[test]
    fn only_forward_and_one_directory_for_a_number() {
        for (known, offered, expected) in [
            ((0, 'a'), (0, 'b'), Ok(())),
            ((0, 'a'), (7, 'b'), Ok(())),
            ((7, 'a'), (7, 'a'), Ok(())),
            ((7, 'a'), (8, 'b'), Ok(())),
            ((7, 'a'), (7, 'b'), Err(NotTaken::Forked(7))),
            ((7, 'a'), (6, 'a'), Err(NotTaken::Older { offered: 6, known: 7 })),
            ((7, 'a'), (0, 'a'), Err(NotTaken::Older { offered: 0, known: 7 })),
        ] {
            let (known, offered) = (directory(known.0, known.1), directory(offered.0, offered.1));
            assert_eq!(follows(&known, &offered), expected);
        }
    }

    #[test]
    fn no_number_makes_another_membership_ours() {
        let mut other = agreed(SLUG, 8);
        other.sequence = 9;
        assert_eq!(
            follows(&directory(7, 'a'), &other),
            Err(NotTaken::OtherMembership)
        );
    }
}
