use serde_json::{Value, json};

use super::super::{CallerId, ImageCheck, RequestId, TrustedMembership};
use super::*;
use crate::envelope::{Action, ActionPayload, Envelope, GuardianKeyPayload, HealthAttestation};
use crate::operator::{OperatorId, PublicKey, Scheme, SecretKey};

pub(in crate::signer) const NOW: u64 = 1_764_000_000;

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

const ALL: &str = "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\n";
const ASK: &str = "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"ask\"\ntimeout = \"1m\"\n";

impl Bench {
    fn request(&mut self, kind: &str, federation: &Value, payload: &Value) -> Request {
        let id = self.id();
        let text = json!({"id": id.to_string(), "at": id.time(), "kind": kind, "federation": federation,
            "payload": payload});
        Request::parse(text.to_string().as_bytes()).unwrap()
    }

    pub(in crate::signer) fn attestation(&mut self) -> Request {
        let payload = self.attestation_payload();
        self.request("attestation", &json!("oc-me-v1"), &payload)
    }

    fn attestation_payload(&self) -> Value {
        json!({"kind": "oc-guardian-attestation", "operator_id": self.operator_id.as_str(),
            "federation_slug": "oc-me-v1", "hosted_request_id": null, "fedimintd_version": "1.2.3",
            "p2p_url": "http://host:9001", "api_url": "http://host:9000", "status": "running",
            "attested_at": self.now, "image_digest": format!("sha256:{}", "0f".repeat(32))})
    }

    /// With a nonce that is `ahead` milliseconds ahead of the clock.
    pub(in crate::signer) fn action(
        &mut self,
        action: &str,
        params: impl Into<Value>,
        ahead: i64,
    ) -> Request {
        let nonce = (self.now * 1000).saturating_add_signed(ahead);
        let payload = json!({"action": action, "params": params.into(), "nonce": nonce, "expires_at": self.now + 600,
            "federation": "oc-me-v1"});
        self.request("action", &json!("oc-me-v1"), &payload)
    }

    fn with(&mut self, kind: &str, mut payload: Value, field: &str, value: Value) -> Request {
        payload[field] = value;
        self.request(kind, &json!("oc-me-v1"), &payload)
    }

    fn guardian_key(&self) -> Value {
        json!({"transport_pubkey_hex": "0a".repeat(32), "operator_id": self.operator_id.as_str(),
            "membership_hash": null, "expires_at": self.now + 86_400})
    }

    /// What the server does with a plan.
    pub(in crate::signer) fn sign(&mut self, plan: &Plan) -> Answer {
        self.history.reserve(plan);
        let signature = plan.tag.sign(&self.key, plan.bytes.as_bytes());
        self.history.signed(plan, &signature);
        plan.answer(&self.public, &signature)
    }

    /// Decides and, where that is to sign, signs.
    pub(in crate::signer) fn serve(&mut self, request: &Request) -> Result<Answer, String> {
        match self.decide(request) {
            Decision::Sign(plan) => Ok(self.sign(&plan)),
            Decision::Same(answer) => Ok(answer),
            Decision::Refuse(refusal) => Err(refusal.reason.to_owned()),
            Decision::Ask { .. } => Err("ask".into()),
            Decision::Underway { .. } => Err("underway".into()),
        }
    }

    pub(in crate::signer) fn ask(&mut self, request: &Request) -> Plan {
        let Decision::Ask { plan, timeout, .. } = self.decide(request) else {
            panic!("not asked")
        };
        let caller = self.caller.clone();
        self.history.reserve_ask(&plan, timeout, &caller);
        plan
    }

    fn approve(&self, request: &Request) -> Decision {
        approve(request, &self.facts(), &self.policy, &self.history)
    }
}

fn refused(outcome: Result<Answer, String>) -> String {
    outcome.unwrap_err()
}

#[test]
fn an_answer_is_an_envelope_that_verifies() {
    let mut bench = Bench::new(ALL);
    let request = bench.attestation();
    let answer = bench.serve(&request).unwrap();
    Envelope::<HealthAttestation>::verify(answer.envelope.as_bytes(), &bench.public).unwrap();
    let request = bench.action("federation-join", json!({}), 0);
    let answer = bench.serve(&request).unwrap();
    Envelope::<ActionPayload>::verify(answer.envelope.as_bytes(), &bench.public).unwrap();
    let document: Value = serde_json::from_str(&answer.to_json()).unwrap();
    assert_eq!(document["envelope"]["sig_hex"], document["signature_hex"]);
    let payload = bench.guardian_key();
    let request = bench.request("guardian-key", &json!(null), &payload);
    let answer = bench.serve(&request).unwrap();
    Envelope::<GuardianKeyPayload>::verify(answer.envelope.as_bytes(), &bench.public).unwrap();
}

#[test]
fn the_same_request_gets_the_same_signature() {
    let mut bench = Bench::new(ALL);
    let request = bench.action("federation-join", json!({}), 0);
    let first = bench.serve(&request).unwrap();
    assert!(matches!(bench.decide(&request), Decision::Same(answer) if answer == first));
    // Much later as well: until the payload can no longer be valid.
    bench.now += 599;
    assert_eq!(bench.serve(&request).unwrap(), first);
}

#[test]
fn an_id_is_good_for_one_content() {
    let mut bench = Bench::new(ALL);
    let request = bench.attestation();
    bench.serve(&request).unwrap();
    let mut other = bench.attestation();
    other.id = request.id;
    assert!(bench.serve(&other).is_ok(), "the same content");
    let mut other = bench.action("federation-join", json!({}), 0);
    other.id = request.id;
    assert_eq!(refused(bench.serve(&other)), "id-reused");
    // While it is being signed, too.
    let request = bench.action("federation-join", json!({}), 1);
    let Decision::Sign(plan) = bench.decide(&request) else {
        panic!()
    };
    bench.history.reserve(&plan);
    assert_eq!(refused(bench.serve(&request)), "underway");
    other.id = request.id;
    assert_eq!(refused(bench.serve(&other)), "id-reused");
    // A failed signature frees the id, not the nonce.
    bench.history.release(plan.id);
    assert_eq!(refused(bench.serve(&request)), "nonce-not-forward");
}

#[test]
fn ids_are_neither_old_nor_from_the_future() {
    let mut bench = Bench::new(ALL);
    let at = |bench: &mut Bench, id_time: u64| {
        let mut request = bench.attestation();
        request.id = RequestId::new(id_time, [id_time.to_le_bytes()[0]; 12]);
        bench.serve(&request)
    };
    assert!(at(&mut bench, NOW - 600).is_ok() && at(&mut bench, NOW + 120).is_ok());
    assert_eq!(refused(at(&mut bench, NOW - 601)), "id-too-old");
    assert_eq!(refused(at(&mut bench, NOW + 121)), "id-ahead");
}

#[test]
fn payloads_of_other_operators_are_refused() {
    let mut bench = Bench::new(ALL);
    let other = json!("op-00000000000000000000000000000000");
    let payload = bench.attestation_payload();
    let request = bench.with("attestation", payload, "operator_id", other.clone());
    assert_eq!(refused(bench.serve(&request)), "not-our-operator");
    let payload = bench.guardian_key();
    let request = bench.with("guardian-key", payload, "operator_id", other);
    assert_eq!(refused(bench.serve(&request)), "not-our-operator");
}

#[test]
fn an_attestation_is_of_now() {
    let mut bench = Bench::new(ALL);
    for (attested_at, fine) in [
        (NOW - 120, true),
        (NOW + 120, true),
        (NOW - 121, false),
        (NOW + 121, false),
    ] {
        let payload = bench.attestation_payload();
        let request = bench.with("attestation", payload, "attested_at", json!(attested_at));
        let outcome = bench.serve(&request);
        assert_eq!(outcome.is_ok(), fine, "{outcome:?}");
    }
}

#[test]
fn through_the_engine_the_image_must_be_the_one_that_runs() {
    let mut bench = Bench::new(ALL);
    let request = bench.attestation();
    let runs = format!("sha256:{}", "0f".repeat(32));
    let decide_with = |request: &Request, image| {
        let facts = Facts {
            image,
            ..bench.facts()
        };
        matches!(
            decide(request, &facts, &bench.policy, &bench.history),
            Decision::Sign(_)
        )
    };
    assert!(decide_with(&request, ImageCheck::Verified(&runs)));
    assert!(!decide_with(&request, ImageCheck::Verified("sha256:00")));
    let mut bench = Bench::new(ALL);
    let payload = bench.attestation_payload();
    let silent = bench.with("attestation", payload, "image_digest", json!(null));
    let facts = Facts {
        image: ImageCheck::Verified(&runs),
        ..bench.facts()
    };
    let decision = decide(&silent, &facts, &bench.policy, &bench.history);
    assert!(matches!(
        decision,
        Decision::Refuse(Refusal {
            reason: "image-mismatch",
            status: 403,
            ..
        })
    ));
}

#[test]
fn nonces_go_strictly_forward() {
    let mut bench = Bench::new(ALL);
    let join = |bench: &mut Bench, ahead| {
        let request = bench.action("federation-join", json!({}), ahead);
        bench.serve(&request)
    };
    assert!(join(&mut bench, 0).is_ok());
    assert_eq!(refused(join(&mut bench, 0)), "nonce-not-forward");
    assert_eq!(refused(join(&mut bench, -1)), "nonce-not-forward");
    assert!(join(&mut bench, 300_000).is_ok());
    assert_eq!(refused(join(&mut bench, 300_002)), "nonce-ahead");
    // One more is always possible: nothing can lock an action for ever.
    assert!(join(&mut bench, 300_001).is_ok());
    // Each action has its own.
    let request = bench.action("federation-leave", json!({}), 0);
    assert!(bench.serve(&request).is_ok());
    let request = bench.action("program-apply", json!({}), 300_001);
    assert_eq!(refused(bench.serve(&request)), "nonce-ahead");
}

#[test]
fn payloads_expire_within_bounds() {
    let mut bench = Bench::new(ALL);
    for (life, reason) in [
        (0, "expired-payload"),
        (1, ""),
        (30 * 86_400, ""),
        (30 * 86_400 + 1, "expires-too-late"),
    ] {
        let payload = json!({"action": "federation-join", "params": {}, "nonce": NOW * 1000 + life,
            "expires_at": NOW + life, "federation": "oc-me-v1"});
        // Only the life matters here.
        bench.history = History::default();
        let request = bench.with("action", payload, "nonce", json!(NOW * 1000));
        assert_eq!(bench.serve(&request).err().unwrap_or_default(), reason, "{life}");
    }
    for (life, reason) in [(0, "expired-payload"), (86_400, ""), (86_401, "expires-too-late")] {
        let payload = bench.guardian_key();
        let request = bench.with("guardian-key", payload, "expires_at", json!(NOW + life));
        assert_eq!(bench.serve(&request).err().unwrap_or_default(), reason, "{life}");
    }
}

#[test]
fn a_delegation_is_for_a_trusted_membership_or_none() {
    let mut bench = Bench::new(ALL);
    let payload = bench.guardian_key();
    let hash = "ab".repeat(32);
    let request = bench.with("guardian-key", payload, "membership_hash", json!(hash));
    assert_eq!(refused(bench.serve(&request)), "membership-not-trusted");
    let signs = |federation: &str| {
        let trusted = [TrustedMembership {
            federation: federation.into(),
            hash: hash.clone(),
        }];
        let facts = Facts {
            memberships: &trusted,
            ..bench.facts()
        };
        matches!(
            decide(&request, &facts, &bench.policy, &bench.history),
            Decision::Sign(_)
        )
    };
    assert!(signs("oc-me-v1") && !signs("oc-me-v2"));
}

#[test]
fn some_things_are_always_asked() {
    let mut bench = Bench::new(ALL);
    for action in Action::ALL {
        let params = match action {
            Action::AlertPublish => json!({"severity": "info", "title": "t", "body": ""}),
            Action::FederationSign => json!({"statement": {"type": "heartbeat", "seq": 1, "at": 1}}),
            _ => json!({}),
        };
        let request = bench.action(action.as_str(), params, 0);
        let asked = matches!(bench.decide(&request), Decision::Ask { timeout: 300, .. });
        let always = ["charter-sign", "exit-handoff", "payouts-claim", "bridge-command"];
        assert_eq!(asked, always.contains(&action.as_str()), "{action:?}");
    }
    let request = bench.attestation();
    let facts = Facts {
        ask_only: true,
        ..bench.facts()
    };
    let decision = decide(&request, &facts, &bench.policy, &bench.history);
    assert!(matches!(decision, Decision::Ask { .. }));
}

#[test]
fn later_kinds_are_refused_with_the_reason() {
    let mut bench = Bench::new(ALL);
    for kind in ["frost-commit", "frost-sign", "ceremony"] {
        let request = bench.request(kind, &json!("oc-me-v1"), &json!({"x": 1}));
        let Decision::Refuse(refusal) = bench.decide(&request) else {
            panic!()
        };
        assert_eq!((refusal.status, refusal.reason), (422, "kind-unsupported"));
    }
}

#[test]
fn a_person_is_asked_once_and_their_yes_is_checked_again() {
    let mut bench = Bench::new(ASK);
    let request = bench.attestation();
    bench.ask(&request);
    let Decision::Underway { expires_at } = bench.decide(&request) else {
        panic!()
    };
    assert_eq!(expires_at, Some(NOW + 60));
    let Decision::Sign(plan) = bench.approve(&request) else {
        panic!()
    };
    let answer = bench.sign(&plan);
    assert_eq!(bench.serve(&request).unwrap(), answer);
    assert!(matches!(
        bench.approve(&request),
        Decision::Refuse(Refusal {
            reason: "not-waiting",
            ..
        })
    ));

    let request = bench.attestation();
    bench.ask(&request);
    bench.policy =
        Policy::parse("version = 1\n[[rule]]\nkind = \"attestation\"\ndecision = \"deny\"").unwrap();
    let decision = bench.approve(&request);
    assert!(matches!(
        decision,
        Decision::Refuse(Refusal {
            reason: "denied-by-policy",
            ..
        })
    ));
    bench.policy = Policy::parse(ASK).unwrap();
    bench.now += 61;
    assert!(matches!(
        bench.approve(&request),
        Decision::Refuse(Refusal {
            reason: "expired",
            ..
        })
    ));
}

#[test]
fn an_approved_action_must_still_be_forward() {
    let mut bench = Bench::new(ASK);
    let early = bench.action("federation-join", json!({}), 1);
    let late = bench.action("federation-join", json!({}), 2);
    bench.ask(&early);
    bench.ask(&late);
    let Decision::Sign(plan) = bench.approve(&late) else {
        panic!()
    };
    bench.sign(&plan);
    let decision = bench.approve(&early);
    assert!(matches!(
        decision,
        Decision::Refuse(Refusal {
            reason: "nonce-not-forward",
            ..
        })
    ));
}

#[test]
fn a_no_is_final_for_the_id() {
    let mut bench = Bench::new(ASK);
    for (outcome, reason) in [(Outcome::Denied, "denied"), (Outcome::Expired, "expired")] {
        let request = bench.attestation();
        bench.ask(&request);
        bench
            .history
            .turned_down(request.id, request.kind, outcome, bench.now);
        assert_eq!(refused(bench.serve(&request)), reason);
        assert!(matches!(
            bench.approve(&request),
            Decision::Refuse(Refusal {
                reason: "not-waiting",
                ..
            })
        ));
    }
    let request = bench.attestation();
    let Decision::Ask { description, .. } = bench.decide(&request) else {
        panic!()
    };
    assert!(
        description
            .unusual
            .contains(&"2 requests were turned down in the last hour".into())
    );
}

#[test]
fn one_guardian_cannot_fill_the_queue_of_questions() {
    let mut bench = Bench::new(ASK);
    for _ in 0..16 {
        let request = bench.attestation();
        bench.ask(&request);
    }
    let request = bench.attestation();
    assert_eq!(refused(bench.serve(&request)), "too-many-waiting");
    bench.caller = Caller::Guardian(CallerId::new("another"));
    assert_eq!(refused(bench.serve(&request)), "ask");
    bench.caller = Caller::Operator;
    for _ in 0..48 {
        let request = bench.attestation();
        bench.ask(&request);
    }
    let request = bench.attestation();
    assert_eq!(refused(bench.serve(&request)), "too-many-waiting");
}

#[test]
fn an_approval_for_an_hour_is_for_its_sort_only() {
    let mut bench = Bench::new(ASK);
    let request = bench.action("federation-join", json!({}), 0);
    let plan = bench.ask(&request);
    bench.history.grant(&plan, NOW + 3600);
    let request = bench.action("federation-join", json!({}), 1);
    let Decision::Sign(granted) = bench.decide(&request) else {
        panic!()
    };
    assert_eq!(granted.rule, format!("{}, approved for a while", plan.rule));
    let request = bench.action("federation-leave", json!({}), 1);
    assert_eq!(refused(bench.serve(&request)), "ask");
    bench.now += 3600;
    let request = bench.action("federation-join", json!({}), 1);
    assert_eq!(refused(bench.serve(&request)), "ask");
    bench.now -= 1800;
    let facts = Facts {
        ask_only: true,
        ..bench.facts()
    };
    assert!(matches!(
        decide(&request, &facts, &bench.policy, &bench.history),
        Decision::Refuse(_) | Decision::Ask { .. }
    ));
}

#[test]
fn an_approval_for_an_hour_is_none_for_what_is_always_asked() {
    let mut bench = Bench::new(ASK);
    let request = bench.action("charter-sign", json!({}), 0);
    let plan = bench.ask(&request);
    bench.history.grant(&plan, NOW + 3600);
    let request = bench.action("charter-sign", json!({}), 1);
    assert_eq!(refused(bench.serve(&request)), "ask");
}

#[test]
fn a_rate_is_never_passed_on_to_the_next_rule() {
    let rules = "version = 1\n[[rule]]\nkind = \"attestation\"\ndecision = \"allow\"\nrate = \"2/min\"\n\
                 [[rule]]\nkind = \"*\"\ndecision = \"allow\"\n";
    let mut bench = Bench::new(rules);
    for _ in 0..2 {
        let request = bench.attestation();
        bench.serve(&request).unwrap();
    }
    let request = bench.attestation();
    let Decision::Refuse(refusal) = bench.decide(&request) else {
        panic!()
    };
    assert_eq!((refusal.status, refusal.reason), (429, "rate-exceeded"));
    assert_eq!(refusal.rule.as_deref(), Some("rule 1 (line 2)"));
    // Neither do other kinds count, nor answers that are given again.
    let request = bench.action("federation-join", json!({}), 0);
    bench.serve(&request).unwrap();
    bench.now += 59;
    let request = bench.attestation();
    assert_eq!(refused(bench.serve(&request)), "rate-exceeded");
    bench.now += 1;
    let request = bench.attestation();
    bench.serve(&request).unwrap();
}

#[test]
fn a_clock_behind_the_last_record_stops_signing_until_it_has_passed() {
    let mut bench = Bench::new(ALL);
    let first = bench.attestation();
    let answer = bench.serve(&first).unwrap();
    bench.now -= 10;
    let request = bench.attestation();
    let Decision::Refuse(refusal) = bench.decide(&request) else {
        panic!()
    };
    assert_eq!((refusal.status, refusal.reason), (503, "clock-behind"));
    // What was answered needs no clock.
    assert_eq!(bench.serve(&first).unwrap(), answer);
    bench.now += 10;
    assert!(bench.serve(&request).is_ok());
}

#[test]
fn a_jump_forward_is_cleared_by_accepting_the_clock() {
    let mut bench = Bench::new(ALL);
    bench.now += 400_000_000;
    let request = bench.action("federation-join", json!({}), 0);
    bench.serve(&request).unwrap();
    bench.now = NOW;
    let early = bench.attestation();
    assert_eq!(refused(bench.serve(&early)), "clock-behind");
    bench.history.accept_clock(NOW);
    // Ids up to now may have been answered before the jump; the next second's cannot.
    assert_eq!(refused(bench.serve(&early)), "id-too-old");
    bench.now += 1;
    let request = bench.attestation();
    bench.serve(&request).unwrap();
    // The nonce of the future stays used up, and the next one is possible.
    let request = bench.action("federation-join", json!({}), 400_000_000_000 - 1000);
    assert_eq!(refused(bench.serve(&request)), "nonce-not-forward");
    let request = bench.action("federation-join", json!({}), 400_000_000_000 - 999);
    bench.serve(&request).unwrap();
}
