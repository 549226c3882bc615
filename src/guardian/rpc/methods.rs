use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use serde_json::value::{RawValue, to_raw_value};
use tokio::sync::oneshot;

use crate::guardian::notices;
use crate::guardian::peers::{RequestNotice, SubmitNotice};
use crate::guardian::shared::Shared;
use crate::guardian::version;
use crate::signer::frames::{
    Answered, CallError, Hello, Known, Leave, Pending, RPC_VERSION, Remembered, Requests, parse_frame,
};

/// Longest poll.
const MAX_WAIT: u64 = 60;

/// The result of a call, or why there is none.
pub(super) type Result = std::result::Result<Box<RawValue>, CallError>;

pub(super) fn error(reason: &str, detail: impl Into<String>) -> CallError {
    CallError {
        reason: reason.to_owned(),
        detail: detail.into(),
    }
}

fn params<'a, T: serde::Deserialize<'a>>(params: &'a RawValue) -> std::result::Result<T, CallError> {
    parse_frame(params.get().as_bytes()).map_err(|problem| error("malformed-params", problem.to_string()))
}

fn raw(value: &impl serde::Serialize) -> Box<RawValue> {
    to_raw_value(value).expect("an answer serialises")
}

pub(super) fn hello(shared: &Shared, method: &str, text: &RawValue) -> Result {
    if method != "hello" {
        return Err(error("hello-missing", "the first call of a connection is hello"));
    }
    let theirs: Hello = params(text)?;
    let ours = shared.settings.operator_id();
    if theirs.version != RPC_VERSION {
        return Err(error(
            "unknown-version",
            format!("this guardian speaks version {RPC_VERSION}"),
        ));
    }
    if theirs.operator_id != ours.as_str() {
        return Err(error("foreign-operator", format!("this is a guardian of {ours}")));
    }
    Ok(raw(&Hello {
        version: RPC_VERSION,
        program: version().to_owned(),
        operator_id: ours.as_str().to_owned(),
    }))
}

pub(super) async fn pending(shared: &Shared, text: &RawValue, ended: oneshot::Receiver<()>) -> Result {
    let asked: Pending = params(text)?;
    let wait = Duration::from_secs(asked.wait.min(MAX_WAIT));
    let found = tokio::select! {
        found = shared.signing.pending(&asked.known, wait) => found,
        _ = ended => Vec::new(),
    };
    let requests = found
        .into_iter()
        .filter_map(|json| RawValue::from_string(json).ok())
        .collect();
    Ok(raw(&Requests { requests }))
}

pub(super) fn answer(shared: &Arc<Shared>, method: &str, text: &RawValue) -> Result {
    match method {
        "answer" => {
            let answered: Answered = params(text)?;
            match shared.signing.answer(&answered) {
                Ok(_) => Ok(raw(&json!({}))),
                Err(why) => Err(error("not-a-signature", why)),
            }
        }
        "head" => {
            let asked: Remembered = params(text)?;
            Ok(raw(&Known {
                known: shared.remembered.known(&asked.of),
            }))
        }
        "leave-head" => {
            let left: Leave = params(text)?;
            let learnt = shared.remembered.learn_head(&left.head);
            shared.written(learnt.as_ref().map(|_| ()));
            match learnt {
                Ok(true) => {
                    shared.peers.tell_of_head();
                    Ok(raw(&json!({})))
                }
                Ok(false) => Err(error("not-a-head", "the operator's key did not sign this head")),
                Err(problem) => Err(error("not-kept", problem.to_string())),
            }
        }
        "submit-notice" => {
            let notice: SubmitNotice = params(text)?;
            match shared.peers.submit_notice(&notice.envelope) {
                Ok(()) => {
                    // Proof of its nonce, for a signing server whose log was put back.
                    let learnt = shared.remembered.learn_action(&notice.envelope);
                    shared.written(learnt.as_ref().map(|_| ()));
                    Ok(raw(&json!({})))
                }
                Err(why) => Err(error("not-a-notice", why)),
            }
        }
        "request-notice" => {
            let wanted: RequestNotice = params(text)?;
            let nonce = notices::request(shared, &wanted).map_err(|why| error("not-a-notice", why))?;
            Ok(raw(&json!({ "nonce": nonce })))
        }
        "peer-health" => Ok(raw(&shared.peers.health())),
        _ => Err(error(
            "unknown-method",
            "hello, pending, answer, head, leave-head, submit-notice, request-notice, peer-health are known",
        )),
    }
}
