//! Upgrade notices that the operator's kit asks for: on a server the key is elsewhere, so they are signed through the queue.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;
use serde_json::value::RawValue;

use super::clock::unix_now;
use super::peers::{RequestNotice, closing_body};
use super::shared::Shared;
use super::signing::Wanted;
use crate::envelope::{Action, ActionPayload, Alert, Envelope, Severity};
use crate::signer::Kind;

/// How long a notice may be handed in, in seconds: as long as it counts.
const LIFE: u64 = 15 * 60;
/// How long its request waits for the signing server: the kit has gone on by then.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a guardian may take to know the others.
const ACQUAINTANCE: Duration = Duration::from_secs(120);
const LOOK_AGAIN: Duration = Duration::from_millis(200);
/// In the log.
const NOTICE: &str = "signature under the upgrade notice";

/// Has a notice signed, keeps it and tells the peers, all in the background: the kit sees it in `peer-health` when it is
/// there, by the nonce that this returns.
///
/// # Errors
/// Why there is nothing to sign.
pub(super) fn request(shared: &Arc<Shared>, wanted: &RequestNotice) -> Result<u64, String> {
    let params = json!({
        "body": wanted.closes.map_or_else(String::new, closing_body),
        "severity": Severity::Info.as_str(),
        "tag": "upgrade",
        "title": wanted.title,
    });
    Alert::from_params(&params).map_err(|error| error.to_string())?;
    let payload = ActionPayload {
        action: Action::AlertPublish,
        params,
        nonce: nonce(shared),
        expires_at: unix_now() + LIFE,
        federation: shared.settings.bundle.federation_slug.clone(),
    };
    let nonce = payload.nonce;
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        let outcome = have_signed(&shared, &payload).await;
        match outcome {
            Ok(()) => {
                shared
                    .log
                    .debug("the operator's upgrade notice is signed, and told to the others");
                shared.log.well(NOTICE);
            }
            Err(error) => shared.log.trouble(NOTICE, &error),
        }
    });
    Ok(nonce)
}

async fn have_signed(shared: &Shared, payload: &ActionPayload) -> Result<(), String> {
    let wanted = Wanted {
        kind: Kind::Action,
        federation: Some(&shared.settings.bundle.federation_slug),
        payload,
        expires_at: unix_now() + PATIENCE.as_secs(),
    };
    let envelope = shared
        .signing
        .sign(wanted)
        .await
        .map_err(|error| error.to_string())?;
    let raw = RawValue::from_string(envelope).map_err(|error| error.to_string())?;
    let learnt = shared.remembered.learn_action(&raw);
    shared.written(learnt.as_ref().map(|_| ()));
    // A guardian that has just taken over learns first who the others are, and is delegated to.
    let end = Instant::now() + ACQUAINTANCE;
    while !shared.reaches_peers() && Instant::now() < end {
        tokio::time::sleep(LOOK_AGAIN).await;
    }
    shared.peers.submit_notice(&raw)
}

/// As the format has it: above the last one that we know of, and not below the clock.
fn nonce(shared: &Shared) -> u64 {
    let last = shared
        .remembered
        .known(Action::AlertPublish.as_str())
        .and_then(|it| {
            let operator = &shared.settings.bundle.operator;
            Envelope::<ActionPayload>::verify(it.get().as_bytes(), operator).ok()
        })
        .map_or(0, |it| it.payload().nonce);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(0));
    now.max(last + 1)
}
