use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::check::check;
use super::field::Name;
use super::finding::Finding;
use crate::operator::{OperatorId, PublicKey};

/// A good config bundle, with the defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// The operator's public key, with its scheme.
    pub operator: PublicKey,
    /// `[a-z0-9-]{1,64}`
    pub federation_slug: String,
    /// https, or http to loopback.
    pub attestation_post_url: String,
    /// Least severe level that is logged.
    pub log_level: LogLevel,
    /// https, or http to loopback.
    pub directory_url: Option<String>,
    /// Host name or IP address, without brackets and port.
    pub public_host: Option<String>,
    /// Absolute path.
    pub extra_ca_file: Option<PathBuf>,
    /// `sha256:` and 64 hex digits.
    pub image_digest: Option<String>,
    /// Where the signing server listens; `None`: requests wait until it comes for them.
    pub signer: Option<Signer>,
    /// Absolute path.
    pub data_dir: PathBuf,
    values: BTreeMap<Name, String>,
}

/// Where the operator's signing server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signer {
    /// On a Unix socket.
    Unix(PathBuf),
    /// On http, loopback only.
    Http {
        /// With a port and without a path.
        url: String,
        /// File with the access token.
        token_file: PathBuf,
    },
}

/// What the guardian logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Only what failed.
    Error,
    /// And what may go wrong.
    Warn,
    /// And what happens.
    Info,
    /// And how.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// From the least talkative on.
    pub const ALL: [Self; 5] = [Self::Error, Self::Warn, Self::Info, Self::Debug, Self::Trace];

    /// The name in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// Why bytes are not a bundle.
#[derive(Debug)]
pub struct BundleError {
    /// Everything that was found, the most alarming first, then by position.
    pub findings: Vec<Finding>,
}

impl std::error::Error for BundleError {}

impl fmt::Display for BundleError {
    /// The first error with its place; the text never quotes a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = self.findings.iter().filter(|it| it.is_error());
        let Some(first) = errors.next() else {
            return f.write_str("the config bundle is not acceptable");
        };
        write!(
            f,
            "line {}, column {}: {}",
            first.line, first.column, first.message
        )?;
        match errors.count() {
            0 => Ok(()),
            more => write!(f, " (and {more} more)"),
        }
    }
}

impl Bundle {
    /// Reads a bundle; what has an error is refused.
    ///
    /// # Errors
    /// [`BundleError`] with all findings.
    pub fn parse(bytes: &[u8]) -> Result<Self, BundleError> {
        check(bytes, None).into_bundle()
    }

    /// The operator id. A short form in the file has been completed.
    pub fn operator_id(&self) -> OperatorId {
        self.operator.operator_id()
    }

    /// The value of a field: from the file, or its default; and whether it is from the file.
    pub fn value(&self, name: Name) -> Option<(&str, bool)> {
        match self.values.get(&name) {
            Some(value) => Some((value, true)),
            None => name.field().default.map(|default| (default, false)),
        }
    }

    /// From the values of a file in which no error was found.
    pub(super) fn from_values(values: BTreeMap<Name, String>) -> Option<Self> {
        let text = |name: Name| {
            values
                .get(&name)
                .cloned()
                .or_else(|| name.field().default.map(str::to_owned))
        };
        let path = |name| text(name).map(PathBuf::from);
        let scheme = text(Name::Scheme)?.parse().ok()?;
        let level = text(Name::LogLevel)?;
        let signer = match text(Name::SignerUrl) {
            None => None,
            Some(url) => Some(match url.strip_prefix("unix:") {
                Some(socket) => Signer::Unix(socket.into()),
                None => Signer::Http {
                    token_file: path(Name::SignerTokenFile)?,
                    url,
                },
            }),
        };
        Some(Self {
            operator: PublicKey::from_hex(scheme, &text(Name::OperatorPubkeyHex)?).ok()?,
            federation_slug: text(Name::FederationSlug)?,
            attestation_post_url: text(Name::AttestationPostUrl)?,
            log_level: LogLevel::ALL.into_iter().find(|it| it.as_str() == level)?,
            directory_url: text(Name::DirectoryUrl),
            public_host: text(Name::PublicHost),
            extra_ca_file: path(Name::ExtraCaFile),
            image_digest: text(Name::ImageDigest),
            signer,
            data_dir: path(Name::DataDir)?,
            values,
        })
    }
}
