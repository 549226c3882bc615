use std::fmt;
use std::str::FromStr;

use super::AuditError;

/// Longest `payload`, in bytes: what a signing request may hold.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// Longest of the other texts, in bytes.
pub const MAX_TEXT_BYTES: usize = 1024;

/// Latest time that has four digits for its year: 9999-12-31T23:59:59Z, in Unix seconds.
pub const MAX_AT: u64 = 253_402_300_799;

/// What is to be recorded; the ledger adds its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When, in Unix seconds; at most [`MAX_AT`].
    pub at: u64,
    /// What happened.
    pub event: Event,
    /// Id of the request that it happened to.
    pub request_id: Option<String>,
    /// Kind of the request; for other events, what they are about.
    pub kind: Option<String>,
    /// One line for people. May hold text from outside: whoever shows it escapes it.
    pub summary: String,
    /// Signature scheme.
    pub scheme: Option<String>,
    /// The exact bytes that were signed, before the tag's own framing; at most [`MAX_PAYLOAD_BYTES`].
    pub payload: Option<String>,
    /// The policy rule that decided.
    pub rule: Option<String>,
    /// Lower-case hex.
    pub signature: Option<String>,
}

impl Entry {
    /// An entry with nothing but an event and its summary.
    pub fn new(at: u64, event: Event, summary: impl Into<String>) -> Self {
        Self {
            at,
            event,
            request_id: None,
            kind: None,
            summary: summary.into(),
            scheme: None,
            payload: None,
            rule: None,
            signature: None,
        }
    }

    /// With what the event is about.
    #[must_use]
    pub fn about(mut self, kind: impl Into<String>) -> Self {
        self.kind = Some(kind.into());
        self
    }

    /// Whether a record can hold it.
    ///
    /// # Errors
    /// [`AuditError::Entry`] names the field that is too long.
    pub fn check(&self) -> Result<(), AuditError> {
        let too_long = |field, limit| Err(AuditError::Entry { field, limit });
        if self.at > MAX_AT {
            return too_long("at", usize::try_from(MAX_AT).unwrap_or(usize::MAX));
        }
        let texts = [
            ("request_id", self.request_id.as_deref()),
            ("kind", self.kind.as_deref()),
            ("summary", Some(self.summary.as_str())),
            ("scheme", self.scheme.as_deref()),
            ("rule", self.rule.as_deref()),
            ("signature", self.signature.as_deref()),
        ];
        for (field, text) in texts {
            if text.is_some_and(|text| text.len() > MAX_TEXT_BYTES) {
                return too_long(field, MAX_TEXT_BYTES);
            }
        }
        match &self.payload {
            Some(payload) if payload.len() > MAX_PAYLOAD_BYTES => too_long("payload", MAX_PAYLOAD_BYTES),
            _ => Ok(()),
        }
    }

    /// Bytes of text in it: what it costs to keep it waiting.
    pub(super) fn weight(&self) -> usize {
        let texts = [
            &self.request_id,
            &self.kind,
            &self.scheme,
            &self.payload,
            &self.rule,
            &self.signature,
        ];
        let optional: usize = texts.into_iter().flatten().map(String::len).sum();
        size_of::<Self>() + self.summary.len() + optional
    }
}

/// What a record says happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A signature was made; it leaves after this record is durable.
    Signed,
    /// Policy, a rule that no policy lifts, or a person said no.
    Denied,
    /// A person was asked.
    Asked,
    /// A person said yes.
    Approved,
    /// Nobody answered in time.
    Expired,
    /// A secret nonce was consumed.
    NonceUsed,
    /// The signing server started.
    Started,
    /// It stopped in order.
    Stopped,
    /// The head of the chain was signed.
    Head,
    /// Something was done that needs no key, or to the log itself.
    Operation,
    /// A person overruled a check.
    Forced,
}

impl Event {
    /// Every event, in the order of the format page.
    pub const ALL: [Self; 11] = [
        Self::Signed,
        Self::Denied,
        Self::Asked,
        Self::Approved,
        Self::Expired,
        Self::NonceUsed,
        Self::Started,
        Self::Stopped,
        Self::Head,
        Self::Operation,
        Self::Forced,
    ];

    /// The name used in records and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Signed => "signed",
            Self::Denied => "denied",
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Expired => "expired",
            Self::NonceUsed => "nonce-used",
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Head => "head",
            Self::Operation => "operation",
            Self::Forced => "forced",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no event.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("unknown event")]
pub struct UnknownEvent;

impl FromStr for Event {
    type Err = UnknownEvent;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|event| event.as_str() == name)
            .ok_or(UnknownEvent)
    }
}
