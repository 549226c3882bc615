//! What each rule of a good policy really does.

use super::rule::{Rule, RuleDecision, Subject};
use super::{Policy, Verdict};
use crate::envelope::{Action, Severity};
use crate::signer::kind::is_ask_only;
use crate::signer::{Kind, Operation};

/// A value that no policy can name: stands for all the others.
const OTHER: &str = "*";

/// What one rule does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleReport {
    /// `rule 3 (line 12)`
    pub name: String,
    /// Its line in the file.
    pub line: usize,
    /// What it matches and decides.
    pub description: String,
    /// What the operator may not expect, as sentence fragments.
    pub warnings: Vec<String>,
}

/// Looks at every rule: what it matches, whether it can ever decide, and what it cannot lift.
pub fn check(policy: &Policy) -> Vec<RuleReport> {
    let rules = policy.rules().iter();
    rules
        .map(|rule| RuleReport {
            name: rule.name.to_string(),
            line: rule.line,
            description: rule.describe(),
            warnings: warnings(policy, rule),
        })
        .collect()
}

fn warnings(policy: &Policy, rule: &Rule) -> Vec<String> {
    let mut asked = Vec::new();
    let mut decides = false;
    let mut matches = false;
    let mut before: Vec<&str> = Vec::new();
    for subject in subjects(rule) {
        if !rule.matches(&subject) {
            continue;
        }
        matches = true;
        match policy.verdict(&subject) {
            Verdict::Rule(other) if std::ptr::eq(other, rule) => {
                decides = true;
                let named = subject.operation.map_or(subject.kind.as_str(), Operation::as_str);
                // What `*` sweeps in is known to whoever writes it.
                let meant = rule.operations.is_some() || rule.kinds.is_some();
                if rule.decision == RuleDecision::Allow
                    && is_ask_only(subject.kind, subject.operation)
                    && meant
                    && !asked.contains(&named)
                {
                    asked.push(named);
                }
            }
            Verdict::Rule(other) if !before.contains(&&*other.name) => before.push(&other.name),
            _ => {}
        }
    }
    let mut warnings = Vec::new();
    if !matches {
        warnings.push("it can never match: no request has all that it asks for".to_owned());
    } else if !decides {
        let before = before.join(" and ");
        warnings.push(format!("it can never decide: {before} takes all that it matches"));
    }
    if !asked.is_empty() {
        let asked = asked.join(", ");
        warnings.push(format!(
            "a person is always asked for {asked}, whatever a rule allows"
        ));
    }
    if rule.decision == RuleDecision::Allow && rule.rate.is_none() && decides {
        warnings
            .push("it allows without a rate: nothing bounds how much is signed without a question".into());
    }
    warnings
}

/// One request for each case that rules can tell apart and that `rule` could match. For what the rule does not
/// restrict, a value that no rule can name is the one that the fewest others match.
fn subjects(rule: &Rule) -> Vec<Subject<'_>> {
    fn names(list: Option<&Vec<String>>) -> Vec<&str> {
        list.map_or_else(|| vec![OTHER], |list| list.iter().map(String::as_str).collect())
    }
    let mut subjects = Vec::new();
    for kind in Kind::ALL {
        let operations = Operation::of(kind);
        let operations: Vec<Option<Operation>> = if operations.is_empty() {
            vec![None]
        } else {
            operations.into_iter().map(Some).collect()
        };
        for operation in operations {
            let alert = operation == Some(Operation::Action(Action::AlertPublish));
            let (severities, tags) = if alert {
                (Severity::ALL.map(Some).to_vec(), names(rule.tags.as_ref()))
            } else {
                (vec![None], vec![""])
            };
            for severity in severities {
                for tag in &tags {
                    for federation in names(rule.federations.as_ref()) {
                        subjects.push(Subject {
                            kind,
                            operation,
                            severity,
                            tag: alert.then_some(*tag),
                            federation: Some(federation),
                        });
                    }
                }
            }
        }
    }
    subjects
}
