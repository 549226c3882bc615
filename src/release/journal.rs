use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::step::{Operation, Step, Strategy};
use crate::image::{Digest, VerifiedImage, Version};
use crate::store::{self, Access, Lock, StoreError, hex};

/// Largest journal, in bytes; ten times what one has.
const MAX_BYTES: usize = 64 * 1024;

/// An operation on the guardian's containers that has begun and not ended: `upgrade.json` in the state folder.
///
/// Each step is in it, durably, before anything of the step is done, so that whoever finds it can finish or undo what a
/// crash left.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journal {
    version: u64,
    /// 16 hex digits; also a label of the container that this operation creates.
    pub transaction: String,
    /// What is being done.
    pub operation: Operation,
    /// How.
    pub strategy: Strategy,
    /// How far it is.
    pub step: Step,
    /// Name of the guardian's container.
    pub container: String,
    /// Where the engine is, as text.
    pub engine: String,
    /// Network of the container, usually `bridge`.
    pub network: String,
    /// The container that served; null where there was none.
    pub old: Option<Old>,
    /// Id of the new container; null before it is created.
    pub new: Option<String>,
    /// The verified image that it runs.
    pub image: Image,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// How long the new one has to prove itself, in seconds.
    pub settle: u64,
}

/// The container that served before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Old {
    /// Its id.
    pub id: String,
    /// Its restart policy, as Docker writes it: `no`, `always`, `unless-stopped`, `on-failure:3`.
    pub restart: String,
    /// Whether it was running.
    pub was_running: bool,
}

/// A verified image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Image {
    /// Name without tag and digest.
    pub name: String,
    /// What was signed.
    pub digest: Digest,
    /// Certified version.
    pub version: Option<Version>,
}

impl Image {
    /// What is noted of an image that was verified.
    pub fn of(image: &VerifiedImage) -> Self {
        Self {
            name: image.reference().name(),
            digest: *image.digest(),
            version: image.version().cloned(),
        }
    }
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// It is not what we write.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// It cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What an operation begins with.
#[derive(Clone, Debug)]
pub struct Begin {
    /// What is being done.
    pub operation: Operation,
    /// How.
    pub strategy: Strategy,
    /// Name of the guardian's container.
    pub container: String,
    /// Where the engine is.
    pub engine: String,
    /// Network of the container.
    pub network: String,
    /// The container that serves now.
    pub old: Option<Old>,
    /// The container that takes over, where it is there already.
    pub new: Option<String>,
    /// The image that is to run.
    pub image: Image,
    /// In seconds.
    pub settle: u64,
}

impl Journal {
    /// Of an operation that begins at `now`; not written yet.
    pub fn new(transaction: String, begin: Begin, now: std::time::SystemTime) -> Self {
        Self {
            version: 1,
            transaction,
            operation: begin.operation,
            strategy: begin.strategy,
            step: Step::Create,
            container: begin.container,
            engine: begin.engine,
            network: begin.network,
            old: begin.old,
            new: begin.new,
            image: begin.image,
            started_at: humantime::format_rfc3339_seconds(now).to_string(),
            settle: begin.settle,
        }
    }
}

/// The journal's place for the guardian whose container has this name.
#[derive(Clone, Debug)]
pub struct Place {
    path: PathBuf,
    last: PathBuf,
    lock: PathBuf,
    folder: PathBuf,
}

impl Place {
    /// In the state folder. The usual name has the usual file.
    pub fn new(state: &Path, container: &str) -> Self {
        let name = if container == super::CONTAINER {
            "upgrade".to_owned()
        } else {
            format!("upgrade-{container}")
        };
        Self {
            path: state.join(format!("{name}.json")),
            last: state.join(format!("{name}.last.json")),
            lock: state.join(format!("{name}.lock")),
            folder: state.to_owned(),
        }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Held by the one process that changes containers.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another one does.
    pub fn lock(&self) -> Result<Lock, StoreError> {
        store::create_dir_private(&self.folder)?;
        Lock::acquire(&self.lock)
    }

    /// What has begun and not ended; `None` where nothing has.
    ///
    /// # Errors
    /// [`JournalError`]; a damaged journal is never taken for none.
    pub fn load(&self) -> Result<Option<Journal>, JournalError> {
        Self::read(&self.path)
    }

    /// The last operation that came to its end with a new container that serves.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn last(&self) -> Result<Option<Journal>, JournalError> {
        Self::read(&self.last)
    }

    fn read(path: &Path) -> Result<Option<Journal>, JournalError> {
        let bytes = match store::read_private(path, MAX_BYTES, 0o700) {
            Ok(bytes) => bytes,
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let damaged = |detail: String| JournalError::Damaged {
            path: path.to_owned(),
            detail,
        };
        let journal = parse(&bytes).map_err(damaged)?;
        Ok(Some(journal))
    }

    /// Writes it, durably.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn save(&self, journal: &Journal) -> Result<(), JournalError> {
        store::create_dir_private(&self.folder)?;
        let mut text = serde_json::to_string_pretty(journal).map_err(|error| JournalError::Damaged {
            path: self.path.clone(),
            detail: error.to_string(),
        })?;
        text.push('\n');
        Ok(store::replace(&self.path, text.as_bytes(), Access::Private)?)
    }

    /// The operation has ended. One that came to its end is kept: a rollback accepts only the container before it.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn forget(&self, journal: &Journal) -> Result<(), JournalError> {
        if journal.step == Step::Commit {
            let text = serde_json::to_string_pretty(journal).map_err(|error| JournalError::Damaged {
                path: self.last.clone(),
                detail: error.to_string(),
            })?;
            store::replace(&self.last, text.as_bytes(), Access::Private)?;
        }
        Ok(store::remove(&self.path)?)
    }

    /// Nothing is left that could be gone back to.
    ///
    /// # Errors
    /// [`JournalError`]
    pub fn forget_all(&self) -> Result<(), JournalError> {
        store::remove(&self.path)?;
        Ok(store::remove(&self.last)?)
    }
}

/// Reads a journal strictly; says what is wrong with it.
///
/// # Errors
/// What is wrong.
pub fn parse(bytes: &[u8]) -> Result<Journal, String> {
    let journal: Journal = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if journal.version != 1 {
        return Err(format!("version {}", journal.version));
    }
    if journal.transaction.len() != 16 || !hex::is_lower_hex(&journal.transaction) {
        return Err("transaction is not 16 hex digits".into());
    }
    let is_id = |id: &str| id.len() == 64 && hex::is_lower_hex(id);
    if let Some(old) = &journal.old
        && (!is_id(&old.id) || super::restart_named(&old.restart).is_none())
    {
        return Err("old is not a container".into());
    }
    if journal.new.as_ref().is_some_and(|id| !is_id(id)) {
        return Err("new is not the id of a container".into());
    }
    if !super::names::is_container_name(&journal.container) {
        return Err("container is not a container's name".into());
    }
    let is_first = journal.operation == Operation::Run;
    if is_first != journal.old.is_none() {
        return Err("only a run has no old container".into());
    }
    if humantime::parse_rfc3339(&journal.started_at).is_err() {
        return Err("started_at is not a time".into());
    }
    Ok(journal)
}

/// A new transaction id.
///
/// # Errors
/// No randomness.
pub fn transaction_id() -> Result<String, getrandom::Error> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)?;
    Ok(hex::encode(&random))
}
