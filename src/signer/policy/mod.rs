//! The policy: which requests are signed without a question, which are asked about, which are refused.
//!
//! `deny` beats everything; else the first rule that matches decides; no match is a refusal. A rule's rate that is
//! exhausted refuses too: it never passes a request on to the next rule.

mod check;
mod finding;
mod rate;
mod read;
mod rule;

pub use check::{RuleReport, check};
pub use finding::{PolicyError, PolicyFinding};
pub use rate::{Rate, Unit};
pub(super) use rule::Subject;
pub use rule::{DEFAULT_TIMEOUT, Rule, RuleDecision};

/// Largest policy file, in bytes.
pub const MAX_POLICY: usize = 64 * 1024;
/// Most rules.
pub const MAX_RULES: usize = 64;

/// What the operator has decided in advance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    rules: Vec<Rule>,
}

/// What the rules say of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict<'p> {
    /// This rule decides.
    Rule(&'p Rule),
    /// None matches.
    NoMatch,
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] with everything that is wrong, each with its place.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        read::read(text).map(|rules| Self { rules })
    }

    /// Its rules, in order.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rule that decides, rates aside.
    pub(super) fn verdict(&self, subject: &Subject) -> Verdict<'_> {
        let mut first = None;
        for rule in &self.rules {
            if rule.matches(subject) {
                if rule.decision == RuleDecision::Deny {
                    return Verdict::Rule(rule);
                }
                first = first.or(Some(rule));
            }
        }
        first.map_or(Verdict::NoMatch, Verdict::Rule)
    }

    /// The policy that a new signing server starts with: routine requests of this federation are signed, all else is
    /// asked. `federation` must be a federation's name.
    pub fn default_for(federation: &str) -> String {
        format!(
            r#"# What is signed without a question. `deny` beats everything; else the first matching rule decides; no match is deny.
# Look at it with `oc-guardian policy check`, try it with `oc-guardian policy test REQUEST.json`.
version = 1

# Routine, no questions.
[[rule]]
kind = ["attestation", "guardian-key", "frost-commit"]
federation = "{federation}"
decision = "allow"
rate = "120/min"

# Upgrade notices, nothing else of this action.
[[rule]]
kind = "action"
action = ["alert-publish"]
severity = "info"
tag = "upgrade"
federation = "{federation}"
decision = "allow"
rate = "4/h"

[[rule]]
kind = "frost-sign"
action = ["heartbeat"]
federation = "{federation}"
decision = "allow"
rate = "60/min"

# Everything else that may be signed at all: ask.
[[rule]]
kind = "*"
decision = "ask"
timeout = "5m"
"#
        )
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
