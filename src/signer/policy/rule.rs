use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Rate;
use crate::envelope::Severity;
use crate::signer::describe::span;
use crate::signer::{Kind, Operation};
use crate::store::hex;

/// How long a person is given where a rule does not say, in seconds.
pub const DEFAULT_TIMEOUT: u64 = 300;

/// One rule. A list that is `None` is no condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `rule 3 (line 12)`, from 1: how refusals name it.
    pub name: Arc<str>,
    /// Follows from what it matches: its rate is counted under this, wherever the rule stands and whatever it decides.
    pub key: Arc<str>,
    /// Its line in the file.
    pub line: usize,
    /// `None`: `*`.
    pub kinds: Option<Vec<Kind>>,
    /// Actions, and types of statements.
    pub operations: Option<Vec<Operation>>,
    /// Of alerts.
    pub severities: Option<Vec<Severity>>,
    /// Of alerts.
    pub tags: Option<Vec<String>>,
    /// Names of federations.
    pub federations: Option<Vec<String>>,
    /// What it decides.
    pub decision: RuleDecision,
    /// How often it does.
    pub rate: Option<Rate>,
}

/// What a rule decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleDecision {
    /// Sign.
    Allow,
    /// Ask a person.
    Ask {
        /// Seconds until a missing answer means no.
        timeout: u64,
    },
    /// Refuse, whatever other rules say.
    Deny,
}

impl RuleDecision {
    /// The name in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask { .. } => "ask",
            Self::Deny => "deny",
        }
    }
}

/// What of a request the rules look at.
#[derive(Clone, Copy, Debug)]
pub(in crate::signer) struct Subject<'a> {
    pub(in crate::signer) kind: Kind,
    pub(in crate::signer) operation: Option<Operation>,
    pub(in crate::signer) severity: Option<Severity>,
    pub(in crate::signer) tag: Option<&'a str>,
    pub(in crate::signer) federation: Option<&'a str>,
}

/// What a rule matches, without order: 8 hex digits of SHA-256.
pub(super) fn key(conditions: [(&str, Option<Vec<&str>>); 5]) -> Arc<str> {
    let mut hash = Sha256::new();
    for (name, values) in conditions {
        hash.update(name);
        if let Some(mut values) = values {
            values.sort_unstable();
            values.dedup();
            // Names hold none of the separators.
            hash.update("=");
            hash.update(values.join(","));
        }
        hash.update(";");
    }
    hex::encode(&hash.finalize()[..4]).into()
}

impl Rule {
    /// Whether it has something to say of a request. A condition on what the request does not have fails.
    pub(in crate::signer) fn matches(&self, subject: &Subject) -> bool {
        fn one_of<T: PartialEq>(list: Option<&Vec<T>>, value: Option<&T>) -> bool {
            list.is_none_or(|list| value.is_some_and(|value| list.contains(value)))
        }
        fn named(list: Option<&Vec<String>>, value: Option<&str>) -> bool {
            list.is_none_or(|list| value.is_some_and(|value| list.iter().any(|it| it == value)))
        }
        one_of(self.kinds.as_ref(), Some(&subject.kind))
            && one_of(self.operations.as_ref(), subject.operation.as_ref())
            && one_of(self.severities.as_ref(), subject.severity.as_ref())
            && named(self.tags.as_ref(), subject.tag)
            && named(self.federations.as_ref(), subject.federation)
    }

    /// What it matches and decides, in one line: `attestation or guardian-key for oc-me-v1: allow, 120/min`.
    pub fn describe(&self) -> String {
        fn list(names: impl Iterator<Item = impl AsRef<str>>) -> String {
            let names: Vec<_> = names.map(|it| it.as_ref().to_owned()).collect();
            names.join(" or ")
        }
        let mut text = match &self.kinds {
            None => "everything".to_owned(),
            Some(kinds) => list(kinds.iter().map(|it| it.as_str())),
        };
        if let Some(operations) = &self.operations {
            text = format!("{text}: {}", list(operations.iter().map(|it| it.as_str())));
        }
        if let Some(severities) = &self.severities {
            text = format!(
                "{text}, severity {}",
                list(severities.iter().map(|it| it.as_str()))
            );
        }
        if let Some(tags) = &self.tags {
            text = format!("{text}, tag {}", list(tags.iter()));
        }
        if let Some(federations) = &self.federations {
            text = format!("{text}, for {}", list(federations.iter()));
        }
        text = format!("{text}: {}", self.decision.as_str());
        if let RuleDecision::Ask { timeout } = self.decision {
            text = format!("{text} ({} to answer)", span(timeout));
        }
        if let Some(rate) = self.rate {
            text = format!("{text}, at most {rate}");
        }
        text
    }
}
