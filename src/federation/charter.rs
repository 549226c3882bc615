use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{MAX_GUARDIANS, Membership};
use crate::envelope::{Action, ActionPayload, Envelope};
use crate::operator::OperatorId;
use crate::store::hex;

/// `charter-sign` envelopes as they were received; [`check_charter`] says what they are worth.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CharterSignatures(pub Vec<Value>);

/// Why a membership is not agreed by its guardians.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum CharterError {
    /// More envelopes than there can be guardians.
    #[error("{0} charter signatures, and a federation has at most {MAX_GUARDIANS} guardians")]
    TooMany(usize),
    /// An envelope that no guardian of this membership signed for this membership.
    #[error("charter signature {index} is not one of a guardian over this membership: {why}")]
    Bad {
        /// Place in the list, from 1.
        index: usize,
        /// What is wrong with it.
        why: String,
    },
    /// Guardians whose signature is not there.
    #[error("{} of {total} guardians have not signed the charter: {}", missing.len(), names(missing))]
    Missing {
        /// Who.
        missing: Vec<OperatorId>,
        /// How many guardians there are.
        total: usize,
    },
}

fn names(ids: &[OperatorId]) -> String {
    let names: Vec<&str> = ids.iter().map(OperatorId::as_str).collect();
    names.join(", ")
}

/// The `params` of the `charter-sign` action by which a guardian agrees to this membership: its hash and the charter's.
pub fn charter_params(membership: &Membership) -> Value {
    json!({
        "charter_hash": hex::encode(membership.charter_hash()),
        "membership_hash": membership.hash().to_string(),
    })
}

/// Whether every guardian signed this very membership. `expires_at` is not looked at: it limits when an envelope may be
/// handed in, and an agreement does not lapse with it.
///
/// # Errors
/// [`CharterError`]; a bad envelope is named before a missing one, since somebody made it.
pub fn check_charter(membership: &Membership, signatures: &CharterSignatures) -> Result<(), CharterError> {
    if signatures.0.len() > MAX_GUARDIANS {
        return Err(CharterError::TooMany(signatures.0.len()));
    }
    let mut missing: Vec<OperatorId> = membership
        .guardians()
        .iter()
        .map(super::Member::operator_id)
        .collect();
    for (index, envelope) in (1..).zip(&signatures.0) {
        let id = charter_signer(membership, envelope).map_err(|why| CharterError::Bad { index, why })?;
        // The same guardian may have signed twice, with two nonces: once is enough.
        missing.retain(|other| *other != id);
    }
    if missing.is_empty() {
        Ok(())
    } else {
        Err(CharterError::Missing {
            missing,
            total: membership.guardians().len(),
        })
    }
}

/// Who agreed to this very membership by this envelope.
///
/// # Errors
/// Why nobody did, as a clause about the envelope.
pub fn charter_signer(membership: &Membership, envelope: &Value) -> Result<OperatorId, String> {
    let key = envelope.get("pubkey").and_then(Value::as_str);
    let Some(member) = key.and_then(|key| membership.guardians().iter().find(|it| it.public.to_hex() == key))
    else {
        return Err("it is not by the key of a guardian".into());
    };
    let verified = Envelope::<ActionPayload>::verify(envelope.to_string().as_bytes(), &member.public)
        .map_err(|error| error.to_string())?;
    let payload = verified.payload();
    if payload.action != Action::CharterSign {
        return Err(format!("its action is {}", payload.action.as_str()));
    }
    if payload.federation != membership.slug() {
        return Err(format!("it is for the federation {}", payload.federation));
    }
    let expected = charter_params(membership);
    // Compared as a set: others may write the keys in another order, or add to them.
    let agrees = |name: &str| payload.params.get(name) == expected.get(name);
    if !agrees("membership_hash") {
        return Err("it is for another membership of this federation".into());
    }
    if !agrees("charter_hash") {
        return Err("it is for another charter".into());
    }
    Ok(member.operator_id())
}

#[cfg(test)]
#[path = "charter_tests.rs"]
mod tests;
