//! A signing server without doors, for the tests of the core.

use serde_json::{Value, json};

use super::{
    Answer, Caller, CallerId, Decision, Facts, History, ImageCheck, Plan, Policy, Request, RequestId,
    approve, decide,
};
use crate::operator::{OperatorId, PublicKey, Scheme, SecretKey};

pub(super) const NOW: u64 = 1_764_000_000;
/// Everything is allowed that may be.
pub(super) const ALL: &str = "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\n";
/// Everything is asked, with a minute for the answer.
pub(super) const ASK: &str = "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"ask\"\ntimeout = \"1m\"\n";

pub(super) fn refused(outcome: Result<Answer, String>) -> String {
    outcome.unwrap_err()
}

/// A signing server without doors: decides, signs and remembers.
pub(super) struct Bench {
    pub(super) key: SecretKey,
    pub(super) public: PublicKey,
    pub(super) operator_id: OperatorId,
    pub(super) caller: Caller,
    pub(super) policy: Policy,
    pub(super) history: History,
    pub(super) now: u64,
    serial: u32,
}

impl Bench {
    pub(super) fn new(policy: &str) -> Self {
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

    pub(super) fn facts(&self) -> Facts<'_> {
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

    pub(super) fn decide(&self, request: &Request) -> Decision {
        decide(request, &self.facts(), &self.policy, &self.history)
    }

    /// A fresh id of this second.
    pub(super) fn id(&mut self) -> RequestId {
        self.serial += 1;
        let mut random = [0; 12];
        random[..4].copy_from_slice(&self.serial.to_be_bytes());
        RequestId::new(self.now, random)
    }

    pub(super) fn request(&mut self, kind: &str, federation: &Value, payload: &Value) -> Request {
        let id = self.id();
        let text = json!({"id": id.to_string(), "at": id.time(), "kind": kind, "federation": federation,
            "payload": payload});
        Request::parse(text.to_string().as_bytes()).unwrap()
    }

    pub(super) fn attestation(&mut self) -> Request {
        let payload = self.attestation_payload();
        self.request("attestation", &json!("oc-me-v1"), &payload)
    }

    pub(super) fn attestation_payload(&self) -> Value {
        json!({"kind": "oc-guardian-attestation", "operator_id": self.operator_id.as_str(),
            "federation_slug": "oc-me-v1", "hosted_request_id": null, "fedimintd_version": "1.2.3",
            "p2p_url": "http://host:9001", "api_url": "http://host:9000", "status": "running",
            "attested_at": self.now, "image_digest": format!("sha256:{}", "0f".repeat(32))})
    }

    /// With a nonce that is `ahead` milliseconds ahead of the clock.
    pub(super) fn action(&mut self, action: &str, params: impl Into<Value>, ahead: i64) -> Request {
        let nonce = (self.now * 1000).saturating_add_signed(ahead);
        let payload = json!({"action": action, "params": params.into(), "nonce": nonce, "expires_at": self.now + 600,
            "federation": "oc-me-v1"});
        self.request("action", &json!("oc-me-v1"), &payload)
    }

    pub(super) fn with(&mut self, kind: &str, mut payload: Value, field: &str, value: Value) -> Request {
        payload[field] = value;
        self.request(kind, &json!("oc-me-v1"), &payload)
    }

    pub(super) fn guardian_key(&self) -> Value {
        json!({"transport_pubkey_hex": "0a".repeat(32), "operator_id": self.operator_id.as_str(),
            "membership_hash": null, "expires_at": self.now + 86_400})
    }

    /// What the server does with a plan.
    pub(super) fn sign(&mut self, plan: &Plan) -> Answer {
        self.history.reserve(plan);
        let signature = plan.tag.sign(&self.key, plan.bytes.as_bytes());
        self.history.signed(plan, &signature);
        plan.answer(&self.public, &signature)
    }

    /// Decides and, where that is to sign, signs.
    pub(super) fn serve(&mut self, request: &Request) -> Result<Answer, String> {
        match self.decide(request) {
            Decision::Sign(plan) => Ok(self.sign(&plan)),
            Decision::Same(answer) => Ok(answer),
            Decision::Refuse(refusal) => Err(refusal.reason.to_owned()),
            Decision::Ask { .. } => Err("ask".into()),
            Decision::Underway { .. } => Err("underway".into()),
        }
    }

    pub(super) fn ask(&mut self, request: &Request) -> Plan {
        let Decision::Ask { plan, timeout, .. } = self.decide(request) else {
            panic!("not asked")
        };
        let caller = self.caller.clone();
        self.history.reserve_ask(&plan, timeout, &caller);
        plan
    }

    pub(super) fn approve(&self, request: &Request) -> Decision {
        approve(request, &self.facts(), &self.policy, &self.history)
    }
}
