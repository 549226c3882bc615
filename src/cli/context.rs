use std::path::PathBuf;

use directories::{BaseDirs, ProjectDirs};

use crate::engine;
use crate::image::{Reference, registry};
use crate::operator::Identity;
use crate::store::Folders;
use crate::ui::{Failure, Ui};
use crate::vault::{self, VaultError};

/// Environment variable that puts all folders under one.
pub(super) const HOME_VARIABLE: &str = "OC_GUARDIAN_HOME";

/// What every verb gets: the screen, and what the environment says. The library below never looks at either.
pub(super) struct Context {
    pub(super) ui: Ui,
    /// systemd's folder of credentials for this unit.
    pub(super) credentials: Option<PathBuf>,
}

impl Context {
    pub(super) fn new(ui: Ui) -> Self {
        Self {
            ui,
            credentials: std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        }
    }

    /// Where files of this identity live.
    pub(super) fn folders(&self) -> Result<Folders, Failure> {
        if let Some(home) = std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty()) {
            let home = std::path::absolute(&home).map_err(|error| {
                Failure::new(
                    "no-home",
                    format!("{HOME_VARIABLE} is not a usable path: {error}"),
                )
            })?;
            return Ok(Folders::under(&home));
        }
        let dirs = ProjectDirs::from("io", "ochk", "oc-guardian").ok_or_else(|| {
            Failure::new("no-home", "this user has no home folder")
                .hint(format!("Set HOME, or {HOME_VARIABLE} to a folder of your own."))
        })?;
        let data = dirs.data_dir().to_owned();
        Ok(Folders {
            config: dirs.config_dir().to_owned(),
            state: dirs.state_dir().map_or_else(|| data.join("state"), PathBuf::from),
            runtime: dirs.runtime_dir().map_or_else(|| data.join("run"), PathBuf::from),
            data,
        })
    }

    /// What the registry client needs to know: where Docker keeps its logins, where programs are, and the proxy.
    pub(super) fn registry(&self) -> registry::Options {
        let docker = std::env::var_os("DOCKER_CONFIG")
            .filter(|folder| !folder.is_empty())
            .map(PathBuf::from)
            .or_else(|| BaseDirs::new().map(|dirs| dirs.home_dir().join(".docker")));
        registry::Options {
            docker_config: docker.map(|folder| folder.join("config.json")),
            search_path: std::env::var_os("PATH"),
            proxy: ureq::Proxy::try_from_env(),
            ..registry::Options::default()
        }
    }

    /// The login of a registry as Docker's configuration has it, for an engine that pulls.
    pub(super) fn login(&self, reference: &Reference) -> Result<Option<registry::Credential>, Failure> {
        let host = reference.host();
        registry::credential(&self.registry(), host).map_err(|source| Failure::credentials(host, &source))
    }

    /// What the environment says about Docker engines.
    pub(super) fn engine(&self) -> engine::Environment {
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let text = |name| variable(name).map(|value| value.to_string_lossy().into_owned());
        let home = BaseDirs::new().map(|dirs| dirs.home_dir().to_owned());
        engine::Environment {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            docker_config: variable("DOCKER_CONFIG")
                .map(PathBuf::from)
                .or_else(|| home.as_ref().map(|home| home.join(".docker"))),
            docker_cert_path: variable("DOCKER_CERT_PATH").map(PathBuf::from),
            docker_tls_verify: variable("DOCKER_TLS_VERIFY").is_some(),
            runtime_dir: variable("XDG_RUNTIME_DIR").map(PathBuf::from),
            home,
        }
    }

    /// The operator identity, which must exist.
    pub(super) fn identity(&self, folders: &Folders) -> Result<Identity, Failure> {
        vault::load_identity(folders)?.ok_or_else(|| {
            VaultError::NoIdentity {
                path: vault::identity_path(folders),
            }
            .into()
        })
    }

    /// Takes the identity's lock and passes on what an interrupted command left to say.
    pub(super) fn lock(&self, folders: &Folders) -> Result<vault::LockedHome, Failure> {
        let (home, notes) = vault::LockedHome::acquire(folders)?;
        self.warn_all(&notes);
        Ok(home)
    }

    /// Shows each as a warning.
    pub(super) fn warn_all(&self, notes: &[String]) {
        for note in notes {
            self.ui.warn(note);
        }
    }
}
