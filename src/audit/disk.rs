//! What the log asks of a file system. A trait, so that tests can lose what was not synced, fail at any step, and fill up.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::store::{self, Access, StoreError};

/// Bytes that the probe of a full disk writes: more than an ordinary record.
const PROBE_BYTES: usize = 64 * 1024;

/// A file system.
pub(super) trait Disk: Send + Sync {
    /// Opens a log for appending, making an empty one (0600) where there is none.
    fn open_log(&self, path: &Path) -> Result<Box<dyn LogFile>, StoreError>;

    /// Opens a file for reading from its start.
    fn open(&self, path: &Path) -> Result<Box<dyn Read + Send>, StoreError>;

    /// Makes reading see what is on the disk, not what the system remembers of it: after a failed sync these can differ
    /// (<https://lwn.net/Articles/752063/>).
    fn forget(&self, path: &Path) -> Result<(), StoreError>;

    /// Names in a folder, in no order. A folder that is missing is empty.
    fn list(&self, folder: &Path) -> Result<Vec<String>, StoreError>;

    /// Renames durably, never over anything.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError>;

    /// Makes names in a folder durable.
    fn sync_folder(&self, folder: &Path) -> Result<(), StoreError>;

    /// Reads a small private file whole; `None` where there is none.
    fn read(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, StoreError>;

    /// Writes a private file whole and durably.
    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError>;

    /// Whether a record would find room in this folder.
    fn probe(&self, folder: &Path) -> io::Result<()>;
}

/// A log that is open for appending.
pub(super) trait LogFile: Send {
    /// One write at the end; may take only a part, like `write(2)`.
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Makes everything appended durable.
    fn sync(&mut self) -> io::Result<()>;

    /// Cuts off what is after `length`.
    fn truncate(&mut self, length: u64) -> io::Result<()>;

    /// Length of the file that has the log's name.
    ///
    /// # Errors
    /// Also where that is another file than the one that is open.
    fn length(&self) -> io::Result<u64>;
}

/// The real one.
pub(super) struct RealDisk;

impl Disk for RealDisk {
    fn open_log(&self, path: &Path) -> Result<Box<dyn LogFile>, StoreError> {
        let failed = |source| StoreError::Write {
            path: path.to_owned(),
            source,
        };
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .map_err(failed)?;
        store::check_private_file(path, &file)?;
        Ok(Box::new(RealLog {
            file,
            path: path.to_owned(),
        }))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + Send>, StoreError> {
        Ok(Box::new(store::open_private(path)?))
    }

    fn forget(&self, path: &Path) -> Result<(), StoreError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            opened => opened.map_err(|source| StoreError::Read {
                path: path.to_owned(),
                source,
            })?,
        };
        // Only clean pages can be dropped, so what is dirty is written first.
        file.sync_data().map_err(|source| StoreError::Write {
            path: path.to_owned(),
            source,
        })?;
        // Advice: a file system that keeps no pages may refuse it.
        #[cfg(target_os = "linux")]
        let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed);
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>, StoreError> {
        let failed = |source: io::Error| StoreError::Read {
            path: folder.to_owned(),
            source,
        };
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(failed)?,
        };
        let mut names = Vec::new();
        for entry in entries {
            // What is not UTF-8 is none of our names.
            names.extend(entry.map_err(failed)?.file_name().into_string());
        }
        Ok(names)
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        store::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), StoreError> {
        store::sync_dir(folder)
    }

    fn read(&self, path: &Path, limit: usize) -> Result<Option<Vec<u8>>, StoreError> {
        match store::read_private(path, limit, 0o700) {
            Ok(bytes) => Ok(Some(bytes.to_vec())),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        store::replace(path, bytes, Access::Private)
    }

    fn probe(&self, folder: &Path) -> io::Result<()> {
        // Named as a temporary file of ours: one that a crash leaves is swept away at the next start.
        let path = store::staging_name(&folder.join("probe"));
        let tried = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(&[0; PROBE_BYTES])?;
                file.sync_data()
            });
        let removed = fs::remove_file(&path);
        tried.and(removed)
    }
}

struct RealLog {
    file: File,
    path: PathBuf,
}

impl LogFile for RealLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn length(&self) -> io::Result<u64> {
        let open = self.file.metadata()?;
        let named = fs::symlink_metadata(&self.path)?;
        if (open.dev(), open.ino()) == (named.dev(), named.ino()) {
            Ok(open.len())
        } else {
            Err(io::Error::other(
                "another file was put in its place while it was open",
            ))
        }
    }
}
