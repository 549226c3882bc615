//! The folder that a devnet lives in: made under a lock that says whether it is in use, removed at the end, or at the next
//! start where there was no orderly end.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::DevnetError;
use crate::store::{self, Lock, StoreError, hex};

/// How folders of devnets are called.
const PREFIX: &str = "oc-devnet-";
/// While its lock is being taken.
const UNFINISHED: &str = ".oc-devnet-";
/// Permission bits of group and others, none of which may be set.
const CLOSED: u32 = 6;
const LOCK: &str = "devnet.lock";
/// Longest name that a Unix socket can have on the systems we run on, in bytes.
const SOCKET_LIMIT: usize = 103;
/// The longest of the names below the folder.
const LONGEST_BELOW: &str = "/guardian-32/run/operator/operator.sock";
/// An unfinished one that is older was left by a process that is gone.
const UNFINISHED_AGE: std::time::Duration = std::time::Duration::from_secs(60);

/// The folder of a devnet, held against others.
pub(super) struct Folder {
    path: PathBuf,
    _lock: Lock,
}

/// A devnet that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    /// Its folder.
    pub path: PathBuf,
    /// Its process, if the lock says.
    pub pid: Option<u32>,
}

impl Folder {
    /// Makes a new one in `base`, and removes those that no process holds any more. Returns how many these were.
    pub(super) fn make(base: &Path) -> Result<(Self, usize), DevnetError> {
        let mut random = [0; 4];
        getrandom::fill(&mut random).map_err(DevnetError::Random)?;
        let name = hex::encode(&random);
        let path = base.join(format!("{PREFIX}{name}"));
        if path.as_os_str().len() + LONGEST_BELOW.len() > SOCKET_LIMIT {
            return Err(DevnetError::PathTooLong {
                path: base.to_owned(),
                limit: SOCKET_LIMIT,
            });
        }
        let removed = sweep(base);
        let unfinished = base.join(format!("{UNFINISHED}{name}"));
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| StoreError::Write { path, source }
        };
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&unfinished)
            .map_err(failed(&unfinished))?;
        // It gets its name when the lock is ours: nobody takes it for a left-over in between.
        let lock = Lock::acquire(&unfinished.join(LOCK))?;
        fs::rename(&unfinished, &path).map_err(failed(&path))?;
        Ok((Self { path, _lock: lock }, removed))
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left now is removed at the next start.
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The devnets that run in this folder, by name.
///
/// # Errors
/// When the folder cannot be read.
pub fn running(base: &Path) -> Result<Vec<Running>, StoreError> {
    let mut found: Vec<Running> = ours(base, PREFIX)
        .map_err(|source| StoreError::Read {
            path: base.to_owned(),
            source,
        })?
        .into_iter()
        .filter_map(held)
        .collect();
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Whether a process holds the lock of this folder. Makes no file: the folder may just be on its way out.
fn held(path: PathBuf) -> Option<Running> {
    let file = File::open(path.join(LOCK)).ok()?;
    match flock(&file, FlockOperation::NonBlockingLockShared) {
        Err(Errno::WOULDBLOCK) => {
            let mut text = String::new();
            let _ = file.take(32).read_to_string(&mut text);
            Some(Running {
                path,
                pid: text.trim().parse().ok(),
            })
        }
        _ => None,
    }
}

fn sweep(base: &Path) -> usize {
    let mut removed = 0;
    for path in ours(base, PREFIX).unwrap_or_default() {
        // One that has no lock is not one of ours, whatever its name.
        if !store::exists(&path.join(LOCK)) {
            continue;
        }
        if let Ok(lock) = Lock::acquire(&path.join(LOCK)) {
            removed += usize::from(fs::remove_dir_all(&path).is_ok());
            drop(lock);
        }
    }
    for path in ours(base, UNFINISHED).unwrap_or_default() {
        let modified = fs::symlink_metadata(&path).and_then(|it| it.modified());
        let is_old = modified.is_ok_and(|at| at.elapsed().is_ok_and(|age| age > UNFINISHED_AGE));
        if is_old {
            let _ = fs::remove_file(path.join(LOCK));
            let _ = fs::remove_dir(&path);
        }
    }
    removed
}

/// Folders (no links) of this user, closed to others, with such a name: in a folder that others can write to, nobody else's
/// is touched.
fn ours(base: &Path, prefix: &str) -> io::Result<Vec<PathBuf>> {
    let uid = rustix::process::geteuid().as_raw();
    let ours = |entry: &fs::DirEntry| {
        let named = entry.file_name().to_str().is_some_and(|name| {
            let random = name.strip_prefix(prefix);
            random.is_some_and(|random| random.len() == 8 && hex::is_lower_hex(random))
        });
        named
            && entry
                .metadata()
                .is_ok_and(|it| it.is_dir() && it.uid() == uid && it.mode().trailing_zeros() >= CLOSED)
    };
    Ok(fs::read_dir(base)?
        .flatten()
        .filter(ours)
        .map(|entry| entry.path())
        .collect())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn two_at_once_and_the_dead_one_is_swept() {
        let base = tempfile::tempdir().unwrap();
        let (one, _) = Folder::make(base.path()).unwrap();
        let (two, removed) = Folder::make(base.path()).unwrap();
        assert_eq!(removed, 0);
        let mut expected = vec![one.path().to_owned(), two.path().to_owned()];
        expected.sort();
        let found = running(base.path()).unwrap();
        assert_eq!(
            found.iter().map(|it| it.path.clone()).collect::<Vec<_>>(),
            expected
        );
        assert!(found.iter().all(|it| it.pid == Some(std::process::id())));
        // As after SIGKILL: the lock is free, the folder is there.
        let left = one.path().to_owned();
        fs::write(left.join("something"), "x").unwrap();
        std::mem::forget(one);
        fs::remove_file(left.join(LOCK)).unwrap();
        fs::write(left.join(LOCK), "1\n").unwrap();
        let (three, removed) = Folder::make(base.path()).unwrap();
        assert_eq!((removed, left.exists()), (1, false));
        drop((two, three));
        assert_eq!(fs::read_dir(base.path()).unwrap().count(), 0);
    }

    #[test]
    fn what_only_has_such_a_name_stays() {
        let base = tempfile::tempdir().unwrap();
        let open = base.path().join("oc-devnet-00000000");
        fs::create_dir(&open).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        fs::write(open.join(LOCK), "").unwrap();
        let lockless = base.path().join("oc-devnet-00000001");
        fs::create_dir(&lockless).unwrap();
        fs::set_permissions(&lockless, fs::Permissions::from_mode(0o700)).unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        fs::write(elsewhere.path().join(LOCK), "").unwrap();
        let link = base.path().join("oc-devnet-00000002");
        std::os::unix::fs::symlink(elsewhere.path(), &link).unwrap();
        let (_folder, removed) = Folder::make(base.path()).unwrap();
        assert_eq!(removed, 0);
        for path in [open, lockless, link, elsewhere.path().join(LOCK)] {
            assert!(path.exists(), "{}", path.display());
        }
    }

    #[test]
    fn too_deep_for_sockets() {
        let base = tempfile::tempdir().unwrap();
        let deep = base.path().join("d".repeat(60));
        fs::create_dir(&deep).unwrap();
        assert!(matches!(
            Folder::make(&deep),
            Err(DevnetError::PathTooLong { .. })
        ));
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
    }
}
