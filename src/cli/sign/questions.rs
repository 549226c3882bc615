//! The operator's door, from another terminal.

use serde_json::{Map, Value, json};

use super::running;
use crate::cli::context::Context;
use crate::signer::Question;
use crate::ui::{self, Exit, Failure, GOOD, Lines, Report, paint};

pub(super) fn pending(context: &Context) -> Result<Exit, Failure> {
    let questions = list(context)?;
    context.ui.result(&Pending { questions })?;
    Ok(Exit::Done)
}

pub(super) fn approve(
    context: &Context,
    id: &str,
    sha256: Option<&str>,
    for_an_hour: bool,
) -> Result<Exit, Failure> {
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

/// Shows a question and asks; gives the hash of what was shown.
fn look_at(context: &Context, id: &str) -> Result<String, Failure> {
    let question = list(context)?
        .into_iter()
        .find(|question| question.id == id)
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

fn list(context: &Context) -> Result<Vec<Question>, Failure> {
    let folders = context.folders()?;
    Ok(running::small_runtime()?.block_on(running::client(&folders)?.pending())?)
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
