use std::collections::BTreeMap;
use std::net::IpAddr;

/// A container as the engine describes it. Names and texts in it come from outside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Full id, 64 hex digits.
    pub id: String,
    /// Name without the leading `/`.
    pub name: String,
    /// Id of the image: `sha256:…` of its config, or of its manifest under the containerd store.
    pub image_id: String,
    /// The image as it was named at create.
    pub image_name: String,
    /// What it is doing.
    pub state: State,
    /// How often the engine started it again by itself.
    pub restart_count: u64,
    /// When it is started again by itself.
    pub restart: Restart,
    /// Labels, those of the image included.
    pub labels: BTreeMap<String, String>,
    /// What runs in it.
    pub process: Process,
    /// Bind mounts and volumes.
    pub mounts: Vec<Mount>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Network mode at create: `default`, `bridge`, `host`, `none`, `container:…`, or a network's name.
    pub network_mode: String,
    /// Networks that it is attached to now, by name, with its address there while it runs.
    pub networks: BTreeMap<String, Option<IpAddr>>,
    /// What sets it apart from an ordinary container.
    pub privileges: Privileges,
}

/// What a container is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`.
    pub status: String,
    /// Also true between the restarts of a crash loop: see `restarting`.
    pub running: bool,
    /// Waiting to be started again.
    pub restarting: bool,
    /// Code that the process ended with.
    pub exit_code: i64,
    /// Killed for want of memory.
    pub out_of_memory: bool,
    /// What the engine says went wrong at start; empty where nothing did.
    pub error: String,
}

/// What runs in a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Environment, `NAME=value`, that of the image included.
    pub environment: Vec<String>,
    /// Entrypoint, that of the image where none was given.
    pub entrypoint: Vec<String>,
    /// Arguments after the entrypoint.
    pub command: Vec<String>,
    /// User, as given or from the image; empty is root.
    pub user: String,
    /// Working folder.
    pub working_dir: String,
}

/// A bind mount, a volume or a tmpfs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Which.
    pub kind: MountKind,
    /// Host path of a bind; name of a volume; empty for others.
    pub source: String,
    /// Path in the container.
    pub target: String,
    /// Whether it can be written to.
    pub writable: bool,
}

/// Kinds of [`Mount`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A volume of the engine.
    Volume,
    /// Memory.
    Tmpfs,
    /// Another one, as the engine calls it.
    Other(String),
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Port in the container.
    pub container: u16,
    /// `tcp`, `udp`, `sctp`.
    pub protocol: String,
    /// Address on the host; `None` is every one.
    pub host_ip: Option<IpAddr>,
    /// Port on the host; 0 lets the engine choose.
    pub host: u16,
}

/// When a container is started again by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Never.
    #[default]
    No,
    /// Unless somebody stopped it.
    UnlessStopped,
    /// Always.
    Always,
    /// When it failed, at most so often (0: without end).
    OnFailure(u64),
}

/// What sets a container apart from an ordinary one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Privileges {
    /// `--privileged`.
    pub privileged: bool,
    /// `--read-only`.
    pub read_only_root: bool,
    /// `--cap-add`, without `CAP_`.
    pub added: Vec<String>,
    /// `--cap-drop`, without `CAP_`.
    pub dropped: Vec<String>,
    /// `--security-opt`.
    pub security_options: Vec<String>,
    /// `--device` (host path), `--gpus` and device rules, as text.
    pub devices: Vec<String>,
    /// Namespaces shared with the host or another container, as `pid=host`.
    pub shared_namespaces: Vec<String>,
    /// Anything else that differs from the default and that this kit does not know how to carry over, as `name=value`:
    /// `runtime`, `sysctls`, `extra_hosts`, `dns`, `links`, `volumes_from`, `group_add`, `ulimits`, `tmpfs`, `cgroup_parent`.
    pub unusual: Vec<String>,
}

/// An image that the engine has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LocalImage {
    /// Its id: digest of its config, or of its manifest under the containerd store.
    pub id: String,
    /// By which references with a digest it was pulled, as `name@sha256:…`.
    pub repo_digests: Vec<String>,
    /// Operating system.
    pub os: String,
    /// Architecture.
    pub architecture: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// What runs unless a container says otherwise.
    pub process: Process,
    /// Declared volumes, as paths in the container.
    pub volumes: Vec<String>,
    /// Bytes on the disk.
    pub size: u64,
}

/// A network of the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Full id.
    pub id: String,
    /// Its name; several can have the same one.
    pub name: String,
    /// Whether it has a way out.
    pub internal: bool,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Ids of the running containers that are attached to it.
    pub containers: Vec<String>,
}

/// What the engine is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Host name of its machine.
    pub name: String,
    /// Version, as 20.10.24.
    pub version: String,
    /// API version, as 1.41.
    pub api_version: String,
    /// Operating system of the containers.
    pub os: String,
    /// Architecture, in the words of image indexes (`amd64`, `arm64`).
    pub architecture: String,
    /// Whether images are kept in containerd's store: image ids are then digests of manifests.
    pub containerd_store: bool,
    /// Whether it runs without root.
    pub rootless: bool,
    /// Folder where it keeps images and volumes, on its machine.
    pub data_root: String,
}
