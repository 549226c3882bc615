use std::path::PathBuf;
use std::sync::Arc;

use directories::{BaseDirs, ProjectDirs};

use crate::engine;
use crate::image::{Reference, registry};
use crate::operator::Identity;
use crate::store::Folders;
use crate::ui::{self, Failure, Ui};
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
        // Also where HOME is not set.
        let home = || BaseDirs::new().map(|dirs| dirs.home_dir().into());
        let variable = |name: &str| match name {
            "HOME" => home(),
            name => std::env::var_os(name),
        };
        registry::Options {
            proxy: self.proxy(),
            notice: Some(Arc::new(ui::warning)),
            ..registry::Options::from_variables(variable)
        }
    }

    /// The login of a registry as Docker's configuration has it, for an engine that pulls.
    pub(super) fn login(&self, reference: &Reference) -> Result<Option<registry::Credential>, Failure> {
        let host = reference.host();
        registry::credential(&self.registry(), host).map_err(|source| Failure::credentials(host, &source))
    }

    /// What the environment says about Docker engines.
    pub(super) fn engine(&self) -> engine::Environment {
        let text = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let path = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        engine::Environment {
            docker_host: text("DOCKER_HOST"),
            docker_context: text("DOCKER_CONTEXT"),
            docker_config: path("DOCKER_CONFIG"),
            docker_cert_path: path("DOCKER_CERT_PATH"),
            docker_tls_verify: text("DOCKER_TLS_VERIFY").is_some(),
            runtime_dir: path("XDG_RUNTIME_DIR"),
            home: BaseDirs::new().map(|dirs| dirs.home_dir().to_owned()),
        }
    }

    /// The proxy that the environment names. One that cannot be used is passed over, and that is said.
    pub(super) fn proxy(&self) -> Option<ureq::Proxy> {
        const VARIABLES: [&str; 6] = [
            "ALL_PROXY",
            "all_proxy",
            "HTTPS_PROXY",
            "https_proxy",
            "HTTP_PROXY",
            "http_proxy",
        ];
        for name in VARIABLES {
            let unusable = std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .is_some_and(|value| value.to_str().is_none_or(|text| ureq::Proxy::new(text).is_err()));
            if unusable {
                // Its value may have a password in it.
                self.ui.warn(&format!(
                    "{name} is no proxy that can be used (wanted: http://HOST:PORT); it is passed over"
                ));
            }
        }
        ureq::Proxy::try_from_env()
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
