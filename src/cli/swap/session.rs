use std::time::{SystemTime, UNIX_EPOCH};

use tokio::runtime::Runtime;

use super::{Interrupt, Screen, connect, runtime};
use crate::audit::{self, Entry, Event};
use crate::cli::context::Context;
use crate::engine::{Container, Engine};
use crate::release::{self, EngineHost, Expect, Journal, Names, Outcome, Place, Recovered, ReleaseError};
use crate::store::{Folders, Lock};
use crate::ui::{Failure, Steps};

/// The one that changes the guardian's containers: with the engine, the lock, and nothing unfinished.
pub(in crate::cli) struct Session<'a> {
    pub(in crate::cli) context: &'a Context,
    pub(in crate::cli) folders: Folders,
    pub(in crate::cli) runtime: Runtime,
    pub(in crate::cli) engine: Engine,
    pub(in crate::cli) place: Place,
    pub(in crate::cli) name: String,
    pub(in crate::cli) interrupt: Interrupt,
    _lock: Lock,
}

impl<'a> Session<'a> {
    /// Takes the lock, connects, and finishes or undoes what an interrupted command left.
    pub(in crate::cli) fn open(context: &'a Context, name: &str) -> Result<Self, Failure> {
        let folders = context.folders()?;
        let place = Place::new(&folders.state, name);
        let lock = place.lock().map_err(Failure::swap_lock)?;
        let unfinished = place.load()?;
        let runtime = runtime()?;
        let engine = connect(context, &runtime)?;
        let session = Self {
            context,
            folders,
            runtime,
            engine,
            place,
            name: name.to_owned(),
            interrupt: Interrupt::watch(),
            _lock: lock,
        };
        if let Some(journal) = unfinished {
            session.recover(journal)?;
        }
        Ok(session)
    }

    fn recover(&self, mut journal: Journal) -> Result<(), Failure> {
        let here = self.engine.endpoint().to_string();
        if journal.engine != here {
            return Err(Failure::unfinished_elsewhere(&journal, &here, self.place.path()));
        }
        let operation = journal.operation.as_str();
        self.context.ui.note(&format!(
            "An interrupted {operation} of {} is finished or undone first.",
            journal.started_at
        ));
        let steps = self.context.ui.steps();
        let mut host = self.host(&steps);
        host.expect = Expect {
            federation: None,
            version: journal.image.version.as_ref().map(|it| it.without_v().to_owned()),
        };
        let recovered = self.runtime.block_on(release::recover(&mut host, &mut journal));
        drop(host);
        if recovered.is_ok() {
            steps.done(None);
        }
        drop(steps);
        let said = match recovered? {
            Recovered::Ended(Outcome::NewServes) => "finished: the new image serves",
            Recovered::Undone => "undone: all is as before",
            Recovered::Ended(Outcome::OldServes(cause)) if Self::is_interrupt(&cause) => {
                return Err(Failure::interrupted());
            }
            Recovered::Ended(Outcome::OldServes(cause)) => {
                self.context
                    .ui
                    .warn(&format!("the new image did not prove itself: {cause}"));
                "undone: all is as before"
            }
            Recovered::Ended(Outcome::NewServesUntidily(error)) => {
                self.context.ui.warn(&format!(
                    "the new one serves, but not all that is left could be put away ({error}): the next command does that"
                ));
                "finished: the new image serves"
            }
            Recovered::Ended(Outcome::Stuck { cause, undo }) => {
                self.record(
                    operation,
                    &format!("interrupted {operation}: {cause}; not undone: {undo}"),
                );
                return Err(Failure::not_undone(&cause, undo, self.place.path()));
            }
            Recovered::Lost => {
                self.context
                    .ui
                    .warn("both containers of the interrupted operation are gone: somebody removed them");
                "given up"
            }
        };
        self.context
            .ui
            .note(&format!("The interrupted {operation} is {said}."));
        self.record(operation, &format!("interrupted {operation} {said}"));
        Ok(())
    }

    /// The driver's world, with nothing to create.
    pub(in crate::cli) fn host<'b>(&'b self, steps: &'b Steps<'b>) -> EngineHost<'b, Screen<'b>> {
        EngineHost::new(
            &self.engine,
            &self.place,
            &self.folders.state,
            Screen::new(steps, &self.interrupt),
        )
    }

    /// The guardian's container.
    pub(in crate::cli) fn container(&self) -> Result<Option<Container>, Failure> {
        Ok(self
            .runtime
            .block_on(self.engine.container(&self.name))?
            .filter(|it| it.name == self.name))
    }

    /// No other machine warms a container up for this guardian, or watches one. Its own journal is somewhere else.
    pub(in crate::cli) fn check_no_other(&self, names: &Names) -> Result<(), Failure> {
        if let Some(other) = self.runtime.block_on(self.engine.container(&names.next()))? {
            return Err(Failure::being_warmed(&other.name));
        }
        match self
            .runtime
            .block_on(self.engine.name_beginning(&names.old("")))?
        {
            Some(other) => Err(Failure::being_settled(&other)),
            None => Ok(()),
        }
    }

    /// Notes what was done in the log of operations. What was done stays done where that cannot be written.
    pub(in crate::cli) fn record(&self, kind: &str, summary: &str) {
        let at = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |it| it.as_secs());
        let summary: String = summary.chars().take(500).collect();
        let entry = Entry::new(at, Event::Operation, summary).about(kind);
        if let Err(error) = audit::operations::append(&self.folders, &entry) {
            self.context.ui.warn(&format!(
                "what was done could not be noted in the log of operations: {error}"
            ));
        }
    }

    /// Ends here where Ctrl-C was pressed: for moments at which nothing is begun, or what is done stays done.
    pub(in crate::cli) fn check_interrupt(&self) -> Result<(), Failure> {
        if self.interrupt.is_pressed() {
            return Err(Failure::interrupted());
        }
        Ok(())
    }

    /// Whether an error is Ctrl-C.
    pub(in crate::cli) fn is_interrupt(error: &ReleaseError) -> bool {
        matches!(error, ReleaseError::Interrupted)
    }
}
