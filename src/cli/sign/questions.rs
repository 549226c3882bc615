//! The operator's door, from another terminal.

use serde_json::{Map, Value, json};

use super::running;
use crate::cli::context::Context;
use crate::signer::client::ClientError;
use crate::signer::{Question, RequestId};
use crate::ui::{self, Exit, Failure, GOOD, Lines, Report, paint};

pub(super) fn pending(context: &Context) -> Result<Exit, Failure> {
    let folders = context.folders()?;
    let client = running::client(&folders)?;
    let questions = running::small_runtime()?.block_on(async {
        let mut questions = Vec::new();
        for waiting in client.pending().await? {
            // One that was answered meanwhile waits no longer.
            questions.extend(client.question(&waiting.id).await?);
        }
        Ok::<_, ClientError>(questions)
    })?;
    context.ui.result(&Pending { questions })?;
    Ok(Exit::Done)
}

pub(super) fn approve(
    context: &Context,
    id: &str,
    sha256: Option<&str>,
    for_an_hour: bool,
) -> Result<Exit, Failure> {
    check_id(id)?;
    let shown = match sha256 {
        Some(hash) => hash.to_owned(),
        None => look_at(context, id)?,
    };
    let folders = context.folders()?;
    running::small_runtime()?.block_on(running::client(&folders)?.approve(id, &shown, for_an_hour))?;
    context.ui.result(&Answered { id, how: "approved" })?;
    Ok(Exit::Done)
}

pub(super) fn deny(context: &Context, id: &str) -> Result<Exit, Failure> {
    check_id(id)?;
    let folders = context.folders()?;
    running::small_runtime()?.block_on(running::client(&folders)?.deny(id))?;
    context.ui.result(&Answered { id, how: "denied" })?;
    Ok(Exit::Done)
}

pub(super) fn reload(context: &Context) -> Result<Exit, Failure> {
    let folders = context.folders()?;
    running::small_runtime()?.block_on(running::client(&folders)?.reload())?;
    context.ui.result(&Reloaded)?;
    Ok(Exit::Done)
}

/// Before anything is sent: whatever is not an id would be part of a path.
fn check_id(id: &str) -> Result<(), Failure> {
    match id.parse::<RequestId>() {
        Ok(_) => Ok(()),
        Err(_) => Err(Failure::new(
            "malformed-id",
            format!(
                "\"{}\" is not the id of a request, which is 32 digits 0-9 a-f",
                ui::printable(id)
            ),
        )
        .hint("See the ids of those that wait with: oc-guardian sign --pending")
        .with_exit(Exit::Usage)),
    }
}

/// Shows a question and asks; gives the hash of what was shown.
fn look_at(context: &Context, id: &str) -> Result<String, Failure> {
    let folders = context.folders()?;
    let client = running::client(&folders)?;
    let question = running::small_runtime()?
        .block_on(client.question(id))?
        .ok_or_else(|| {
            Failure::new("no-such-request", format!("no request {id} waits for an answer"))
                .hint("See which do with: oc-guardian sign --pending")
        })?;
    context.ui.note(&ui::question_text(&question));
    if context
        .ui
        .confirm("Sign this?", "--sha256 HASH, as sign --pending shows it")?
    {
        Ok(question.payload_sha256)
    } else {
        Err(Failure::new(
            "not-confirmed",
            format!("request {id} was not approved; it still waits"),
        )
        .hint("Say no to it with: oc-guardian sign --deny ID")
        .with_exit(Exit::Refused))
    }
}

struct Pending {
    questions: Vec<Question>,
}

impl Report for Pending {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("requests".into(), json!(self.questions))])
    }

    fn human(&self) -> String {
        if self.questions.is_empty() {
            return "No request waits for an answer.\n".into();
        }
        let mut text: String = self.questions.iter().map(ui::question_text).collect();
        text += &Lines::default()
            .next("oc-guardian sign --approve ID, or --deny ID")
            .finish();
        text
    }
}

struct Answered<'a> {
    id: &'a str,
    how: &'static str,
}

impl Report for Answered<'_> {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("id".into(), json!(self.id)), ("answer".into(), json!(self.how))])
    }

    fn human(&self) -> String {
        format!(
            "{}\n",
            paint(
                GOOD,
                &format!("Request {} is {}.", ui::printable(self.id), self.how)
            )
        )
    }
}

struct Reloaded;

impl Report for Reloaded {
    fn fields(&self) -> Map<String, Value> {
        Map::new()
    }

    fn human(&self) -> String {
        format!("{}\n", paint(GOOD, "The policy was read again."))
    }
}
