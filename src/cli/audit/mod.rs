mod accept_clock;
mod export;
mod head;
mod log;
mod noted;
mod verify;

use std::path::Path;

use clap::{Args, Subcommand};

use super::context::Context;
use super::{examples, input};
use crate::audit::ChainKey;
use crate::operator::{Identity, SecretKey};
use crate::store::Folders;
use crate::ui::{Exit, Failure};

/// Read and prove the audit log of the signing server
///
/// Works while a server is running, except for accept-clock.
#[derive(Args)]
#[command(after_help = examples::AUDIT, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Log(log::Log),
    Verify(verify::Verify),
    Head(head::HeadVerb),
    Export(export::Export),
    AcceptClock(accept_clock::AcceptClock),
}

impl Audit {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Log(verb) => verb.run(context),
            Verb::Verify(verb) => verb.run(context),
            Verb::Head(verb) => verb.run(context),
            Verb::Export(verb) => verb.run(context),
            Verb::AcceptClock(verb) => verb.run(context),
        }
    }
}

/// What the log is proved with.
struct Keys {
    folders: Folders,
    identity: Identity,
    secret: SecretKey,
    chain: ChainKey,
}

/// Opens the key without the lock, which a running server holds.
fn open_keys(context: &Context, passphrase_file: Option<&Path>) -> Result<Keys, Failure> {
    let folders = context.folders()?;
    let identity = context.identity(&folders)?;
    let secret = input::unlock_to_read(context, &folders, &identity, passphrase_file)?;
    let chain = ChainKey::derive(&secret);
    Ok(Keys {
        folders,
        identity,
        secret,
        chain,
    })
}

/// Unix seconds.
fn now() -> Result<u64, Failure> {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since
        .map(|since| since.as_secs())
        .map_err(|_| Failure::new("clock-wrong", "the clock stands before 1970").hint("Set the clock."))
}
