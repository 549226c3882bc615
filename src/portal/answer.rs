//! What all answers have in common.
//!
//! Fields that we do not know are left alone: a portal may say more than we ask for. Those that we know are checked, and
//! none of them may stand twice.

use std::collections::HashSet;
use std::hash::Hash;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::envelope::canonical::MAX_INTEGER;

/// An answer of the wrong form. Says where and what, in a sentence fragment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AnswerError(pub(super) String);

/// Longest reason that is repeated, in characters; longest detail.
const MAX_REASON: usize = 64;
const MAX_DETAIL: usize = 300;

/// Reads the JSON of an answer that says `"ok": true`.
pub(super) fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, AnswerError> {
    #[derive(Deserialize)]
    struct Ok {
        ok: bool,
    }
    let shape = |error: serde_json::Error| AnswerError(format!("it has another form: {error}"));
    let Ok { ok } = serde_json::from_slice(bytes).map_err(shape)?;
    if !ok {
        return Err(AnswerError("it says neither yes nor why not".into()));
    }
    serde_json::from_slice(bytes).map_err(shape)
}

/// Reason and detail, where an answer says `"ok": false`; other sites of the portal call the reason `error`.
pub(super) fn refusal(bytes: &[u8]) -> Option<(String, String)> {
    #[derive(Deserialize)]
    struct Refusal {
        ok: Option<bool>,
        reason: Option<String>,
        error: Option<String>,
        detail: Option<String>,
    }
    let refusal: Refusal = serde_json::from_slice(bytes).ok()?;
    let said_no = refusal.ok == Some(false) || (refusal.ok.is_none() && refusal.error.is_some());
    let reason = refusal.reason.or(refusal.error);
    let cut = |text: String, most| text.chars().take(most).collect::<String>();
    said_no.then(|| {
        (
            cut(reason.unwrap_or_else(|| "no-reason".into()), MAX_REASON),
            cut(
                refusal.detail.unwrap_or_else(|| "no detail was given".into()),
                MAX_DETAIL,
            ),
        )
    })
}

/// The list says how long it is, and is no longer than any genuine one.
pub(super) fn check_count(what: &str, found: usize, said: u64, most: usize) -> Result<(), AnswerError> {
    if found > most {
        return Err(AnswerError(format!(
            "{what} has {found} entries, and at most {most} are expected"
        )));
    }
    if said != found as u64 {
        return Err(AnswerError(format!(
            "count is {said}, and {what} has {found} entries"
        )));
    }
    Ok(())
}

/// No two of them are the same.
pub(super) fn check_distinct<T: Hash + Eq>(
    what: &str,
    items: impl IntoIterator<Item = T>,
) -> Result<(), AnswerError> {
    let mut seen = HashSet::new();
    for item in items {
        if !seen.insert(item) {
            return Err(AnswerError(format!("{what} has the same entry twice")));
        }
    }
    Ok(())
}

/// A value, if `good` says so.
pub(super) fn checked<T>(
    value: T,
    name: &str,
    wanted: &str,
    good: impl FnOnce(&T) -> bool,
) -> Result<T, AnswerError> {
    if good(&value) {
        Ok(value)
    } else {
        Err(AnswerError(format!("{name} is not {wanted}")))
    }
}

/// Unix seconds that other programs can hold, too.
pub(super) fn time(value: u64, name: &str) -> Result<u64, AnswerError> {
    checked(value, name, "a time in Unix seconds", |time| {
        *time <= MAX_INTEGER / 1000
    })
}

/// Text for people or programs, of at most so many characters.
pub(super) fn text(value: String, name: &str, most: usize) -> Result<String, AnswerError> {
    checked(value, name, &format!("at most {most} characters"), |text| {
        text.chars().count() <= most
    })
}

/// The same, where it may be absent.
pub(super) fn optional_text(
    value: Option<String>,
    name: &str,
    most: usize,
) -> Result<Option<String>, AnswerError> {
    value.map(|value| text(value, name, most)).transpose()
}

/// A federation's name.
pub(super) fn slug(value: String, name: &str) -> Result<String, AnswerError> {
    checked(value, name, "1 to 64 of a-z 0-9 -", |slug| {
        crate::envelope::is_slug(slug)
    })
}

/// The federation that was asked about.
pub(super) fn same_federation(found: &str, asked: &str) -> Result<(), AnswerError> {
    if found == asked {
        Ok(())
    } else {
        Err(AnswerError(
            "it is about another federation than was asked about".into(),
        ))
    }
}

/// An image digest.
pub(super) fn digest(value: String, name: &str) -> Result<String, AnswerError> {
    checked(value, name, "sha256: and 64 digits 0-9 a-f", |digest| {
        digest
            .strip_prefix("sha256:")
            .is_some_and(|digits| digits.len() == 64 && crate::store::hex::is_lower_hex(digits))
    })
}
