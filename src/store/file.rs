use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use tempfile::{Builder, NamedTempFile, PersistError};
use zeroize::Zeroizing;

use super::StoreError;

/// Temporary files of ours begin and end like this, so that what a crash left behind can be told from anything else.
const TEMPORARY_PREFIX: &str = ".oc-guardian-";
const TEMPORARY_SUFFIX: &str = ".tmp";

/// Who may read a file that we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// 0600.
    Private,
    /// 0644, whatever the umask: another user (a container's) has to read it.
    Public,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Private => 0o600,
            Self::Public => 0o644,
        }
    }
}

/// Reads a regular file of at most `limit` bytes.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::NotAFile`], [`StoreError::TooLarge`], [`StoreError::Read`].
pub fn read(path: &Path, limit: usize) -> Result<Vec<u8>, StoreError> {
    let (file, metadata) = open_without_waiting(path)?;
    if !metadata.is_file() {
        return Err(StoreError::NotAFile {
            path: path.to_owned(),
        });
    }
    let mut bytes = Vec::new();
    read_bounded(path, file, limit, &mut bytes)?;
    Ok(bytes)
}

/// Reads a secret of at most `limit` bytes. A regular file must be ours (or root's) and closed to everybody else; a
/// pipe, as shells make for `<(command)`, has no permissions worth checking. `allowed_mode` are the permission bits that
/// may be set: 0o700, or 0o740 in a systemd credential folder, where the group bits are the mask of an ACL.
///
/// # Errors
/// As [`read`], and [`StoreError::Exposed`], [`StoreError::ForeignOwner`].
pub fn read_private(path: &Path, limit: usize, allowed_mode: u32) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let (file, metadata) = open(path)?;
    if metadata.is_dir() {
        return Err(StoreError::NotAFile {
            path: path.to_owned(),
        });
    }
    if metadata.is_file() {
        check_private(path, &metadata, allowed_mode, 0o600)?;
    }
    // Reserved whole, so that growing does not leave pieces of the secret in freed memory.
    let mut bytes = Zeroizing::new(Vec::with_capacity(limit + 1));
    read_bounded(path, file, limit, &mut bytes)?;
    Ok(bytes)
}

/// As [`open`], but does not wait for somebody to write into a named pipe.
fn open_without_waiting(path: &Path) -> Result<(File, fs::Metadata), StoreError> {
    let mut options = OpenOptions::new();
    options
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed());
    let file = options.open(path).map_err(|source| read_error(path, source))?;
    let metadata = file.metadata().map_err(|source| read_error(path, source))?;
    Ok((file, metadata))
}

/// Opens a regular file that is ours and closed to everybody else, for reading as far as it goes.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::NotAFile`], [`StoreError::Exposed`], [`StoreError::ForeignOwner`],
/// [`StoreError::Read`].
pub fn open_private(path: &Path) -> Result<File, StoreError> {
    let (file, metadata) = open_without_waiting(path)?;
    check_private_regular(path, &metadata)?;
    Ok(file)
}

/// Checks that an open file is a regular one, ours, and closed to everybody else.
///
/// # Errors
/// As [`open_private`].
pub fn check_private_file(path: &Path, file: &File) -> Result<(), StoreError> {
    let metadata = file.metadata().map_err(|source| read_error(path, source))?;
    check_private_regular(path, &metadata)
}

fn check_private_regular(path: &Path, metadata: &fs::Metadata) -> Result<(), StoreError> {
    if !metadata.is_file() {
        return Err(StoreError::NotAFile {
            path: path.to_owned(),
        });
    }
    check_private(path, metadata, 0o700, 0o600)
}

fn open(path: &Path) -> Result<(File, fs::Metadata), StoreError> {
    let file = File::open(path).map_err(|source| read_error(path, source))?;
    let metadata = file.metadata().map_err(|source| read_error(path, source))?;
    Ok((file, metadata))
}

fn read_bounded(path: &Path, file: File, limit: usize, bytes: &mut Vec<u8>) -> Result<(), StoreError> {
    file.take(limit as u64 + 1)
        .read_to_end(bytes)
        .map_err(|source| read_error(path, source))?;
    if bytes.len() > limit {
        return Err(StoreError::TooLarge {
            path: path.to_owned(),
            limit,
        });
    }
    Ok(())
}

fn read_error(path: &Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => StoreError::NotFound { path },
        io::ErrorKind::IsADirectory => StoreError::NotAFile { path },
        _ => StoreError::Read { path, source },
    }
}

fn check_private(path: &Path, metadata: &fs::Metadata, allowed: u32, wanted: u32) -> Result<(), StoreError> {
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 & !allowed != 0 {
        return Err(StoreError::Exposed {
            path: path.to_owned(),
            mode,
            wanted,
        });
    }
    let owner = metadata.uid();
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        return Err(StoreError::ForeignOwner {
            path: path.to_owned(),
            owner,
        });
    }
    Ok(())
}

/// Makes a folder (0700) and its parents, or checks that an existing one is closed to others.
///
/// # Errors
/// [`StoreError::Write`], [`StoreError::Exposed`], [`StoreError::ForeignOwner`].
pub fn create_dir_private(path: &Path) -> Result<(), StoreError> {
    let failed = |source| StoreError::Write {
        path: path.to_owned(),
        source,
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => check_private(path, &metadata, 0o700, 0o700),
        Ok(_) => Err(failed(io::ErrorKind::NotADirectory.into())),
        Err(_) => {
            let missing: Vec<&Path> = path.ancestors().take_while(|folder| !folder.exists()).collect();
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(path)
                .map_err(failed)?;
            // A crash must not lose the folder that a durable file was then put into, nor one above it.
            missing.into_iter().try_for_each(sync_parent)
        }
    }
}

/// Checks that an existing folder is closed to others.
///
/// # Errors
/// [`StoreError::NotFound`], [`StoreError::Exposed`], [`StoreError::ForeignOwner`].
pub fn check_dir_private(path: &Path) -> Result<(), StoreError> {
    let metadata = fs::metadata(path).map_err(|source| read_error(path, source))?;
    check_private(path, &metadata, 0o700, 0o700)
}

/// Writes a file whole or not at all, replacing what is there: temporary file in the same folder, fsync, rename, fsync
/// of the folder.
///
/// # Errors
/// [`StoreError::Write`]
pub fn replace(path: &Path, bytes: &[u8], access: Access) -> Result<(), StoreError> {
    let file = write_temporary(path, bytes, access)?;
    file.persist(path)
        .map_err(|PersistError { error, .. }| write_error(path, error))?;
    sync_parent(path)
}

/// As [`replace`], but never over anything that exists.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Write`]
pub fn create_new(path: &Path, bytes: &[u8], access: Access) -> Result<(), StoreError> {
    let file = write_temporary(path, bytes, access)?;
    file.persist_noclobber(path)
        .map_err(|PersistError { error, .. }| write_error(path, error))?;
    sync_parent(path)
}

/// Writes what is to become `target` durably under its [`staging_name`], to be [`rename`]d later.
///
/// # Errors
/// [`StoreError::Write`]; [`StoreError::Exists`] where the staging name is taken.
pub fn stage(staged: &Path, target: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    // People know the target, not the name that it has until then.
    let failed = |source| write_error(target, source);
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(staged)
        .map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed)?;
    sync_parent(staged)
}

/// Looks whether [`create_new`] could make this file, before anything is done that could not be undone. Proves nothing:
/// the answer can change.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Write`] where the folder is missing.
pub fn check_creatable(path: &Path) -> Result<(), StoreError> {
    if fs::symlink_metadata(path).is_ok() {
        return Err(StoreError::Exists {
            path: path.to_owned(),
        });
    }
    match fs::metadata(parent(path)) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(write_error(path, io::ErrorKind::NotADirectory.into())),
        Err(error) => Err(write_error(path, error)),
    }
}

/// Renames durably, never over anything that exists.
///
/// # Errors
/// [`StoreError::Exists`], [`StoreError::Write`]
pub fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        Ok(()) => sync_parent(to),
        // A file system without this flag (NFS): link and unlink. In between, both names are there, and doing it again
        // is harmless.
        Err(Errno::INVAL | Errno::NOSYS) => {
            match fs::hard_link(from, to) {
                Err(error) if !(error.kind() == io::ErrorKind::AlreadyExists && same_file(from, to)) => {
                    return Err(write_error(to, error));
                }
                _ => {}
            }
            sync_parent(to)?;
            remove(from)
        }
        Err(error) => Err(write_error(to, error.into())),
    }
}

fn same_file(a: &Path, b: &Path) -> bool {
    match (fs::symlink_metadata(a), fs::symlink_metadata(b)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// Whether anything is at this path, be it a dangling link.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Removes a file durably; one that is not there is fine.
///
/// # Errors
/// [`StoreError::Write`]
pub fn remove(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Ok(()) => sync_parent(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(write_error(path, error)),
    }
}

/// A name for [`stage`] in the folder of `target`.
pub fn staging_name(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    parent(target).join(format!(
        "{TEMPORARY_PREFIX}{name}-{}{TEMPORARY_SUFFIX}",
        random_suffix()
    ))
}

/// As [`staging_name`], but a name that people see and [`sweep_temporaries`] leaves alone: what is in it may be the only
/// copy.
pub fn visible_staging_name(target: &Path) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    parent(target).join(format!("{name}.unfinished-{}", random_suffix()))
}

/// Nobody else's file has this name, so that undoing a change never removes one that is not ours.
fn random_suffix() -> String {
    let mut bytes = [0; 8];
    // Without randomness the name is guessable; `stage` still refuses to overwrite.
    let _ = getrandom::fill(&mut bytes);
    super::hex::encode(&bytes)
}

/// Removes what an interrupted write left in a folder of ours. Only for the holder of the identity's lock.
pub fn sweep_temporaries(dir: &Path) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(TEMPORARY_PREFIX) && name.ends_with(TEMPORARY_SUFFIX) {
            // Left behind again, it is swept again: nothing depends on it.
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn write_temporary(path: &Path, bytes: &[u8], access: Access) -> Result<NamedTempFile, StoreError> {
    let failed = |source| write_error(path, source);
    // Opened and written past tempfile's own methods: their errors carry a name that nobody has seen before.
    let mut file = Builder::new()
        .prefix(TEMPORARY_PREFIX)
        .suffix(TEMPORARY_SUFFIX)
        .make_in(parent(path), |temporary| {
            OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(temporary)
        })
        .map_err(failed)?;
    file.as_file_mut().write_all(bytes).map_err(failed)?;
    if access != Access::Private {
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(access.mode()))
            .map_err(failed)?;
    }
    file.as_file().sync_all().map_err(failed)?;
    Ok(file)
}

fn write_error(path: &Path, source: io::Error) -> StoreError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::AlreadyExists => StoreError::Exists { path },
        _ => StoreError::Write { path, source },
    }
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

fn sync_parent(path: &Path) -> Result<(), StoreError> {
    sync_dir(parent(path))
}

/// Makes the names in a folder durable.
///
/// # Errors
/// [`StoreError::Write`]
pub fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(|source| StoreError::Write {
            path: dir.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    #[test]
    fn replaces_whole_and_leaves_no_temporary() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        replace(&path, b"one", Access::Private).unwrap();
        assert_eq!(mode(&path), 0o600);
        replace(&path, b"two", Access::Public).unwrap();
        assert_eq!((read(&path, 3).unwrap(), mode(&path)), (b"two".to_vec(), 0o644));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn neither_creating_nor_renaming_overwrites() {
        let dir = tempfile::tempdir().unwrap();
        let (path, staged) = (dir.path().join("f"), staging_name(&dir.path().join("f")));
        create_new(&path, b"one", Access::Private).unwrap();
        assert!(matches!(
            create_new(&path, b"two", Access::Private),
            Err(StoreError::Exists { .. })
        ));
        stage(&staged, &path, b"two").unwrap();
        assert!(matches!(rename(&staged, &path), Err(StoreError::Exists { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"one");
        sweep_temporaries(dir.path());
        assert!(!staged.exists() && path.exists());
    }

    #[test]
    fn reading_is_bounded_and_private_means_private() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("f");
        create_new(&path, b"four", Access::Private).unwrap();
        assert!(matches!(
            read(&path, 3),
            Err(StoreError::TooLarge { limit: 3, .. })
        ));
        assert_eq!(**read_private(&path, 4, 0o700).unwrap(), *b"four");
        for exposed in [0o640, 0o604, 0o622] {
            fs::set_permissions(&path, fs::Permissions::from_mode(exposed)).unwrap();
            assert!(
                matches!(read_private(&path, 4, 0o700), Err(StoreError::Exposed { mode, .. }) if mode == exposed)
            );
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        read_private(&path, 4, 0o740).unwrap();
        assert!(matches!(read(dir.path(), 4), Err(StoreError::NotAFile { .. })));
        assert!(matches!(
            read(&path.join("x"), 4),
            Err(StoreError::NotFound { .. })
        ));
    }
}
