//! Reads the values of a policy file, and says what they should have been.

use std::borrow::Cow;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::finding::Findings;

/// Most values in one list.
const MAX_LIST: usize = 16;
/// Names nearer than this are taken for a slip of the hand.
const NEAR: f64 = 0.7;

/// Reports a key that nothing has.
pub(super) fn known(key: &Spanned<Cow<str>>, keys: &[&str], of: &str, found: &mut Findings) {
    let name = key.get_ref();
    if !keys.contains(&name.as_ref()) {
        let help =
            nearest(name, keys.iter().copied()).unwrap_or_else(|| format!("Known are {}.", keys.join(", ")));
        found.add(&key.span(), format!("{of} has no {name:?}"), Some(help));
    }
}

pub(super) fn nearest<'a>(name: &str, names: impl Iterator<Item = &'a str>) -> Option<String> {
    // Comparing takes time in proportion to both lengths.
    let name: String = name.chars().take(64).collect();
    names
        .map(|it| (strsim::jaro_winkler(&name, it), it))
        .filter(|(near, _)| *near > NEAR)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, it)| format!("Did you mean {it:?}?"))
}

pub(super) fn text<'t>(
    table: &'t DeTable,
    key: &str,
    found: &mut Findings,
) -> Option<(Range<usize>, &'t str)> {
    let value = table.get(key)?;
    match value.get_ref().as_str() {
        Some(text) => Some((value.span(), text)),
        None => {
            found.add(&value.span(), format!("{key} is not a string"), None);
            None
        }
    }
}

/// One string, or a list of them.
pub(super) fn list<T: PartialEq>(
    table: &DeTable,
    key: &str,
    found: &mut Findings,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Option<Vec<T>> {
    let value = table.get(key)?;
    let items: Vec<&Spanned<DeValue>> = match value.get_ref().as_array() {
        Some(items) => items.iter().collect(),
        None => vec![value],
    };
    if items.is_empty() || items.len() > MAX_LIST {
        let count = items.len();
        found.add(
            &value.span(),
            format!("{key} has {count} values"),
            Some(format!("Write 1 to {MAX_LIST}, or leave the line out.")),
        );
        return None;
    }
    let mut list = Vec::with_capacity(items.len());
    for item in items {
        let Some(text) = item.get_ref().as_str() else {
            found.add(
                &item.span(),
                format!("{key} is not a string or a list of strings"),
                None,
            );
            continue;
        };
        match parse(text) {
            Ok(value) if list.contains(&value) => {
                found.add(&item.span(), format!("{key} names {text:?} twice"), None);
            }
            Ok(value) => list.push(value),
            Err(help) => found.add(&item.span(), format!("{text:?} is no {key}"), Some(help)),
        }
    }
    Some(list)
}
