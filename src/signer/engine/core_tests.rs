use super::*;
use crate::operator::{Scheme, SecretKey};
use crate::signer::{Caller, Decision, Facts, ImageCheck, Outcome, Request, decide};

const REQUEST: &str = r#"{"id":"69248100acacacacacacacacacacacac","at":1764000000,"kind":"action","federation":"oc-me-v1","payload":{"action":"alert-publish","params":{"severity":"info","tag":"upgrade","title":"v1.2.4 is out","body":""},"nonce":1764000000000,"expires_at":1764000600,"federation":"oc-me-v1"}}"#;

/// A record can be in the log before the checkpoint, and its signature still under way: the checkpoint has to know it, or
/// a restart would sign the same again.
#[test]
fn a_checkpoint_knows_what_the_log_was_handed() {
    let key = SecretKey::from_bytes(Scheme::Ed25519, &[7; 32]).unwrap();
    let public = key.public();
    let request = Request::parse(REQUEST.as_bytes()).unwrap();
    let facts = Facts {
        public: &public,
        operator_id: &public.operator_id(),
        caller: &Caller::Operator,
        now_ms: 1_764_000_001_000,
        image: ImageCheck::Claimed,
        memberships: &[],
        federation: None,
        ask_only: false,
    };
    let mut core = Core {
        policy: Policy::parse("version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\n").unwrap(),
        history: History::default(),
        asks: Asks::default(),
        flights: HashMap::new(),
        denials: Denials::default(),
        unrecorded: BTreeMap::new(),
    };
    let Decision::Sign(plan) = decide(&request, &facts, &core.policy, &core.history) else {
        panic!("it is allowed");
    };
    let _outcome = core.reserve(&plan);
    let signature = plan.tag.sign(&key, plan.bytes.as_bytes());
    let read = |core: &Core| History::from_json(core.checkpoint().as_bytes()).unwrap();
    assert_eq!(read(&core).outcome(plan.id), None);
    core.flights.get_mut(&plan.id).unwrap().handed_over = Some((plan.clone(), signature.clone()));
    assert_eq!(read(&core).outcome(plan.id), Some(&Outcome::Signed(signature)));
    // But nobody is given it before it is durable.
    assert_eq!(core.history.outcome(plan.id), None);
}
