use std::collections::BTreeMap;

use super::container::{Mount, Port, Restart};

/// A container to be created. The image is given apart, as a verified one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Its name.
    pub name: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Environment beyond the image's, `NAME=value`.
    pub environment: Vec<String>,
    /// Entrypoint instead of the image's.
    pub entrypoint: Option<Vec<String>>,
    /// Arguments instead of the image's.
    pub command: Option<Vec<String>>,
    /// User instead of the image's.
    pub user: Option<String>,
    /// Binds and volumes.
    pub mounts: Vec<Mount>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// The network to start in.
    pub network: String,
    /// When to start it again.
    pub restart: Restart,
    /// Root file system read-only.
    pub read_only_root: bool,
    /// Drop all capabilities.
    pub drop_capabilities: bool,
    /// No process gains privileges by what it executes.
    pub no_new_privileges: bool,
    /// Run everything in it with all privileges of the host: only where somebody insisted.
    pub privileged: bool,
    /// Capabilities to add, without `CAP_`.
    pub add_capabilities: Vec<String>,
    /// Devices of the host, by path.
    pub devices: Vec<String>,
    /// Largest log file in bytes, and how many; the engine's json-file driver rotates.
    pub log: Option<(u64, u32)>,
    /// Time between SIGTERM and SIGKILL at stop, in seconds.
    pub stop_grace: u32,
}
