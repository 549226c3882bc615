//! What answers say that are not what was asked for.

use serde::Deserialize;

use super::error::{Misbehaviour, RegistryError};
use super::http::Answer;

/// Longest piece of an answer that an error quotes, in characters.
const MAX_SAID: usize = 200;

/// Errors in the registry's own form (distribution-spec, Error Codes).
#[derive(Deserialize)]
struct Errors {
    errors: Vec<OneError>,
}

#[derive(Deserialize)]
struct OneError {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

fn errors(answer: &Answer) -> Option<Vec<OneError>> {
    Some(serde_json::from_slice::<Errors>(&answer.body).ok()?.errors)
}

/// The first error.
pub(super) fn said(answer: &Answer) -> Option<String> {
    let errors = errors(answer)?;
    let first = errors.first()?;
    let text = format!("{} {}", first.code, first.message);
    Some(cut(text.trim()))
}

/// A piece of an answer, cut to a readable length.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(MAX_SAID).collect()
}

/// Whether a 404 is a registry's: in its own form it must be about what was asked for; without that form anything but a
/// web page will do, since a body is optional.
pub(super) fn is_unknown(answer: &Answer) -> bool {
    const CODES: [&str; 6] = [
        "BLOB_UNKNOWN",
        "MANIFEST_BLOB_UNKNOWN",
        "MANIFEST_UNKNOWN",
        "NAME_UNKNOWN",
        "NOT_FOUND",
        "UNKNOWN",
    ];
    match errors(answer) {
        Some(errors) => errors.iter().all(|error| CODES.contains(&error.code.as_str())),
        None => !answer.is_web_page(),
    }
}

/// Whether a refusal is not the registry's own words. Where it says how to log in it is one, whatever it looks like.
pub(super) fn is_foreign_page(answer: &Answer) -> bool {
    answer.is_web_page() && !answer.headers.contains_key(http::header::WWW_AUTHENTICATE)
}

/// What is wrong with an answer whose status has no meaning.
pub(super) fn unexpected(answer: &Answer) -> Misbehaviour {
    match answer.status {
        status if answer.is_web_page() => Misbehaviour::WebPage(status),
        301..=303 | 307 | 308 => Misbehaviour::Redirect("only blobs may be elsewhere"),
        status => Misbehaviour::Status(status),
    }
}

pub(super) fn misbehaved(host: &str, what: &str, problem: Misbehaviour) -> RegistryError {
    RegistryError::Misbehaved {
        host: host.to_owned(),
        what: what.to_owned(),
        problem,
    }
}
