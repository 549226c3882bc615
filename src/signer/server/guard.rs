//! What every request must look like before anything looks at where it goes.
//!
//! Web pages can make a browser on this machine send requests to loopback ports: by DNS rebinding under a name of their
//! own, or cross-site without being able to read the answer. None of them passes here, with or without the token.

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderMap, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderName, Method};

use super::token::Token;
use crate::signer::Reply;

/// Which door a request came through, with what the door checks.
#[derive(Clone)]
pub(super) enum Door {
    /// The guardian's socket; its peer's UID is allowed.
    Guardian {
        /// Of the peer.
        uid: u32,
    },
    /// The guardian's socket; its peer's UID is not allowed, and is told so.
    Stranger {
        /// Of the peer.
        uid: u32,
    },
    /// The operator's socket; its peer's UID is ours.
    Operator,
    /// The loopback port.
    Loopback {
        /// That we listen on.
        port: u16,
        /// That every request but `/healthz` carries.
        token: std::sync::Arc<Token>,
    },
}

impl Door {
    /// Whether everybody on this machine can connect, and only the token tells who may.
    pub(super) fn is_open_to_all(&self) -> bool {
        matches!(self, Self::Loopback { .. })
    }

    /// Whether a request comes from somebody who may, as far as a token tells.
    pub(super) fn knows<B>(&self, request: &http::Request<B>) -> bool {
        match self {
            Self::Loopback { token, .. } => check_token(request.headers(), token).is_ok(),
            _ => true,
        }
    }
}

/// The only route without a token.
pub(super) const HEALTH: &str = "/healthz";

/// Refuses what no kit and no guardian sends.
pub(super) fn check(door: &Door, head: &Parts) -> Result<(), Reply> {
    // Another form of the target carries an authority that would stand beside, and over, `Host`.
    if head.uri.authority().is_some() || !head.uri.path().starts_with('/') {
        return Err(Reply::refused(400, "bad-target", "the request target is not a path").closing());
    }
    if let Door::Loopback { port, .. } = door {
        check_host(&head.headers, *port)?;
    }
    check_not_a_browser(&head.headers)?;
    check_body(head)?;
    match door {
        Door::Loopback { token, .. } if head.uri.path() != HEALTH => check_token(&head.headers, token),
        _ => Ok(()),
    }
}

fn check_host(headers: &HeaderMap, port: u16) -> Result<(), Reply> {
    let known = |host: &str| {
        ["127.0.0.1", "localhost", "[::1]"]
            .iter()
            .any(|name| host.strip_prefix(name) == Some(&format!(":{port}")))
    };
    match header(headers, &HOST) {
        Header::One(host) if known(host) => Ok(()),
        _ => Err(Reply::refused(
            403,
            "bad-host",
            format!("the Host header is not a loopback name or address with port {port}"),
        )
        .closing()),
    }
}

fn check_not_a_browser(headers: &HeaderMap) -> Result<(), Reply> {
    let from_page = headers.contains_key(ORIGIN)
        || !matches!(
            header(headers, &HeaderName::from_static("sec-fetch-site")),
            Header::Absent | Header::One("none")
        );
    if from_page {
        return Err(Reply::refused(
            403,
            "browser",
            "web pages are not answered: the request has an Origin or Sec-Fetch-Site header",
        )
        .closing());
    }
    Ok(())
}

fn check_body(head: &Parts) -> Result<(), Reply> {
    let headers = &head.headers;
    if head.method == Method::POST {
        return match header(headers, &CONTENT_TYPE) {
            Header::One(kind) if is_json(kind) => Ok(()),
            _ => Err(Reply::refused(
                415,
                "bad-content-type",
                "the Content-Type header is not application/json",
            )
            .closing()),
        };
    }
    let empty = !headers.contains_key(TRANSFER_ENCODING)
        && matches!(
            header(headers, &CONTENT_LENGTH),
            Header::Absent | Header::One("0")
        );
    if empty {
        Ok(())
    } else {
        Err(Reply::refused(400, "unexpected-body", "only POST takes a body").closing())
    }
}

/// `application/json`, or with the one character set that JSON has.
fn is_json(kind: &str) -> bool {
    let (name, parameter) = kind.split_once(';').unwrap_or((kind, ""));
    let parameter = parameter.trim();
    name.trim().eq_ignore_ascii_case("application/json")
        && (parameter.is_empty() || parameter.eq_ignore_ascii_case("charset=utf-8"))
}

fn check_token(headers: &HeaderMap, token: &Token) -> Result<(), Reply> {
    let given = match header(headers, &AUTHORIZATION) {
        Header::One(value) => value.strip_prefix("Bearer "),
        Header::Absent | Header::Spoiled => None,
    };
    if given.is_some_and(|given| token.matches(given)) {
        Ok(())
    } else {
        Err(Reply::refused(
            401,
            "bad-token",
            "the Authorization header is not \"Bearer \" and the token of this run",
        )
        .closing())
    }
}

/// What a request has under the name of a header.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header<'a> {
    Absent,
    One(&'a str),
    /// Twice, or not plain text.
    Spoiled,
}

fn header<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Header<'a> {
    let mut values = headers.get_all(name).iter();
    let Some(first) = values.next() else {
        return Header::Absent;
    };
    match (first.to_str(), values.next()) {
        (Ok(text), None) => Header::One(text),
        _ => Header::Spoiled,
    }
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
