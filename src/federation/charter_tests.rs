use super::*;
use crate::federation::test_support::{charter_payload, key, membership as four, signed};

fn membership() -> Membership {
    four("oc-me-v1", 7)
}

fn payload() -> ActionPayload {
    charter_payload(&membership())
}

fn all() -> Vec<Value> {
    (1..=4).map(|secret| signed(secret, &payload())).collect()
}

fn check(signatures: Vec<Value>) -> Result<(), CharterError> {
    check_charter(&membership(), &CharterSignatures(signatures))
}

fn why(envelope: Value) -> String {
    let mut signatures = all();
    signatures[1] = envelope;
    match check(signatures) {
        Err(CharterError::Bad { index: 2, why }) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn all_signatures_make_it_agreed() {
    assert_eq!(check(all()), Ok(()));
    let mut twice = all();
    twice.push(signed(
        3,
        &ActionPayload {
            nonce: 1_764_000_000_001,
            ..payload()
        },
    ));
    assert_eq!(check(twice), Ok(()));
}

#[test]
fn a_missing_one_is_named() {
    let mut signatures = all();
    signatures.remove(2);
    let error = check(signatures).unwrap_err();
    let missing = key(3).public().operator_id();
    assert_eq!(
        error.to_string(),
        format!("1 of 4 guardians have not signed the charter: {missing}")
    );
    // One guardian's signature does not stand for another's.
    assert!(
        matches!(check(vec![all()[0].clone(); 4]), Err(CharterError::Missing { missing, .. }) if missing.len() == 3)
    );
}

#[test]
fn each_defect_of_an_envelope_is_refused() {
    assert_eq!(why(signed(9, &payload())), "it is not by the key of a guardian");
    assert_eq!(why(Value::Null), "it is not by the key of a guardian");
    let mut forged = signed(9, &payload());
    forged["pubkey"] = key(2).public().to_hex().into();
    assert_eq!(why(forged), "the signature does not verify");
    let other_action = ActionPayload {
        action: Action::FederationLeave,
        ..payload()
    };
    assert_eq!(why(signed(2, &other_action)), "its action is federation-leave");
    let other_slug = ActionPayload {
        federation: "oc-me-v2".into(),
        ..payload()
    };
    assert_eq!(why(signed(2, &other_slug)), "it is for the federation oc-me-v2");
    for (name, said) in [
        ("membership_hash", "another membership"),
        ("charter_hash", "another charter"),
    ] {
        let mut changed = payload();
        changed.params[name] = "00".repeat(32).into();
        assert!(why(signed(2, &changed)).contains(said));
        changed.params.as_object_mut().unwrap().remove(name);
        assert!(why(signed(2, &changed)).contains(said));
    }
    let mut changed = signed(2, &payload());
    changed["payload"]["nonce"] = 5.into();
    assert_eq!(why(changed), "the signature does not verify");
}

#[test]
fn more_envelopes_than_guardians_can_be_are_not_looked_at() {
    assert_eq!(check(vec![Value::Null; 33]), Err(CharterError::TooMany(33)));
}
