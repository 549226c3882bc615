use std::collections::BTreeMap;

use super::journal::Image;
use super::{NETWORK, labels};
use crate::engine::{Mount, MountKind, Port, Restart, Spec, hides_nothing};

/// Where the container has its config bundle.
pub const BUNDLE_TARGET: &str = "/etc/oc-guardian/config.json";
/// Where it has its data unless the bundle says otherwise; the image declares a volume there.
pub const DATA_DIR: &str = "/var/lib/oc-guardian";
/// In which the guardian learns which image it is.
pub const DIGEST_VARIABLE: &str = "OC_GUARDIAN_IMAGE_DIGEST";

/// Health and status, and the other guardians.
const PORTS: [u16; 2] = [9000, 9001];
/// Bytes of a log file, and how many of them.
const LOG: (u64, u32) = (10 * 1024 * 1024, 3);
/// Between SIGTERM and SIGKILL at stop, in seconds: a session takes at most 10 to end.
pub const STOP_GRACE: u32 = 30;

/// The guardian's container, apart from the image. Paths and names are those of the engine's machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The config bundle.
    pub bundle: String,
    /// The data folder, in the container.
    pub data_dir: String,
    /// What is mounted there; `None`: a new anonymous volume, which the image declares.
    pub data: Option<Data>,
    /// The folder with the signing server's socket, where the bundle names one.
    pub signer: Option<Bind>,
    /// Further files that the bundle names, such as the portal's certificate authority; read-only.
    pub files: Vec<Bind>,
    /// Volumes at other places for which the image declares one.
    pub volumes: Vec<Volume>,
    /// Published ports.
    pub ports: Vec<Port>,
    /// Variables beyond the image's, `NAME=value`, without the digest.
    pub environment: Vec<String>,
    /// The network whose ports are published.
    pub network: String,
    /// When it is started again by itself, once it serves.
    pub restart: Restart,
    /// What a container of a guardian does not have, and somebody insisted on.
    pub extra: Extra,
}

/// What the guardian keeps its data in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    /// A volume of the engine, by name; anonymous ones have 64 hex digits.
    Volume(String),
    /// A folder.
    Folder(String),
}

/// A path of the engine's machine, and where the container has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bind {
    /// On the machine.
    pub host: String,
    /// In the container.
    pub target: String,
}

/// A volume of the engine, and where the container has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: String,
    /// In the container.
    pub target: String,
}

/// Carried over only where the operator named it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// Mounts.
    pub mounts: Vec<Mount>,
    /// Variables, `NAME=value`.
    pub environment: Vec<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Instead of the image's.
    pub entrypoint: Option<Vec<String>>,
    /// Instead of the image's.
    pub command: Option<Vec<String>>,
    /// Instead of the image's.
    pub user: Option<String>,
    /// Capabilities, without `CAP_`.
    pub capabilities: Vec<String>,
    /// Devices of the host, by path.
    pub devices: Vec<String>,
    /// All privileges of the host.
    pub privileged: bool,
}

/// For which operation, and from which image, a container is made.
#[derive(Clone, Copy, Debug)]
pub struct Making<'a> {
    /// Its name at first.
    pub name: &'a str,
    /// The network that it is started in: the stage where it is warmed, else [`Wanted::network`].
    pub network: &'a str,
    /// 16 hex digits.
    pub transaction: &'a str,
    /// The verified image.
    pub image: &'a Image,
}

impl Wanted {
    /// As the runbook has it, with this bundle.
    pub fn runbook(bundle: impl Into<String>) -> Self {
        let port = |port| Port {
            container: port,
            protocol: "tcp".into(),
            host_ip: None,
            host: port,
        };
        Self {
            bundle: bundle.into(),
            data_dir: DATA_DIR.into(),
            data: None,
            signer: None,
            files: Vec::new(),
            volumes: Vec::new(),
            ports: PORTS.map(port).into(),
            environment: Vec::new(),
            network: NETWORK.into(),
            restart: Restart::UnlessStopped,
            extra: Extra::default(),
        }
    }

    /// The container to be created. It is never started again by itself before it serves: after a restart of the engine two
    /// would contend for the data folder.
    pub fn spec(&self, making: &Making<'_>) -> Spec {
        let mut environment = vec![format!("{DIGEST_VARIABLE}={}", making.image.digest)];
        environment.extend(self.environment.iter().chain(&self.extra.environment).cloned());
        Spec {
            name: making.name.to_owned(),
            labels: self.labels(making),
            environment,
            entrypoint: self.extra.entrypoint.clone(),
            command: self.extra.command.clone(),
            user: self.extra.user.clone(),
            mounts: self.mounts(),
            ports: self.ports.clone(),
            network: making.network.to_owned(),
            restart: Restart::No,
            read_only_root: true,
            drop_capabilities: true,
            no_new_privileges: true,
            privileged: self.extra.privileged,
            add_capabilities: self.extra.capabilities.clone(),
            devices: self.extra.devices.clone(),
            log: Some(LOG),
            stop_grace: STOP_GRACE,
        }
    }

    /// Places that the bundle names and at which something could hide files of the image: whoever wrote the bundle would
    /// decide what a verified image runs. Empty for any sensible bundle; the signing server does not serve the others.
    pub fn unsafe_targets(&self) -> Vec<&str> {
        let binds = self.signer.iter().chain(&self.files).map(|it| it.target.as_str());
        let targets = binds.chain([self.data_dir.as_str()]);
        targets
            .filter(|it| *it != DATA_DIR && !hides_nothing(it))
            .collect()
    }

    fn labels(&self, making: &Making<'_>) -> BTreeMap<String, String> {
        let image = making.image;
        let version = image.version.as_ref();
        let ours = [
            (labels::TRANSACTION, making.transaction.to_owned()),
            (labels::ROLE, "guardian".into()),
            (labels::SPEC, "1".into()),
            (labels::IMAGE, image.name.clone()),
            (labels::DIGEST, image.digest.to_string()),
            (labels::BUNDLE, self.bundle.clone()),
        ]
        .into_iter()
        .chain(version.map(|version| (labels::VERSION, version.as_str().to_owned())))
        .map(|(name, value)| (name.to_owned(), value));
        // Ours come last: they win.
        self.extra.labels.clone().into_iter().chain(ours).collect()
    }

    fn mounts(&self) -> Vec<Mount> {
        let mount = |kind: MountKind, source: &str, target: &str, writable: bool| Mount {
            kind,
            source: source.to_owned(),
            target: target.to_owned(),
            writable,
        };
        let read_only = |host: &str, target: &str| mount(MountKind::Bind, host, target, false);
        let mut mounts = vec![read_only(&self.bundle, BUNDLE_TARGET)];
        // Without one the engine makes the volume that the image declares, but only where the image declares it.
        mounts.push(match &self.data {
            Some(Data::Volume(name)) => mount(MountKind::Volume, name, &self.data_dir, true),
            Some(Data::Folder(path)) => mount(MountKind::Bind, path, &self.data_dir, true),
            None => mount(MountKind::Volume, "", &self.data_dir, true),
        });
        // A socket can be connected to through a read-only mount.
        let binds = self.signer.iter().chain(&self.files);
        mounts.extend(binds.map(|it| read_only(&it.host, &it.target)));
        let volumes = self.volumes.iter();
        mounts.extend(volumes.map(|it| mount(MountKind::Volume, &it.name, &it.target, true)));
        mounts.extend(self.extra.mounts.iter().cloned());
        mounts
    }
}

#[cfg(test)]
#[path = "desired_tests.rs"]
mod tests;
