use std::path::Path;

use super::Failure;
use crate::release::{Gate, Journal, JournalError, ReleaseError};
use crate::store::StoreError;
use crate::ui::Exit;

impl From<JournalError> for Failure {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Damaged { ref path, .. } => Self::new("journal-damaged", error.to_string()).hint(format!(
                "Look with docker ps -a which guardian serves; then move {} away and run the command again.",
                path.display()
            )),
            JournalError::Store(error) => error.into(),
        }
    }
}

impl From<ReleaseError> for Failure {
    fn from(error: ReleaseError) -> Self {
        match error {
            ReleaseError::Engine(error) => error.into(),
            ReleaseError::Journal(error) => error.into(),
            ReleaseError::Known(error) => error.into(),
            ReleaseError::Gate(gate) => gate.into(),
            ReleaseError::Gone(_) => Self::new("container-gone", error.to_string())
                .hint("Look with docker ps -a what is there, then run the command again."),
            ReleaseError::Interrupted => Self::interrupted(),
        }
    }
}

impl From<Gate> for Failure {
    fn from(gate: Gate) -> Self {
        let hint = match &gate {
            Gate::Ended { .. } | Gate::Restarted(_) => {
                "Read its last lines above: the config bundle may not fit this release (oc-guardian config check)."
            }
            Gate::NotHealthy { .. } | Gate::NotActive(_) => {
                "Read its last lines above; an image that cannot stand by is upgraded with --strategy restart."
            }
            Gate::Federation { .. } => {
                "Check the config bundle that is mounted: oc-guardian config check FILE"
            }
            Gate::Version { .. } => {
                "Do not run this image: its program is not the release that was certified."
            }
            Gate::NoStandby(_) => "Upgrade with --strategy restart, which stops the serving one first.",
            Gate::Silent(_) => {
                "See whether a firewall or another program stands between: docker port oc-guardian"
            }
            Gate::Unsigned(_) => {
                "See whether the signing server reaches the new container: its screen or log says why not."
            }
            Gate::Unattested(_) => "Ask the portal why: oc-guardian portal status",
        };
        Self::new(gate.reason(), gate.to_string())
            .hint(hint)
            .with_exit(Exit::CheckFailed)
    }
}

impl Failure {
    /// No container of that name.
    pub fn no_container(name: &str) -> Self {
        Self::new("no-guardian", format!("the engine has no container {name}"))
            .hint("Start one with: oc-guardian run, or name another one with --name.")
    }

    /// Another process changes the containers now.
    pub fn swap_lock(error: StoreError) -> Self {
        match error {
            StoreError::Locked { .. } => Self::new(
                "operation-under-way",
                "another command changes the guardian's container now",
            )
            .hint("Wait until it ends, then run this one again."),
            other => other.into(),
        }
    }

    /// What sets a container apart from the runbook's, and stands in the way; each as it is named, with why.
    pub fn differences(container: &str, found: &[String]) -> Self {
        Self::new(
            "changed-by-hand",
            format!("{container} is not as a guardian's container is made: {}", found.join("; ")),
        )
        .hint(
            "Carry over what is meant, one by one: --adopt KIND=VALUE, as it is shown here. What is not named would be left \
             behind: --adopt none.",
        )
        .fact("differences", found.to_vec())
        .with_exit(Exit::CheckFailed)
    }

    /// Another kit warms a container up.
    pub fn being_warmed(container: &str) -> Self {
        Self::new(
            "operation-under-way",
            format!("there is a container {container}: another machine upgrades this guardian now, or was interrupted"),
        )
        .hint("Run the command on that machine again, which finishes or undoes it; if that one is lost: docker rm -f it.")
        .with_exit(Exit::CheckFailed)
    }

    /// Another kit's container has not proved itself yet.
    pub fn being_settled(container: &str) -> Self {
        Self::new(
            "operation-under-way",
            format!("there is a container {container}: another machine upgraded this guardian and still watches it, or was interrupted"),
        )
        .hint(
            "Wait until it has ended there, or run the command on that machine again. If that one is lost and the new guardian \
             serves well: docker rm -f it.",
        )
        .with_exit(Exit::CheckFailed)
    }

    /// The container is of the image that is asked for, and does not run.
    pub fn stopped_already_of(container: &str) -> Self {
        Self::new(
            "stopped",
            format!("{container} is of this image already, and is stopped"),
        )
        .hint("Start it: oc-guardian run.")
        .with_exit(Exit::CheckFailed)
    }

    /// An operation was begun on another engine.
    pub fn unfinished_elsewhere(journal: &Journal, here: &str, path: &Path) -> Self {
        Self::new(
            "unfinished-elsewhere",
            format!(
                "an interrupted {} on {} waits to be finished or undone, and the engine here is {here}",
                journal.operation.as_str(),
                journal.engine
            ),
        )
        .hint(format!(
            "Run the command again with DOCKER_HOST={}; if that engine is gone for good, remove {}.",
            journal.engine,
            path.display()
        ))
    }

    /// An operation failed, and not everything could be given back.
    pub fn not_undone(cause: &ReleaseError, undo: ReleaseError, journal: &Path) -> Self {
        let undo = Self::from(undo);
        Self::new(
            "not-undone",
            format!("{cause}; and what was begun could not be undone: {}", undo.detail()),
        )
        .hint(format!(
            "Mend what is named, then run the same command again: it goes on with the undoing, which {} remembers.",
            journal.display()
        ))
        .fact("cause", cause.to_string())
    }

    /// The container is not one of a guardian.
    pub fn not_a_guardian(container: &str) -> Self {
        Self::new(
            "not-a-guardian",
            format!("{container} is not the container of a guardian: nothing mounts a config bundle in it"),
        )
        .hint("Name the guardian's with --name; docker ps -a shows what is there.")
        .with_exit(Exit::CheckFailed)
    }

    /// Adds what that means: a clause.
    #[must_use]
    pub fn and(mut self, clause: &str) -> Self {
        self.detail = format!("{}; {clause}", self.detail);
        self
    }
}
