mod change_passphrase;
mod export;
mod migrate;
mod show;
mod verify_backup;

use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::context::Context;
use super::examples;
use crate::operator::{Identity, Keystore};
use crate::store::Folders;
use crate::ui::{Exit, Failure, Lines};

/// Look after the operator key
#[derive(Args)]
#[command(after_help = examples::KEY, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Show(show::Show),
    VerifyBackup(verify_backup::VerifyBackup),
    ChangePassphrase(change_passphrase::ChangePassphrase),
    Migrate(migrate::Migrate),
    Export(export::Export),
}

impl Key {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Show(verb) => verb.run(context),
            Verb::VerifyBackup(verb) => verb.run(context),
            Verb::ChangePassphrase(verb) => verb.run(context),
            Verb::Migrate(verb) => verb.run(context),
            Verb::Export(verb) => verb.run(context),
        }
    }
}

/// The public half, for JSON.
pub(super) fn identity_fields(identity: &Identity, folders: &Folders) -> Map<String, Value> {
    let mut fields = Map::new();
    fields.insert("operator_id".into(), json!(identity.operator_id()));
    fields.insert("scheme".into(), json!(identity.public.scheme()));
    fields.insert("operator_pubkey_hex".into(), json!(identity.public.to_hex()));
    fields.insert("keystore".into(), json!(identity.keystore.kind()));
    fields.insert("key_file".into(), json!(key_file(identity, folders)));
    fields.insert("origin".into(), json!(identity.origin));
    fields.insert("exported".into(), json!(identity.exported));
    fields.insert("created_at".into(), json!(identity.created_at));
    fields
}

/// The public half, for people; without the id.
pub(super) fn identity_lines(lines: &mut Lines, identity: &Identity, folders: &Folders) {
    lines.field("public key", identity.public.to_hex());
    lines.field("scheme", identity.public.scheme().as_str());
    lines.field(
        "keystore",
        match key_file(identity, folders) {
            Some(path) => format!("file {path}"),
            None => "keychain".to_owned(),
        },
    );
}

fn key_file(identity: &Identity, folders: &Folders) -> Option<String> {
    match &identity.keystore {
        Keystore::File { path } => Some(folders.data.join(path).display().to_string()),
        Keystore::Keychain {} => None,
    }
}
