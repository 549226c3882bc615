use serde_json::{Value, json};

use super::super::bench::{ALL, ASK, Bench, NOW, refused};
use super::super::{Caller, CallerId, ImageCheck, RequestId, TrustedMembership};
use super::*;
use crate::envelope::{ActionPayload, Envelope, GuardianKeyPayload, HealthAttestation};

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
    // A container that was started by hand does not know its digest, and says so.
    let decision = decide(&silent, &facts, &bench.policy, &bench.history);
    assert!(matches!(decision, Decision::Sign(_)), "{decision:?}");
}

#[test]
fn what_a_caller_runs_is_known_to_its_door_and_is_no_part_of_who_it_is() {
    let (old, new) = ("sha256:0f", "sha256:f0");
    let guardian = |digest: &str| Caller::Guardian(CallerId::new("guardian").running(digest));
    assert_eq!(guardian(old).image(), ImageCheck::Verified(old));
    assert_eq!(guardian(old), guardian(new));
    assert_eq!(guardian(old), Caller::Guardian(CallerId::new("guardian")));
    assert_eq!(
        Caller::Guardian(CallerId::new("guardian")).image(),
        ImageCheck::Claimed
    );
    assert_eq!(Caller::Operator.image(), ImageCheck::Claimed);
}

#[test]
fn nonces_go_strictly_forward() {
    let mut bench = Bench::new(ALL);
    bench.caller = Caller::Operator;
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

/// Else the operator's next one, which has to be higher, would be at the edge of what others take.
#[test]
fn without_a_person_a_guardians_nonce_is_less_far_ahead() {
    let mut bench = Bench::new(ALL);
    let mut join = |ahead| {
        let request = bench.action("federation-join", json!({}), ahead);
        bench.serve(&request)
    };
    assert_eq!(refused(join(120_001)), "nonce-ahead");
    assert!(join(120_000).is_ok() && join(120_001).is_ok());
    assert_eq!(refused(join(120_003)), "nonce-ahead");
    let mut bench = Bench::new(ASK);
    let request = bench.action("federation-join", json!({}), 300_000);
    bench.ask(&request);
    let Decision::Sign(plan) = bench.approve(&request) else {
        panic!("a person said yes");
    };
    // Nor where the person's yes holds for an hour.
    let caller = bench.caller.clone();
    bench.history.grant(&plan, &caller, NOW + 3600);
    let request = bench.action("federation-join", json!({}), 300_000);
    assert_eq!(refused(bench.serve(&request)), "nonce-ahead");
    let request = bench.action("federation-join", json!({}), 120_000);
    assert!(bench.serve(&request).is_ok());
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
