use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Map, Value, json};

use super::probe::Probe;
use super::run::read_bundle;
use crate::cli::context::Context;
use crate::cli::examples;
use crate::guardian::{DRAIN, State, lock_file};
use crate::store;
use crate::ui::{Exit, Failure, Report};

/// Beyond [`DRAIN`]: for the signal and the next look.
const GRACE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

/// Have the serving guardian step back: it ends its sessions, leaves the data folder to another process, and stands by
///
/// It does not contend for the data folder for 30 s, or until "guardian activate". Comes back when it stands by.
#[derive(Args)]
#[command(after_help = examples::GUARDIAN_STANDBY)]
pub(super) struct Standby {
    #[command(flatten)]
    which: Which,
}

/// Have a guardian that stepped back serve again, if no other process holds its data folder
#[derive(Args)]
#[command(after_help = examples::GUARDIAN_ACTIVATE)]
pub(super) struct Activate {
    #[command(flatten)]
    which: Which,
}

#[derive(Args)]
struct Which {
    #[command(flatten)]
    probe: Probe,
    /// The guardian's config bundle, which names its data folder
    #[arg(long, value_name = "FILE", default_value = "/etc/oc-guardian/config.json")]
    config: PathBuf,
    /// Process id of the guardian [default: 1 in a container; else the one that last held the data folder]
    #[arg(long, value_name = "PID")]
    pid: Option<i32>,
}

impl Standby {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        self.which.switch(context, Signal::USR1, State::Standby)
    }
}

impl Activate {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        self.which.switch(context, Signal::USR2, State::Active)
    }
}

impl Which {
    fn switch(&self, context: &Context, signal: Signal, wanted: State) -> Result<Exit, Failure> {
        let pid = self.process()?;
        let start = Instant::now();
        if self.probe.ask(GRACE)?.state.as_deref() != Some(wanted.as_str()) || wanted == State::Standby {
            kill_process(pid, signal).map_err(|error| {
                Failure::new(
                    "no-guardian",
                    format!("process {} cannot be signalled: {error}", pid.as_raw_nonzero()),
                )
                .hint("Name the guardian's process with --pid.")
            })?;
        }
        loop {
            let state = self.probe.ask(GRACE)?.state;
            if state.as_deref() == Some(wanted.as_str()) {
                context.ui.result(&Switched {
                    state: wanted,
                    took: start.elapsed(),
                })?;
                return Ok(Exit::Done);
            }
            if start.elapsed() > DRAIN + GRACE {
                let state = state.unwrap_or_else(|| "in no known state".into());
                return Err(Failure::new(
                    "not-switched",
                    format!(
                        "the guardian is {state} after {} s, not {}",
                        start.elapsed().as_secs(),
                        wanted.as_str()
                    ),
                )
                .hint("Another process may hold the data folder: the guardian's log says more."));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn process(&self) -> Result<Pid, Failure> {
        let named = match self.pid {
            Some(pid) => Some(pid),
            None if is_guardian(1) => Some(1),
            None => {
                let path = lock_file(&read_bundle(&self.config)?);
                let text = store::read(&path, 32)
                    .ok()
                    .and_then(|bytes| String::from_utf8(bytes).ok());
                text.and_then(|text| text.trim().parse().ok())
            }
        };
        named
            .filter(|pid| is_guardian(*pid))
            .and_then(Pid::from_raw)
            .ok_or_else(|| {
                Failure::new("no-guardian", "no guardian process was found").hint("Name it with --pid.")
            })
    }
}

/// A process id may belong to anything by now: only a guardian is signalled.
fn is_guardian(pid: i32) -> bool {
    let Ok(line) = store::read(std::path::Path::new(&format!("/proc/{pid}/cmdline")), 4096) else {
        return false;
    };
    let words: Vec<&[u8]> = line.split(|byte| *byte == 0).collect();
    words.first().is_some_and(|name| name.ends_with(b"oc-guardian"))
        && words.contains(&b"guardian".as_slice())
}

struct Switched {
    state: State,
    took: Duration,
}

impl Report for Switched {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("state".into(), json!(self.state.as_str())),
            (
                "took_ms".into(),
                json!(u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX)),
            ),
        ])
    }

    fn human(&self) -> String {
        format!(
            "The guardian is {} ({} ms).\n",
            self.state.as_str(),
            self.took.as_millis()
        )
    }
}
