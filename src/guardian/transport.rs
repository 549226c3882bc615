//! The guardian's own key: made anew at each start, kept in memory, and good for peer traffic and `/status` only.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::unix_now;
use super::shared::Shared;
use super::signing::{SigningError, Wanted};
use crate::envelope::{GuardianKeyPayload, Tag};
use crate::operator::{Scheme, SecretKey, Signature};
use crate::signer::Kind;
use crate::vault::{self, VaultError};

/// How long the signing server may take to come for the request.
const PATIENCE: u64 = 60;
/// Pause after a failure.
const RETRY: Duration = Duration::from_secs(15);
/// The signing server's word for a membership that its operator has not accepted.
const UNTRUSTED: &str = "membership-not-trusted";
/// In the log.
const SUBJECT: &str = "delegation for the transport key";

/// A transport key and the operator's word for it.
pub(super) struct Transport {
    key: SecretKey,
    public_hex: String,
    delegation: Mutex<Option<Arc<Delegation>>>,
}

/// The operator's word: the signed envelope, as it is passed on.
pub(super) struct Delegation {
    pub(super) envelope: String,
    pub(super) membership_hash: Option<String>,
    pub(super) expires_at: u64,
}

impl Transport {
    /// # Errors
    /// When the system has no randomness.
    pub(super) fn generate() -> Result<Self, VaultError> {
        let key = vault::generate(Scheme::Bip340)?;
        let public_hex = key.public().to_hex();
        Ok(Self {
            key,
            public_hex,
            delegation: Mutex::new(None),
        })
    }

    /// Signs a message between guardians.
    pub(super) fn sign_peer(&self, bytes: &[u8]) -> Signature {
        Tag::Peer.sign(&self.key, bytes)
    }

    /// Signs a status.
    pub(super) fn sign_status(&self, bytes: &[u8]) -> Signature {
        Tag::Status.sign(&self.key, bytes)
    }

    /// The operator's word, while it is valid.
    pub(super) fn delegation(&self) -> Option<Arc<Delegation>> {
        let delegation = self
            .delegation
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        delegation.filter(|it| it.expires_at > unix_now())
    }

    /// Gets a delegation for the membership that we serve in, a new one at half-life, and another one when the membership
    /// becomes known; never returns.
    pub(super) async fn keep_delegated(&self, shared: &Shared) {
        loop {
            let membership_hash = shared
                .peers
                .directory()
                .map(|it| it.membership.hash().to_string());
            let is_member = membership_hash.is_some();
            let pause = match self.obtain(shared, membership_hash).await {
                Ok(()) => {
                    shared.log.well(SUBJECT);
                    shared.settings.delegation / 2
                }
                Err(error) => {
                    shared.log.trouble(SUBJECT, &error.to_string());
                    // An operator who does not trust the membership yet still has a guardian whose status can be believed.
                    let is_refused =
                        matches!(&error, SigningError::Refused { reason, .. } if reason == UNTRUSTED);
                    if is_member
                        && is_refused
                        && !self.is_covered(shared)
                        && self.obtain(shared, None).await.is_ok()
                    {
                        shared.log.info("the delegation is for the status only");
                    }
                    match error {
                        // The request has waited its time already.
                        SigningError::Expired | SigningError::Replaced => Duration::ZERO,
                        _ => RETRY,
                    }
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shared.membership_known.notified() => {}
            }
        }
    }

    /// Whether there is a delegation that will not end soon.
    fn is_covered(&self, shared: &Shared) -> bool {
        let half_life = shared.settings.delegation.as_secs() / 2;
        self.delegation()
            .is_some_and(|it| it.expires_at > unix_now() + half_life)
    }

    async fn obtain(&self, shared: &Shared, membership_hash: Option<String>) -> Result<(), SigningError> {
        let now = unix_now();
        let payload = GuardianKeyPayload {
            transport_pubkey_hex: self.public_hex.clone(),
            operator_id: shared.settings.operator_id(),
            membership_hash,
            expires_at: now + shared.settings.delegation.as_secs(),
        };
        let wanted = Wanted {
            kind: Kind::GuardianKey,
            federation: Some(&shared.settings.bundle.federation_slug),
            payload: &payload,
            expires_at: now + PATIENCE,
        };
        let envelope = shared.signing.sign(wanted).await?;
        shared
            .log
            .info("the operator delegated to this guardian's transport key");
        let delegation = Delegation {
            envelope,
            membership_hash: payload.membership_hash,
            expires_at: payload.expires_at,
        };
        *self.delegation.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(delegation));
        Ok(())
    }
}
