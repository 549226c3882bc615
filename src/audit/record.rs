//! One line of the log. Its exact bytes are the format: reading writes the record anew and compares.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::time::{Duration, UNIX_EPOCH};

use serde::Deserialize;

use super::{Entry, Hash, Head};

/// Longest line, in bytes, without its newline: a payload of control characters, of which each takes six, and all other
/// texts as long as they may be.
pub const MAX_LINE_BYTES: usize = 448 * 1024;

/// What every line ends with: `,"hash":"` and 64 digits and `"}`.
const SUFFIX_BYTES: usize = 9 + 64 + 2;

/// An entry in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its number, from 1, without gaps.
    pub seq: u64,
    /// Hash of the record before it.
    pub prev: Hash,
    /// What is recorded.
    pub entry: Entry,
    /// Hash of this record.
    pub hash: Hash,
}

/// Why a line is not a record.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum RecordError {
    /// More than [`MAX_LINE_BYTES`].
    #[error("it is longer than {MAX_LINE_BYTES} bytes")]
    TooLong,
    /// Not JSON, or a field is missing, unknown, doubled, or has a wrong value.
    #[error("it is not a record")]
    Shape,
    /// Not the one spelling that a record has.
    #[error("it is not written as a record is")]
    Spelling,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    seq: u64,
    #[serde(borrow)]
    at: Cow<'a, str>,
    prev: Cow<'a, str>,
    event: Cow<'a, str>,
    request_id: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    summary: Cow<'a, str>,
    scheme: Option<Cow<'a, str>>,
    payload: Option<Cow<'a, str>>,
    rule: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    hash: Cow<'a, str>,
}

impl Record {
    /// Puts an entry, which must fit, into its place and appends its line, with the newline, to `text`. `hash` computes the
    /// hash of bytes given in pieces.
    pub(super) fn append_sealed(
        text: &mut String,
        seq: u64,
        prev: Hash,
        entry: &Entry,
        hash: impl Fn(&[&[u8]]) -> Hash,
    ) -> Hash {
        let start = text.len();
        write_body(text, seq, prev, entry);
        let hash = hash(&[&text.as_bytes()[start..], b"}"]);
        write_end(text, hash);
        text.push('\n');
        hash
    }

    /// The chain's head where this is its last record.
    pub fn head(&self) -> Head {
        Head {
            seq: self.seq,
            hash: self.hash,
            at: self.entry.at,
        }
    }

    /// The line, without its newline.
    pub fn to_line(&self) -> String {
        let mut line = String::new();
        self.write_body(&mut line);
        write_end(&mut line, self.hash);
        line
    }

    /// Reads a line, without its newline. Says nothing about whether the hash is right: see [`Record::is_sealed_by`].
    ///
    /// # Errors
    /// [`RecordError`]
    pub fn parse(line: &[u8]) -> Result<Self, RecordError> {
        if line.len() > MAX_LINE_BYTES {
            return Err(RecordError::TooLong);
        }
        let read: Line<'_> = serde_json::from_slice(line).map_err(|_| RecordError::Shape)?;
        let owned = |text: Option<Cow<'_, str>>| text.map(Cow::into_owned);
        let record = Self {
            seq: read.seq,
            prev: Hash::from_hex(&read.prev).ok_or(RecordError::Shape)?,
            hash: Hash::from_hex(&read.hash).ok_or(RecordError::Shape)?,
            entry: Entry {
                at: parse_time(&read.at).ok_or(RecordError::Shape)?,
                event: read.event.parse().map_err(|_| RecordError::Shape)?,
                request_id: owned(read.request_id),
                kind: owned(read.kind),
                summary: read.summary.into_owned(),
                scheme: owned(read.scheme),
                payload: owned(read.payload),
                rule: owned(read.rule),
                signature: owned(read.signature),
            },
        };
        record.entry.check().map_err(|_| RecordError::Shape)?;
        if record.to_line().as_bytes() == line {
            Ok(record)
        } else {
            Err(RecordError::Spelling)
        }
    }

    /// Whether the hash in `line`, which [`Record::parse`] has read, is the one of its bytes.
    pub(super) fn is_sealed_by(&self, line: &[u8], hash: impl Fn(&[&[u8]]) -> Hash) -> bool {
        let body = &line[..line.len() - SUFFIX_BYTES];
        // Whoever could learn from the time of this comparison has the log and no way to ask for one.
        hash(&[body, b"}"]) == self.hash
    }

    fn write_body(&self, text: &mut String) {
        write_body(text, self.seq, self.prev, &self.entry);
    }
}

fn write_body(text: &mut String, seq: u64, prev: Hash, entry: &Entry) {
    let _ = write!(
        text,
        r#"{{"seq":{seq},"at":"{}","prev":"{prev}","event":"{}""#,
        time(entry.at),
        entry.event
    );
    let mut field = |name: &str, value: Option<&str>| {
        text.push_str(",\"");
        text.push_str(name);
        text.push_str("\":");
        match value {
            Some(value) => {
                text.push_str(&serde_json::to_string(value).expect("a string is always valid JSON"));
            }
            None => text.push_str("null"),
        }
    };
    field("request_id", entry.request_id.as_deref());
    field("kind", entry.kind.as_deref());
    field("summary", Some(&entry.summary));
    field("scheme", entry.scheme.as_deref());
    field("payload", entry.payload.as_deref());
    field("rule", entry.rule.as_deref());
    field("signature", entry.signature.as_deref());
}

fn write_end(text: &mut String, hash: Hash) {
    let _ = write!(text, r#","hash":"{hash}"}}"#);
}

/// RFC 3339 in UTC with whole seconds; `at`, in Unix seconds, is at most [`super::MAX_AT`].
pub fn time(at: u64) -> impl std::fmt::Display + use<> {
    humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(at.min(super::MAX_AT)))
}

fn parse_time(text: &str) -> Option<u64> {
    let time = humantime::parse_rfc3339(text).ok()?;
    Some(time.duration_since(UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod tests;
