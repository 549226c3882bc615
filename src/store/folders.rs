use std::path::{Path, PathBuf};

/// Where files of the kit live. Which folders these are is for the command layer to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folders {
    /// `operator.json`, the config bundle, the policy.
    pub config: PathBuf,
    /// Encrypted keys and what must be kept.
    pub data: PathBuf,
    /// Journals and logs.
    pub state: PathBuf,
    /// Sockets.
    pub runtime: PathBuf,
}

impl Folders {
    /// All four below one folder.
    pub fn under(home: &Path) -> Self {
        Self {
            config: home.join("config"),
            data: home.join("data"),
            state: home.join("state"),
            runtime: home.join("run"),
        }
    }

    /// With their names, for status output.
    pub fn named(&self) -> [(&'static str, &Path); 4] {
        [
            ("config", &self.config),
            ("data", &self.data),
            ("state", &self.state),
            ("runtime", &self.runtime),
        ]
    }
}
