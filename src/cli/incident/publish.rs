use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Access, Asked, examples};
use crate::cli::context::Context;
use crate::cli::input::{STDIN, read_stdin};
use crate::cli::sign::{self, Consent, Serving};
use crate::envelope::{Action, Alert, MAX_ALERT_BODY, MAX_ALERT_TAG, MAX_ALERT_TITLE, Severity};
use crate::portal::{Client, PortalError, Posted};
use crate::store;
use crate::ui::{Exit, Failure, GOOD, Lines, Report, paint, printable};

/// How long the envelope may be handed in, in seconds: long enough for a person to answer the signing server's question.
const LIFE: u64 = 30 * 60;
/// Pauses before the same envelope is handed in again. It counts once, however often it comes.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Publish an incident: signed with the operator key, then handed to the portal
///
/// The running signing server signs it, if there is one, else this command; under the same policy, which asks unless it
/// was changed.
#[derive(Args)]
#[command(after_help = examples::INCIDENT_PUBLISH)]
pub(super) struct Publish {
    /// How bad it is: info, warning, critical
    #[arg(long, value_name = "LEVEL")]
    severity: String,
    /// What happened, in one line of at most 120 characters
    #[arg(long, value_name = "TEXT")]
    title: String,
    /// File with the rest, at most 4000 characters; `-` is standard input
    #[arg(long, value_name = "FILE")]
    body_file: Option<PathBuf>,
    /// What it is about, for programs, such as upgrade: a-z, 0-9 and -
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,
    /// Name of the federation [default: that of the config bundle]
    #[arg(long, value_name = "SLUG")]
    federation: Option<String>,
    /// The config bundle [default: the one in the config folder, else the one in /etc/oc-guardian]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

impl Publish {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if self.body_file.as_deref() == Some(Path::new(STDIN))
            && self.passphrase_file.as_deref() == Some(Path::new(STDIN))
        {
            return Err(Failure::usage(
                "--body-file and --passphrase-file cannot both be standard input",
            ));
        }
        let asked = Asked::here(context, self.config.as_deref())?;
        let slug = asked.federation(self.federation.as_ref())?;
        let client = self.access.client(asked.bundle.as_ref())?;
        let params = self.params()?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let request = json!({
            "kind": "action",
            "federation": slug,
            "payload": {
                "action": Action::AlertPublish.as_str(),
                "params": params,
                "expires_at": now + LIFE,
                "federation": slug,
            },
        });
        let options = Serving::for_one(self.passphrase_file);
        let signed = sign::have_signed(
            context,
            request.to_string().as_bytes(),
            &options,
            Consent::ToBeAsked,
        )?;
        let progress = context.ui.progress(&format!("Handing it to {}", client.base()));
        let posted = post(&client, signed.envelope.get())?;
        drop(progress);
        context.ui.result(&Published {
            slug,
            params,
            posted,
            envelope: json!(signed.envelope),
        })?;
        Ok(Exit::Done)
    }

    /// Judged here already, so that a mistake is named by its flag and nobody is asked to sign it.
    fn params(&self) -> Result<Value, Failure> {
        let body = match &self.body_file {
            None => String::new(),
            Some(file) => body(file)?,
        };
        let bad = |flag: &str, wanted: String| Failure::usage(format!("{flag} is not {wanted}"));
        if Severity::named(&self.severity).is_none() {
            return Err(bad("--severity", "info, warning or critical".into()));
        }
        if self
            .tag
            .as_ref()
            .is_some_and(|tag| !crate::envelope::is_alert_tag(tag))
        {
            return Err(bad("--tag", format!("1 to {MAX_ALERT_TAG} of a-z 0-9 -")));
        }
        let title = self.title.chars().count();
        if !(1..=MAX_ALERT_TITLE).contains(&title) || self.title.chars().any(char::is_control) {
            return Err(bad(
                "--title",
                format!("one line of 1 to {MAX_ALERT_TITLE} characters"),
            ));
        }
        if body.chars().count() > MAX_ALERT_BODY {
            return Err(bad(
                "--body-file",
                format!("of at most {MAX_ALERT_BODY} characters"),
            ));
        }
        let mut params = Map::from_iter([
            ("body".into(), json!(body)),
            ("severity".into(), json!(self.severity)),
        ]);
        if let Some(tag) = &self.tag {
            params.insert("tag".into(), json!(tag));
        }
        params.insert("title".into(), json!(self.title));
        let params = Value::Object(params);
        Alert::from_params(&params).map_err(|error| Failure::usage(error.to_string()))?;
        Ok(params)
    }
}

fn body(file: &Path) -> Result<String, Failure> {
    let limit = MAX_ALERT_BODY * 4;
    let bytes = if file == Path::new(STDIN) {
        read_stdin(limit)?
    } else {
        store::read(file, limit)?
    };
    let text = String::from_utf8(bytes).map_err(|_| {
        Failure::new("not-utf8", "it is not UTF-8")
            .hint("Save the file as UTF-8.")
            .in_file(file)
    })?;
    Ok(text.trim_end().to_owned())
}

fn post(client: &Client, envelope: &str) -> Result<Posted, Failure> {
    for pause in PAUSES {
        match client.post_incident(envelope) {
            Err(PortalError::Unreachable { .. }) => std::thread::sleep(pause),
            other => return Ok(other?),
        }
    }
    Ok(client.post_incident(envelope)?)
}

struct Published {
    slug: String,
    params: Value,
    posted: Posted,
    envelope: Value,
}

impl Report for Published {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("federation".into(), json!(self.slug)),
            ("id".into(), json!(self.posted.id)),
            ("envelope".into(), self.envelope.clone()),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(GOOD, "The incident is published."));
        lines.field("federation", &self.slug);
        let text = |name: &str| printable(self.params[name].as_str().unwrap_or_default());
        lines.field("severity", text("severity"));
        lines.field("title", text("title"));
        if let Some(id) = &self.posted.id {
            lines.field("id", printable(id));
        }
        lines.next("oc-guardian incident list").finish()
    }
}
