use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;

use crate::cli::context::Context;
use crate::devnet::PortalProcess;
use crate::ui::{self, Exit, Failure, Wish};

/// The portal of a devnet
#[derive(Args)]
pub(super) struct Portal {
    /// Where it listens
    #[arg(long, value_name = "ADDRESS")]
    listen: SocketAddr,
    /// Directory of its federation
    #[arg(long, value_name = "FILE")]
    directory: PathBuf,
    /// Folder of the devnet
    #[arg(long, value_name = "DIR")]
    folder: PathBuf,
    /// When an attestation is stale
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    stale_after: Duration,
}

impl Portal {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let (sender, stopped) = mpsc::channel();
        ui::take_signals(move |wish| {
            if wish == Wish::Stop {
                let _ = sender.send(());
            }
        });
        let served = PortalProcess {
            listen: self.listen,
            directory: self.directory,
            folder: self.folder,
            stale_after: self.stale_after.as_secs(),
        }
        .serve()?;
        context.ui.note(&format!("portal on {}", served.portal.url()));
        // The handler lives as long as the process.
        let _ = stopped.recv();
        Ok(Exit::Done)
    }
}
