//! What the guardian says of itself: `GET /healthz` for anybody, `GET /status` signed.

use std::sync::{Mutex, PoisonError};

use serde_json::{Value, json};

use super::State;
use super::clock::unix_now;
use super::settings::Settings;
use super::shared::PORTAL;
use super::signing::Signing;
use super::transport::Transport;
use super::version;
use crate::envelope::{Status, canonical};

/// What is wrong, where something is, as slugs.
pub(super) type Problems = Vec<&'static str>;

/// `{"ok":true,"version":…,"federation_slug":…,"state":…,"operator_id":…,"signer":…,"signed_at":…,"attested_at":…}`, and
/// `problems` where there are any.
/// With status 200 in every state: a standby is healthy.
pub(super) fn healthz(
    settings: &Settings,
    state: State,
    signing: &Signing,
    attested_at: Option<u64>,
    problems: &Problems,
) -> Value {
    let mut document = json!({
        "ok": true,
        "version": version(),
        "federation_slug": settings.bundle.federation_slug,
        "state": state.as_str(),
        "operator_id": settings.operator_id(),
        "signer": if signing.is_connected() { "connected" } else { "waiting" },
        "signed_at": signing.signed_at(),
        "attested_at": attested_at,
    });
    if !problems.is_empty() {
        document["problems"] = json!(problems);
    }
    document
}

/// The last signed status and what was signed: however many ask within a second, one signature is made.
#[derive(Default)]
pub(super) struct LastStatus(Mutex<Option<(String, String)>>);

/// `{"status":{…},"delegation":<envelope>,"sig_hex":…}`: the status signed by the transport key, and the operator's word
/// for that key. `None` until the operator's signing server has delegated.
pub(super) fn status(
    settings: &Settings,
    state: State,
    signing: &Signing,
    transport: &Transport,
    problems: &Problems,
    last: &LastStatus,
) -> Option<String> {
    let delegation = transport.delegation()?;
    let status = json!({
        "kind": "oc-guardian-status",
        "operator_id": settings.operator_id(),
        "federation_slug": settings.bundle.federation_slug,
        "membership_hash": delegation.membership_hash,
        "version": version(),
        "image_digest": settings.image_digest,
        "state": state.as_str(),
        "signer": if signing.is_connected() { "connected" } else { "waiting" },
        "waiting_requests": signing.waiting(),
        "problems": problems,
        "at": unix_now(),
    });
    let bytes = canonical::encode(&status).ok()?;
    let mut last = last.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((signed, document)) = &*last
        && *signed == bytes
    {
        return Some(document.clone());
    }
    let signature = transport.sign_status(bytes.as_bytes());
    let document = format!(
        r#"{{"status":{bytes},"delegation":{},"sig_hex":"{}"}}"#,
        delegation.envelope,
        signature.to_hex()
    );
    *last = Some((bytes, document.clone()));
    Some(document)
}

/// What the health envelope says. That the portal did not take the one before is no news to whoever reads this one.
pub(super) fn attested_status(problems: &Problems) -> Status {
    if problems.iter().all(|problem| *problem == PORTAL) {
        Status::Running
    } else {
        Status::Degraded
    }
}
