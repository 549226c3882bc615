use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sigstore_tuf::{Error as TufError, TrustedMetadataSet, Updater, UpdaterConfig};

use super::cache::Cache;
use super::contents::Changes;
use super::error::TrustError;
use super::mirror::{Mirror, MirrorError, checked_url};
use super::root::{EMBEDDED_AS_OF, MAX_ROOT, Origin, TrustRoot};
use super::state::{State, Versions, state_path};
use crate::store::{self, Access, Lock, StoreError};

/// Where Sigstore publishes its trust root.
pub const PRODUCTION_MIRROR: &str = "https://tuf-repo-cdn.sigstore.dev";
/// Largest `root.json` that a Sigstore is bootstrapped from, in bytes.
pub const MAX_TUF_ROOT: usize = 512_000;

/// Version 16 of Sigstore's TUF root, of <https://tuf-repo-cdn.sigstore.dev/16.root.json>, as sigstore-trust-root 0.15.1
/// embeds it. It need not be the latest: the chain is walked from here.
const PRODUCTION_TUF_ROOT: &[u8] = include_bytes!("production_tuf_root.json");
const TARGET: &str = "trusted_root.json";
const PRODUCTION: &str = "production";

/// Whose trust root is updated, and from where.
#[derive(Clone, Debug)]
pub struct Repository {
    name: String,
    mirror: String,
    bootstrap: Vec<u8>,
}

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

/// Why there was no update. What was in use before stays in use.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The network or the server.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// Metadata that nobody has renewed: an old copy is being served, or the repository was given up.
    #[error("the {role} metadata expired at {expires}")]
    Expired {
        /// TUF role.
        role: String,
        /// RFC 3339.
        expires: String,
    },
    /// An older version than one that was seen before.
    #[error("the {role} metadata went back from version {seen} to {offered}")]
    Rollback {
        /// TUF role.
        role: String,
        /// Highest so far.
        seen: u64,
        /// What the mirror has.
        offered: u64,
    },
    /// Not signed by those who may.
    #[error("the {role} metadata is not signed by those who may: {detail}")]
    Signature {
        /// TUF role.
        role: String,
        /// Found and needed.
        detail: String,
    },
    /// A file that is not the one which signed metadata name.
    #[error("the mirror's files do not belong together: {0}")]
    Mismatch(String),
    /// Not metadata.
    #[error("the mirror's metadata is malformed: {0}")]
    Malformed(String),
    /// The repository has no trust root.
    #[error("the repository has no target {TARGET}")]
    NoTarget,
    /// The bootstrap file is no root.
    #[error("{path} is not a TUF root that vouches for itself: {detail}")]
    Bootstrap {
        /// The file.
        path: PathBuf,
        /// Why not.
        detail: String,
    },
    /// With this clock nothing can be told to be expired.
    #[error("this machine's clock is before {since}, so that nothing can be told to be expired")]
    Clock {
        /// RFC 3339 date.
        since: String,
    },
    /// Another update is under way.
    #[error("another oc-guardian process{} is updating the trust root", .pid.map(|pid| format!(" (PID {pid})")).unwrap_or_default())]
    Locked {
        /// Process id of the other one.
        pid: Option<u32>,
    },
    /// The data folder.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What was fetched, or what was in use before.
    #[error(transparent)]
    Trust(#[from] TrustError),
}

impl UpdateError {
    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Mirror(MirrorError::Url { .. }) => "usage",
            Self::Mirror(MirrorError::TooLarge { .. }) => "tuf-too-large",
            Self::Mirror(MirrorError::Name { .. }) | Self::Malformed(_) | Self::NoTarget => "tuf-malformed",
            Self::Mirror(_) => "mirror-unreachable",
            Self::Expired { .. } => "tuf-expired",
            Self::Rollback { .. } => "tuf-rollback",
            Self::Signature { .. } => "tuf-signature-invalid",
            Self::Mismatch(_) => "tuf-mismatch",
            Self::Bootstrap { .. } => "tuf-root-invalid",
            Self::Clock { .. } => "clock-wrong",
            Self::Locked { .. } => "update-running",
            Self::Store(_) => "write-failed",
            Self::Trust(error) => error.reason(),
        }
    }
}

impl Repository {
    /// Sigstore's own, from its mirror or another one. All mirrors of it are one repository: versions seen at one bind
    /// the others.
    ///
    /// # Errors
    /// [`UpdateError::Mirror`] where the URL is none.
    pub fn production(mirror: Option<&str>) -> Result<Self, UpdateError> {
        Ok(Self {
            name: PRODUCTION.to_owned(),
            mirror: checked_url(mirror.unwrap_or(PRODUCTION_MIRROR))?,
            bootstrap: PRODUCTION_TUF_ROOT.to_vec(),
        })
    }

    /// A private Sigstore, whose TUF root the operator has from a trusted place.
    ///
    /// # Errors
    /// [`UpdateError::Mirror`], [`UpdateError::Trust`], [`UpdateError::Bootstrap`].
    pub fn private(mirror: &str, tuf_root: &Path) -> Result<Self, UpdateError> {
        let mirror = checked_url(mirror)?;
        let bootstrap = store::read(tuf_root, MAX_TUF_ROOT).map_err(TrustError::File)?;
        TrustedMetadataSet::from_root(&bootstrap).map_err(|error| UpdateError::Bootstrap {
            path: tuf_root.to_owned(),
            detail: chain(&error),
        })?;
        Ok(Self {
            name: folder_name(&mirror),
            mirror,
            bootstrap,
        })
    }

    /// Where it is fetched from.
    pub fn mirror(&self) -> &str {
        &self.mirror
    }

    fn folder(&self, data_folder: &Path) -> PathBuf {
        data_folder.join("trust").join(&self.name)
    }

    fn is_production(&self) -> bool {
        self.name == PRODUCTION
    }
}

/// Folder of the root that is used where the operator names none.
pub(super) fn production_folder(data_folder: &Path) -> PathBuf {
    data_folder.join("trust").join(PRODUCTION)
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
pub fn update(repository: &Repository, data_folder: &Path, now: SystemTime) -> Result<Update, UpdateError> {
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

    let (bytes, versions) = fetch(repository, &folder.join("tuf"), now)?;
    let previous = before.map(|state| state.tuf);
    if let Some(seen) = previous {
        check_floor(seen, versions)?;
    }
    let text =
        String::from_utf8(bytes).map_err(|_| UpdateError::Malformed(format!("{TARGET} is not UTF-8")))?;
    let state = State::new(&repository.mirror, now, versions, text);
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
        mirror: repository.mirror.clone(),
    })
}

fn fetch(repository: &Repository, cache: &Path, now: SystemTime) -> Result<(Vec<u8>, Versions), UpdateError> {
    let cache = Cache::open(cache)?;
    let mirror = Mirror::new(&repository.mirror)?;
    let mut config = UpdaterConfig::default();
    config.targets_max_length = 1_000_000;
    config.target_max_length = MAX_ROOT as u64;
    let mut updater = Updater::new(mirror, &repository.bootstrap)
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
            url: repository.mirror.clone(),
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

/// A folder for a mirror: its URL without `https://`, with everything but letters, digits, dots and dashes escaped.
fn folder_name(mirror: &str) -> String {
    let name = mirror.split_once("://").map_or(mirror, |(_, rest)| rest);
    let mut folder = String::from("mirror-");
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' => folder.push(char::from(byte)),
            _ => folder.push_str(&format!("_{byte:02x}")),
        }
    }
    if folder.len() > 200 {
        // Longer than a file name may be: the digest keeps two of them apart.
        folder = format!(
            "mirror-{}",
            crate::image::digest::Digest::of(name.as_bytes()).as_hex()
        );
    }
    folder
}

impl From<TufError> for UpdateError {
    fn from(error: TufError) -> Self {
        match error {
            TufError::Transport { source, message } => {
                match source.map(|source| source.downcast::<MirrorError>()) {
                    Some(Ok(mirror)) => Self::Mirror(*mirror),
                    _ => Self::Malformed(message),
                }
            }
            TufError::Expired { role, expires } => Self::Expired {
                role,
                expires: expires.to_string(),
            },
            TufError::Rollback { role, trusted, new } => Self::Rollback {
                role,
                seen: trusted,
                offered: new,
            },
            TufError::BadRootVersion { trusted, new } if new <= trusted => Self::Rollback {
                role: "root".into(),
                seen: trusted,
                offered: new,
            },
            TufError::ThresholdNotMet {
                role,
                found,
                threshold,
            } => Self::Signature {
                role,
                detail: format!("{found} of {threshold} valid signatures"),
            },
            TufError::DuplicateSignature { role, .. } => Self::Signature {
                role,
                detail: "one key signed twice".into(),
            },
            TufError::IntegrityMismatch(detail) => Self::Mismatch(detail),
            TufError::TargetNotFound(_) => Self::NoTarget,
            error => Self::Malformed(chain(&error)),
        }
    }
}

/// An error with its causes: the library's own text leaves them out.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

/// For messages: the file that an update leaves.
pub(super) fn origin(folder: &Path) -> Origin {
    Origin::Updated(state_path(folder))
}
