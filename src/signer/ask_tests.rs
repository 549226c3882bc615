//! What is asked, what a person's answer does, rates, and clocks that jump.

use serde_json::json;

use super::super::bench::{ALL, ASK, Bench, NOW, refused};
use super::super::{CallerId, Operation};
use super::*;
use crate::envelope::Action;

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
fn a_yes_that_could_not_be_recorded_can_be_said_again() {
    let mut bench = Bench::new(ASK);
    let request = bench.action("federation-leave", json!({}), 0);
    bench.ask(&request);
    let Decision::Sign(plan) = bench.approve(&request) else {
        panic!()
    };
    let before = bench.history.clone();
    bench.history.reserve(&plan);
    bench.history.release(plan.id);
    let (caller, now) = (bench.caller.clone(), bench.now);
    let nonce = plan.operation.and_then(|operation| match operation {
        Operation::Action(action) => before.nonce(action),
        Operation::Statement(_) => None,
    });
    bench.history.ask_again(&plan, now + 300, &caller, nonce);
    assert!(matches!(bench.approve(&request), Decision::Sign(_)));
}

#[test]
fn a_server_that_stops_turns_nothing_down() {
    let mut bench = Bench::new(ASK);
    let request = bench.attestation();
    bench.ask(&request);
    bench.history.interrupted(request.id, request.kind, bench.now);
    assert_eq!(refused(bench.serve(&request)), "expired");
    assert_eq!(bench.history.turned_down_lately(bench.now), 0);
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
    bench.history.grant(&plan, &bench.caller, NOW + 3600);
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
fn an_approval_for_an_hour_is_for_its_rule_and_caller_only() {
    let rules = "version = 1\n[[rule]]\nkind = \"action\"\nseverity = \"critical\"\naction = [\"alert-publish\"]\ndecision = \"ask\"\n\
                 [[rule]]\nkind = \"*\"\ndecision = \"ask\"\n";
    let mut bench = Bench::new(rules);
    let alert = |severity: &str| json!({ "severity": severity, "title": "one", "body": "" });
    let request = bench.action("alert-publish", alert("info"), 0);
    let plan = bench.ask(&request);
    bench.history.grant(&plan, &bench.caller, NOW + 3600);
    let request = bench.action("alert-publish", alert("critical"), 1);
    assert_eq!(refused(bench.serve(&request)), "ask");
    let request = bench.action("alert-publish", alert("info"), 2);
    bench.caller = Caller::Guardian(CallerId::new("another door"));
    assert_eq!(refused(bench.serve(&request)), "ask");
}

#[test]
fn an_approval_for_an_hour_is_none_for_what_is_always_asked() {
    let mut bench = Bench::new(ASK);
    let request = bench.action("charter-sign", json!({}), 0);
    let plan = bench.ask(&request);
    bench.history.grant(&plan, &bench.caller, NOW + 3600);
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
    // The operator's own are not affected: no guardian's flood can shut them out.
    bench.caller = Caller::Operator;
    assert!(matches!(bench.decide(&early), Decision::Sign(_)));
    bench.caller = Caller::Guardian(CallerId::new("guardian"));
    bench.now += 1;
    let request = bench.attestation();
    bench.serve(&request).unwrap();
    // The nonce of the future stays used up, and the next one is possible.
    let request = bench.action("federation-join", json!({}), 400_000_000_000 - 1000);
    assert_eq!(refused(bench.serve(&request)), "nonce-not-forward");
    let request = bench.action("federation-join", json!({}), 400_000_000_000 - 999);
    bench.serve(&request).unwrap();
}
