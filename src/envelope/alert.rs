use serde_json::Value;

use super::fields::{Fields, PayloadError};

/// Longest title of an alert, in characters.
pub const MAX_ALERT_TITLE: usize = 120;
/// Longest body of an alert, in characters.
pub const MAX_ALERT_BODY: usize = 4000;
/// Longest tag of an alert, in characters.
pub const MAX_ALERT_TAG: usize = 32;

/// What the body of an upgrade notice begins with that ends an earlier one, before the nonce of that:
/// `closes 1764000000000`.
pub const CLOSES_NOTICE: &str = "closes ";

/// The `params` of an `alert-publish`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// How bad it is.
    pub severity: Severity,
    /// What it is about, for programs: 1 to 32 of `a-z 0-9 -`.
    pub tag: Option<String>,
    /// One line.
    pub title: String,
    /// The rest.
    pub body: String,
}

/// How bad an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// For information.
    Info,
    /// Something may go wrong.
    Warning,
    /// Something has gone wrong.
    Critical,
}

impl Severity {
    /// From the least bad on.
    pub const ALL: [Self; 3] = [Self::Info, Self::Warning, Self::Critical];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }

    /// The severity of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

impl Alert {
    /// # Errors
    /// [`PayloadError`]
    pub fn from_params(params: &Value) -> Result<Self, PayloadError> {
        let mut fields = Fields::of("params", params)?;
        let alert = Self {
            severity: fields.parsed("severity", "info, warning or critical", Severity::named)?,
            tag: match fields.optional("tag") {
                None => None,
                Some(tag) => {
                    let tag = tag.as_str().filter(|it| is_alert_tag(it));
                    Some(tag.ok_or(fields.bad("tag", "1 to 32 of a-z 0-9 -"))?.to_owned())
                }
            },
            title: fields
                .text("title", "one line of 1 to 120 characters", |it| {
                    !it.is_empty()
                        && it.chars().count() <= MAX_ALERT_TITLE
                        && !it.chars().any(char::is_control)
                })?
                .to_owned(),
            body: fields
                .text("body", "text of at most 4000 characters", |it| {
                    it.chars().count() <= MAX_ALERT_BODY
                })?
                .to_owned(),
        };
        fields.finish()?;
        Ok(alert)
    }
}

/// Whether an alert can have this tag.
pub(crate) fn is_alert_tag(tag: &str) -> bool {
    (1..=MAX_ALERT_TAG).contains(&tag.len())
        && tag
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}
