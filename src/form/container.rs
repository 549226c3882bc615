use serde_json::{Map, Value};

use super::host_path::HostPath;

/// Name of the container, as in the runbook.
pub const NAME: &str = "oc-guardian";
/// Name of the volume with the guardian's data.
pub const DATA_VOLUME: &str = "oc-guardian-data";

/// Where the container has its bundle.
pub(super) const BUNDLE_TARGET: &str = "/etc/oc-guardian/config.json";
/// Health and status, and the other guardians.
pub(super) const PORTS: [u16; 2] = [9000, 9001];
/// Path on the first port that answers while the guardian is well.
pub(super) const HEALTH_PATH: &str = "/healthz";
/// Time between SIGTERM and SIGKILL at stop, in seconds: a session takes at most 10 to end.
pub(super) const STOP_GRACE: u32 = 30;
/// The image's user and group.
pub(super) const USER: u32 = 65532;
/// The variable in which the guardian learns which image it is.
pub(super) const DIGEST_VARIABLE: &str = "OC_GUARDIAN_IMAGE_DIGEST";

/// The guardian's container.
#[derive(Clone, Debug)]
pub struct Container {
    /// Name of the image, without tag.
    pub image: String,
    /// What was verified: digest of the index, or of the manifest of an image for one platform.
    pub digest: String,
    /// The certified version, where something certifies one.
    pub version: Option<String>,
    /// Name of the federation.
    pub federation: String,
    /// Text of the config bundle.
    pub bundle: String,
    /// The bundle's file on the machine that runs the container; `None`: it is carried in the form, where that can be.
    pub bundle_path: Option<HostPath>,
    /// Where the guardian keeps its state, in the container.
    pub data_dir: HostPath,
    /// Where the signing server's socket is, if the bundle names one.
    pub signer: Option<SignerFolder>,
}

/// The folder with the signing server's socket.
#[derive(Clone, Debug)]
pub struct SignerFolder {
    /// On the machine that runs the container.
    pub host: HostPath,
    /// In the container.
    pub target: HostPath,
}

impl Container {
    /// The image by its digest alone: not every engine takes a tag beside it.
    pub(super) fn pinned(&self) -> String {
        format!("{}@{}", self.image, self.digest)
    }

    /// What it was made from.
    pub(super) fn labels(&self) -> Map<String, Value> {
        let version = self.version.as_deref().map(|version| ("version", version));
        [("image", self.image.as_str()), ("digest", self.digest.as_str())]
            .into_iter()
            .chain(version)
            .map(|(name, value)| (format!("io.ochk.guardian.{name}"), value.into()))
            .collect()
    }

    /// The first lines of every form.
    pub(super) fn heading(&self, apply: &str) -> String {
        let Self { image, digest, .. } = self;
        let version = self.version.as_deref().unwrap_or("of no certified version");
        format!(
            "# Guardian of the federation {}, written by `oc-guardian config gen`.\n\
             # The image was verified: {image}, {version}, {digest}.\n\
             # It is pinned to that digest: for another version, write this file anew. No secret is in it.\n\
             #\n\
             # {apply}\n",
            self.federation
        )
    }
}
