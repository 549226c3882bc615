//! A federation and its portal on one machine, for trying out and for tests.
//!
//! [`Devnet`] starts a portal, and for each of n operators a signing server and a guardian, as processes of this same
//! program, each with a home of its own below one folder. It has the charter signed by all, keeps everything running, and
//! leaves nothing behind. Its keys guard nothing.

mod agreement;
mod backoff;
mod child;
mod error;
mod folder;
mod note;
mod operators;
mod parts;
mod pins;
pub mod portal;
mod portal_process;
mod ports;
mod recipes;
mod settings;
mod snapshot;
mod supervisor;
mod watch;

pub use child::die_with_parent;
pub use error::DevnetError;
pub use folder::{Running, running};
pub use note::{Note, note_of};
pub use pins::{parse_pin, pins_of, write_pins};
pub use portal_process::{PortalProcess, PortalProcessError, ServedPortal};
pub use settings::{SLUG, Settings, SettingsError};
pub use snapshot::{GuardianRow, Life, Snapshot};
pub use supervisor::Devnet;
