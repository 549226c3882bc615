//! The history as a document, so that a start need not read the whole log.

use serde::{Deserialize, Serialize};

use super::super::Kind;
use super::answers::{Answers, Kept};
use super::window::{Ring, Window};
use super::{History, Outcome, Underway, refused_after_yes};
use crate::audit::Head;
use crate::envelope::Action;
use crate::operator::Signature;
use crate::store::hex;

const VERSION: u64 = 1;

/// Why bytes are not a checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Not JSON, or not of its shape.
    #[error("the checkpoint cannot be read: {0}")]
    Shape(#[from] serde_json::Error),
    /// Of a later release.
    #[error("the checkpoint has version {0}, and this release reads version 1")]
    Version(u64),
    /// A value that no release writes.
    #[error("the checkpoint has a wrong {0}")]
    Value(&'static str),
}

/// Number of each bucket of time that is not empty, and its count; the newest first.
type Buckets = Vec<(u64, u32)>;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    latest: u64,
    nonces: Vec<(String, u64)>,
    /// Id, content, signature or `denied` or `expired` or `refused:` and why, keep until.
    routine: Vec<(String, String, String, u64)>,
    others: Vec<(String, String, String, u64)>,
    floor: Option<String>,
    /// Rule, seconds, minutes.
    windows: Vec<(String, Buckets, Buckets)>,
    /// Id, kind, content, expires at.
    asked: Vec<(String, String, String, u64)>,
    /// Id and nonce of the last actions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    given: Vec<(String, u64)>,
    /// Signed heads that a person accepted, each as it was signed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    accepted: Vec<String>,
}

#[derive(Deserialize)]
struct Version {
    version: u64,
}

impl History {
    /// Everything that a restart must not forget. What is being signed has no record yet, and is left out: its record
    /// comes after the checkpoint.
    pub fn to_json(&self) -> String {
        let mut asked: Vec<_> = self
            .underway
            .iter()
            .filter_map(|(id, it)| {
                let kind = it.kind.as_str().to_owned();
                Some((id.to_string(), kind, hex::encode(&it.content), it.expires_at?))
            })
            .collect();
        asked.sort();
        let record = Record {
            version: VERSION,
            latest: self.latest,
            nonces: self
                .nonces
                .iter()
                .map(|(action, nonce)| (action.as_str().to_owned(), *nonce))
                .collect(),
            routine: self.answers.routine.iter().map(written).collect(),
            others: self.answers.others.iter().map(written).collect(),
            floor: self.answers.floor.map(|id| id.to_string()),
            windows: self
                .windows
                .iter()
                .map(|(rule, window)| {
                    let seconds = window.seconds.filled().collect();
                    (rule.clone(), seconds, window.minutes.filled().collect())
                })
                .collect(),
            asked,
            given: self
                .given
                .iter()
                .map(|(id, nonce)| (id.to_string(), *nonce))
                .collect(),
            accepted: self.accepted.iter().map(Head::signed_bytes).collect(),
        };
        serde_json::to_string(&record).expect("a struct of strings and integers serialises")
    }

    /// Reads what [`History::to_json`] wrote.
    ///
    /// # Errors
    /// [`HistoryError`]
    pub fn from_json(bytes: &[u8]) -> Result<Self, HistoryError> {
        if let Ok(Version { version }) = serde_json::from_slice(bytes)
            && version != VERSION
        {
            return Err(HistoryError::Version(version));
        }
        let record: Record = serde_json::from_slice(bytes)?;
        let mut history = Self {
            latest: record.latest,
            ..Self::default()
        };
        for (action, nonce) in record.nonces {
            let action = Action::named(&action).ok_or(HistoryError::Value("action"))?;
            history.raise_nonce(action, nonce);
        }
        let pool = |list: Vec<_>| list.into_iter().map(read).collect::<Result<_, _>>();
        history.answers = Answers {
            routine: pool(record.routine)?,
            others: pool(record.others)?,
            floor: record.floor.map(|id| id.parse()).transpose().map_err(|_| ID)?,
        };
        for (rule, seconds, minutes) in record.windows {
            let window = Window {
                seconds: ring(seconds),
                minutes: ring(minutes),
            };
            history.windows.insert(rule, window);
        }
        for (id, kind, content, expires_at) in record.asked {
            let underway = Underway {
                kind: Kind::named(&kind).ok_or(HistoryError::Value("kind"))?,
                content: bytes_of(&content, "content")?,
                expires_at: Some(expires_at),
                asked_by: None,
            };
            history.underway.insert(id.parse().map_err(|_| ID)?, underway);
        }
        for (id, nonce) in record.given {
            history.given.note(id.parse().map_err(|_| ID)?, nonce);
        }
        for head in record.accepted {
            history.accept(Head::parse_signed_bytes(&head).ok_or(HistoryError::Value("head"))?);
        }
        Ok(history)
    }
}

const ID: HistoryError = HistoryError::Value("id");

const REFUSED: &str = "refused:";

type Written = (String, String, String, u64);

fn written((id, kept): (&super::RequestId, &Kept)) -> Written {
    let outcome = match &kept.outcome {
        Outcome::Signed(signature) => signature.to_hex(),
        Outcome::Denied => "denied".to_owned(),
        Outcome::Expired => "expired".to_owned(),
        Outcome::Refused(reason) => format!("{REFUSED}{reason}"),
    };
    (
        id.to_string(),
        hex::encode(&kept.content),
        outcome,
        kept.keep_until,
    )
}

fn read((id, content, outcome, keep_until): Written) -> Result<(super::RequestId, Kept), HistoryError> {
    let outcome = match (outcome.as_str(), outcome.strip_prefix(REFUSED)) {
        ("denied", _) => Outcome::Denied,
        ("expired", _) => Outcome::Expired,
        (_, Some(reason)) => {
            let (reason, _) = refused_after_yes(reason).ok_or(HistoryError::Value("reason"))?;
            Outcome::Refused(reason)
        }
        (signature, None) => Outcome::Signed(Signature::from_bytes(bytes_of(signature, "signature")?)),
    };
    let kept = Kept {
        content: bytes_of(&content, "content")?,
        outcome,
        keep_until,
    };
    Ok((id.parse().map_err(|_| ID)?, kept))
}

fn bytes_of<const N: usize>(text: &str, what: &'static str) -> Result<[u8; N], HistoryError> {
    let mut bytes = [0; N];
    if hex::decode_into(text, &mut bytes) {
        Ok(bytes)
    } else {
        Err(HistoryError::Value(what))
    }
}

fn ring(buckets: Buckets) -> Ring {
    let mut ring = Ring::default();
    for (bucket, count) in buckets.into_iter().rev() {
        ring.add(bucket, count);
    }
    ring
}
