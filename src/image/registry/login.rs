//! Logging in to one registry: which credentials there are, and what was got for them.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use http::{HeaderValue, Uri};

use super::auth::{self, Login};
use super::client::{Notice, Options};
use super::docker_config::{Credential, DockerConfig, MAX_CONFIG};
use super::error::{CredentialError, RegistryError};
use super::helper;
use super::http::{Answer, Ask};
use super::limits::MAX_LOGIN;
use super::refusal::{is_foreign_page, misbehaved, said, unexpected};
use super::session::{Session, Wanted};
use super::url::authority;
use crate::store::{self, StoreError};

/// What is sent with each request.
#[derive(Clone)]
pub(super) struct Authorization {
    pub(super) header: HeaderValue,
    /// Whether credentials are in it or were needed for it; a token for everybody is none.
    pub(super) is_personal: bool,
}

/// What is known of one registry.
pub(super) struct Logins {
    docker_config: Option<PathBuf>,
    search_path: OsString,
    /// With helpers.
    patience: Duration,
    notice: Option<Notice>,
    by_repository: Mutex<BTreeMap<String, Authorization>>,
    /// What is configured. Asked for once: a helper that hangs does so each time.
    credential: OnceLock<Option<Credential>>,
    /// Why that could not be had.
    missing: OnceLock<Arc<CredentialError>>,
}

impl Logins {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            docker_config: options.docker_config.clone(),
            search_path: options.search_path.clone().unwrap_or_default(),
            patience: options.limits.helper,
            notice: options.notice.clone(),
            by_repository: Mutex::default(),
            credential: OnceLock::new(),
            missing: OnceLock::new(),
        }
    }

    /// What to send for this repository, as far as is known.
    pub(super) fn of(&self, repository: &str) -> Option<Authorization> {
        self.lock().get(repository).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Authorization>> {
        self.by_repository.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is configured for the registry, if it can be had.
    fn credential(&self, host: &str) -> Option<&Credential> {
        let found = self.credential.get_or_init(|| {
            self.find(host).unwrap_or_else(|error| {
                let _ = self.missing.set(Arc::new(error));
                None
            })
        });
        found.as_ref()
    }

    fn find(&self, host: &str) -> Result<Option<Credential>, CredentialError> {
        let Some(path) = &self.docker_config else {
            return Ok(None);
        };
        let bytes = match store::read(path, MAX_CONFIG) {
            Ok(bytes) => zeroize::Zeroizing::new(bytes),
            Err(StoreError::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let in_file = |source| CredentialError::Config {
            path: path.clone(),
            source,
        };
        let config = DockerConfig::parse(&bytes).map_err(in_file)?;
        if let Some((name, key)) = config.helper(host) {
            let slow = || {
                if let Some(notice) = &self.notice {
                    notice(&format!(
                        "{} has not answered for {} s: look for a prompt, or unlock the keychain; it is given {} s",
                        helper::program_name(name),
                        helper::SLOW.as_secs(),
                        self.patience.as_secs()
                    ));
                }
            };
            let asked = helper::ask(name, key, &self.search_path, self.patience, &slow);
            let found = asked.map_err(|source| CredentialError::Helper {
                program: helper::program_name(name),
                source,
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        config.credential(host).map_err(in_file)
    }
}

/// What is configured for a registry, as [`Reference::host`](crate::image::Reference::host) names it: for an engine that is to
/// pull from there. May wait for a credential helper.
///
/// # Errors
/// [`CredentialError`]
pub fn credential(options: &Options, host: &str) -> Result<Option<Credential>, CredentialError> {
    Logins::new(options).find(host)
}

impl Session {
    /// What to send after a 401 to a request with `sent`.
    pub(super) fn log_in(
        &self,
        answer: &Answer,
        uri: &Uri,
        sent: Option<&Authorization>,
        wanted: &Wanted<'_>,
    ) -> Result<Authorization, RegistryError> {
        // Held while the token is fetched: of requests that are refused at once, one logs in and the others wait.
        let mut logins = self.logins.lock();
        let known = logins.get(wanted.repository);
        if let Some(newer) = known.filter(|known| sent.is_none_or(|sent| sent.header != known.header)) {
            return Ok(newer.clone());
        }
        let host = authority(uri);
        let login = auth::login(answer, uri).map_err(|problem| misbehaved(host, &wanted.what, problem))?;
        // Without what is configured, things may still be public: why it is missing is told only where they are not.
        let credential = self.logins.credential(&self.host);
        let header = match (login, credential) {
            (_, Some(Credential::Token(token))) => auth::bearer(token),
            (Login::Basic, credential) => credential.and_then(auth::basic),
            (Login::Token { realm, service }, credential) => {
                Some(self.token(&realm, service.as_deref(), credential, wanted)?)
            }
        };
        let header = header.ok_or_else(|| self.denied(host, &wanted.what, answer, false))?;
        let authorization = Authorization {
            header,
            is_personal: credential.is_some(),
        };
        logins.insert(wanted.repository.to_owned(), authorization.clone());
        Ok(authorization)
    }

    fn token(
        &self,
        realm: &Uri,
        service: Option<&str>,
        credential: Option<&Credential>,
        wanted: &Wanted<'_>,
    ) -> Result<HeaderValue, RegistryError> {
        let host = authority(realm);
        let what = format!("login to read {}", wanted.repository);
        let request = auth::token_request(realm, service, wanted.repository, credential)
            .map_err(|problem| misbehaved(host, &what, problem))?;
        let ask = Ask {
            uri: &request.uri,
            accept: "application/json",
            authorization: request.authorization.as_ref(),
            form: request.form.as_ref().map(|form| form.as_str()),
            limit: MAX_LOGIN,
        };
        let answer = self.persist(ask, &what)?;
        match answer.status {
            200 => auth::issued(&answer).map_err(|problem| misbehaved(host, &what, problem)),
            400 | 401 | 403 | 404 if !is_foreign_page(&answer) => {
                Err(self.denied(host, &what, &answer, credential.is_some()))
            }
            _ => Err(misbehaved(host, &what, unexpected(&answer))),
        }
    }

    /// `at` is the host that said so. It is the registry's word in any case, and there that one logs in.
    pub(super) fn denied(&self, at: &str, what: &str, answer: &Answer, authenticated: bool) -> RegistryError {
        let host = self.host.clone();
        if let Some(source) = self.logins.missing.get() {
            let source = Arc::clone(source);
            return RegistryError::Credentials { host, source };
        }
        let mut detail = match said(answer) {
            Some(said) => format!("status {}: {said}", answer.status),
            None => format!("status {}", answer.status),
        };
        if !self.base.ends_with(&format!("//{at}")) {
            detail = format!("by {at}, {detail}");
        }
        RegistryError::Denied {
            host,
            what: what.to_owned(),
            detail,
            authenticated,
        }
    }
}
