use std::fmt;
use std::str::FromStr;

use super::digest::{Digest, DigestError};
use super::host;

/// Longest reference, in bytes.
pub const MAX_REFERENCE: usize = 512;
/// Longest repository, in bytes; also the limit of Docker and of the OCI distribution spec.
const MAX_REPOSITORY: usize = 255;
const MAX_TAG: usize = 128;

const DEFAULT_HOST: &str = "docker.io";
const OFFICIAL_IMAGES: &str = "library/";

/// Name of an image in a registry: `[HOST[:PORT]/]REPOSITORY[:TAG][@DIGEST]`, read as Docker reads it.
///
/// Without a host it is one of `docker.io`, without tag and digest the tag `latest`. Grammar:
/// <https://github.com/distribution/reference/blob/v0.6.0/reference.go>. Stricter than that: a host is lower case, an
/// IP address is one, a digest is SHA-256. `Display` gives the one canonical spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reference {
    host: String,
    repository: String,
    /// At least one of the two is there.
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Registry as it stands in the name, with the port if one is given and brackets around an IPv6 address:
    /// `ghcr.io`, `127.0.0.1:5000`, `[::1]:5000`. `docker.io` is not the host that is connected to.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Repository within the registry: `orangecheck/oc-guardian`.
    pub fn repository(&self) -> &str {
        &self.repository
    }

    /// `None` where only a digest is named.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// `None` where only a tag is named.
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// The same repository by digest alone: a tag beside it would say nothing, since it can be moved.
    #[must_use]
    pub fn with_digest(&self, digest: &Digest) -> Self {
        Self {
            host: self.host.clone(),
            repository: self.repository.clone(),
            tag: None,
            digest: Some(*digest),
        }
    }

    /// Host and repository, without tag and digest.
    pub fn name(&self) -> String {
        format!("{}/{}", self.host, self.repository)
    }

    /// Whether the registry is named as on this machine: 127.0.0.0/8, `::1` or `localhost`. Only then is http spoken.
    pub fn is_loopback(&self) -> bool {
        host::is_loopback(&self.host)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

/// Text that is not an image reference.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// Nothing there.
    #[error("an image reference is empty")]
    Empty,
    /// More than [`MAX_REFERENCE`] bytes.
    #[error("an image reference is longer than {MAX_REFERENCE} bytes")]
    TooLong,
    /// It is a URL.
    #[error("{0}: an image reference has no scheme (https:// or other)")]
    Scheme(String),
    /// Its first part is no host name or address.
    #[error(
        "{text}: {host} is not a registry (wanted: lower-case host name or IP address, and a port if any)"
    )]
    Host {
        /// All of it.
        text: String,
        /// The part.
        host: String,
    },
    /// Its repository is not one.
    #[error(
        "{0}: not a repository (wanted: lower-case letters, digits, and . _ - between them, parts joined by /)"
    )]
    Repository(String),
    /// It is 64 hex digits, which Docker takes for an image id.
    #[error("{0}: an image id, or a digest without its repository")]
    Id(String),
    /// Its tag is not one.
    #[error(
        "{0}: not a tag (wanted: at most {MAX_TAG} letters, digits, and . _ -, the first neither . nor -)"
    )]
    Tag(String),
    /// Its digest is not one.
    #[error("{0}: {1}")]
    Digest(String, DigestError),
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(ReferenceError::Empty);
        }
        if text.len() > MAX_REFERENCE {
            return Err(ReferenceError::TooLong);
        }
        if text.contains("://") {
            return Err(ReferenceError::Scheme(text.into()));
        }
        let (rest, digest) = match text.split_once('@') {
            None => (text, None),
            Some((rest, digest)) => {
                let parsed = digest.parse();
                (
                    rest,
                    Some(parsed.map_err(|error| ReferenceError::Digest(text.into(), error))?),
                )
            }
        };
        // A colon before the last slash is that of a port or of an IPv6 address.
        let last_part = rest.rfind('/').map_or(0, |slash| slash + 1);
        let (name, tag) = match rest[last_part..].split_once(':') {
            None => (rest, None),
            Some((part, tag)) if is_tag(tag) => (&rest[..last_part + part.len()], Some(tag.to_owned())),
            Some(_) => return Err(ReferenceError::Tag(text.into())),
        };
        let (host, repository) = split_host(name, text)?;
        if !is_repository(&repository) {
            return Err(ReferenceError::Repository(text.into()));
        }
        let tag = tag.or_else(|| digest.is_none().then(|| "latest".into()));
        Ok(Self {
            host,
            repository,
            tag,
            digest,
        })
    }
}

/// Splits a name into host and repository, both canonical; the repository is not yet checked.
fn split_host(name: &str, text: &str) -> Result<(String, String), ReferenceError> {
    let explicit = name.split_once('/').filter(|(first, _)| {
        // Docker's rule for what is a host and not the first part of a repository.
        first.contains(['.', ':']) || *first == "localhost" || first.bytes().any(|it| it.is_ascii_uppercase())
    });
    let (host, repository) = match explicit {
        Some(("docker.io" | "index.docker.io", repository)) => (DEFAULT_HOST.to_owned(), repository),
        Some((host, repository)) => match host::canonical(host) {
            Some(host) => (host, repository),
            None => {
                return Err(ReferenceError::Host {
                    text: text.into(),
                    host: host.into(),
                });
            }
        },
        None if is_id(name) => return Err(ReferenceError::Id(text.into())),
        None => (DEFAULT_HOST.to_owned(), name),
    };
    if host == DEFAULT_HOST && !repository.contains('/') {
        Ok((host, format!("{OFFICIAL_IMAGES}{repository}")))
    } else {
        Ok((host, repository.to_owned()))
    }
}

fn is_id(name: &str) -> bool {
    name.len() == 64 && crate::store::hex::is_lower_hex(name)
}

/// Whether `text` can be a tag.
pub(super) fn is_tag(text: &str) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let bytes = text.as_bytes();
    bytes.len() <= MAX_TAG
        && bytes.first().is_some_and(|first| word(*first))
        && bytes
            .iter()
            .all(|byte| word(*byte) || matches!(byte, b'.' | b'-'))
}

fn is_repository(text: &str) -> bool {
    text.len() <= MAX_REPOSITORY && text.split('/').all(is_path_component)
}

/// Runs of `a-z0-9`, joined by one dot, one or two underscores, or any number of dashes.
fn is_path_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9');
    let bytes = text.as_bytes();
    let ends = bytes.first().zip(bytes.last());
    ends.is_some_and(|(first, last)| alphanumeric(*first) && alphanumeric(*last))
        && text
            .split(|letter: char| u8::try_from(letter).is_ok_and(alphanumeric))
            .all(|separator| {
                matches!(separator, "" | "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
            })
}

#[cfg(test)]
#[path = "reference_tests.rs"]
mod tests;
