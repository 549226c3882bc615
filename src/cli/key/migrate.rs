use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value};

use super::{examples, identity_fields, identity_lines};
use crate::cli::context::Context;
use crate::cli::init::KeystoreKind;
use crate::cli::input;
use crate::operator::{Identity, Keystore};
use crate::store::Folders;
use crate::ui::{Exit, Failure, GOOD, Lines, Report, paint};
use crate::vault::{self, Changed, Destination, VaultError};

/// Move the key between keychain and encrypted file
///
/// The old copy is removed only after the new one is in force.
#[derive(Args)]
#[command(after_help = examples::KEY_MIGRATE)]
pub(super) struct Migrate {
    /// Where the key is to go
    #[arg(long, value_name = "WHERE")]
    to: KeystoreKind,
    /// Take the passphrase of the encrypted file, the present or the new one, from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Migrate {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        context.identity(&folders)?;
        let home = context.lock(&folders)?;
        let identity = home.identity()?;
        let to = match self.to {
            KeystoreKind::Keychain => "keychain",
            KeystoreKind::File => "file",
        };
        if identity.keystore.kind() == to {
            return Err(VaultError::AlreadyThere(to).into());
        }
        if self.to == KeystoreKind::Keychain {
            let _progress = context.ui.progress("Testing the keychain");
            vault::probe_keychain()?;
        }
        let file = self.passphrase_file.as_deref();
        let key = input::unlock(context, &home, &identity, file)?;
        let destination = match self.to {
            KeystoreKind::Keychain => Destination::Keychain,
            KeystoreKind::File => {
                Destination::File(input::new_passphrase(context, file, "--passphrase-file FILE")?)
            }
        };
        let progress = context.ui.progress("Moving the key");
        let Changed { identity, notes } = home.migrate(&identity, &key, &destination)?;
        drop(progress);
        context.warn_all(&notes);
        context.ui.result(&Moved { identity, folders })?;
        Ok(Exit::Done)
    }
}

struct Moved {
    identity: Identity,
    folders: Folders,
}

impl Report for Moved {
    fn fields(&self) -> Map<String, Value> {
        identity_fields(&self.identity, &self.folders)
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(GOOD, "The key is moved."));
        lines.field("operator id", self.identity.operator_id().as_str());
        identity_lines(&mut lines, &self.identity, &self.folders);
        if self.identity.keystore != (Keystore::Keychain {}) {
            lines.line(
                "The keychain's entry is removed. A second home with the same key there needs its own copy:",
            );
            lines.line("restore it from the 24 words, or copy this home.");
        }
        lines.finish()
    }
}
