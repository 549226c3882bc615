use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sigstore_tuf::{Updater, UpdaterConfig};

use super::cache::Cache;
use super::contents::Changes;
use super::mirror::{Mirror, MirrorError};
use super::repository::Repository;
use super::root::{EMBEDDED_AS_OF, MAX_ROOT, Origin, TrustRoot};
use super::state::{State, Versions, state_path};
use super::update_error::UpdateError;
use crate::store::{self, Access, Lock, StoreError};

const TARGET: &str = "trusted_root.json";

/// What an update did.
#[derive(Debug)]
pub struct Update {
    /// What is to be verified with from now on.
    pub root: TrustRoot,
    /// Versions of the metadata.
    pub versions: Versions,
    /// Those of the update before.
    pub previous: Option<Versions>,
    /// Against what was in use before.
    pub changes: Changes,
    /// A copy of the root that other programs can be pointed at.
    pub file: PathBuf,
    /// Where it was fetched from.
    pub mirror: String,
}

/// Fetches the latest trust root as The Update Framework (TUF) prescribes: a chain of roots from the bootstrap, then
/// timestamp, snapshot, targets, each signed, unexpired and never of a lower version than before, then the file that
/// these name. Specification: <https://theupdateframework.github.io/specification/latest/#detailed-client-workflow>
///
/// What is verified is kept durably as it comes, so that a key that was revoked in a root seen once stays revoked; the
/// trust root itself changes only when everything was right.
///
/// # Errors
/// [`UpdateError`]
pub fn update(
    repository: &Repository,
    data_folder: &Path,
    proxy: Option<ureq::Proxy>,
    now: SystemTime,
) -> Result<Update, UpdateError> {
    check_clock(now)?;
    let folder = repository.folder(data_folder);
    store::create_dir_private(&folder)?;
    let _lock = lock(&folder)?;
    store::sweep_temporaries(&folder);
    let before = State::load(&folder)?;
    let in_use = match (&before, repository.is_production()) {
        (_, true) => Some(TrustRoot::current(data_folder)?),
        (Some(state), false) => Some(TrustRoot::from_state(state, &folder)?),
        (None, false) => None,
    };

    let (bytes, versions) = fetch(repository, proxy, &folder.join("tuf"), now)?;
    let previous = before.map(|state| state.tuf);
    if let Some(seen) = previous {
        check_floor(seen, versions)?;
    }
    let text =
        String::from_utf8(bytes).map_err(|_| UpdateError::Malformed(format!("{TARGET} is not UTF-8")))?;
    let state = State::new(repository.mirror(), now, versions, text);
    // Read before it is kept: a root that cannot be used must not replace one that can.
    let root = TrustRoot::from_state(&state, &folder)?;
    state.save(&folder)?;
    let file = folder.join(TARGET);
    store::replace(&file, state.trusted_root.as_bytes(), Access::Public)?;
    let changes = in_use.map(|old| root.changes_since(&old));
    Ok(Update {
        changes: changes.unwrap_or_else(|| Changes {
            added: root.entries(),
            removed: Vec::new(),
        }),
        root,
        versions,
        previous,
        file,
        mirror: repository.mirror().to_owned(),
    })
}

fn fetch(
    repository: &Repository,
    proxy: Option<ureq::Proxy>,
    cache: &Path,
    now: SystemTime,
) -> Result<(Vec<u8>, Versions), UpdateError> {
    let cache = Cache::open(cache)?;
    let mirror = Mirror::new(repository.mirror(), proxy)?;
    let mut config = UpdaterConfig::default();
    config.targets_max_length = 1_000_000;
    config.target_max_length = MAX_ROOT as u64;
    let mut updater = Updater::new(mirror, repository.bootstrap())
        .map_err(UpdateError::from)?
        .with_config(config)
        .with_store(cache.clone());
    // Before the network: a floor that cannot be read is no floor.
    if let Some(error) = cache.fault() {
        return Err(error.into());
    }
    let now = now.try_into().map_err(|_| clock(EMBEDDED_AS_OF))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| MirrorError::Unreachable {
            url: repository.mirror().to_owned(),
            detail: error.to_string(),
        })?;
    let fetched = runtime.block_on(async {
        updater.refresh(now).await?;
        updater.get_target(TARGET, now).await
    });
    if let Some(error) = cache.fault() {
        return Err(error.into());
    }
    let bytes = fetched?;
    let trusted = updater.trusted();
    let version =
        |found: Option<u64>| found.ok_or_else(|| UpdateError::Malformed("a role is missing".into()));
    let versions = Versions {
        root: trusted.root().version,
        timestamp: version(trusted.timestamp().map(|it| it.version))?,
        snapshot: version(trusted.snapshot().map(|it| it.version))?,
        targets: version(trusted.targets_role("targets").map(|it| it.version))?,
    };
    Ok((bytes, versions))
}

/// The library's own floors come from the cached metadata, and are gone when those are. A new root may start the other
/// versions afresh: that is how a repository recovers from a stolen key that signed a very high version.
fn check_floor(seen: Versions, offered: Versions) -> Result<(), UpdateError> {
    let lower = |role: &str, seen: u64, offered: u64| {
        if offered >= seen {
            return Ok(());
        }
        Err(UpdateError::Rollback {
            role: role.to_owned(),
            seen,
            offered,
        })
    };
    lower("root", seen.root, offered.root)?;
    if offered.root > seen.root {
        return Ok(());
    }
    lower("timestamp", seen.timestamp, offered.timestamp)?;
    lower("snapshot", seen.snapshot, offered.snapshot)?;
    lower("targets", seen.targets, offered.targets)
}

fn check_clock(now: SystemTime) -> Result<(), UpdateError> {
    let since = SystemTime::UNIX_EPOCH + Duration::from_secs(EMBEDDED_AS_OF);
    if now < since {
        return Err(clock(EMBEDDED_AS_OF));
    }
    Ok(())
}

fn clock(since: u64) -> UpdateError {
    UpdateError::Clock {
        since: super::age::date(SystemTime::UNIX_EPOCH + Duration::from_secs(since)),
    }
}

fn lock(folder: &Path) -> Result<Lock, UpdateError> {
    Lock::acquire(&folder.join("lock")).map_err(|error| match error {
        StoreError::Locked { pid, .. } => UpdateError::Locked { pid },
        error => error.into(),
    })
}

/// For messages: the file that an update leaves.
pub(super) fn origin(folder: &Path) -> Origin {
    Origin::Updated(state_path(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floors_hold_until_a_new_root() {
        let versions = |root, timestamp, snapshot, targets| Versions {
            root,
            timestamp,
            snapshot,
            targets,
        };
        let seen = versions(5, 50, 40, 30);
        for good in [seen, versions(5, 51, 41, 31), versions(6, 1, 1, 1)] {
            check_floor(seen, good).unwrap();
        }
        for (role, bad) in [
            ("root", versions(4, 99, 99, 99)),
            ("timestamp", versions(5, 49, 40, 30)),
            ("snapshot", versions(5, 51, 39, 30)),
            ("targets", versions(5, 51, 41, 29)),
        ] {
            let error = check_floor(seen, bad).unwrap_err();
            assert!(matches!(error, UpdateError::Rollback { role: found, .. } if found == role));
        }
    }

    #[test]
    fn a_clock_that_is_behind_cannot_tell_what_is_expired() {
        assert!(matches!(
            check_clock(SystemTime::UNIX_EPOCH),
            Err(UpdateError::Clock { .. })
        ));
        check_clock(SystemTime::now()).unwrap();
    }
}
