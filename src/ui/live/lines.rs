use serde_json::{Value, json};

use super::shown;
use crate::signer::{Notice, Question};
use crate::ui::{BAD, GOOD, WARNING, paint};

/// A line for people. Outside text is escaped and cut.
pub(super) fn line(notice: &Notice) -> String {
    match notice {
        Notice::Signed {
            summary,
            caller,
            rule,
            ..
        } => format!(
            "{} {} for {} ({})",
            paint(GOOD, "signed "),
            shown(summary),
            shown(caller),
            shown(rule)
        ),
        Notice::Refused {
            summary,
            caller,
            reason,
            detail,
            ..
        } => format!(
            "{} {} for {}: {} ({})",
            paint(BAD, "refused"),
            shown(summary),
            shown(caller),
            shown(detail),
            shown(reason)
        ),
        Notice::Asked(question) => asked(question),
        Notice::Settled { id, how } => settled(id, how),
        Notice::NotSigned { id, detail } => format!(
            "{} {}: {}; it still waits",
            paint(BAD, "approved, but NOT SIGNED"),
            shown(id),
            shown(detail)
        ),
        Notice::Policy(Ok(())) => "policy  read again".into(),
        Notice::Policy(Err(error)) => format!(
            "{} not read again, the old one stays: {}",
            paint(WARNING, "policy "),
            shown(error)
        ),
        Notice::Stopped(Some(reason)) => {
            format!("{} nothing is signed: {}", paint(BAD, "stopped"), shown(reason))
        }
        Notice::Stopped(None) => format!("{} signing again", paint(GOOD, "resumed")),
        Notice::Guardian(Ok(())) => "guardian its requests are fetched".into(),
        Notice::Guardian(Err(error)) => format!(
            "{} its requests cannot be fetched: {}",
            paint(WARNING, "guardian"),
            shown(error)
        ),
        Notice::Warned(text) => format!("{} {}", paint(WARNING, "warning "), shown(text)),
        Notice::Lost(count) => format!("        {count} lines were lost, the screen was too slow"),
    }
}

pub(super) fn asked(question: &Question) -> String {
    format!(
        "{} {} for {}: oc-guardian sign --approve {} (or --deny)",
        paint(WARNING, "asking "),
        shown(&question.summary),
        shown(&question.caller),
        shown(&question.id)
    )
}

pub(super) fn settled(id: &str, how: &str) -> String {
    format!("{how:<8} {}", shown(id))
}

pub(super) fn routine(count: u64) -> String {
    match count {
        1 => "1 routine request signed".into(),
        count => format!("{count} routine requests signed"),
    }
}

pub(super) fn left_out(count: u64) -> String {
    format!("{} {count} more requests", paint(BAD, "refused"))
}

/// A line for programs.
pub(super) fn json(notice: &Notice) -> Value {
    match notice {
        Notice::Signed {
            kind,
            summary,
            caller,
            rule,
            routine,
        } => json!({
            "event": "signed", "kind": kind, "summary": summary, "caller": caller, "rule": rule, "routine": routine,
        }),
        Notice::Refused {
            kind,
            summary,
            caller,
            reason,
            detail,
        } => json!({
            "event": "refused", "kind": kind, "summary": summary, "caller": caller, "reason": reason, "detail": detail,
        }),
        Notice::Asked(question) => json!({
            "event": "asked", "id": question.id, "kind": question.kind, "summary": question.summary,
            "caller": question.caller, "rule": question.rule, "unusual": question.unusual,
            "payload_sha256": question.payload_sha256, "expires_at": question.expires_at,
        }),
        Notice::Settled { id, how } => json!({ "event": how, "id": id }),
        Notice::NotSigned { id, detail } => json!({ "event": "not-signed", "id": id, "detail": detail }),
        Notice::Policy(outcome) => json!({ "event": "policy", "error": outcome.as_ref().err() }),
        Notice::Stopped(Some(reason)) => json!({ "event": "stopped-signing", "detail": reason }),
        Notice::Stopped(None) => json!({ "event": "signing-again" }),
        Notice::Warned(text) => json!({ "event": "warning", "detail": text }),
        Notice::Guardian(outcome) => json!({ "event": "guardian", "error": outcome.as_ref().err() }),
        Notice::Lost(count) => json!({ "event": "lost", "count": count }),
    }
}
