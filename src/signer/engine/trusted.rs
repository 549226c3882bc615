use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::federation::TrustedFederation;
use crate::signer::TrustedMembership;
use crate::store::Folders;

/// Memberships that the operator accepted: `guardian-key` is signed for these. Read again when their folder changes, so that
/// `federation trust` needs no word to the running server.
pub(super) struct Trusted {
    folders: Folders,
    read: Mutex<Read>,
}

#[derive(Default)]
struct Read {
    /// Of the folder, before it was read. A file that is put in place changes it.
    changed: Option<SystemTime>,
    memberships: Arc<[TrustedMembership]>,
}

impl Trusted {
    /// Nothing is trusted before [`Trusted::reload`].
    pub(super) fn new(folders: &Folders) -> Self {
        Self {
            folders: folders.clone(),
            read: Mutex::default(),
        }
    }

    fn read(&self) -> std::sync::MutexGuard<'_, Read> {
        // Replaced whole.
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is trusted now.
    pub(super) fn memberships(&self) -> Arc<[TrustedMembership]> {
        Arc::clone(&self.read().memberships)
    }

    fn changed(&self) -> Option<SystemTime> {
        let folder = TrustedFederation::folder(&self.folders);
        folder.metadata().and_then(|it| it.modified()).ok()
    }

    /// Whether [`Trusted::reload`] would find something else, as far as the folder's time tells.
    pub(super) fn is_stale(&self) -> bool {
        self.changed() != self.read().changed
    }

    /// Reads all of them, and checks every charter again. Returns why some are not trusted although there is a file.
    pub(super) fn reload(&self) -> Vec<String> {
        let changed = self.changed();
        let mut problems = Vec::new();
        let slugs = TrustedFederation::list(&self.folders).unwrap_or_else(|error| {
            problems.push(error.to_string());
            Vec::new()
        });
        let mut memberships = Vec::new();
        for slug in slugs {
            match TrustedFederation::load(&self.folders, &slug) {
                Ok(trusted) => memberships.push(TrustedMembership {
                    federation: slug,
                    hash: trusted.directory.membership.hash().to_string(),
                }),
                Err(error) => problems.push(format!("{slug} is not trusted: {error}")),
            }
        }
        *self.read() = Read {
            changed,
            memberships: memberships.into(),
        };
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::federation::test_support::agreed;

    fn trust(folders: &Folders, slug: &str) -> TrustedMembership {
        let directory = agreed(slug, 7);
        let membership = TrustedMembership {
            federation: slug.into(),
            hash: directory.membership.hash().to_string(),
        };
        let accepted_at = "2026-11-24T22:00:00Z".into();
        let trusted = TrustedFederation {
            directory,
            accepted_at,
        };
        trusted.save(folders, false).unwrap();
        membership
    }

    #[test]
    fn what_the_operator_accepts_and_takes_back_is_noticed() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::under(home.path());
        let trusted = Trusted::new(&folders);
        assert!(trusted.reload().is_empty() && trusted.memberships().is_empty());
        assert!(!trusted.is_stale());
        let one = trust(&folders, "oc-me-v1");
        assert!(trusted.is_stale());
        assert!(trusted.reload().is_empty() && !trusted.is_stale());
        assert_eq!(*trusted.memberships(), [one]);
        std::fs::remove_file(TrustedFederation::path(&folders, "oc-me-v1")).unwrap();
        assert!(trusted.is_stale());
        trusted.reload();
        assert!(trusted.memberships().is_empty());
    }

    #[test]
    fn a_damaged_file_is_told_and_takes_no_other_with_it() {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::under(home.path());
        let good = trust(&folders, "oc-me-v1");
        trust(&folders, "oc-me-v2");
        let path = TrustedFederation::path(&folders, "oc-me-v2");
        let text = std::fs::read_to_string(&path).unwrap();
        // The first signature in it, with another digit.
        let at = text.find("sig_hex").unwrap() + 14;
        let digit = if &text[at..=at] == "0" { "1" } else { "0" };
        std::fs::write(&path, [&text[..at], digit, &text[at + 1..]].concat()).unwrap();
        let trusted = Trusted::new(&folders);
        let problems = trusted.reload();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].starts_with("oc-me-v2 is not trusted: "),
            "{problems:?}"
        );
        assert_eq!(*trusted.memberships(), [good]);
    }
}
