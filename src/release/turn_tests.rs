use serde_json::{Value, json};

use super::*;
use crate::envelope::{Payload, Tag};
use crate::federation::test_support::{key, membership};

/// Unix milliseconds.
const NOW: u64 = 1_764_000_000_000;
const MINUTE: u64 = 60_000;
const SLUG: &str = "oc-me-v1";

fn id(secret: u8) -> OperatorId {
    key(secret).public().operator_id()
}

fn payload(at: u64, params: Value) -> ActionPayload {
    ActionPayload {
        action: Action::AlertPublish,
        params,
        nonce: at,
        expires_at: at / 1000 + 900,
        federation: SLUG.into(),
    }
}

fn params(body: &str) -> Value {
    json!({ "body": body, "severity": "info", "tag": "upgrade", "title": "v1.2.3" })
}

fn signed(by: u8, payload: &ActionPayload) -> Box<RawValue> {
    let key = key(by);
    let signature = Tag::Action.sign(&key, payload.signed_bytes().unwrap().as_bytes());
    RawValue::from_string(Envelope::build(payload, &key.public(), &signature).unwrap()).unwrap()
}

fn upgrades(by: u8, at: u64) -> Box<RawValue> {
    signed(by, &payload(at, params("")))
}

fn closes(by: u8, at: u64) -> Box<RawValue> {
    signed(by, &payload(at + 1, params(&format!("closes {at}"))))
}

fn count(envelopes: &[Box<RawValue>]) -> Vec<Notice> {
    counting(
        &membership(SLUG, 7),
        &id(1),
        envelopes.iter().map(|it| &**it),
        NOW,
    )
}

fn notice(by: u8, at: u64) -> Notice {
    Notice { at, operator: id(by) }
}

#[test]
fn a_notice_counts_for_a_quarter_of_an_hour() {
    assert_eq!(count(&[upgrades(2, NOW)]), [notice(2, NOW)]);
    assert_eq!(count(&[upgrades(2, NOW - 15 * MINUTE + 1)]).len(), 1);
    assert_eq!(count(&[upgrades(2, NOW - 15 * MINUTE)]), []);
    assert_eq!(count(&[upgrades(2, NOW + 5 * MINUTE)]).len(), 1);
    assert_eq!(count(&[upgrades(2, NOW + 5 * MINUTE + 1)]), []);
}

#[test]
fn of_one_operator_one_counts_in_two_hours() {
    let said = |before: u64| count(&[upgrades(2, NOW - before), upgrades(2, NOW - MINUTE)]);
    assert_eq!(said(2 * MINUTE), [notice(2, NOW - 2 * MINUTE)]);
    assert_eq!(said(30 * MINUTE), []);
    assert_eq!(said(121 * MINUTE), [notice(2, NOW - MINUTE)]);
    // An endless row of them: only each that comes two hours after the last that counted.
    let row: Vec<_> = (1..30)
        .map(|tens| upgrades(2, NOW - tens * 10 * MINUTE))
        .collect();
    assert_eq!(count(&row), []);
    // The same one from several places is one.
    assert_eq!(count(&[upgrades(2, NOW), upgrades(2, NOW)]), [notice(2, NOW)]);
}

#[test]
fn a_notice_is_over_when_its_operator_says_so() {
    let at = NOW - MINUTE;
    assert_eq!(count(&[closes(2, at), upgrades(2, at)]), []);
    assert_eq!(count(&[upgrades(2, at), closes(3, at)]), [notice(2, at)]);
    assert_eq!(count(&[upgrades(2, at), closes(2, at - 1)]), [notice(2, at)]);
    // And makes no room for another.
    assert_eq!(count(&[upgrades(2, at), closes(2, at), upgrades(2, NOW)]), []);
}

#[test]
fn only_members_other_than_us_hold_us_up() {
    let by_stranger = upgrades(9, NOW);
    let other_federation = signed(
        2,
        &ActionPayload {
            federation: "oc-other-v1".into(),
            ..payload(NOW, params(""))
        },
    );
    let warning = json!({ "body": "", "severity": "warning", "tag": "upgrade", "title": "x" });
    let untagged = json!({ "body": "", "severity": "info", "title": "x" });
    let forged = RawValue::from_string(upgrades(2, NOW).get().replace("v1.2.3", "v1.2.4")).unwrap();
    let none = count(&[
        upgrades(1, NOW),
        by_stranger,
        other_federation,
        signed(2, &payload(NOW, warning)),
        signed(2, &payload(NOW, untagged)),
        forged,
        RawValue::from_string("{}".into()).unwrap(),
        RawValue::from_string("1".into()).unwrap(),
    ]);
    assert_eq!(none, []);
}

#[test]
fn the_later_one_yields_and_of_two_at_once_the_higher_id() {
    let (first, second) = (notice(2, NOW - 10), notice(3, NOW));
    let now = NOW + 1;
    assert_eq!(turn(None, &[], now), Turn::Ours);
    assert_eq!(turn(Some(&first), std::slice::from_ref(&second), now), Turn::Ours);
    let theirs = Turn::Theirs {
        notice: first.clone(),
        wait: 900,
    };
    assert_eq!(turn(Some(&second), std::slice::from_ref(&first), now), theirs);
    assert_eq!(turn(None, &[second.clone(), first.clone()], now), theirs);
    let mut at_once = [notice(2, NOW), notice(3, NOW)];
    at_once.sort_by(|a, b| a.operator.cmp(&b.operator));
    let [lower, higher] = at_once;
    assert_eq!(turn(Some(&lower), std::slice::from_ref(&higher), now), Turn::Ours);
    assert!(matches!(turn(Some(&higher), &[lower], now), Turn::Theirs { .. }));
}
