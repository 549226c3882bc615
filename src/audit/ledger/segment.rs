//! The segment that is written: what is appended to it is durable as a whole, or taken back as a whole.

use std::io;
use std::sync::Arc;

use super::recover::Recovered;
use crate::audit::AuditError;
use crate::audit::disk::{Disk, LogFile};
use crate::audit::layout::Layout;
use crate::store::StoreError;

/// The current segment.
pub(super) struct Segment {
    /// `None` where it was closed and the next one could not be made yet.
    file: Option<Box<dyn LogFile>>,
    /// Number of its first record.
    first: u64,
    /// Bytes of it that are durable; all it has, between two batches.
    length: u64,
}

impl Segment {
    /// Opens it and cuts off what an interrupted write left.
    pub(super) fn open(disk: &dyn Disk, layout: &Layout, found: &Recovered) -> Result<Self, AuditError> {
        let failed = |source| StoreError::Write {
            path: layout.current.clone(),
            source,
        };
        let mut file = disk.open_log(&layout.current)?;
        disk.sync_folder(&layout.state)?;
        if found.torn.is_some() {
            file.truncate(found.length).map_err(failed)?;
            file.sync().map_err(failed)?;
        }
        if file.length().map_err(failed)? != found.length {
            return Err(failed(changed()).into());
        }
        Ok(Self {
            file: Some(file),
            first: found.first,
            length: found.length,
        })
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// Appends text durably. After [`AuditError::Full`] nothing of it is there, and more can be tried; after
    /// [`AuditError::Poisoned`] nobody knows.
    pub(super) fn append(&mut self, layout: &Layout, text: &[u8]) -> Result<(), AuditError> {
        let Some(file) = &mut self.file else {
            return Err(AuditError::Closed);
        };
        let poisoned = |source| AuditError::Poisoned {
            path: layout.current.clone(),
            source: Arc::new(source),
        };
        if file.length().map_err(poisoned)? != self.length {
            return Err(poisoned(changed()));
        }
        match write_all(&mut **file, text) {
            Ok(()) => file.sync().map_err(poisoned)?,
            Err(error) if is_full(&error) => {
                // Nothing of the batch was promised: take it back, and be sure that it is gone.
                file.truncate(self.length).map_err(poisoned)?;
                file.sync().map_err(poisoned)?;
                if file.length().map_err(poisoned)? != self.length {
                    return Err(poisoned(changed()));
                }
                return Err(AuditError::Full {
                    path: layout.current.clone(),
                    source: Arc::new(error),
                });
            }
            Err(error) => return Err(poisoned(error)),
        }
        self.length += text.len() as u64;
        Ok(())
    }

    /// Gives it its lasting name, unless it is empty. [`Segment::make`] makes the next one.
    pub(super) fn close(&mut self, disk: &dyn Disk, layout: &Layout) -> Result<(), StoreError> {
        if self.file.is_some() && self.length > 0 {
            disk.rename(&layout.current, &layout.closed(self.first))?;
            self.file = None;
        }
        Ok(())
    }

    /// Makes a new one, to begin with record `first`, where the last one was closed.
    pub(super) fn make(&mut self, disk: &dyn Disk, layout: &Layout, first: u64) -> Result<(), AuditError> {
        if self.file.is_some() {
            return Ok(());
        }
        let made = disk
            .open_log(&layout.current)
            .and_then(|file| disk.sync_folder(&layout.state).map(|()| file));
        match made {
            Ok(file) => {
                *self = Self {
                    file: Some(file),
                    first,
                    length: 0,
                };
                Ok(())
            }
            Err(StoreError::Write { path, source }) if is_full(&source) => Err(AuditError::Full {
                path,
                source: Arc::new(source),
            }),
            Err(StoreError::Write { path, source }) => Err(AuditError::Poisoned {
                path,
                source: Arc::new(source),
            }),
            Err(error) => Err(AuditError::Poisoned {
                path: layout.current.clone(),
                source: Arc::new(io::Error::other(error.to_string())),
            }),
        }
    }
}

fn changed() -> io::Error {
    io::Error::other("another program changed it while it was open")
}

fn write_all(file: &mut dyn LogFile, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Whether there was no room: the one error after which nothing is in doubt.
fn is_full(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
    )
}
