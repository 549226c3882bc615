//! Read-only looks at what is on this machine.

mod config_bundle;

pub use config_bundle::{BundleFile, BundleFileError, default_bundle_path, find_bundle};
