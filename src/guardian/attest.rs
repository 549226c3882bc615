//! The attestation loop: build, have signed, post, tell the peers.

use std::sync::Arc;
use std::time::Duration;

use super::clock::unix_now;
use super::health::{VERSION, attested_status};
use super::peers::Body;
use super::process::Shared;
use super::schedule::Schedule;
use super::signing::{SigningError, Wanted};
use crate::envelope::{HEALTH_FRESH, HealthAttestation};
use crate::portal::{Client, PortalError};
use crate::signer::Kind;

/// How soon a signing server that could not be reached is asked again.
const CLIENT_RETRY: Duration = Duration::from_secs(5);

/// Attests until it is dropped; only while active.
pub(super) async fn run(shared: Arc<Shared>, portal: Arc<Client>) {
    let mut schedule = Schedule::new(shared.settings.attest_interval);
    loop {
        match attest(&shared, &portal).await {
            Ok(()) => schedule.accepted(),
            Err(why) => {
                shared
                    .log
                    .warn(&format!("no health envelope was accepted: {why}"));
                match why {
                    AttestError::Portal(_) => schedule.failed(),
                    // The request has waited its time, and the signing server's return should be seen at once.
                    AttestError::Signing(SigningError::Expired | SigningError::Replaced) => continue,
                    AttestError::Signing(SigningError::Client(_)) => {
                        tokio::time::sleep(CLIENT_RETRY.min(shared.settings.attest_interval)).await;
                        continue;
                    }
                    AttestError::Signing(_) | AttestError::Task(_) => {}
                }
            }
        }
        let mut random = [0; 4];
        // Without randomness the schedule only lacks its jitter.
        let _ = getrandom::fill(&mut random);
        tokio::time::sleep(schedule.pause(u32::from_le_bytes(random))).await;
    }
}

#[derive(Debug, thiserror::Error)]
enum AttestError {
    #[error(transparent)]
    Signing(#[from] SigningError),
    #[error(transparent)]
    Portal(#[from] PortalError),
    #[error("the task that posts ended: {0}")]
    Task(#[from] tokio::task::JoinError),
}

async fn attest(shared: &Arc<Shared>, portal: &Arc<Client>) -> Result<(), AttestError> {
    let attestation = attestation(shared);
    // Whoever reads it takes it for 120 seconds: a signature that comes later is of no use.
    let wanted = Wanted {
        kind: Kind::Attestation,
        federation: Some(&shared.settings.bundle.federation_slug),
        payload: &attestation,
        expires_at: attestation.attested_at + HEALTH_FRESH / 2,
    };
    let envelope = shared.signing.sign(wanted).await?;
    shared.attested();
    if let Some(sender) = shared.sender() {
        let body = Body::Health(envelope.clone());
        let shared = Arc::clone(shared);
        // Peers that are slow do not hold up the portal.
        tokio::spawn(async move {
            sender.tell(&body).await;
            drop(shared);
        });
    }
    let portal = Arc::clone(portal);
    let posted = tokio::task::spawn_blocking(move || portal.post_attestation(&envelope)).await?;
    shared.posted(posted.is_ok());
    posted?;
    Ok(())
}

fn attestation(shared: &Shared) -> HealthAttestation {
    let (api_url, p2p_url) = shared.addresses();
    HealthAttestation {
        operator_id: shared.settings.operator_id(),
        federation_slug: shared.settings.bundle.federation_slug.clone(),
        hosted_request_id: None,
        guardian_version: VERSION.to_owned(),
        p2p_url,
        api_url,
        status: attested_status(&shared.problems()),
        attested_at: unix_now(),
        image_digest: shared.settings.image_digest.clone(),
    }
}
