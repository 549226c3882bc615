//! `config.json` of Docker: where credentials are, or which helper has them.
//!
//! Source: <https://github.com/docker/cli/blob/v28.0.0/cli/config/configfile/file.go>. Podman's `auth.json` has the same
//! form.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use zeroize::Zeroizing;

/// Largest file, in bytes.
pub(super) const MAX_CONFIG: usize = 1 << 20;

/// What Docker calls its own registry in this file.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";

/// Something to log in with.
pub enum Credential {
    /// User name and password.
    Password {
        /// Not secret by itself.
        user: String,
        /// Secret.
        password: SecretString,
    },
    /// An OAuth 2 refresh token ("identity token").
    RefreshToken(SecretString),
    /// A token for the registry itself.
    Token(SecretString),
}

/// A parsed file.
pub struct DockerConfig {
    auths: BTreeMap<String, Entry>,
    store: Option<String>,
    helpers: BTreeMap<String, String>,
}

/// Why bytes are not such a file.
#[derive(Debug, thiserror::Error)]
pub enum DockerConfigError {
    /// Not JSON, or not of this form.
    #[error("not a Docker configuration (line {line}, column {column})")]
    Form {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// `auth` of this registry is not base64 of `USER:PASSWORD`.
    #[error("the entry of {0} is malformed")]
    Auth(String),
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    auths: Option<BTreeMap<String, Entry>>,
    #[serde(default, rename = "credsStore")]
    store: Option<String>,
    #[serde(default, rename = "credHelpers")]
    helpers: Option<BTreeMap<String, String>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: Option<Hidden>,
    username: Option<String>,
    password: Option<Hidden>,
    identitytoken: Option<Hidden>,
    registrytoken: Option<Hidden>,
}

/// A secret in JSON.
pub(super) struct Hidden(pub(super) SecretString);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(String::deserialize(deserializer)?.into()))
    }
}

impl DockerConfig {
    /// Reads a file's content.
    ///
    /// # Errors
    /// [`DockerConfigError::Form`], without a word of the content: there are passwords in it.
    pub fn parse(bytes: &[u8]) -> Result<Self, DockerConfigError> {
        let file: File = serde_json::from_slice(bytes).map_err(|error| DockerConfigError::Form {
            line: error.line(),
            column: error.column(),
        })?;
        Ok(Self {
            auths: file.auths.unwrap_or_default(),
            store: file.store.filter(|name| !name.is_empty()),
            helpers: file.helpers.unwrap_or_default(),
        })
    }

    /// Helper to ask for a registry, and what to ask it for: the name in `credHelpers`, or else in `credsStore`.
    pub fn helper<'a>(&'a self, host: &'a str) -> Option<(&'a str, &'a str)> {
        let key = key_of(host);
        let own = [key, host]
            .into_iter()
            .find_map(|key| Some((self.helpers.get(key)?, key)));
        match (own, &self.store) {
            // Docker, too, takes an empty name for none at all.
            (Some((name, key)), _) => (!name.is_empty()).then_some((name, key)),
            (None, store) => store.as_deref().map(|name| (name, key)),
        }
    }

    /// What the file itself holds for a registry.
    ///
    /// # Errors
    /// [`DockerConfigError::Auth`]
    pub fn credential(&self, host: &str) -> Result<Option<Credential>, DockerConfigError> {
        // The registry's own spelling first, then keys that are URLs of it.
        let exact = self.auths.get_key_value(key_of(host));
        let found = exact.or_else(|| self.auths.iter().find(|(key, _)| names(key, host)));
        match found {
            None => Ok(None),
            Some((key, entry)) => entry
                .credential()
                .map_err(|Malformed| DockerConfigError::Auth(key.clone())),
        }
    }
}

/// What Docker calls a registry.
fn key_of(host: &str) -> &str {
    match host {
        "docker.io" => DOCKER_HUB,
        other => other,
    }
}

/// Whether a key of `auths` is a URL of this registry: with a scheme, with a path, or both.
fn names(key: &str, host: &str) -> bool {
    let bare = key
        .strip_prefix("https://")
        .or_else(|| key.strip_prefix("http://"))
        .unwrap_or(key);
    let named = bare.split('/').next().unwrap_or_default();
    match host {
        "docker.io" => matches!(named, "docker.io" | "index.docker.io" | "registry-1.docker.io"),
        _ => named == host,
    }
}

/// `auth` is not base64 of `USER:PASSWORD`.
struct Malformed;

impl Entry {
    /// `None` where nothing is in it: Docker leaves empty entries for those that a helper has.
    fn credential(&self) -> Result<Option<Credential>, Malformed> {
        fn there(field: Option<&Hidden>) -> Option<SecretString> {
            let secret = &field?.0;
            (!secret.expose_secret().is_empty()).then(|| secret.clone())
        }
        if let Some(token) = there(self.registrytoken.as_ref()) {
            return Ok(Some(Credential::Token(token)));
        }
        if let Some(token) = there(self.identitytoken.as_ref()) {
            return Ok(Some(Credential::RefreshToken(token)));
        }
        if let Some(auth) = there(self.auth.as_ref()) {
            return decode(&auth).map(Some).ok_or(Malformed);
        }
        let user = self.username.as_ref().filter(|it| !it.is_empty());
        Ok(user.zip(there(self.password.as_ref())).map(|(user, password)| {
            let user = user.clone();
            Credential::Password { user, password }
        }))
    }
}

/// base64 of `USER:PASSWORD`; Docker takes away zero bytes at the end, which old versions wrote.
fn decode(auth: &SecretString) -> Option<Credential> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    let bytes = Zeroizing::new(ENGINE.decode(auth.expose_secret()).ok()?);
    let text = std::str::from_utf8(&bytes).ok()?.trim_end_matches('\0');
    let (user, password) = text.split_once(':')?;
    (!user.is_empty()).then(|| Credential::Password {
        user: user.to_owned(),
        password: SecretString::from(password),
    })
}

#[cfg(test)]
#[path = "docker_config_tests.rs"]
mod tests;
