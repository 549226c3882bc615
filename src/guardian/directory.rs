//! Where the guardian learns the membership that it serves in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::peers::NotTaken;
use super::shared::Shared;
use crate::federation::{CharterError, Directory, DirectoryError, MAX_DIRECTORY_BYTES, check_charter};
use crate::portal::{DocumentError, fetch_document};
use crate::store::{self, Access};

const FILE: &str = "directory.json";
/// In the log.
const SUBJECT: &str = "the federation's directory";
/// How often the directory is read again: addresses may change.
const EVERY: Duration = Duration::from_secs(600);
/// How soon after a failure, at first and at most.
const FIRST_RETRY: Duration = Duration::from_secs(5);

/// Why a directory is not taken.
#[derive(Debug, thiserror::Error)]
enum LearnError {
    #[error(transparent)]
    Document(#[from] DocumentError),
    #[error("the directory cannot be used: {0}")]
    Directory(#[from] DirectoryError),
    #[error(transparent)]
    Charter(#[from] CharterError),
    #[error("the directory is of {0}")]
    OtherFederation(String),
    #[error("this operator is not in the directory's membership")]
    NotAMember,
    #[error(transparent)]
    NotTaken(#[from] NotTaken),
    #[error("the task that fetches it ended")]
    Task,
}

/// Reads the directory at `directory_url`, keeps a copy for starts without a network, and looks again from time to time;
/// never returns. Nobody is trusted for it: all guardians signed the charter over the membership, our operator included.
pub(super) async fn follow(shared: Arc<Shared>) {
    let Some(url) = shared.settings.bundle.directory_url.clone() else {
        return;
    };
    let copy = shared.settings.bundle.data_dir.join(FILE);
    if let Ok(bytes) = store::read(&copy, MAX_DIRECTORY_BYTES) {
        // Addresses may be old; the membership is checked as at the first time.
        if let Err(error) = learn(&shared, &bytes) {
            shared.log.warn(&format!("{}: {error}", copy.display()));
        }
    }
    let mut retry = FIRST_RETRY;
    loop {
        let pause = match fetch(&shared, &url, &copy).await {
            Ok(()) => {
                shared.log.well(SUBJECT);
                retry = FIRST_RETRY;
                EVERY
            }
            Err(error) => {
                shared.log.trouble(SUBJECT, &error.to_string());
                retry = (retry * 2).min(EVERY);
                retry
            }
        };
        tokio::time::sleep(pause).await;
    }
}

async fn fetch(shared: &Arc<Shared>, url: &str, copy: &Path) -> Result<(), LearnError> {
    let (url, authority) = (url.to_owned(), shared.authority.clone());
    let fetched =
        tokio::task::spawn_blocking(move || fetch_document(&url, authority.as_deref(), MAX_DIRECTORY_BYTES))
            .await;
    let bytes = fetched.map_err(|_| LearnError::Task)??;
    let learnt = learn(shared, &bytes);
    // A membership that all have signed is served from the next start on: the copy must not lead back to the one before.
    if !matches!(
        &learnt,
        Ok(()) | Err(LearnError::NotTaken(NotTaken::OtherMembership))
    ) {
        return learnt;
    }
    if store::read(copy, MAX_DIRECTORY_BYTES).ok().as_ref() != Some(&bytes) {
        // It is only for a start without a network.
        match store::replace(copy, &bytes, Access::Private) {
            Ok(()) => shared.written(Ok(())),
            Err(error) => shared.written(Err(&error)),
        }
    }
    learnt
}

fn learn(shared: &Shared, bytes: &[u8]) -> Result<(), LearnError> {
    let directory = Directory::parse(bytes)?;
    let membership = &directory.membership;
    if membership.slug() != shared.settings.bundle.federation_slug {
        return Err(LearnError::OtherFederation(membership.slug().to_owned()));
    }
    if membership.member(&shared.settings.operator_id()).is_none() {
        return Err(LearnError::NotAMember);
    }
    check_charter(membership, &directory.charter_signatures)?;
    let first = shared.peers.directory().is_none();
    shared.peers.set_directory(directory)?;
    if first {
        shared.log.info("the federation's membership is known");
        shared.membership_known.notify_one();
    }
    Ok(())
}
