//! One exchange with the portal: bounded in time and size, never redirected, never retried.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body, Proxy};

use super::answer;
use super::error::{Fault, Outage};

/// Largest answer, in bytes.
pub(super) const MAX_ANSWER: usize = 1024 * 1024;
const MAX_HEAD: usize = 32 * 1024;

/// How an exchange can end without an answer of the right form.
pub(super) enum Trouble {
    Outage(Outage),
    Fault(Fault),
    Refused {
        status: u16,
        reason: String,
        detail: String,
    },
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// An agent that trusts the public certificate authorities, or only those of `authorities`.
pub(super) fn agent(authorities: Option<Vec<Certificate<'static>>>, proxy: Option<Proxy>) -> Agent {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let roots = match authorities {
        Some(certificates) => RootCerts::new_with_certs(&certificates),
        None => RootCerts::WebPki,
    };
    let tls = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(roots);
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(proxy)
        .user_agent(concat!("oc-guardian/", env!("CARGO_PKG_VERSION")))
        .max_response_header_size(MAX_HEAD)
        // A buffer that is full before the limit is met would be taken for a lost connection.
        .input_buffer_size(2 * MAX_HEAD)
        .max_idle_age(Duration::from_secs(10))
        .tls_config(tls.build());
    config.build().into()
}

/// The certificates of a PEM file.
pub(super) fn authorities(pem: &[u8]) -> Result<Vec<Certificate<'static>>, String> {
    let mut found = Vec::new();
    for item in parse_pem(pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => found.push(certificate),
            Ok(_) => return Err("there is something else than certificates in the file".into()),
            Err(error) => return Err(error.to_string()),
        }
    }
    // The connector would leave out what it cannot read, and then trust nobody without saying why.
    let mut store = rustls::RootCertStore::empty();
    for certificate in &found {
        let der = rustls::pki_types::CertificateDer::from(certificate.der());
        store.add(der).map_err(|error| error.to_string())?;
    }
    if found.is_empty() {
        return Err("there is no certificate in the file".into());
    }
    Ok(found)
}

pub(super) fn get(agent: &Agent, url: &str, time: Duration) -> Result<Vec<u8>, Trouble> {
    let request = agent.get(url).config().timeout_global(Some(time)).build();
    exchange(request.header(ACCEPT, "application/json").call())
}

pub(super) fn post(agent: &Agent, url: &str, envelope: &str, time: Duration) -> Result<Vec<u8>, Trouble> {
    let request = agent.post(url).config().timeout_global(Some(time)).build();
    let request = request
        .header(ACCEPT, "application/json")
        .header(CONTENT_TYPE, "application/json");
    exchange(request.send(envelope))
}

fn exchange(answer: Result<http::Response<Body>, ureq::Error>) -> Result<Vec<u8>, Trouble> {
    let (head, body) = answer.map_err(trouble)?.into_parts();
    let status = head.status.as_u16();
    if head.status.is_redirection() {
        return Err(Fault::Redirect { status }.into());
    }
    let kind = head
        .headers
        .get(CONTENT_TYPE)
        .map_or(b"".as_slice(), |kind| kind.as_bytes());
    let kind = String::from_utf8_lossy(&kind[..kind.len().min(100)]).into_owned();
    let bytes = read(body)?;
    let is_json = is_json(&kind);
    if head.status.is_success() {
        return match is_json {
            true => accepted(status, bytes),
            false if is_page(&kind, &bytes) => Err(Fault::WebPage.into()),
            false => Err(Fault::ContentType(kind).into()),
        };
    }
    match answer::refusal(&bytes).filter(|_| is_json) {
        Some((reason, detail)) => Err(Trouble::Refused {
            status,
            reason,
            detail,
        }),
        // What machines between us and the portal answer when they cannot reach it.
        None if matches!(status, 502..=504) => Err(Trouble::Outage(Outage::Status(status))),
        None => Err(Fault::Status(status).into()),
    }
}

/// An answer that says of itself that it is a refusal is one, whatever its status.
fn accepted(status: u16, bytes: Vec<u8>) -> Result<Vec<u8>, Trouble> {
    match answer::refusal(&bytes) {
        Some((reason, detail)) => Err(Trouble::Refused {
            status,
            reason,
            detail,
        }),
        None => Ok(bytes),
    }
}

/// `application/json`, or with the one character set that JSON has.
fn is_json(kind: &str) -> bool {
    let (name, parameter) = kind.split_once(';').unwrap_or((kind, ""));
    let parameter = parameter.trim();
    name.trim().eq_ignore_ascii_case("application/json")
        && (parameter.is_empty()
            || parameter.eq_ignore_ascii_case("charset=utf-8")
            || parameter.eq_ignore_ascii_case("charset=\"utf-8\""))
}

fn is_page(kind: &str, bytes: &[u8]) -> bool {
    kind.trim_start()
        .get(..9)
        .is_some_and(|start| start.eq_ignore_ascii_case("text/html"))
        || bytes.trim_ascii_start().starts_with(b"<")
}

fn read(mut body: Body) -> Result<Vec<u8>, Trouble> {
    let too_large = || Trouble::Fault(Fault::TooLarge(MAX_ANSWER));
    if body
        .content_length()
        .is_some_and(|length| length > MAX_ANSWER as u64)
    {
        return Err(too_large());
    }
    let read = body.with_config().limit(MAX_ANSWER as u64).read_to_vec();
    read.map_err(|error| match error {
        ureq::Error::BodyExceedsLimit(_) => too_large(),
        other => trouble(other),
    })
}

fn trouble(error: ureq::Error) -> Trouble {
    use ureq::Error;
    Trouble::Outage(match error {
        Error::HostNotFound => Outage::Name,
        Error::Timeout(_) => Outage::TimedOut,
        Error::Rustls(error) => Outage::Tls(error.to_string()),
        Error::Tls(error) => Outage::Tls(error.into()),
        Error::TlsRequired => Outage::Tls("not possible through this proxy".into()),
        Error::Io(error) => outage(&error),
        Error::ConnectionFailed => Outage::Connect("no address answers".into()),
        Error::ConnectProxyFailed(error) => Outage::Connect(format!("the proxy says: {error}")),
        Error::BodyStalled => Outage::Closed,
        other => return Fault::NotHttp(other.to_string()).into(),
    })
}

fn outage(error: &io::Error) -> Outage {
    use io::ErrorKind;
    if let Some(tls) = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>())
    {
        return Outage::Tls(tls.to_string());
    }
    match error.kind() {
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Outage::TimedOut,
        ErrorKind::UnexpectedEof
        | ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe => Outage::Closed,
        ErrorKind::ConnectionRefused => Outage::Connect("nothing listens there".into()),
        _ => Outage::Connect(error.to_string()),
    }
}
