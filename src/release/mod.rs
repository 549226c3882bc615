//! Run, upgrade and rollback of the guardian's container, such that every step can be interrupted and then finished or undone.
//!
//! What is left to do in a step is decided by [`plan`] from what the engine says now, without asking anything itself;
//! [`drive`] carries it out on a [`Host`]; the [`Journal`] says how far it was.

mod adopt;
mod desired;
mod difference;
mod drive;
mod error;
pub mod federation_gate;
mod health;
mod host;
mod journal;
pub mod labels;
mod mounts;
mod names;
pub mod pause;
mod plan;
mod report;
mod seen;
mod step;
pub mod turn;

pub use adopt::{Adoption, Expected, compare};
pub use desired::{
    BUNDLE_TARGET, Bind, DATA_DIR, DIGEST_VARIABLE, Data, Extra, Making, STOP_GRACE, Volume, Wanted,
};
pub use difference::{Adopt, Difference, Fate, Kind, NotAnAdopt, Weight};
pub use drive::{Host, Outcome, Recovered, forward, recover, undo};
pub use error::{Gate, ReleaseError};
pub use health::{Program, ask, switch};
pub use host::{EngineHost, Expect, LONGEST_PAUSE, Measured, Watch};
pub use journal::{Begin, Image, Journal, JournalError, Old, Place, parse, transaction_id};
pub use names::Names;
pub use plan::{Action, Recovery, Which, left, recover as judge};
pub use report::{Peer, PeerReport, ReportError};
pub use seen::{Instance, Mode, Seen};
pub use step::{Operation, Step, Strategy};

use crate::engine::Restart;

/// Name of the guardian's container, unless somebody has several.
pub const CONTAINER: &str = "oc-guardian";
/// The network on which ports are published, unless a container was made in another one.
pub const NETWORK: &str = "bridge";

/// A restart policy by the name that Docker gives it: `no`, `always`, `unless-stopped`, `on-failure`, `on-failure:3`.
pub fn restart_named(name: &str) -> Option<Restart> {
    match name {
        "no" | "" => Some(Restart::No),
        "always" => Some(Restart::Always),
        "unless-stopped" => Some(Restart::UnlessStopped),
        "on-failure" => Some(Restart::OnFailure(0)),
        other => other
            .strip_prefix("on-failure:")
            .and_then(|count| count.parse().ok())
            .map(Restart::OnFailure),
    }
}

/// Its name; see [`restart_named`].
pub fn restart_name(restart: &Restart) -> String {
    match restart {
        Restart::No => "no".into(),
        Restart::Always => "always".into(),
        Restart::UnlessStopped => "unless-stopped".into(),
        Restart::OnFailure(0) => "on-failure".into(),
        Restart::OnFailure(count) => format!("on-failure:{count}"),
    }
}

#[cfg(test)]
mod campaign_tests;
#[cfg(test)]
mod fault_tests;
#[cfg(test)]
mod journal_tests;
#[cfg(test)]
mod simulated;
