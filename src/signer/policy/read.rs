//! Reads `policy.toml`, and goes on after the first mistake.

use std::ops::Range;

use toml::de::DeTable;

use super::finding::{Findings, PolicyError};
use super::rate::{Rate, TIMEOUT_WANTED, timeout};
use super::rule::{DEFAULT_TIMEOUT, Rule, RuleDecision, key};
use super::values::{known, list, nearest, text};
use super::{MAX_POLICY, MAX_RULES};
use crate::envelope::{Action, Severity, StatementType, is_alert_tag, is_slug};
use crate::signer::{Kind, Operation};

const TOP_KEYS: [&str; 2] = ["version", "rule"];
const RULE_KEYS: [&str; 8] = [
    "kind",
    "action",
    "severity",
    "tag",
    "federation",
    "decision",
    "rate",
    "timeout",
];

pub(super) fn read(text: &str) -> Result<Vec<Rule>, PolicyError> {
    let mut found = Findings::of(text);
    if text.len() > MAX_POLICY {
        let size = text.len();
        found.add(
            &(0..0),
            format!("it has {size} bytes, and a policy has at most {MAX_POLICY}"),
            None,
        );
        return Err(found.into_error());
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        found.add(&span, error.message().replace('\n', ", "), None);
    }
    // What follows a syntax error may be anything, and would be reported as something that it is not.
    if !found.is_empty() {
        return Err(found.into_error());
    }
    let rules = top(document.get_ref(), &mut found);
    if found.is_empty() {
        Ok(rules)
    } else {
        Err(found.into_error())
    }
}

fn top(document: &DeTable, found: &mut Findings) -> Vec<Rule> {
    for (key, _) in document {
        known(key, &TOP_KEYS, "a policy", found);
    }
    match document.get("version") {
        None => found.add(
            &(0..0),
            "it has no version",
            Some("Begin the file with: version = 1".into()),
        ),
        Some(version) => {
            let number = version.get_ref().as_integer();
            if number.is_none_or(|it| it.radix() != 10 || it.as_str() != "1") {
                found.add(
                    &version.span(),
                    "the version is not 1, the only one that this release reads",
                    None,
                );
            }
        }
    }
    let Some(rules) = document.get("rule") else {
        found.add(
            &(0..0),
            "it has no rule, so nothing would ever be signed",
            Some("Write a fresh one with: oc-guardian policy init".into()),
        );
        return Vec::new();
    };
    let tables = "Begin each rule with a line: [[rule]]";
    let Some(items) = rules.get_ref().as_array() else {
        found.add(&rules.span(), "rule is not a list of tables", Some(tables.into()));
        return Vec::new();
    };
    if items.len() > MAX_RULES {
        let count = items.len();
        found.add(
            &rules.span(),
            format!("it has {count} rules, and a policy has at most {MAX_RULES}"),
            None,
        );
        return Vec::new();
    }
    let mut read = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        match item.get_ref().as_table() {
            Some(table) => read.extend(rule(index + 1, &item.span(), table, found)),
            None => found.add(&item.span(), "a rule is not a table", Some(tables.into())),
        }
    }
    read
}

fn rule(number: usize, span: &Range<usize>, table: &DeTable, found: &mut Findings) -> Option<Rule> {
    for (key, _) in table {
        known(key, &RULE_KEYS, "a rule", found);
    }
    let line = found.line(span.start);
    let kinds = kinds(span, table, found);
    let operations = list(table, "action", found, |name| {
        Operation::named(name).ok_or_else(|| {
            let names = Action::ALL.map(Action::as_str).into_iter();
            let names = names.chain(StatementType::ALL.map(StatementType::as_str));
            nearest(name, names.clone())
                .unwrap_or_else(|| format!("Known are {}.", names.collect::<Vec<_>>().join(", ")))
        })
    });
    let severities = list(table, "severity", found, |name| {
        Severity::named(name).ok_or_else(|| "Known are info, warning, critical.".into())
    });
    let tags = list(table, "tag", found, |tag| {
        is_alert_tag(tag)
            .then(|| tag.to_owned())
            .ok_or_else(|| "A tag has 1 to 32 of a-z 0-9 -.".into())
    });
    let federations = list(table, "federation", found, |slug| {
        is_slug(slug)
            .then(|| slug.to_owned())
            .ok_or_else(|| "A federation's name has 1 to 64 of a-z 0-9 -.".into())
    });
    let limit = text(table, "timeout", found).and_then(|(span, text)| {
        let seconds = timeout(text);
        if seconds.is_none() {
            found.add(
                &span,
                format!("{text:?} is no time-out"),
                Some(format!("Write {TIMEOUT_WANTED}.")),
            );
        }
        Some((span, seconds?))
    });
    let rate = text(table, "rate", found).and_then(|(span, text)| {
        let rate = Rate::parse(text);
        if rate.is_none() {
            found.add(
                &span,
                format!("{text:?} is no rate"),
                Some(format!("Write {}.", Rate::WANTED)),
            );
        }
        Some((span, rate?))
    });
    let decision = decision(span, table, limit.as_ref(), rate.as_ref(), found);
    let kinds = kinds?;
    Some(Rule {
        name: format!("rule {number} (line {line})").into(),
        key: key([
            ("kind", names(kinds.as_ref(), |it| it.as_str())),
            ("action", names(operations.as_ref(), |it| it.as_str())),
            ("severity", names(severities.as_ref(), |it| it.as_str())),
            ("tag", names(tags.as_ref(), String::as_str)),
            ("federation", names(federations.as_ref(), String::as_str)),
        ]),
        line,
        kinds,
        operations,
        severities,
        tags,
        federations,
        decision: decision?,
        rate: rate.map(|(_, rate)| rate),
    })
}

fn names<T>(list: Option<&Vec<T>>, name: impl Fn(&T) -> &str) -> Option<Vec<&str>> {
    list.map(|list| list.iter().map(name).collect())
}

/// `Some(None)`: any.
#[allow(clippy::option_option, reason = "read or not, and then restricted or not")]
fn kinds(span: &Range<usize>, table: &DeTable, found: &mut Findings) -> Option<Option<Vec<Kind>>> {
    match table.get("kind") {
        None => {
            let help = "Name the kinds, or write: kind = \"*\"";
            found.add(span, "a rule has no kind", Some(help.into()));
            None
        }
        Some(value) if value.get_ref().as_str() == Some("*") => Some(None),
        Some(_) => Some(Some(list(table, "kind", found, |name| {
            let names = Kind::ALL.map(Kind::as_str);
            Kind::named(name).ok_or_else(|| {
                nearest(name, names.into_iter()).unwrap_or_else(|| format!("Known are {}.", names.join(", ")))
            })
        })?)),
    }
}

fn decision(
    span: &Range<usize>,
    table: &DeTable,
    timeout: Option<&(Range<usize>, u64)>,
    rate: Option<&(Range<usize>, Rate)>,
    found: &mut Findings,
) -> Option<RuleDecision> {
    const KNOWN: &str = "Known are allow, ask, deny.";
    if !table.contains_key("decision") {
        found.add(span, "a rule has no decision", Some(KNOWN.into()));
        return None;
    }
    let (at, name) = text(table, "decision", found)?;
    let decision = match name {
        "allow" => RuleDecision::Allow,
        "ask" => RuleDecision::Ask {
            timeout: timeout.map_or(DEFAULT_TIMEOUT, |(_, seconds)| *seconds),
        },
        "deny" => RuleDecision::Deny,
        _ => {
            found.add(&at, format!("{name:?} is no decision"), Some(KNOWN.into()));
            return None;
        }
    };
    if let (Some((at, _)), RuleDecision::Allow | RuleDecision::Deny) = (timeout, decision) {
        found.add(
            at,
            format!("a rule that says {name} has no timeout"),
            Some("Take it out.".into()),
        );
    }
    if let (Some((at, _)), RuleDecision::Deny) = (rate, decision) {
        found.add(
            at,
            "a rule that says deny has no rate",
            Some("Take it out.".into()),
        );
    }
    Some(decision)
}
