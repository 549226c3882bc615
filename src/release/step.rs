use serde::{Deserialize, Serialize};

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// A first container.
    Run,
    /// Another image.
    Upgrade,
    /// Back to the container that served before.
    Rollback,
}

impl Operation {
    /// The name in journal and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
        }
    }
}

/// How the new container takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The new one is warm before the old one lets go: data first, then network and name.
    Handover,
    /// The old one is stopped, then the new one started: for images that do not know how to stand by.
    Restart,
}

impl Strategy {
    /// The name in journal, output and flags.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Handover => "handover",
            Self::Restart => "restart",
        }
    }
}

/// How far it is. A step is in the journal before anything of it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The new container is made.
    Create,
    /// It is started beside the old one, until it stands by.
    Warm,
    /// The old one leaves the data folder, the new one takes it.
    HandOverData,
    /// Ports, name and restart policy go to the new one. With a restart, the old one is stopped first.
    HandOverNetwork,
    /// The new one has to prove itself.
    Settle,
    /// It has: the old one is put away. From here on there is no way back but a rollback.
    Commit,
    /// It has not: the old one gets everything back.
    Undo,
}

impl Step {
    /// Those of an operation, in order.
    pub fn path(operation: Operation, strategy: Strategy) -> &'static [Self] {
        match (operation, strategy) {
            (Operation::Run, _) | (_, Strategy::Restart) => {
                &[Self::Create, Self::HandOverNetwork, Self::Settle, Self::Commit]
            }
            (_, Strategy::Handover) => &[
                Self::Create,
                Self::Warm,
                Self::HandOverData,
                Self::HandOverNetwork,
                Self::Settle,
                Self::Commit,
            ],
        }
    }

    /// The name in journal and output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Warm => "warm",
            Self::HandOverData => "hand-over-data",
            Self::HandOverNetwork => "hand-over-network",
            Self::Settle => "settle",
            Self::Commit => "commit",
            Self::Undo => "undo",
        }
    }
}
