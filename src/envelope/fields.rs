//! Reads the fields of a payload strictly: each once, of its type, none besides.

use serde_json::{Map, Value};

use super::canonical::{CanonicalError, cut};
use crate::store::hex;

/// Why a value is not the payload that it should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PayloadError {
    /// Not a JSON object.
    #[error("{0} is not an object")]
    NotAnObject(&'static str),
    /// A field is not there.
    #[error("{0} has no field {1}")]
    Missing(&'static str, &'static str),
    /// A field that the payload does not have.
    #[error("{0} has no field called {1:?}")]
    Unknown(&'static str, String),
    /// A field with another value than it takes.
    #[error("{0}.{1} is not {2}")]
    Value(&'static str, &'static str, &'static str),
    /// The payload cannot be written canonically.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
}

/// The fields of an object that have not been taken yet.
pub(crate) struct Fields<'v> {
    of: &'static str,
    map: &'v Map<String, Value>,
    taken: usize,
    names: [&'static str; 12],
}

impl<'v> Fields<'v> {
    /// `of` names the object in errors.
    pub(crate) fn of(of: &'static str, value: &'v Value) -> Result<Self, PayloadError> {
        let map = value.as_object().ok_or(PayloadError::NotAnObject(of))?;
        Ok(Self {
            of,
            map,
            taken: 0,
            names: [""; 12],
        })
    }

    /// A field that need not be there.
    pub(crate) fn optional(&mut self, name: &'static str) -> Option<&'v Value> {
        let value = self.map.get(name)?;
        self.names[self.taken] = name;
        self.taken += 1;
        Some(value)
    }

    /// A field as it is.
    pub(crate) fn value(&mut self, name: &'static str) -> Result<&'v Value, PayloadError> {
        let of = self.of;
        self.optional(name).ok_or(PayloadError::Missing(of, name))
    }

    /// The error that a field is not `wanted`.
    pub(crate) fn bad(&self, name: &'static str, wanted: &'static str) -> PayloadError {
        PayloadError::Value(self.of, name, wanted)
    }

    /// A string that `accepts` takes.
    pub(crate) fn text(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        accepts: impl Fn(&str) -> bool,
    ) -> Result<&'v str, PayloadError> {
        let text = self.value(name)?.as_str();
        text.filter(|it| accepts(it)).ok_or(self.bad(name, wanted))
    }

    /// The same, or null.
    pub(crate) fn nullable(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        accepts: impl Fn(&str) -> bool,
    ) -> Result<Option<&'v str>, PayloadError> {
        if self.map.get(name).is_some_and(Value::is_null) {
            self.value(name)?;
            return Ok(None);
        }
        self.text(name, wanted, accepts).map(Some)
    }

    /// A string from which a value can be made.
    pub(crate) fn parsed<T>(
        &mut self,
        name: &'static str,
        wanted: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<T, PayloadError> {
        let text = self.value(name)?.as_str();
        text.and_then(parse).ok_or(self.bad(name, wanted))
    }

    /// An integer of 0 to 2⁵³−1.
    pub(crate) fn integer(&mut self, name: &'static str) -> Result<u64, PayloadError> {
        let number = self.value(name)?.as_u64();
        number.ok_or(self.bad(name, "an integer from 0 on"))
    }

    /// Refuses what has not been taken.
    pub(crate) fn finish(self) -> Result<(), PayloadError> {
        if self.taken == self.map.len() {
            return Ok(());
        }
        let taken = &self.names[..self.taken];
        let mut stranger = self.map.keys().filter(|key| !taken.contains(&key.as_str()));
        let stranger = stranger.next().map(|name| cut(name)).unwrap_or_default();
        Err(PayloadError::Unknown(self.of, stranger))
    }
}

/// Name of a federation: 1 to 64 of `a-z 0-9 -`.
pub fn is_slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

pub(super) const SLUG: &str = "a federation's name (1 to 64 of a-z 0-9 -)";

/// 32 bytes in hex.
pub(super) fn is_hash(text: &str) -> bool {
    text.len() == 64 && hex::is_lower_hex(text)
}

pub(super) const HASH: &str = "64 digits 0-9 a-f";

/// An OCI digest.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(is_hash)
}

pub(super) const DIGEST: &str = "sha256: and 64 digits 0-9 a-f";

/// An http or https URL of visible ASCII, at most 2048 characters. Nothing here connects to it.
pub(super) fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    text.len() <= 2048
        && rest.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_graphic()))
}

pub(super) const URL: &str = "an http or https URL of at most 2048 characters";

/// 1 to `most` visible ASCII characters.
pub(super) fn is_word(text: &str, most: usize) -> bool {
    (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}
