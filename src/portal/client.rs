use std::time::{Duration, Instant};

use ureq::{Agent, Proxy};

use super::answer::AnswerError;
use super::base::Base;
use super::error::{Outage, PortalError};
use super::http::{self, Trouble};
use super::{Board, Charters, Federation, FederationList, Incidents, Posted, Registry};

/// How long an answer may take, with all repetitions.
const TIME: Duration = Duration::from_secs(15);
/// Pauses before a question is asked again. What is posted is never posted twice by itself.
const PAUSES: [Duration; 2] = [Duration::from_millis(200), Duration::from_millis(800)];

/// What a client is made of.
pub struct Settings {
    /// Where the portal is.
    pub base: Base,
    /// PEM file of the portal's own certificate authority. With one, no other is believed for this portal.
    pub authority: Option<Vec<u8>>,
    /// Through which https is asked for. Loopback never is.
    pub proxy: Option<Proxy>,
    /// How long an answer may take, with all repetitions.
    pub time: Duration,
}

impl Settings {
    /// A portal with a certificate of a public authority, without a proxy, and 15 seconds.
    pub fn new(base: Base) -> Self {
        Self {
            base,
            authority: None,
            proxy: None,
            time: TIME,
        }
    }
}

/// A client of one portal. Blocking; can be shared by threads.
pub struct Client {
    base: Base,
    agent: Agent,
    time: Duration,
}

impl Client {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// [`PortalError::Authority`]
    pub fn new(settings: Settings) -> Result<Self, PortalError> {
        let authorities = settings
            .authority
            .map(|pem| http::authorities(&pem).map_err(PortalError::Authority))
            .transpose()?;
        let proxy = settings.proxy.filter(|_| !settings.base.is_local());
        Ok(Self {
            agent: http::agent(authorities, proxy),
            base: settings.base,
            time: settings.time,
        })
    }

    /// Where the portal is.
    pub fn base(&self) -> &Base {
        &self.base
    }

    /// Who the portal knows.
    ///
    /// # Errors
    /// [`PortalError`], as of all questions.
    pub fn registry(&self) -> Result<Registry, PortalError> {
        self.get("/api/operator/registry", Registry::parse)
    }

    /// Which federations the portal knows.
    ///
    /// # Errors
    /// [`PortalError`]
    pub fn federations(&self) -> Result<FederationList, PortalError> {
        self.get("/api/federations", FederationList::parse)
    }

    /// One federation; `None` where the portal does not know it. `slug` is `[a-z0-9-]{1,64}`.
    ///
    /// # Errors
    /// [`PortalError`]
    pub fn federation(&self, slug: &str) -> Result<Option<Federation>, PortalError> {
        let path = format!("/api/public/federations/{slug}");
        match self.get(&path, |bytes| Federation::parse(bytes, slug)) {
            Ok(federation) => Ok(Some(federation)),
            Err(PortalError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The charter signatures of a federation.
    ///
    /// # Errors
    /// [`PortalError`]
    pub fn charters(&self, slug: &str) -> Result<Charters, PortalError> {
        let path = format!("/api/operator/charter?federation={slug}");
        self.get(&path, |bytes| Charters::parse(bytes, slug))
    }

    /// The attestation board of a federation.
    ///
    /// # Errors
    /// [`PortalError`]
    pub fn attestations(&self, slug: &str) -> Result<Board, PortalError> {
        let path = format!("/api/operator/attestation?federation={slug}");
        self.get(&path, |bytes| Board::parse(bytes, slug))
    }

    /// The incidents of a federation.
    ///
    /// # Errors
    /// [`PortalError`]
    pub fn incidents(&self, slug: &str) -> Result<Incidents, PortalError> {
        let path = format!("/api/operator/incidents?federation={slug}");
        self.get(&path, |bytes| Incidents::parse(bytes, slug))
    }

    /// Hands in a `charter-sign` envelope. Posting the same one again is harmless.
    ///
    /// # Errors
    /// [`PortalError`]; after `Unreachable` it may have arrived.
    pub fn post_charter(&self, envelope: &str) -> Result<Posted, PortalError> {
        self.post("/api/operator/charter", envelope)
    }

    /// Hands in a health envelope. Posting the same one again is harmless.
    ///
    /// # Errors
    /// [`PortalError`]; after `Unreachable` it may have arrived.
    pub fn post_attestation(&self, envelope: &str) -> Result<Posted, PortalError> {
        self.post("/api/operator/attestation", envelope)
    }

    /// Hands in an `alert-publish` envelope. Posting the same one again is harmless.
    ///
    /// # Errors
    /// [`PortalError`]; after `Unreachable` it may have arrived.
    pub fn post_incident(&self, envelope: &str) -> Result<Posted, PortalError> {
        self.post("/api/operator/incidents", envelope)
    }

    fn get<T>(&self, path: &str, parse: impl Fn(&[u8]) -> Result<T, AnswerError>) -> Result<T, PortalError> {
        let url = format!("{}{path}", self.base);
        let start = Instant::now();
        let mut pauses = PAUSES.iter();
        let answer = loop {
            let left = self.time.saturating_sub(start.elapsed());
            let answer = http::get(&self.agent, &url, left.max(Duration::from_millis(1)));
            let pause = match &answer {
                Err(Trouble::Outage(outage)) if is_passing(outage) => pauses.next(),
                _ => None,
            };
            match pause {
                Some(pause) if start.elapsed() + *pause < self.time => std::thread::sleep(*pause),
                _ => break answer,
            }
        };
        self.finish(path, answer, parse)
    }

    fn post(&self, path: &str, envelope: &str) -> Result<Posted, PortalError> {
        let url = format!("{}{path}", self.base);
        let answer = http::post(&self.agent, &url, envelope, self.time);
        self.finish(path, answer, Posted::parse)
    }

    fn finish<T>(
        &self,
        path: &str,
        answer: Result<Vec<u8>, Trouble>,
        parse: impl Fn(&[u8]) -> Result<T, AnswerError>,
    ) -> Result<T, PortalError> {
        let base = self.base.to_string();
        let fault = match answer {
            Ok(bytes) => match parse(&bytes) {
                Ok(answer) => return Ok(answer),
                Err(error) => error.into(),
            },
            Err(Trouble::Fault(fault)) => fault,
            Err(Trouble::Outage(outage)) => return Err(PortalError::Unreachable { base, outage }),
            Err(Trouble::Refused {
                status,
                reason,
                detail,
            }) => {
                return Err(PortalError::Refused {
                    base,
                    status,
                    reason,
                    detail,
                });
            }
        };
        Err(PortalError::Misbehaved {
            base,
            path: path.to_owned(),
            fault,
        })
    }
}

/// Whether another attempt may go better. A wrong name or certificate stays what it is.
fn is_passing(outage: &Outage) -> bool {
    match outage {
        Outage::Connect(_) | Outage::Closed | Outage::Status(_) => true,
        Outage::Name | Outage::TimedOut | Outage::Tls(_) => false,
    }
}
