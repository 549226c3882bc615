//! Read-only checks of this machine. They gather typed facts; the command layer words the remedies.

mod local;

pub use local::{FolderState, Local, look};
