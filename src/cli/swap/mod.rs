//! What the verbs share that change the guardian's container: run, upgrade, rollback, stop, uninstall.

mod container;
mod outcome;
mod parts;
mod screen;
mod session;

pub(super) use container::{Named, connect, runtime, settle_time};
pub(super) use outcome::{Swapped, ended};
pub(super) use parts::{check_bundle_is_readable, pull, signer_folder, verify};
pub(super) use screen::{Interrupt, Screen};
pub(super) use session::Session;
