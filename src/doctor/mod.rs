//! Read-only checks of this machine. They gather typed facts; the command layer words the remedies.

mod config_bundle;
mod container;
mod local;

pub use config_bundle::{BundleFile, BundleFileError, default_bundle_path, find_bundle};
pub use container::{
    GuardianContainer, GuardianContainers, Unfinished, look_at_containers, unfinished_operation,
};
pub use local::{FolderState, Local, look};
