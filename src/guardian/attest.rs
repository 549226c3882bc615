//! The attestation loop: build, have signed, post, tell the peers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::clock::unix_now;
use super::health::attested_status;
use super::peers::Body;
use super::schedule::Schedule;
use super::shared::{PORTAL, Shared};
use super::signing::{SigningError, Wanted};
use super::version;
use crate::envelope::{HEALTH_FRESH, HealthAttestation};
use crate::portal::{Client, PortalError};
use crate::signer::Kind;

/// How soon a signing server that could not be reached is asked again.
const CLIENT_RETRY: Duration = Duration::from_secs(5);
/// Peers are told no more often than that, however short the interval: they take a limited number of messages a minute.
const PEERS_EVERY: Duration = Duration::from_secs(5);
/// How often it is looked whether the others can be told for the first time.
const FIRST_WORD: Duration = Duration::from_secs(1);
/// Between two turns, whatever the clock says.
const SHORTEST: Duration = Duration::from_millis(20);
/// In the log.
const SIGNATURE: &str = "signature under the health envelope";

/// Attests until it is dropped; only while active. The peers are told at every turn; the portal less often while it does
/// not take what is posted.
pub(super) async fn run(shared: Arc<Shared>, portal: Arc<Client>) {
    let interval = shared.settings.attest_interval;
    let mut schedule = Schedule::new(interval);
    let mut portal_due = Instant::now();
    let mut last: Option<(HealthAttestation, String)> = None;
    let mut told: Option<Instant> = None;
    loop {
        let is_due = Instant::now() >= portal_due;
        if is_due || shared.reaches_peers() {
            let attestation = attestation(&shared);
            // A turn for the portal may come soon after one for the peers: nothing is signed twice, not even in one second.
            let known = last.take().filter(|(said, _)| *said == attestation);
            let begin = Instant::now();
            let signed = match known {
                Some((_, envelope)) => Ok(envelope),
                None => sign(&shared, &attestation).await.inspect(|_| {
                    let took = begin.elapsed().as_secs_f64() * 1000.0;
                    let text = format!("a health envelope was signed after {took:.1} ms");
                    shared.log.debug(&text);
                }),
            };
            let envelope = match signed {
                Ok(envelope) => envelope,
                Err(error) => {
                    shared.log.trouble(SIGNATURE, &error.to_string());
                    match error {
                        // The request has waited its time, and the signing server's return should be seen at once.
                        SigningError::Expired | SigningError::Replaced | SigningError::Refused { .. }
                            if !shared.signing.has_client() => {}
                        SigningError::Client(_) => tokio::time::sleep(CLIENT_RETRY.min(interval)).await,
                        _ => tokio::time::sleep(interval).await,
                    }
                    continue;
                }
            };
            shared.log.well(SIGNATURE);
            last = Some((attestation, envelope.clone()));
            if told.is_none_or(|at| at.elapsed() >= PEERS_EVERY) && tell_peers(&shared, &envelope) {
                told = Some(Instant::now());
            }
            if is_due {
                match post(&portal, envelope).await {
                    Ok(()) => {
                        shared.attested_at.store(unix_now(), Ordering::Relaxed);
                        schedule.accepted();
                        shared.log.well(PORTAL);
                        shared.log.debug("the portal took a health envelope");
                        shared.problem(PORTAL, false);
                    }
                    Err(error) => {
                        schedule.failed();
                        shared.log.trouble(PORTAL, &error.to_string());
                        shared.problem(PORTAL, true);
                    }
                }
                portal_due = Instant::now() + schedule.pause(random());
            }
        }
        // Not past the portal's turn, which has a jitter of its own.
        let mut pause = interval.min(portal_due.saturating_duration_since(Instant::now()));
        if told.is_none() {
            // The membership is learnt, and the key delegated, soon after the start: the others wait to hear of us.
            pause = pause.min(FIRST_WORD);
        }
        tokio::time::sleep(pause.max(SHORTEST)).await;
    }
}

/// Without randomness the schedule only lacks its jitter.
fn random() -> u32 {
    let mut random = [0; 4];
    let _ = getrandom::fill(&mut random);
    u32::from_le_bytes(random)
}

#[derive(Debug, thiserror::Error)]
enum PostError {
    #[error(transparent)]
    Portal(#[from] PortalError),
    #[error("the task that posts ended: {0}")]
    Task(#[from] tokio::task::JoinError),
}

async fn sign(shared: &Shared, attestation: &HealthAttestation) -> Result<String, SigningError> {
    // Whoever reads it takes it for 120 seconds: a signature that comes later is of no use.
    let wanted = Wanted {
        kind: Kind::Attestation,
        federation: Some(&shared.settings.bundle.federation_slug),
        payload: attestation,
        expires_at: attestation.attested_at + HEALTH_FRESH / 2,
    };
    shared.signing.sign(wanted).await
}

/// Peers that are slow do not hold up the portal. Returns whether there is anybody to tell.
fn tell_peers(shared: &Arc<Shared>, envelope: &str) -> bool {
    if !shared.reaches_peers() {
        return false;
    }
    let sender = Arc::clone(&shared.sender);
    let body = Body::Health(envelope.to_owned());
    tokio::spawn(async move { sender.tell(&body).await });
    true
}

async fn post(portal: &Arc<Client>, envelope: String) -> Result<(), PostError> {
    let portal = Arc::clone(portal);
    tokio::task::spawn_blocking(move || portal.post_attestation(&envelope)).await??;
    Ok(())
}

fn attestation(shared: &Shared) -> HealthAttestation {
    let (api_url, p2p_url) = shared.addresses();
    HealthAttestation {
        operator_id: shared.settings.operator_id(),
        federation_slug: shared.settings.bundle.federation_slug.clone(),
        hosted_request_id: None,
        guardian_version: version().to_owned(),
        p2p_url,
        api_url,
        status: attested_status(&shared.problems()),
        attested_at: unix_now(),
        image_digest: shared.settings.image_digest.clone(),
    }
}
