//! One registry: its connections and its logins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime};

use http::{HeaderValue, Uri};
use serde::Deserialize;

use super::auth::{self, Login};
use super::client::Options;
use super::docker_config::{Credential, DockerConfig, MAX_CONFIG};
use super::error::{CredentialError, Misbehaviour, Outage, RegistryError};
use super::helper;
use super::http::{Answer, Ask, Http, Trouble};
use super::limits::{Limits, MAX_LOGIN, MAX_REDIRECTS};
use super::persistence::{Next, Persistence};
use super::referrers;
use super::url::{authority, base, redirect_target, same_origin};
use crate::store::{self, StoreError};

/// Longest piece of an error's text that is passed on, in characters.
const MAX_SAID: usize = 200;

/// What is fetched, and how errors name it.
pub(super) struct Wanted<'a> {
    /// Below `/v2/REPOSITORY/`.
    pub(super) path: &'a str,
    pub(super) repository: &'a str,
    /// `manifest v1 of a/b`
    pub(super) what: String,
    pub(super) accept: &'a str,
    /// Most bytes.
    pub(super) limit: usize,
    /// Whether the registry may say that it is elsewhere: only blobs may (distribution-spec, Pulling blobs).
    pub(super) may_redirect: bool,
}

/// What is sent with each request.
#[derive(Clone)]
struct Authorization {
    header: HeaderValue,
    /// Whether credentials are in it or were needed for it; a token for everybody is none.
    is_personal: bool,
}

/// One registry.
pub(super) struct Session {
    host: String,
    base: String,
    http: Http,
    limits: Limits,
    docker_config: Option<PathBuf>,
    search_path: OsString,
    /// By repository.
    logins: Mutex<BTreeMap<String, Authorization>>,
    /// What is configured. Asked for once: a helper that hangs does so each time.
    credential: OnceLock<Option<Credential>>,
    /// Why that could not be had.
    missing: OnceLock<Arc<CredentialError>>,
    started: OnceLock<Instant>,
}

impl Session {
    /// Of a registry as a reference names it.
    pub(super) fn new(host: &str, options: &Options) -> Self {
        let base = base(host);
        // A proxy would not reach what is on this machine.
        let proxy = options.proxy.clone().filter(|_| base.starts_with("https:"));
        Self {
            host: host.to_owned(),
            base,
            http: Http::new(options.limits, proxy),
            limits: options.limits,
            docker_config: options.docker_config.clone(),
            search_path: options.search_path.clone().unwrap_or_default(),
            logins: Mutex::default(),
            credential: OnceLock::new(),
            missing: OnceLock::new(),
            started: OnceLock::new(),
        }
    }

    /// The registry's last answer, logged in where it wants that and after redirects. Its status is 2xx, 4xx other than
    /// 401, 403 and 429, or 3xx where there are no redirects.
    pub(super) fn fetch(&self, wanted: &Wanted<'_>) -> Result<Answer, RegistryError> {
        let uri = self.uri(wanted)?;
        let mut authorization = self.login_of(wanted.repository);
        let mut logged_in = false;
        loop {
            let answer = self.ask(&uri, authorization.as_ref(), wanted)?;
            match answer.status {
                401 if !logged_in => {
                    let sent = authorization.take();
                    authorization = Some(self.log_in(&answer, &uri, sent.as_ref(), wanted)?);
                    logged_in = true;
                }
                401 | 403 if !self.is_foreign_page(&answer) => {
                    let personal = authorization.is_some_and(|it| it.is_personal);
                    return Err(self.denied(authority(&uri), &wanted.what, &answer, personal));
                }
                301..=303 | 307 | 308 if wanted.may_redirect => {
                    return self.follow(&uri, answer, authorization, wanted);
                }
                _ => return Ok(answer),
            }
        }
    }

    /// Follows redirects from the registry to where a blob lies. Credentials stay with the registry.
    fn follow(
        &self,
        registry: &Uri,
        mut answer: Answer,
        mut authorization: Option<Authorization>,
        wanted: &Wanted<'_>,
    ) -> Result<Answer, RegistryError> {
        let mut current = registry.clone();
        for _ in 0..MAX_REDIRECTS {
            let location = answer.header("location").unwrap_or_default();
            let target = redirect_target(&current, location)
                .map_err(|problem| misbehaved(authority(&current), &wanted.what, problem))?;
            if !same_origin(registry, &target) {
                authorization = None;
            }
            answer = self.ask(&target, authorization.as_ref(), wanted)?;
            current = target;
            match answer.status {
                401 | 403 if !self.is_foreign_page(&answer) => {
                    let personal = authorization.is_some_and(|it| it.is_personal);
                    return Err(self.denied(authority(&current), &wanted.what, &answer, personal));
                }
                301..=303 | 307 | 308 => {}
                _ => return Ok(answer),
            }
        }
        let problem = Misbehaviour::Redirect("there are too many, one after the other");
        Err(misbehaved(authority(&current), &wanted.what, problem))
    }

    /// Whether a refusal is not the registry's own words.
    fn is_foreign_page(&self, answer: &Answer) -> bool {
        answer.is_web_page() && !answer.headers.contains_key(http::header::WWW_AUTHENTICATE)
    }

    fn ask(
        &self,
        uri: &Uri,
        authorization: Option<&Authorization>,
        wanted: &Wanted<'_>,
    ) -> Result<Answer, RegistryError> {
        let ask = Ask {
            uri,
            accept: wanted.accept,
            authorization: authorization.map(|it| &it.header),
            form: None,
            limit: wanted.limit,
        };
        self.persist(ask, &wanted.what)
    }

    /// Sends a request until there is an answer that counts.
    fn persist(&self, ask: Ask<'_>, what: &str) -> Result<Answer, RegistryError> {
        let host = authority(ask.uri);
        let unreachable = |outage| RegistryError::Unreachable {
            host: host.to_owned(),
            outage,
        };
        let is_registry = ask.uri.to_string().starts_with(&format!("{}/", self.base));
        let deadline = *self.started.get_or_init(Instant::now) + self.limits.total;
        let mut persistence = Persistence::default();
        loop {
            if Instant::now() >= deadline {
                return Err(unreachable(Outage::TimedOut));
            }
            let outcome = if is_registry {
                self.http.registry(ask)
            } else {
                self.http.other(ask)
            };
            match persistence.judge(&outcome, &self.limits, SystemTime::now()) {
                Next::Again(pause) => thread::sleep(pause),
                Next::RateLimited(wait) => {
                    let host = self.host.clone();
                    return Err(RegistryError::RateLimited { host, wait });
                }
                Next::Trouble(status) => return Err(unreachable(Outage::Status(status))),
                Next::Done => {
                    return outcome.map_err(|trouble| match trouble {
                        Trouble::Outage(outage) => unreachable(outage),
                        Trouble::Misbehaviour(problem) => misbehaved(host, what, problem),
                    });
                }
            }
        }
    }

    fn uri(&self, wanted: &Wanted<'_>) -> Result<Uri, RegistryError> {
        let text = format!("{}/v2/{}/{}", self.base, wanted.repository, wanted.path);
        text.parse()
            .map_err(|_| misbehaved(&self.host, &wanted.what, Misbehaviour::Redirect("not a URL")))
    }

    /// Where the next page of referrers is, below `/v2/REPOSITORY/`.
    pub(super) fn next_page(&self, link: &str, repository: &str) -> Result<Option<String>, Misbehaviour> {
        let prefix = format!("/v2/{repository}/");
        let Ok(current) = format!("{}{prefix}", self.base).parse() else {
            return Ok(None);
        };
        Ok(referrers::next(link, &current, &prefix)?.map(str::to_owned))
    }

    fn login_of(&self, repository: &str) -> Option<Authorization> {
        self.logins().get(repository).cloned()
    }

    fn logins(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Authorization>> {
        self.logins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to send after a 401 to a request with `sent`.
    fn log_in(
        &self,
        answer: &Answer,
        uri: &Uri,
        sent: Option<&Authorization>,
        wanted: &Wanted<'_>,
    ) -> Result<Authorization, RegistryError> {
        // Held while the token is fetched: of requests that are refused at once, one logs in and the others wait.
        let mut logins = self.logins();
        let known = logins.get(wanted.repository);
        if let Some(newer) = known.filter(|known| sent.is_none_or(|sent| sent.header != known.header)) {
            return Ok(newer.clone());
        }
        let host = authority(uri);
        let login = auth::login(answer, uri).map_err(|problem| misbehaved(host, &wanted.what, problem))?;
        // Without what is configured, things may still be public: why it is missing is told only where they are not.
        let credential = self.credential.get_or_init(|| {
            self.find_credential().unwrap_or_else(|error| {
                let _ = self.missing.set(Arc::new(error));
                None
            })
        });
        let credential = credential.as_ref();
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
            400 | 401 | 403 | 404 if !self.is_foreign_page(&answer) => {
                Err(self.denied(host, &what, &answer, credential.is_some()))
            }
            _ => Err(misbehaved(host, &what, unexpected(&answer))),
        }
    }

    /// What is configured for this registry.
    fn find_credential(&self) -> Result<Option<Credential>, CredentialError> {
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
        if let Some((name, key)) = config.helper(&self.host) {
            let found = helper::ask(name, key, &self.search_path, self.limits.helper).map_err(|source| {
                CredentialError::Helper {
                    program: helper::program_name(name),
                    source,
                }
            })?;
            if found.is_some() {
                return Ok(found);
            }
        }
        config.credential(&self.host).map_err(in_file)
    }

    /// `at` is the host that said so. It is the registry's word in any case, and there that one logs in.
    fn denied(&self, at: &str, what: &str, answer: &Answer, authenticated: bool) -> RegistryError {
        let host = self.host.clone();
        if let Some(source) = self.missing.get() {
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

/// What is wrong with an answer whose status has no meaning.
pub(super) fn unexpected(answer: &Answer) -> Misbehaviour {
    match answer.status {
        status if answer.is_web_page() => Misbehaviour::WebPage(status),
        301..=303 | 307 | 308 => Misbehaviour::Redirect("only blobs may be elsewhere"),
        status => Misbehaviour::Status(status),
    }
}

pub(super) fn misbehaved(host: &str, what: &str, problem: Misbehaviour) -> RegistryError {
    RegistryError::Misbehaved {
        host: host.to_owned(),
        what: what.to_owned(),
        problem,
    }
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<OneError>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The first error in the registry's own form (distribution-spec, Error Codes), cut to a readable length.
fn said(answer: &Answer) -> Option<String> {
    let errors: Errors = serde_json::from_slice(&answer.body).ok()?;
    let first = errors.errors.first()?;
    let text = format!("{} {}", first.code, first.message);
    Some(text.trim().chars().take(MAX_SAID).collect())
}
