//! One registry: asking it until there is an answer that counts.

use std::sync::OnceLock;
use std::thread;
use std::time::{Instant, SystemTime};

use http::Uri;

use super::client::Options;
use super::error::{Misbehaviour, Outage, RegistryError};
use super::http::{Answer, Ask, Http, Trouble};
use super::limits::{Limits, MAX_REDIRECTS};
use super::login::{Authorization, Logins};
use super::persistence::{Next, Persistence};
use super::referrers;
use super::refusal::{is_foreign_page, misbehaved};
use super::url::{authority, base, redirect_target, same_origin};

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

/// One registry.
pub(super) struct Session {
    /// As references name it.
    pub(super) host: String,
    /// Scheme and host that it is spoken to at.
    pub(super) base: String,
    http: Http,
    limits: Limits,
    pub(super) logins: Logins,
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
            http: Http::new(options.limits, proxy, host),
            limits: options.limits,
            logins: Logins::new(options),
            started: OnceLock::new(),
        }
    }

    /// The registry's last answer, logged in where it wants that and after redirects. Its status is 2xx, 4xx other than
    /// 401, 403 and 429, or 3xx where there are no redirects.
    pub(super) fn fetch(&self, wanted: &Wanted<'_>) -> Result<Answer, RegistryError> {
        let uri = self.uri(wanted)?;
        let mut authorization = self.logins.of(wanted.repository);
        let mut logged_in = false;
        loop {
            let answer = self.ask(&uri, authorization.as_ref(), wanted)?;
            match answer.status {
                401 if !logged_in => {
                    let sent = authorization.take();
                    authorization = Some(self.log_in(&answer, &uri, sent.as_ref(), wanted)?);
                    logged_in = true;
                }
                401 | 403 if !is_foreign_page(&answer) => {
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
                401 | 403 if !is_foreign_page(&answer) => {
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
    pub(super) fn persist(&self, ask: Ask<'_>, what: &str) -> Result<Answer, RegistryError> {
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
                        Trouble::Outage(outage) => unreachable(self.http.with_proxy(ask.uri, outage)),
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
}
