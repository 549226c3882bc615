use std::collections::BTreeSet;

use sigstore_types::TimeRange;

use super::root::TrustRoot;
use crate::image::digest::Digest;

/// What an entry of a trust root vouches for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Certificate authority (Fulcio): who signed.
    CertificateAuthority,
    /// Transparency log (Rekor): that it was signed in public.
    Log,
    /// Certificate transparency log: that the certificate was issued in public.
    CertificateLog,
    /// Timestamp authority: when it was signed.
    TimestampAuthority,
}

impl Role {
    /// A word for programs.
    pub fn slug(self) -> &'static str {
        match self {
            Self::CertificateAuthority => "certificate-authority",
            Self::Log => "log",
            Self::CertificateLog => "certificate-log",
            Self::TimestampAuthority => "timestamp-authority",
        }
    }
}

/// One authority or log that a trust root names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// What it is.
    pub role: Role,
    /// URL that it is known by. Text of the file: escape it before it is shown.
    pub name: String,
    /// From when it counts, RFC 3339; `None`: always.
    pub from: Option<String>,
    /// Until when it counts, RFC 3339; `None`: still.
    pub until: Option<String>,
    /// SHA-256 of the log's public key, or of the authority's first certificate.
    pub fingerprint: Digest,
}

/// What differs between two trust roots.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Only in the new one. What counts for another time than before is in both lists.
    pub added: Vec<Entry>,
    /// Only in the old one.
    pub removed: Vec<Entry>,
}

impl TrustRoot {
    /// Everything that it trusts, by role, in the file's order.
    pub fn entries(&self) -> Vec<Entry> {
        let root = self.root();
        let authority = |role, name: &str, certificate: Option<&[u8]>, period| {
            entry(role, name, certificate.unwrap_or_default(), period)
        };
        let mut entries: Vec<Entry> = Vec::new();
        entries.extend(root.certificate_authorities.iter().map(|ca| {
            let first = ca.cert_chain.certificates.first();
            let certificate = first.map(|it| it.raw_bytes.as_bytes());
            authority(Role::CertificateAuthority, &ca.uri, certificate, ca.valid_for)
        }));
        entries.extend(root.tlogs.iter().map(|log| {
            let key = &log.public_key;
            entry(Role::Log, &log.base_url, key.raw_bytes.as_bytes(), key.valid_for)
        }));
        entries.extend(root.ctlogs.iter().map(|log| {
            let key = &log.public_key;
            entry(
                Role::CertificateLog,
                &log.base_url,
                key.raw_bytes.as_bytes(),
                key.valid_for,
            )
        }));
        entries.extend(root.timestamp_authorities.iter().map(|tsa| {
            let first = tsa.cert_chain.certificates.first();
            let certificate = first.map(|it| it.raw_bytes.as_bytes());
            let name = tsa.uri.as_deref().unwrap_or_default();
            authority(Role::TimestampAuthority, name, certificate, tsa.valid_for)
        }));
        entries
    }

    /// What this root has that `old` has not, and the other way round.
    pub fn changes_since(&self, old: &Self) -> Changes {
        let (before, after) = (old.entries(), self.entries());
        let without = |all: &[Entry], known: &[Entry]| {
            let known: BTreeSet<&Entry> = known.iter().collect();
            all.iter().filter(|it| !known.contains(it)).cloned().collect()
        };
        Changes {
            added: without(&after, &before),
            removed: without(&before, &after),
        }
    }
}

impl Changes {
    /// Whether both roots trust the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }
}

fn entry(role: Role, name: &str, identified_by: &[u8], period: Option<TimeRange>) -> Entry {
    Entry {
        role,
        name: name.to_owned(),
        from: period.map(|period| period.start.to_string()),
        until: period.and_then(|period| period.end).map(|end| end.to_string()),
        fingerprint: Digest::of(identified_by),
    }
}
