//! Logging in: what is sent with each request, and how it is got.
//!
//! <https://distribution.github.io/distribution/spec/auth/token/> and, for refresh tokens, `…/auth/oauth/` beside it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Uri};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::challenge::{self, Challenge};
use super::docker_config::{Credential, Hidden};
use super::error::Misbehaviour;
use super::http::Answer;
use super::url::{push_parameter, realm};

const MAX_TOKEN: usize = 16 << 10;

/// How a registry wants us to log in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// User name and password with each request.
    Basic,
    /// With a token that this service gives.
    Token {
        /// https, or on this machine as the registry is.
        realm: Uri,
        service: Option<String>,
    },
}

/// What a 401 of the registry at `uri` asks for; a token where there is a choice.
///
/// # Errors
/// [`Misbehaviour::Login`]
pub(super) fn login(answer: &Answer, uri: &Uri) -> Result<Login, Misbehaviour> {
    let mut challenges = Vec::new();
    for header in answer.headers.get_all(http::header::WWW_AUTHENTICATE) {
        let parsed = header.to_str().ok().and_then(challenge::parse);
        challenges.extend(parsed.ok_or(Misbehaviour::Login("WWW-Authenticate is malformed"))?);
    }
    let of = |scheme: &str| challenges.iter().find(|it: &&Challenge| it.scheme == scheme);
    if let Some(bearer) = of("bearer") {
        let named = bearer
            .parameters
            .get("realm")
            .ok_or(Misbehaviour::Login("it names no login service"))?;
        return Ok(Login::Token {
            realm: realm(uri, named)?,
            service: bearer.parameters.get("service").cloned(),
        });
    }
    match (of("basic"), answer.is_web_page()) {
        (Some(_), _) => Ok(Login::Basic),
        (None, true) => Err(Misbehaviour::WebPage(answer.status)),
        (None, false) if challenges.is_empty() => {
            Err(Misbehaviour::Login("it does not say how (no WWW-Authenticate)"))
        }
        (None, false) => Err(Misbehaviour::Login("neither with a token nor with a password")),
    }
}

/// A request for a token.
pub(super) struct TokenRequest {
    pub(super) uri: Uri,
    pub(super) authorization: Option<HeaderValue>,
    pub(super) form: Option<Zeroizing<String>>,
}

/// Asks for reading one repository. The scope in the challenge is not used: a registry could name one of another
/// registry that has the same login service, and have our credentials turned into a token for that.
///
/// # Errors
/// [`Misbehaviour::Login`]
pub(super) fn token_request(
    realm: &Uri,
    service: Option<&str>,
    repository: &str,
    credential: Option<&Credential>,
) -> Result<TokenRequest, Misbehaviour> {
    let mut query = Zeroizing::new(String::new());
    if let Some(Credential::RefreshToken(token)) = credential {
        push_parameter(&mut query, "grant_type", "refresh_token");
        push_parameter(&mut query, "refresh_token", token.expose_secret());
        push_parameter(&mut query, "client_id", "oc-guardian");
    }
    if let Some(service) = service {
        push_parameter(&mut query, "service", service);
    }
    push_parameter(&mut query, "scope", &format!("repository:{repository}:pull"));
    match credential {
        Some(Credential::RefreshToken(_)) => Ok(TokenRequest {
            uri: realm.clone(),
            authorization: None,
            form: Some(query),
        }),
        other => {
            let joint = if realm.query().is_some() { '&' } else { '?' };
            let uri = format!("{realm}{joint}{}", *query);
            Ok(TokenRequest {
                uri: uri
                    .parse()
                    .map_err(|_| Misbehaviour::Login("its address is not a URL"))?,
                authorization: other.and_then(basic),
                form: None,
            })
        }
    }
}

#[derive(Deserialize)]
struct Issued {
    token: Option<Hidden>,
    access_token: Option<Hidden>,
}

/// The token in a login service's answer.
///
/// # Errors
/// [`Misbehaviour::Login`], [`Misbehaviour::WebPage`]
pub(super) fn issued(answer: &Answer) -> Result<HeaderValue, Misbehaviour> {
    if answer.is_web_page() {
        return Err(Misbehaviour::WebPage(answer.status));
    }
    let no_token = Misbehaviour::Login("the login service sent no token");
    let Ok(issued) = serde_json::from_slice::<Issued>(&answer.body) else {
        return Err(no_token);
    };
    let token = issued.token.or(issued.access_token).ok_or(no_token)?;
    bearer(&token.0).ok_or(Misbehaviour::Login("the login service sent no usable token"))
}

/// `Authorization` with a token; `None` where it is none (RFC 6750).
pub(super) fn bearer(token: &SecretString) -> Option<HeaderValue> {
    let token = token.expose_secret();
    let is_token =
        !token.is_empty() && token.len() <= MAX_TOKEN && token.bytes().all(|it| it.is_ascii_graphic());
    if !is_token {
        return None;
    }
    sensitive(&Zeroizing::new(format!("Bearer {token}")))
}

/// `Authorization` with user name and password (RFC 7617).
pub(super) fn basic(credential: &Credential) -> Option<HeaderValue> {
    let Credential::Password { user, password } = credential else {
        return None;
    };
    let pair = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
    let encoded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
    sensitive(&Zeroizing::new(format!("Basic {}", *encoded)))
}

fn sensitive(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(text).ok()?;
    // Keeps it out of everything that prints headers.
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
#[path = "auth_tests.rs"]
mod tests;
