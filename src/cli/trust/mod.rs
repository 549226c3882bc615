mod show;
mod update;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::context::Context;
use super::examples;
use crate::image::trust::{Entry, Role, Versions};
use crate::ui::{Exit, Failure, printable};

/// Look after the trust root: whose certificates and logs count
///
/// The trust root of the public Sigstore is built in. It says which certificate authorities, logs and timestamp
/// authorities are believed when an image is verified.
#[derive(Args)]
#[command(after_help = examples::TRUST, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Trust {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Show(show::Show),
    Update(update::Update),
}

impl Trust {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Show(verb) => verb.run(context),
            Verb::Update(verb) => verb.run(context),
        }
    }
}

fn entry_json(entry: &Entry) -> Value {
    json!({
        "role": entry.role.slug(),
        "name": entry.name,
        "from": entry.from,
        "until": entry.until,
        "fingerprint": entry.fingerprint,
    })
}

fn versions_json(versions: Option<Versions>) -> Value {
    match versions {
        Some(it) => json!({
            "root": it.root,
            "timestamp": it.timestamp,
            "snapshot": it.snapshot,
            "targets": it.targets,
        }),
        None => Value::Null,
    }
}

fn versions_text(it: Versions) -> String {
    format!(
        "root {}, timestamp {}, snapshot {}, targets {}",
        it.root, it.timestamp, it.snapshot, it.targets
    )
}

/// What it is, where, and for which time.
fn entry_text(entry: &Entry) -> String {
    let role = match entry.role {
        Role::CertificateAuthority => "certificate authority",
        Role::Log => "log",
        Role::CertificateLog => "certificate log",
        Role::TimestampAuthority => "timestamp authority",
    };
    let from = entry.from.as_deref().map(day);
    let until = entry.until.as_deref().map(day);
    let period = match (from, until) {
        (None, None) => "always".to_owned(),
        (Some(from), None) => format!("since {from}"),
        (Some(from), Some(until)) => format!("{from} to {until}"),
        (None, Some(until)) => format!("until {until}"),
    };
    format!("{role:<21}  {}  ({period})", printable(&entry.name))
}

/// The day of a time in RFC 3339.
fn day(time: &str) -> &str {
    time.split_once('T').map_or(time, |(day, _)| day)
}
