//! One request and its answer.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock};

use http::header::{ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Uri};
use ureq::tls::TlsConfig;
use ureq::unversioned::transport::DefaultConnector;
use ureq::{Agent, Body, Proxy};

use super::error::{Misbehaviour, Outage};
use super::limits::{Limits, MAX_ERROR, MAX_HEAD};
use super::network::{LocalAddress, OfOthers, OfRegistry, check_named};
use super::refusal::cut;
use super::url::is_public;
use crate::image::host::address;

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) uri: &'a Uri,
    pub(super) accept: &'a str,
    pub(super) authorization: Option<&'a HeaderValue>,
    /// Sent by POST, as a form.
    pub(super) form: Option<&'a str>,
    /// Most bytes of a body that is wanted. Of an error's, 64 KiB are read.
    pub(super) limit: usize,
}

/// A complete answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// A header's value, where it is text and there is one.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Content type without parameters, in lower case; empty where there is none.
    pub(super) fn media_type(&self) -> String {
        let value = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let essence = value.split(';').next().unwrap_or_default();
        essence.trim().to_ascii_lowercase()
    }

    /// Whether it is a web page.
    pub(super) fn is_web_page(&self) -> bool {
        matches!(self.media_type().as_str(), "text/html" | "application/xhtml+xml")
    }
}

/// Why there is no complete answer.
#[derive(Debug)]
pub(super) enum Trouble {
    Outage(Outage),
    Misbehaviour(Misbehaviour),
}

/// Connections to one registry and to the hosts that it names.
pub(super) struct Http {
    limits: Limits,
    proxy: Option<Proxy>,
    is_local: Arc<AtomicBool>,
    /// Made when first needed.
    registry: OnceLock<Agent>,
    others: OnceLock<Agent>,
}

impl Http {
    /// `host` is the registry's, as it is named: an address that only this network has makes it local, whoever looks it
    /// up.
    pub(super) fn new(limits: Limits, proxy: Option<Proxy>, host: &str) -> Self {
        let is_local = address(host).is_some_and(|address| !is_public(address));
        Self {
            limits,
            proxy,
            is_local: Arc::new(AtomicBool::new(is_local)),
            registry: OnceLock::new(),
            others: OnceLock::new(),
        }
    }

    /// Asks the registry itself.
    pub(super) fn registry(&self, ask: Ask<'_>) -> Result<Answer, Trouble> {
        let agent = self.registry.get_or_init(|| {
            let resolver = OfRegistry {
                is_local: Arc::clone(&self.is_local),
                proxy: self.proxy.clone(),
            };
            Agent::with_parts(self.config(), DefaultConnector::default(), resolver)
        });
        send(agent, ask)
    }

    /// Asks a host that the registry named.
    pub(super) fn other(&self, ask: Ask<'_>) -> Result<Answer, Trouble> {
        if self.proxy_of(ask.uri).is_some() && check_named(ask.uri, &self.is_local).is_err() {
            return Err(Trouble::Misbehaviour(Misbehaviour::LocalAddress));
        }
        let agent = self.others.get_or_init(|| {
            let resolver = OfOthers {
                is_local: Arc::clone(&self.is_local),
                proxy: self.proxy.clone(),
            };
            Agent::with_parts(self.config(), DefaultConnector::default(), resolver)
        });
        send(agent, ask)
    }

    /// The proxy that is asked for this.
    fn proxy_of(&self, uri: &Uri) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|proxy| !proxy.is_no_proxy(uri))
    }

    /// What failed, with the proxy that it was asked through: it may be that which does not answer.
    pub(super) fn with_proxy(&self, uri: &Uri, outage: Outage) -> Outage {
        match self.proxy_of(uri) {
            None => outage,
            // Without its user name and password.
            Some(proxy) => Outage::Proxied {
                proxy: format!("{}:{}", proxy.host(), proxy.port()),
                outage: Box::new(outage),
            },
        }
    }

    fn config(&self) -> ureq::config::Config {
        let limits = &self.limits;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let tls = TlsConfig::builder().unversioned_rustls_crypto_provider(provider);
        Agent::config_builder()
            .http_status_as_error(false)
            // Redirects are followed by us, where there can be any.
            .max_redirects(0)
            // Otherwise taken from the environment.
            .proxy(self.proxy.clone())
            .user_agent(concat!("oc-guardian/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(limits.connect))
            .timeout_connect(Some(limits.connect))
            .timeout_per_read(Some(limits.read))
            .timeout_per_write(Some(limits.read))
            .timeout_global(Some(limits.request))
            .max_response_header_size(MAX_HEAD)
            // Larger, or a head that is too large would look like a connection that ended.
            .input_buffer_size(2 * MAX_HEAD)
            .output_buffer_size(MAX_HEAD)
            // Only named here: the certificates are not touched before something is https.
            .tls_config(tls.build())
            .build()
    }
}

fn send(agent: &Agent, ask: Ask<'_>) -> Result<Answer, Trouble> {
    let sent = match ask.form {
        None => {
            let mut request = agent.get(ask.uri).header(ACCEPT, ask.accept);
            if let Some(authorization) = ask.authorization {
                request = request.header(AUTHORIZATION, authorization);
            }
            request.call()
        }
        Some(form) => agent
            .post(ask.uri)
            .header(ACCEPT, ask.accept)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .send(form),
    };
    let (head, body) = sent.map_err(trouble)?.into_parts();
    let status = head.status.as_u16();
    let encoding = head.headers.get(CONTENT_ENCODING);
    if let Some(encoding) = encoding.filter(|it| head.status.is_success() && *it != "identity") {
        let encoding = cut(encoding.to_str().unwrap_or("unknown"));
        return Err(Trouble::Misbehaviour(Misbehaviour::Encoding(encoding)));
    }
    let body = if (200..300).contains(&status) {
        read(body, ask.limit)?
    } else {
        // What an error says is a courtesy: whatever can be had of it will do.
        read(body, MAX_ERROR).unwrap_or_default()
    };
    Ok(Answer {
        status,
        headers: head.headers,
        body,
    })
}

fn read(mut body: Body, limit: usize) -> Result<Vec<u8>, Trouble> {
    if body.content_length().is_some_and(|length| length > limit as u64) {
        return Err(Trouble::Misbehaviour(Misbehaviour::TooLarge(limit)));
    }
    body.with_config()
        .limit(limit as u64)
        .read_to_vec()
        .map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => Trouble::Misbehaviour(Misbehaviour::TooLarge(limit)),
            other => trouble(other),
        })
}

fn trouble(error: ureq::Error) -> Trouble {
    use ureq::Error;
    Trouble::Outage(match error {
        Error::HostNotFound => Outage::Name,
        Error::Timeout(_) => Outage::TimedOut,
        Error::Rustls(error) => Outage::Tls(cut(&error.to_string())),
        Error::Tls(error) => Outage::Tls(error.into()),
        Error::TlsRequired => Outage::Tls("not possible through this proxy".into()),
        Error::Io(error) => io_outage(&error),
        Error::ConnectionFailed => Outage::Connect("no address answers".into()),
        Error::ConnectProxyFailed(error) => Outage::Connect(cut(&format!("the proxy says: {error}"))),
        Error::Other(error) if error.is::<LocalAddress>() => {
            return Trouble::Misbehaviour(Misbehaviour::LocalAddress);
        }
        other => return Trouble::Misbehaviour(Misbehaviour::NotHttp(cut(&other.to_string()))),
    })
}

fn io_outage(error: &io::Error) -> Outage {
    use io::ErrorKind;
    if let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        // Names the certificate's names, however many.
        return Outage::Tls(cut(&tls.to_string()));
    }
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Outage::TimedOut,
        ErrorKind::UnexpectedEof => Outage::Closed("before its end".into()),
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            Outage::Closed(error.to_string())
        }
        _ => Outage::Connect(error.to_string()),
    }
}

#[cfg(test)]
#[path = "http_tests.rs"]
mod tests;
