use clap::Args;
use serde_json::{Map, Value};

use super::{examples, identity_fields, identity_lines};
use crate::cli::context::Context;
use crate::operator::Identity;
use crate::store::Folders;
use crate::ui::{EMPHASIS, Exit, Failure, Lines, Report, paint};

/// Show the public half of the operator key
#[derive(Args)]
#[command(after_help = examples::KEY_SHOW)]
pub(super) struct Show {}

impl Show {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let identity = context.identity(&folders)?;
        context.ui.result(&Shown { identity, folders })?;
        Ok(Exit::Done)
    }
}

struct Shown {
    identity: Identity,
    folders: Folders,
}

impl Report for Shown {
    fn fields(&self) -> Map<String, Value> {
        identity_fields(&self.identity, &self.folders)
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.field(
            "operator id",
            paint(EMPHASIS, self.identity.operator_id().as_str()),
        );
        identity_lines(&mut lines, &self.identity, &self.folders);
        let elsewhere = if self.identity.exported {
            ", exported since"
        } else {
            ""
        };
        lines.field("origin", format!("{}{elsewhere}", self.identity.origin.as_str()));
        lines.field("made", &self.identity.created_at);
        lines.finish()
    }
}
