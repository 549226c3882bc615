//! Takes health envelopes.

use std::net::IpAddr;

use sha2::{Digest, Sha256};

use super::board::{Heard, Recorded};
use super::clock::Now;
use super::colour::Standing;
use super::refusal::Refusal;
use super::state::State;
use super::timeline::{Release, What};
use crate::envelope::{HEALTH_FRESH, HealthAttestation, Payload as _};
use crate::operator::OperatorId;

/// What became of a health envelope.
pub(super) struct Taken {
    pub(super) operator: OperatorId,
    /// The operator's colour now.
    pub(super) standing: Standing,
    /// It had come before.
    pub(super) repeated: bool,
}

impl State {
    /// Takes a health envelope:
    ///
    /// 1. an operator of the registry signed it, under its scheme;
    /// 2. it speaks of that operator;
    /// 3. the operator is a member of the federation;
    /// 4. it is of these two minutes;
    /// 5. none of a later time has come.
    ///
    /// One of a wrong image is taken as well: that is what turns the board red.
    pub(super) fn take_attestation(
        &mut self,
        bytes: &[u8],
        from: IpAddr,
        now: Now,
    ) -> Result<Taken, Refusal> {
        let verified = self.verify::<HealthAttestation>(bytes, from, now)?;
        let (operator, said) = (verified.operator, verified.payload);
        if said.operator_id != operator {
            let detail = format!("it is signed by {operator}, and speaks of {}", said.operator_id);
            return Err(Refusal::new(403, "operator-mismatch", detail));
        }
        let federation = self.joined(&said.federation_slug, &operator)?;
        check_time(said.attested_at, now.secs())?;
        // Of what was signed, not of the envelope: that could be written in other ways.
        let signed = said
            .signed_bytes()
            .map_err(|error| Refusal::new(400, "bad-envelope", error.to_string()))?;
        let to = release(&said.guardian_version, said.image_digest.as_deref());
        let heard = Heard {
            attested_at: said.attested_at,
            received_at: now.secs(),
            status: said.status.as_str(),
            image_digest: said.image_digest,
            guardian_version: said.guardian_version,
            api_url: said.api_url,
            p2p_url: said.p2p_url,
        };
        let recorded = federation
            .board
            .record(&operator, heard, Sha256::digest(signed).into(), now.secs())
            .map_err(|older| Refusal::new(409, "older-than-last", older.to_string()))?;
        if let Recorded::New { before: Some(before) } = &recorded {
            let from = release(&before.guardian_version, before.image_digest.as_deref());
            if from != to {
                let operator_id = operator.clone();
                federation.timeline.push(
                    now.secs(),
                    What::Upgrade {
                        operator_id,
                        from,
                        to,
                    },
                );
            }
        }
        let row = federation
            .board
            .rows()
            .iter()
            .find(|row| row.operator == operator);
        let standing = row.expect("whoever is recorded has a row").standing;
        let repeated = recorded == Recorded::Repeated;
        if !repeated {
            self.version += 1;
        }
        Ok(Taken {
            operator,
            standing,
            repeated,
        })
    }
}

fn release(version: &str, digest: Option<&str>) -> Release {
    Release {
        guardian_version: version.to_owned(),
        image_digest: digest.map(str::to_owned),
    }
}

fn check_time(attested_at: u64, now: u64) -> Result<(), Refusal> {
    if attested_at > now + HEALTH_FRESH {
        let ahead = attested_at - now;
        return Err(Refusal::new(
            409,
            "from-the-future",
            format!("its time is {ahead} s ahead of the portal's clock"),
        ));
    }
    if now > attested_at + HEALTH_FRESH {
        let old = now - attested_at;
        return Err(Refusal::new(
            409,
            "stale",
            format!("it is {old} s old, and at most {HEALTH_FRESH} s are accepted"),
        ));
    }
    Ok(())
}
