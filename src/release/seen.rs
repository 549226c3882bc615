use crate::engine::Restart;

/// What the engine says now of the containers of one guardian, by the ids and labels of an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The container that served before the operation.
    pub old: Option<Instance>,
    /// The container that takes over.
    pub new: Option<Instance>,
    /// The one kept from the operation before, unless it is one of these two.
    pub prev: Option<Instance>,
    /// The one kept from a rollback, unless it is one of these.
    pub undone: Option<Instance>,
    /// Whether the stage network is there.
    pub stage: bool,
}

/// A container as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether its process runs and is not about to be started again after a crash.
    pub running: bool,
    /// Whether it is attached to the network with the published ports.
    pub attached: bool,
    /// Whether it is attached to the stage network.
    pub staged: bool,
    /// When it is started again by itself.
    pub restart: Restart,
    /// What its guardian says of itself; `None` where it does not run or does not say.
    pub mode: Option<Mode>,
}

/// What a guardian says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Warm, without the data folder.
    Standby,
    /// Serves.
    Active,
    /// Ends its sessions.
    Draining,
}

impl Mode {
    /// By its name in `/healthz`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "standby" => Some(Self::Standby),
            "active" => Some(Self::Active),
            "draining" => Some(Self::Draining),
            _ => None,
        }
    }
}
