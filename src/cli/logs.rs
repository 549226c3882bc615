use std::ops::ControlFlow;

use clap::Args;
use serde_json::json;

use super::context::Context;
use super::examples;
use super::swap::{Named, connect, runtime};
use crate::engine::Line;
use crate::ui::{Exit, Failure, escaped};

/// Show what the guardian's container printed
///
/// Control characters and other text that could draw on the terminal are escaped. With `--json`, a document a line.
#[derive(Args)]
#[command(after_help = examples::LOGS)]
pub(super) struct Logs {
    /// Go on with what it prints from now on, until Ctrl-C
    #[arg(long, short)]
    follow: bool,
    /// Begin with so many of the last lines
    #[arg(long, value_name = "LINES", default_value_t = 100, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    tail: u32,
    #[command(flatten)]
    container: Named,
}

impl Logs {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let runtime = runtime()?;
        let engine = connect(context, &runtime)?;
        let name = &self.container.name;
        let container = runtime
            .block_on(engine.container(name))?
            .ok_or_else(|| Failure::no_container(name))?;
        if !self.follow {
            let text = runtime.block_on(engine.logs(&container.id, self.tail))?;
            for line in text.lines() {
                print(context, None, line)?;
            }
            return Ok(Exit::Done);
        }
        let mut failed = None;
        let each = |line: Line| match print(context, Some(line.stderr), &line.text) {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                failed = Some(failure);
                ControlFlow::Break(())
            }
        };
        runtime.block_on(engine.follow_logs(&container.id, self.tail, each))?;
        match failed {
            Some(failure) => Err(failure),
            None => Ok(Exit::Done),
        }
    }
}

fn print(context: &Context, stderr: Option<bool>, text: &str) -> Result<(), Failure> {
    let line = if context.ui.is_json() {
        let stream = stderr.map(|it| if it { "stderr" } else { "stdout" });
        json!({ "stream": stream, "text": text }).to_string()
    } else {
        escaped(text)
    };
    context.ui.raw(&format!("{line}\n"))
}
