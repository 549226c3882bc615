use proptest::prelude::*;
use serde_json::json;

use super::super::bench::{Bench, NOW};
use super::super::{Decision, Request};
use super::*;
use crate::audit::{Entry, Event};

const RULES: &str = "version = 1\n\
    [[rule]]\nkind = \"attestation\"\ndecision = \"allow\"\nrate = \"3/s\"\n\
    [[rule]]\nkind = \"action\"\naction = \"federation-join\"\ndecision = \"allow\"\nrate = \"5/min\"\n\
    [[rule]]\nkind = \"action\"\ndecision = \"ask\"\nrate = \"7/h\"\n";

/// A server that keeps a log.
struct Logged {
    bench: Bench,
    log: Vec<Entry>,
    waiting: Vec<(Request, Plan)>,
    /// What was kept after this many records, as a checkpoint has it.
    checkpoints: Vec<(usize, String)>,
}

impl Logged {
    fn new() -> Self {
        Self {
            bench: Bench::new(RULES),
            log: Vec::new(),
            waiting: Vec::new(),
            checkpoints: Vec::new(),
        }
    }

    fn checkpoint(&mut self) {
        self.checkpoints
            .push((self.log.len(), self.bench.history.to_json()));
    }

    fn sign(&mut self, plan: &Plan) {
        self.bench.history.reserve(plan);
        let signature = plan.tag.sign(&self.bench.key, plan.bytes.as_bytes());
        self.log
            .push(plan.entry(Event::Signed, self.bench.public.scheme(), Some(&signature)));
        self.bench.history.signed(plan, &signature);
    }

    fn request(&mut self, request: Request) {
        let scheme = self.bench.public.scheme();
        match self.bench.decide(&request) {
            Decision::Sign(plan) => self.sign(&plan),
            Decision::Ask { plan, timeout, .. } => {
                let caller = self.bench.caller.clone();
                self.bench.history.reserve_ask(&plan, timeout, &caller);
                self.log.push(plan.entry(Event::Asked, scheme, None));
                self.waiting.push((request, plan));
            }
            Decision::Refuse(refusal) if refusal.status != 503 => {
                self.log.push(refusal.entry(&request, self.bench.now));
                self.bench.history.apply(self.log.last().unwrap());
            }
            _ => {}
        }
    }

    /// A person answers the oldest question.
    fn answer(&mut self, yes: bool) {
        if self.waiting.is_empty() {
            return;
        }
        let (request, plan) = self.waiting.remove(0);
        let facts = self.bench.facts();
        let decision = super::super::approve(&request, &facts, &self.bench.policy, &self.bench.history);
        match decision {
            Decision::Sign(plan) if yes => {
                let scheme = self.bench.public.scheme();
                self.log.push(plan.entry(Event::Approved, scheme, None));
                self.sign(&plan);
            }
            _ => {
                let now = self.bench.now;
                let scheme = self.bench.public.scheme();
                let entry = plan.entry(Event::Denied, scheme, None);
                self.log.push(Entry { at: now, ..entry });
                self.bench
                    .history
                    .turned_down(request.id, request.kind, Outcome::Denied, now);
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Attest,
    Join(i64),
    Leave(i64),
    Again,
    /// The last id, for something else.
    Reuse(i64),
    Answer(bool),
    Wait(u64),
    Accept(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => Just(Step::Attest),
        3 => (-2000_i64..400_000).prop_map(Step::Join),
        3 => (-2000_i64..400_000).prop_map(Step::Leave),
        1 => Just(Step::Again),
        2 => (-2000_i64..400_000).prop_map(Step::Reuse),
        2 => any::<bool>().prop_map(Step::Answer),
        3 => prop_oneof![Just(1_u64), 0..70_u64, 0..4000_u64].prop_map(Step::Wait),
        1 => (0..100_u64).prop_map(Step::Accept),
    ];
    proptest::collection::vec(step, 1..80)
}

fn run(steps: Vec<Step>) -> Logged {
    let mut logged = Logged::new();
    let mut last = logged.bench.attestation();
    for step in steps {
        logged.checkpoint();
        match step {
            Step::Attest => last = logged.bench.attestation(),
            Step::Join(ahead) => last = logged.bench.action("federation-join", json!({}), ahead),
            Step::Leave(ahead) => last = logged.bench.action("federation-leave", json!({}), ahead),
            Step::Again => {}
            Step::Reuse(ahead) => {
                let id = last.id;
                last = logged
                    .bench
                    .action("federation-leave", json!({"again": true}), ahead);
                last.id = id;
            }
            Step::Answer(yes) => {
                logged.answer(yes);
                continue;
            }
            Step::Wait(seconds) => {
                logged.bench.now += seconds;
                continue;
            }
            Step::Accept(back) => {
                logged.bench.now -= back;
                let entry = Entry::new(logged.bench.now, Event::Forced, "clock").about(ACCEPT_CLOCK);
                logged.bench.history.apply(&entry);
                logged.log.push(entry);
                continue;
            }
        }
        logged.request(last.clone());
    }
    logged.checkpoint();
    logged
}

/// What a restart keeps: who asked and until when does not matter, since nobody is asked any more.
fn kept(mut history: History) -> History {
    for underway in history.underway.values_mut() {
        underway.asked_by = None;
        underway.expires_at = underway.expires_at.map(|_| 0);
    }
    history.grants.clear();
    history
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn rebuilt_from_the_log_is_what_was_kept_live(steps in steps(), cut in any::<prop::sample::Index>()) {
        let logged = run(steps);
        let mut rebuilt = History::default();
        for entry in &logged.log {
            rebuilt.apply(entry);
        }
        prop_assert_eq!(kept(rebuilt), kept(logged.bench.history.clone()));

        // With a checkpoint of the live history anywhere in between, too.
        let (cut, checkpoint) = &logged.checkpoints[cut.index(logged.checkpoints.len())];
        let mut after = History::from_json(checkpoint.as_bytes()).unwrap();
        logged.log[*cut..].iter().for_each(|entry| after.apply(entry));
        prop_assert_eq!(kept(after), kept(logged.bench.history));
    }

    #[test]
    fn no_nonce_and_no_id_is_ever_signed_twice(steps in steps()) {
        let logged = run(steps);
        let signed = logged.log.iter().filter(|entry| entry.event == Event::Signed);
        let mut ids = std::collections::HashSet::new();
        let mut nonces = std::collections::HashMap::new();
        for entry in signed {
            prop_assert!(ids.insert(entry.request_id.clone()));
            let payload: serde_json::Value = serde_json::from_str(entry.payload.as_ref().unwrap()).unwrap();
            if let Some(nonce) = payload["nonce"].as_u64() {
                let last = nonces.insert(payload["action"].to_string(), nonce);
                prop_assert!(last < Some(nonce));
            }
        }
    }

    #[test]
    fn no_more_is_signed_in_a_minute_than_the_rule_says(steps in steps()) {
        let logged = run(steps);
        // A clock that was set back starts the count anew.
        if logged.log.iter().any(|entry| entry.event == Event::Forced) {
            return Ok(());
        }
        let times: Vec<u64> = logged
            .log
            .iter()
            .filter(|entry| entry.event == Event::Signed && entry.rule.as_deref().unwrap().starts_with("rule 2"))
            .map(|entry| entry.at)
            .collect();
        for six in times.windows(6) {
            prop_assert!(six[5] - six[0] >= 60, "{six:?}");
        }
    }
}

#[test]
fn the_checkpoint_is_frozen() {
    let mut logged = Logged::new();
    let request = logged.bench.attestation();
    logged.request(request);
    let request = logged.bench.action("federation-leave", json!({}), 0);
    logged.request(request);
    let text = logged.bench.history.to_json();
    let signature = logged.log[0].signature.as_ref().unwrap();
    let contents: Vec<&str> = text.split('"').filter(|it| it.len() == 64).collect();
    let text = text
        .replace(signature, "[SIGNATURE]")
        .replace(contents[0], "[CONTENT 1]")
        .replace(contents[1], "[CONTENT 2]");
    assert_eq!(
        text,
        r#"{"version":1,"latest":1764000000,"nonces":[],"routine":[["69248100000000010000000000000000","[CONTENT 1]","[SIGNATURE]",1764000120]],"others":[],"floor":null,"windows":[["48e55784",[[1764000000,1]],[[29400000,1]]],["8dc5ea04",[[1764000000,1]],[[29400000,1]]]],"asked":[["69248100000000020000000000000000","action","[CONTENT 2]",1764000300]],"given":[["69248100000000020000000000000000",1764000000000]]}"#
    );
    for (from, to) in [
        ("\"version\":1", "\"version\":2"),
        ("[CONTENT 1]", "ab"),
        ("\"floor\"", "\"flor\""),
    ] {
        assert!(History::from_json(text.replace(from, to).as_bytes()).is_err());
    }
}

#[test]
fn what_was_asked_before_a_restart_can_be_settled() {
    let mut logged = Logged::new();
    let request = logged.bench.action("federation-leave", json!({}), 0);
    logged.request(request.clone());
    let mut rebuilt = History::default();
    logged.log.iter().for_each(|entry| rebuilt.apply(entry));
    let asked: Vec<_> = rebuilt.asked().map(|(id, _)| id).collect();
    assert_eq!(asked, [request.id]);
    rebuilt.turned_down(request.id, request.kind, Outcome::Expired, NOW);
    assert_eq!(rebuilt.asked().count(), 0);
    assert_eq!(rebuilt.outcome(request.id), Some(&Outcome::Expired));
}

/// A flood leaves a history of bounded size, and pushes out neither the answers to what matters nor the operator.
#[test]
fn a_flood_does_not_grow_the_history() {
    let mut history = History::default();
    let id = |serial: u64| {
        let mut random = [0; 12];
        random[..8].copy_from_slice(&serial.to_be_bytes());
        RequestId::new(NOW, random)
    };
    let signature = || Outcome::Signed(Signature::from_bytes([1; 64]));
    history.finish(id(0), Kind::Action, [0; 32], signature(), NOW + 600);
    for serial in 1..=200_000 {
        history.finish(id(serial), Kind::Attestation, [0; 32], signature(), NOW + 120);
    }
    assert!(history.answers.routine.len() <= 32_768);
    assert!(history.outcome(id(0)).is_some() && history.outcome(id(200_000)).is_some());
    assert!(history.outcome(id(1)).is_none() && history.answers.is_below_floor(id(1)));
    assert!(!history.answers.is_below_floor(id(200_001)));
}

#[test]
fn a_record_that_the_checkpoint_holds_already_changes_nothing() {
    let mut logged = Logged::new();
    let request = logged.bench.attestation();
    logged.request(request);
    let before = logged.bench.history.clone();
    let entry = logged.log[0].clone();
    logged.bench.history.apply(&entry);
    assert_eq!(logged.bench.history, before);
}

/// Editing the policy above a rule, or its rate, gives nobody a fresh count; nor does a restart after that.
#[test]
fn a_rate_is_counted_on_when_the_policy_is_edited() {
    let mut logged = Logged::new();
    for _ in 0..3 {
        let request = logged.bench.attestation();
        logged.request(request);
    }
    assert_eq!(logged.log.len(), 3);
    let edited = RULES.replace("3/s", "4/s").replace(
        "version = 1\n",
        "version = 1\n[[rule]]\nkind = \"guardian-key\"\ndecision = \"deny\"\n",
    );
    logged.bench.policy = super::super::Policy::parse(&edited).unwrap();
    let request = logged.bench.attestation();
    logged.request(request);
    let request = logged.bench.attestation();
    assert!(matches!(logged.bench.decide(&request), Decision::Refuse(refusal) if refusal.status == 429));
    let mut rebuilt = History::default();
    logged.log.iter().take(4).for_each(|entry| rebuilt.apply(entry));
    logged.bench.history = rebuilt;
    assert!(matches!(logged.bench.decide(&request), Decision::Refuse(refusal) if refusal.status == 429));
}
