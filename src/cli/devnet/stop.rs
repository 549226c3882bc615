use std::time::{Duration, Instant};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value, json};

use super::{Place, shown};
use crate::cli::context::Context;
use crate::cli::examples;
use crate::devnet;
use crate::ui::{Exit, Failure, GOOD, Report, paint};

/// Longer than a devnet takes to end.
const PATIENCE: Duration = Duration::from_secs(15);

/// Stop the devnet that runs in another terminal, and wait until nothing of it is left
#[derive(Args)]
#[command(after_help = examples::DEVNET_STOP)]
pub(super) struct Stop {
    #[command(flatten)]
    place: Place,
}

impl Stop {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let base = self.place.base()?;
        let running = self.place.running()?;
        let failed = |why: String| {
            Failure::new(
                "not-stopped",
                format!("the devnet in {} {why}", running.path.display()),
            )
            .hint("Press Ctrl-C where it runs.")
        };
        // The lock was held a moment ago, so this is still its process.
        let pid = running
            .pid
            .and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?))
            .ok_or_else(|| failed("does not say which process it is".into()))?;
        kill_process(pid, Signal::TERM).map_err(|error| failed(format!("cannot be signalled: {error}")))?;
        let _progress = context.ui.progress("Waiting for the devnet to end");
        let start = Instant::now();
        while devnet::running(&base)?.contains(&running) || running.path.exists() {
            if start.elapsed() > PATIENCE {
                return Err(failed(format!("still runs after {} s", PATIENCE.as_secs())));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        context.ui.result(&Stopped(shown(&running.path)))?;
        Ok(Exit::Done)
    }
}

struct Stopped(String);

impl Report for Stopped {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("folder".into(), json!(self.0))])
    }

    fn human(&self) -> String {
        format!(
            "{}\n",
            paint(GOOD, "The devnet is stopped, and its folder is gone.")
        )
    }
}
