//! Read-only checks of this machine. They gather typed facts; the command layer words the remedies.

mod config_bundle;
mod local;

pub use config_bundle::{BundleFile, BundleFileError, default_bundle_path, find_bundle};
pub use local::{FolderState, Local, look};
