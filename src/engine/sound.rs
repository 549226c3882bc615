//! Whether a container runs its image, and nothing else besides.

use std::collections::BTreeSet;

use super::container::{Container, LocalImage, Mount, MountKind};

/// Where the runbook mounts the config bundle; what it names (certificates of a portal) lies beside it.
const CONFIG: &str = "/etc/oc-guardian";
/// Folders out of which nothing is executed or loaded, and where sockets and scratch files are.
const SCRATCH: [&str; 3] = ["/run", "/var/run", "/tmp"];
/// Variables that say where, when and in which language. Any other one may change what the program does or loads.
const HARMLESS: [&str; 13] = [
    "HOME",
    "HOSTNAME",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "LANG",
    "NO_PROXY",
    "OC_GUARDIAN_IMAGE_DIGEST",
    "TERM",
    "TZ",
    "container",
    "http_proxy",
    "https_proxy",
    "no_proxy",
];
/// Options of the engine that say nothing about what runs: names, addresses, limits.
const ORDINARY: [&str; 25] = [
    "auto_remove",
    "cgroup_parent",
    "cpu_quota",
    "cpu_shares",
    "cpus",
    "cpuset",
    "dns",
    "dns_options",
    "dns_search",
    "extra_hosts",
    "group_add",
    "hostname",
    "init",
    "links",
    "memory",
    "oom_kill_disable",
    "oom_score_adj",
    "pids_limit",
    "publish_all_ports",
    "shm_size",
    "storage_opt",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
];

/// Something by which a container can run other code than its image holds, or as somebody else, or with more rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsound {
    /// What it is about.
    pub aspect: Aspect,
    /// What was found; from outside.
    pub found: String,
}

/// What an [`Unsound`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// It is not the image that the container was made from.
    Image,
    /// Entrypoint, arguments or working folder are not the image's.
    Command,
    /// It runs as another user than the image says.
    User,
    /// A variable is not the image's, and not one that is known to be harmless.
    Variable,
    /// Something is mounted where it can hide the image's files.
    Mount,
    /// Privileged, or with added capabilities.
    Privilege,
    /// It has devices of the host.
    Device,
    /// A namespace is shared, so that processes outside reach into it.
    Namespace,
    /// A security option that is no restriction.
    SecurityOption,
    /// Another option of the engine that may change what runs.
    Option,
}

impl Aspect {
    /// For people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "another image",
            Self::Command => "another command",
            Self::User => "another user",
            Self::Variable => "variable",
            Self::Mount => "mount",
            Self::Privilege => "privilege",
            Self::Device => "device",
            Self::Namespace => "shared namespace",
            Self::SecurityOption => "security option",
            Self::Option => "engine option",
        }
    }
}

impl std::fmt::Display for Unsound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.aspect.as_str(), self.found)
    }
}

/// Compares a container with the image that it was made from, whose contents are trusted: what can make it run anything
/// else, in the order of [`Aspect`]; nothing where it is sound. The engine and whoever controls it are believed.
pub fn unsound(container: &Container, image: &LocalImage) -> Vec<Unsound> {
    let mut found = Findings::default();
    if container.image_id != image.id {
        found.add(Aspect::Image, &container.image_id);
    }
    process(container, image, &mut found);
    for mount in &container.mounts {
        if !is_harmless_mount(mount, image) {
            found.add(Aspect::Mount, &format!("{} at {}", source(mount), mount.target));
        }
    }
    privileges(container, &mut found);
    found.0
}

#[derive(Default)]
struct Findings(Vec<Unsound>);

impl Findings {
    fn add(&mut self, aspect: Aspect, found: &str) {
        let found = found.to_owned();
        self.0.push(Unsound { aspect, found });
    }
}

fn process(container: &Container, image: &LocalImage, found: &mut Findings) {
    let (runs, meant) = (&container.process, &image.process);
    for (runs, meant) in [
        (&runs.entrypoint, &meant.entrypoint),
        (&runs.command, &meant.command),
    ] {
        if runs != meant {
            found.add(Aspect::Command, &runs.join(" "));
        }
    }
    if runs.working_dir != meant.working_dir {
        found.add(Aspect::Command, &format!("in folder {}", runs.working_dir));
    }
    if runs.user != meant.user {
        let root = if runs.user.is_empty() { "root" } else { &runs.user };
        found.add(Aspect::User, root);
    }
    let meant: BTreeSet<&String> = meant.environment.iter().collect();
    for variable in runs.environment.iter().filter(|it| !meant.contains(it)) {
        let name = variable.split('=').next().unwrap_or_default();
        let is_of_image = meant
            .iter()
            .any(|it| it.split('=').next().unwrap_or_default() == name);
        // Its value may be a secret: not shown.
        if is_of_image || !is_harmless_variable(name) {
            found.add(Aspect::Variable, name);
        }
    }
}

fn is_harmless_variable(name: &str) -> bool {
    HARMLESS.contains(&name) || name.starts_with("LC_")
}

fn is_harmless_mount(mount: &Mount, image: &LocalImage) -> bool {
    let is_declared = is_clean(&mount.target) && image.volumes.contains(&mount.target);
    is_declared || hides_nothing(&mount.target)
}

/// Whether something that is mounted there cannot hide files of a guardian's image that are run or loaded.
pub fn hides_nothing(target: &str) -> bool {
    let is_below = |folder: &str| {
        target
            .strip_prefix(folder)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_clean(target) && (is_below(CONFIG) || SCRATCH.into_iter().any(is_below))
}

/// The engine cleans paths; one that is not clean could mean another place than it seems to.
fn is_clean(target: &str) -> bool {
    let mut parts = target.split('/').skip(1);
    target.starts_with('/') && parts.all(|part| !matches!(part, "" | "." | ".."))
}

fn source(mount: &Mount) -> String {
    let kind = match &mount.kind {
        MountKind::Bind => "bind of",
        MountKind::Volume => "volume",
        MountKind::Tmpfs => return "tmpfs".into(),
        MountKind::Other(kind) => kind,
    };
    format!("{kind} {}", mount.source)
}

fn privileges(container: &Container, found: &mut Findings) {
    let has = &container.privileges;
    if has.privileged {
        found.add(Aspect::Privilege, "all: it is privileged");
    }
    for capability in &has.added {
        found.add(Aspect::Privilege, capability);
    }
    for device in &has.devices {
        found.add(Aspect::Device, device);
    }
    for namespace in &has.shared_namespaces {
        found.add(Aspect::Namespace, namespace);
    }
    for option in &has.security_options {
        let restricts = matches!(
            option.as_str(),
            "no-new-privileges" | "no-new-privileges:true" | "no-new-privileges=true"
        );
        if !restricts {
            found.add(Aspect::SecurityOption, option);
        }
    }
    for option in &has.unusual {
        let name = option.split('=').next().unwrap_or_default();
        if !ORDINARY.contains(&name) {
            found.add(Aspect::Option, option);
        }
    }
}

#[cfg(test)]
#[path = "sound_tests.rs"]
mod tests;
