//! Rules that no policy can lift.

use super::{Caller, Facts, History, ImageCheck, Meaning, Refusal, Request};
use crate::envelope::{ActionPayload, GuardianKeyPayload, HEALTH_FRESH, HealthAttestation, MAX_DELEGATION};
use crate::operator::OperatorId;

/// How far a nonce may lie ahead of the clock, in milliseconds.
const MAX_NONCE_AHEAD: u64 = 5 * 60 * 1000;
/// The same for what a guardian has signed without a person: as far as the time of an attestation. The operator's next nonce is
/// one higher, and others judge it by clocks of their own: a guardian that could use all of [`MAX_NONCE_AHEAD`] could have the
/// operator refused wherever a clock is a little behind.
const MAX_UNASKED_AHEAD: u64 = HEALTH_FRESH * 1000;
/// Longest life of an action envelope, in seconds.
const MAX_ACTION_LIFE: u64 = 30 * 24 * 60 * 60;

type Checked = Result<(), Refusal>;

pub(super) fn check(request: &Request, facts: &Facts, history: &History) -> Checked {
    match &request.meaning {
        Meaning::Attestation(payload) => attestation(payload, facts),
        Meaning::Action(payload) => action(payload, facts, history),
        Meaning::GuardianKey(payload) => guardian_key(payload, request.federation.as_deref(), facts),
        Meaning::Later(_) => Err(Refusal::new(
            422,
            "kind-unsupported",
            format!(
                "this release does not sign requests of kind {}",
                request.kind.as_str()
            ),
        )),
    }
}

/// Besides [`check`], where no person is asked.
pub(super) fn check_unasked(request: &Request, facts: &Facts, history: &History) -> Checked {
    let (Meaning::Action(payload), Caller::Guardian(_)) = (&request.meaning, facts.caller) else {
        return Ok(());
    };
    check_ahead(payload, facts, history, MAX_UNASKED_AHEAD)
}

fn check_ahead(payload: &ActionPayload, facts: &Facts, history: &History, most: u64) -> Checked {
    // The smallest step forward is always possible: else one action signed by a clock that was wrong would lock its kind.
    let last = history.nonce(payload.action);
    let smallest = last.is_some_and(|last| payload.nonce == last + 1);
    if smallest || payload.nonce <= facts.now_ms + most {
        return Ok(());
    }
    refuse(
        "nonce-ahead",
        format!(
            "the nonce {} of {} is more than {} minutes ahead of the clock",
            payload.nonce,
            payload.action.as_str(),
            most / 60_000
        ),
    )
}

fn refuse(reason: &'static str, detail: impl Into<String>) -> Checked {
    Err(Refusal::new(403, reason, detail))
}

fn ours(operator_id: &OperatorId, facts: &Facts) -> Checked {
    if operator_id == facts.operator_id {
        return Ok(());
    }
    let ours = facts.operator_id;
    refuse(
        "not-our-operator",
        format!("the payload is for {operator_id}, and this server signs for {ours}"),
    )
}

fn attestation(payload: &HealthAttestation, facts: &Facts) -> Checked {
    ours(&payload.operator_id, facts)?;
    let distance = payload.attested_at.abs_diff(facts.now());
    if distance > HEALTH_FRESH {
        let direction = if payload.attested_at < facts.now() {
            "behind"
        } else {
            "ahead of"
        };
        return refuse(
            "attestation-time",
            format!(
                "attested_at is {distance} s {direction} the clock here, and at most {HEALTH_FRESH} s are allowed"
            ),
        );
    }
    // Null says nothing of the image, as a container does that was started by hand: that is not untrue.
    match (facts.image, payload.image_digest.as_deref()) {
        (ImageCheck::Verified(runs), Some(claimed)) if claimed != runs => refuse(
            "image-mismatch",
            format!("the guardian says that its image is {claimed}, and its container runs {runs}"),
        ),
        _ => Ok(()),
    }
}

fn action(payload: &ActionPayload, facts: &Facts, history: &History) -> Checked {
    let name = payload.action.as_str();
    let now = facts.now();
    if payload.expires_at <= now {
        return refuse(
            "expired-payload",
            format!("{name} expired {} s ago", now - payload.expires_at),
        );
    }
    if payload.expires_at - now > MAX_ACTION_LIFE {
        return refuse(
            "expires-too-late",
            format!("{name} would be valid for more than 30 days"),
        );
    }
    let last = history.nonce(payload.action);
    if last.is_some_and(|last| payload.nonce <= last) {
        return Err(Refusal::new(
            409,
            "nonce-not-forward",
            format!(
                "the nonce {} of {name} is not above the last one ({})",
                payload.nonce,
                last.unwrap_or_default()
            ),
        ));
    }
    check_ahead(payload, facts, history, MAX_NONCE_AHEAD)
}

fn guardian_key(payload: &GuardianKeyPayload, federation: Option<&str>, facts: &Facts) -> Checked {
    ours(&payload.operator_id, facts)?;
    let now = facts.now();
    if payload.expires_at <= now {
        return refuse(
            "expired-payload",
            format!("guardian-key expired {} s ago", now - payload.expires_at),
        );
    }
    if payload.expires_at - now > MAX_DELEGATION {
        return refuse(
            "expires-too-late",
            "guardian-key would be valid for more than 24 hours",
        );
    }
    let Some(hash) = &payload.membership_hash else {
        return Ok(());
    };
    let trusted = facts
        .memberships
        .iter()
        .any(|it| it.hash == *hash && Some(it.federation.as_str()) == federation);
    if trusted {
        Ok(())
    } else {
        refuse(
            "membership-not-trusted",
            format!(
                "guardian-key is for the membership {hash}, which is not a trusted one of this federation"
            ),
        )
    }
}
