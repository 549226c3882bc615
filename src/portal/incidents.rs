use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{self, AnswerError};
use super::charters::envelope;
use crate::envelope::{
    Action, ActionPayload, Alert, Envelope, MAX_ALERT_BODY, MAX_ALERT_TAG, MAX_ALERT_TITLE, Severity,
};
use crate::operator::{OperatorId, PublicKey};

/// Most incidents in one answer.
const MOST: usize = 1000;
/// Longest id, in characters.
const MAX_ID: usize = 128;

/// The incidents of a federation.
#[derive(Clone, Debug)]
pub struct Incidents {
    /// Newest first.
    pub incidents: Vec<Incident>,
}

/// One incident, as the portal tells it.
#[derive(Clone, Debug)]
pub struct Incident {
    /// The portal's; from outside.
    pub id: String,
    /// Who published it, as the portal says.
    pub operator_id: OperatorId,
    /// What it says.
    pub alert: Alert,
    /// Unix seconds.
    pub published_at: u64,
    envelope: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Wire {
    federation: String,
    incidents: Vec<Entry>,
    count: u64,
}

#[derive(Deserialize)]
struct Entry {
    id: String,
    operator_id: OperatorId,
    severity: String,
    tag: Option<String>,
    title: String,
    body: String,
    published_at: u64,
    envelope: Option<Box<RawValue>>,
}

impl Incidents {
    /// The answer to a question about the federation `asked`.
    ///
    /// # Errors
    /// [`AnswerError`]
    pub fn parse(bytes: &[u8], asked: &str) -> Result<Self, AnswerError> {
        let wire: Wire = answer::read(bytes)?;
        answer::same_federation(&wire.federation, asked)?;
        answer::check_count("incidents", wire.incidents.len(), wire.count, MOST)?;
        answer::check_distinct("incidents", wire.incidents.iter().map(|it| &it.id))?;
        let entries = (1..).zip(wire.incidents).map(|(place, entry)| {
            entry
                .checked()
                .map_err(|AnswerError(why)| AnswerError(format!("incident {place}: {why}")))
        });
        Ok(Self {
            incidents: entries.collect::<Result<_, _>>()?,
        })
    }
}

impl Incident {
    /// Whether this key signed exactly what the portal tells, for this federation. The portal could otherwise put words
    /// into an operator's mouth.
    pub fn is_signed_by(&self, key: &PublicKey, federation: &str) -> bool {
        let Some(envelope) = &self.envelope else {
            return false;
        };
        let verified = Envelope::<ActionPayload>::verify(envelope.get().as_bytes(), key);
        verified.is_ok_and(|verified| {
            let payload = verified.payload();
            payload.action == Action::AlertPublish
                && payload.federation == federation
                && key.operator_id() == self.operator_id
                && payload.alert().as_ref() == Some(&self.alert)
        })
    }
}

impl Entry {
    fn checked(self) -> Result<Incident, AnswerError> {
        let severity = Severity::named(&self.severity)
            .ok_or_else(|| AnswerError("severity is not info, warning or critical".into()))?;
        Ok(Incident {
            id: answer::text(self.id, "id", MAX_ID)?,
            operator_id: self.operator_id,
            alert: Alert {
                severity,
                tag: answer::optional_text(self.tag, "tag", MAX_ALERT_TAG)?,
                title: answer::text(self.title, "title", MAX_ALERT_TITLE)?,
                body: answer::text(self.body, "body", MAX_ALERT_BODY)?,
            },
            published_at: answer::time(self.published_at, "published_at")?,
            envelope: self.envelope.map(envelope).transpose()?,
        })
    }
}
