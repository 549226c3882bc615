use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::examples;
use crate::cli::context::Context;
use crate::cli::input;
use crate::operator::{Keystore, OperatorId};
use crate::ui::{Exit, Failure, GOOD, Report, paint};
use crate::vault::VaultError;

/// Encrypt the key file anew under another passphrase
#[derive(Args)]
#[command(after_help = examples::KEY_CHANGE_PASSPHRASE)]
pub(super) struct ChangePassphrase {
    /// Take the present passphrase from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Take the new passphrase from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
}

impl ChangePassphrase {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        input::check_stdin_is_used_once(
            ("--passphrase-file", self.passphrase_file.as_deref()),
            ("--new-passphrase-file", self.new_passphrase_file.as_deref()),
        )?;
        let folders = context.folders()?;
        context.identity(&folders)?;
        let home = context.lock(&folders)?;
        let identity = home.identity()?;
        if identity.keystore == (Keystore::Keychain {}) {
            return Err(VaultError::NoPassphrase.into());
        }
        let key = input::unlock(context, &home, &identity, self.passphrase_file.as_deref())?;
        let new = input::new_passphrase(
            context,
            self.new_passphrase_file.as_deref(),
            "--new-passphrase-file FILE",
        )?;
        let progress = context.ui.progress("Encrypting the key");
        home.change_passphrase(&identity, &key, &new)?;
        drop(progress);
        context.ui.result(&PassphraseChanged(identity.operator_id()))?;
        Ok(Exit::Done)
    }
}

struct PassphraseChanged(OperatorId);

impl Report for PassphraseChanged {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("operator_id".into(), json!(self.0))])
    }

    fn human(&self) -> String {
        format!(
            "{}\nCopies of the key file made before now still open with the old passphrase: destroy them.\n",
            paint(GOOD, &format!("The passphrase of {} is changed.", self.0))
        )
    }
}
