use super::super::{CallerId, ImageCheck, RequestId};
use super::*;
use crate::operator::{OperatorId, PublicKey, Scheme, SecretKey};

const NOW: u64 = 1_764_000_000;

/// A signing server without doors: decides, signs and remembers.
pub(in crate::signer) struct Bench {
    pub(in crate::signer) key: SecretKey,
    pub(in crate::signer) public: PublicKey,
    pub(in crate::signer) operator_id: OperatorId,
    pub(in crate::signer) caller: Caller,
    pub(in crate::signer) policy: Policy,
    pub(in crate::signer) history: History,
    pub(in crate::signer) now: u64,
    serial: u32,
}

impl Bench {
    pub(in crate::signer) fn new(policy: &str) -> Self {
        let key = SecretKey::from_bytes(Scheme::Bip340, &[7; 32]).unwrap();
        let public = key.public();
        Self {
            operator_id: public.operator_id(),
            public,
            key,
            caller: Caller::Guardian(CallerId::new("guardian")),
            policy: Policy::parse(policy).unwrap(),
            history: History::default(),
            now: NOW,
            serial: 0,
        }
    }

    pub(in crate::signer) fn facts(&self) -> Facts<'_> {
        Facts {
            public: &self.public,
            operator_id: &self.operator_id,
            caller: &self.caller,
            now_ms: self.now * 1000,
            image: ImageCheck::Claimed,
            memberships: &[],
            federation: Some("oc-me-v1"),
            ask_only: false,
        }
    }

    pub(in crate::signer) fn decide(&self, request: &Request) -> Decision {
        decide(request, &self.facts(), &self.policy, &self.history)
    }

    /// A fresh id of this second.
    pub(in crate::signer) fn id(&mut self) -> RequestId {
        self.serial += 1;
        let mut random = [0; 12];
        random[..4].copy_from_slice(&self.serial.to_be_bytes());
        RequestId::new(self.now, random)
    }
}
