use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::examples;
use super::swap::{Named, Session};
use crate::ui::{Exit, Failure, GOOD, Lines, Report, paint, printable};

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(30);

/// Stop the guardian's container
///
/// It ends its sessions first, and stays stopped until "oc-guardian run" starts it again; its data stays. An operation that
/// was interrupted is finished or undone before.
#[derive(Args)]
#[command(after_help = examples::STOP)]
pub(super) struct Stop {
    #[command(flatten)]
    container: Named,
}

impl Stop {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let session = Session::open(context, &self.container.name)?;
        let container = session
            .container()?
            .ok_or_else(|| Failure::no_container(&session.name))?;
        if !Session::is_guardian(&container) {
            return Err(Failure::not_a_guardian(&session.name));
        }
        session.check_interrupt()?;
        let was_running = container.state.running;
        if was_running {
            let steps = context.ui.steps();
            steps.begin("stop", format!("Stop {}", session.name));
            session
                .runtime
                .block_on(session.engine.stop(&container.id, GRACE))?;
            steps.done(None);
            session.record("stop", &format!("{} stopped", session.name));
        }
        context.ui.result(&Stopped {
            container: session.name.clone(),
            was_running,
        })?;
        Ok(Exit::Done)
    }
}

struct Stopped {
    container: String,
    was_running: bool,
}

impl Report for Stopped {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("container".into(), json!(self.container)),
            ("was_running".into(), json!(self.was_running)),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        let said = if self.was_running {
            "is stopped."
        } else {
            "was stopped already."
        };
        lines.line(paint(GOOD, &format!("{} {said}", printable(&self.container))));
        lines.next("oc-guardian run").finish()
    }
}
