//! The devnet's portal as a process of its own: what it serves comes from files of the devnet's folder, so that it can be
//! killed and started anew like everything else.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::pins;
use super::portal::{ConfigError, Federation, Handle, Operator, Portal, PortalConfig, StartError};
use crate::federation::{Directory, DirectoryError, MAX_DIRECTORY_BYTES, Member};
use crate::store::{self, StoreError};

/// How often the file with the accepted images is looked at.
const EVERY: Duration = Duration::from_millis(200);

/// What it is started with.
#[derive(Clone, Debug)]
pub struct PortalProcess {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The directory of the federation that it serves.
    pub directory: PathBuf,
    /// The folder of its devnet, with the accepted images.
    pub folder: PathBuf,
    /// After how many seconds an attestation is stale.
    pub stale_after: u64,
}

/// Why it does not start.
#[derive(Debug, thiserror::Error)]
pub enum PortalProcessError {
    /// A file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The directory cannot be one.
    #[error(transparent)]
    Directory(#[from] DirectoryError),
    /// The accepted images cannot be some.
    #[error(transparent)]
    Pins(#[from] ConfigError),
    /// It cannot listen.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system gives no thread.
    #[error("no thread: {0}")]
    Thread(std::io::Error),
}

/// A portal that serves. Dropping it stops it.
pub struct ServedPortal {
    /// The portal.
    pub portal: Portal,
    stop: Arc<AtomicBool>,
}

impl PortalProcess {
    /// Starts serving.
    ///
    /// # Errors
    /// [`PortalProcessError`]
    pub fn serve(self) -> Result<ServedPortal, PortalProcessError> {
        let directory = Directory::parse(&store::read(&self.directory, MAX_DIRECTORY_BYTES)?)?;
        let membership = &directory.membership;
        let slug = membership.slug().to_owned();
        let operators = (1..)
            .zip(membership.guardians())
            .map(|(number, member)| Operator {
                name: format!("guardian-{number}"),
                key: member.public.clone(),
            });
        let file = pins::file(&self.folder);
        let federation = Federation {
            slug: slug.clone(),
            name: "Devnet".into(),
            threshold: membership.threshold(),
            members: membership.guardians().iter().map(Member::operator_id).collect(),
            pins: pins::read(&file)?,
        };
        let mut config = PortalConfig::new(self.listen, operators.collect(), vec![federation]);
        config.stale_after = self.stale_after;
        config.directories = vec![directory];
        let portal = Portal::start(config)?;
        let stop = Arc::new(AtomicBool::new(false));
        let (handle, stopped) = (portal.handle(), Arc::clone(&stop));
        std::thread::Builder::new()
            .name("pins".into())
            .spawn(move || follow(&handle, &slug, &file, &stopped))
            .map_err(PortalProcessError::Thread)?;
        Ok(ServedPortal { portal, stop })
    }
}

impl Drop for ServedPortal {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// Has the portal accept what the file says, as often as that changes.
fn follow(handle: &Handle, slug: &str, file: &Path, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if let Ok(pins) = pins::read(file)
            && handle.pins(slug).as_ref() != Some(&pins)
        {
            // They are digests, or would not have been read.
            let _ = handle.set_pins(slug, pins);
        }
        std::thread::sleep(EVERY);
    }
}
