use proptest::prelude::*;
use serde_json::json;

use super::super::Replay;
use super::super::test_support::{NOW, SLUG, changed, delegation, good, id, message, ours, signed, wire};
use super::*;
use crate::federation::test_support::{key, membership};

fn read(text: &str) -> Result<Believed, MessageError> {
    believe(text.as_bytes(), &ours(), &id(1), NOW)
}

fn recall() -> String {
    good(2, 1, Body::Recall)
}

#[track_caller]
fn refused(text: &str, reason: &str) {
    let error = read(text).expect_err("it was believed");
    assert_eq!(error.reason(), reason, "{error}: {text}");
}

/// A good message whose delegation is changed before it is signed.
fn delegated(change: impl FnOnce(&mut GuardianKeyPayload)) -> String {
    let mut payload = delegation(2);
    change(&mut payload);
    wire(&message(2, 1, Body::Recall), &signed(&key(2), &payload), 102)
}

#[test]
fn a_good_message_is_believed_for_what_it_says() {
    for body in [
        Body::Recall,
        Body::Health("{}".into()),
        Body::Notice("ü \u{1f980} \"\\\n".into()),
        Body::Head(String::new()),
    ] {
        let believed = read(&good(3, 9, body.clone())).unwrap();
        assert_eq!(believed.message, message(3, 9, body));
        assert_eq!(believed.transport, key(103).public());
        assert_eq!(believed.delegated_until, NOW + 3600);
    }
}

/// Version 1 on the wire. Guardians of other releases send exactly this.
#[test]
fn the_wire_format_is_frozen() {
    let frozen = include_str!("message_v1.json").trim_end();
    assert_eq!(
        read(frozen).unwrap().message,
        message(2, 7, Body::Health("{}".into()))
    );
    let (ours, _) = wire(
        &message(2, 7, Body::Health("{}".into())),
        &signed(&key(2), &delegation(2)),
        102,
    )
    .split_once(",\"delegation\"")
    .map(|(head, rest)| (head.to_owned(), rest.to_owned()))
    .unwrap();
    assert!(frozen.starts_with(&ours), "{ours}");
}

#[test]
fn step_1_only_canonical_json_of_the_documented_fields() {
    let text = recall();
    for broken in [
        "",
        "null",
        "[]",
        "{}",
        &text[1..],
        &text[..text.len() - 1],
        &format!(" {text}"),
        &text.replacen("\"version\":1", "\"version\": 1", 1),
        &text.replacen("\"version\":1", "\"version\":1.0", 1),
        &text.replacen("{\"message\"", "{\"extra\":1,\"message\"", 1),
        &text.replacen("\"seq\":1,", "", 1),
        &text.replacen("\"seq\":1,", "\"seq\":1,\"seq\":1,", 1),
        &text.replacen("\"seq\":1,", "\"more\":1,\"seq\":1,", 1),
        &text.replacen("\"at\":1764000000,\"seq\":1", "\"seq\":1,\"at\":1764000000", 1),
        &changed(&text, "/message/version", 2),
        &changed(&text, "/message/version", "1"),
        &changed(&text, "/message/kind", "order"),
        &changed(&text, "/message/kind", "health"),
        &changed(&text, "/message/document", "{}"),
        &changed(&text, "/message/document", 1),
        &changed(&text, "/message/from", "op-1"),
        &changed(&text, "/message/to", 1),
        &changed(&text, "/message/seq", -1),
        &changed(&text, "/message/at", "now"),
        &changed(&text, "/message/membership_hash", "00"),
        &changed(&text, "/message/membership_hash", "AB".repeat(32)),
        &changed(&text, "/message", json!(null)),
    ] {
        refused(broken, "malformed-message");
    }
}

#[test]
fn step_2_for_us_of_our_membership_from_another_guardian_in_it() {
    let mut other = message(2, 1, Body::Recall);
    other.to = id(3);
    let good_delegation = signed(&key(2), &delegation(2));
    refused(&wire(&other, &good_delegation, 102), "not-for-us");
    let mut other = message(2, 1, Body::Recall);
    other.membership_hash = membership(SLUG, 8).hash();
    refused(&wire(&other, &good_delegation, 102), "other-membership");
    // Our own words do not come back, even where they are well signed.
    refused(&good(1, 1, Body::Recall), "stranger");
    refused(&good(9, 1, Body::Recall), "stranger");
}

#[test]
fn step_3_clocks_may_differ_by_two_minutes_either_way() {
    for (at, believed) in [
        (NOW - MAX_SKEW, true),
        (NOW + MAX_SKEW, true),
        (NOW - MAX_SKEW - 1, false),
        (NOW + MAX_SKEW + 1, false),
        // Five minutes of skew, and ends of the range.
        (NOW - 300, false),
        (NOW + 300, false),
        (0, false),
        ((1 << 53) - 1, false),
    ] {
        let mut said = message(2, 1, Body::Recall);
        said.at = at;
        let read = read(&wire(&said, &signed(&key(2), &delegation(2)), 102));
        assert_eq!(read.is_ok(), believed, "{at}: {read:?}");
        if let Err(error) = read {
            assert_eq!(error.reason(), "clock-skew");
        }
    }
}

#[test]
fn step_4_the_operators_word_for_this_key_here_and_now() {
    let reason = "not-delegated";
    refused(&delegated(|it| it.operator_id = id(3)), reason);
    refused(&delegated(|it| it.membership_hash = None), reason);
    refused(
        &delegated(|it| it.membership_hash = Some(membership(SLUG, 8).hash().to_string())),
        reason,
    );
    refused(&delegated(|it| it.expires_at = NOW), reason);
    refused(
        &delegated(|it| it.expires_at = NOW + crate::envelope::MAX_DELEGATION + MAX_SKEW + 1),
        reason,
    );
    // Not a point of the curve.
    refused(&delegated(|it| it.transport_pubkey_hex = "ff".repeat(32)), reason);
    // Another member's word, an outsider's, and one of another kind.
    for by in [3, 9] {
        let foreign = signed(&key(by), &delegation(2));
        refused(&wire(&message(2, 1, Body::Recall), &foreign, 102), reason);
    }
    refused(&changed(&recall(), "/delegation", json!({})), reason);
    refused(
        &changed(&recall(), "/delegation/payload/expires_at", NOW + 3601),
        reason,
    );
    let health = signed(&key(2), &super::super::test_support::health(2, NOW));
    refused(&wire(&message(2, 1, Body::Recall), &health, 102), reason);
}

#[test]
fn step_4_an_operator_key_is_no_transport_key() {
    let mut payload = delegation(2);
    payload.transport_pubkey_hex = key(2).public().to_hex();
    let text = wire(&message(2, 1, Body::Recall), &signed(&key(2), &payload), 2);
    refused(&text, "not-delegated");
}

#[test]
fn step_5_signed_by_the_delegated_key_and_for_this_purpose() {
    let reason = "bad-signature";
    let word = signed(&key(2), &delegation(2));
    let said = message(2, 1, Body::Recall);
    refused(&wire(&said, &word, 103), reason);
    refused(&wire(&said, &word, 2), reason);
    let bytes = said.signed_bytes().unwrap();
    let other_purpose = Tag::Status.sign(&key(102), bytes.as_bytes());
    refused(&Message::assemble(&bytes, &word, &other_purpose), reason);
    for digits in ["", "00", &*"0".repeat(128), &"zz".repeat(64), &"0".repeat(130)] {
        refused(&changed(&recall(), "/sig_hex", digits), reason);
    }
    refused(&changed(&recall(), "/sig_hex", json!(null)), reason);
    // What was signed is what is read.
    refused(&changed(&recall(), "/message/seq", 2), reason);
    refused(&changed(&recall(), "/message/at", NOW + 1), reason);
}

#[test]
fn a_message_is_taken_once_and_in_order() {
    let mut replay = Replay::default();
    let mut admit = |seq| replay.admit(&read(&good(2, seq, Body::Recall)).unwrap(), NOW);
    assert_eq!(admit(5), Ok(()));
    assert_eq!(admit(5), Err(MessageError::Replayed));
    assert_eq!(admit(4), Err(MessageError::Replayed));
    assert_eq!(admit(6), Ok(()));
    // Another guardian's numbers are its own.
    assert_eq!(
        replay.admit(&read(&good(3, 1, Body::Recall)).unwrap(), NOW),
        Ok(())
    );
}

#[test]
fn a_new_key_starts_anew_and_an_old_one_is_not_forgotten_while_it_is_in_force() {
    let mut replay = Replay::default();
    let with = |transport: u8, seq| {
        let mut payload = delegation(2);
        payload.transport_pubkey_hex = key(transport).public().to_hex();
        read(&wire(
            &message(2, seq, Body::Recall),
            &signed(&key(2), &payload),
            transport,
        ))
        .unwrap()
    };
    assert_eq!(replay.admit(&with(50, 100), NOW), Ok(()));
    for transport in 51..66 {
        assert_eq!(replay.admit(&with(transport, 1), NOW), Ok(()));
    }
    let full = replay.admit(&with(66, 1), NOW).unwrap_err();
    assert_eq!(full.reason(), "not-delegated");
    assert_eq!(replay.admit(&with(50, 100), NOW), Err(MessageError::Replayed));
    // When their time is over there is room again.
    assert_eq!(replay.admit(&with(66, 1), NOW + 3600), Ok(()));
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(believe(&bytes, &ours(), &id(1), NOW).is_err());
    }

    /// Whatever byte is changed, nothing else is believed than what was signed.
    #[test]
    fn no_changed_byte_is_believed(at in any::<proptest::sample::Index>(), byte in any::<u8>()) {
        let text = good(2, 1, Body::Head("h".into()));
        let mut bytes = text.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != byte);
        bytes[at] = byte;
        prop_assert!(believe(&bytes, &ours(), &id(1), NOW).is_err());
    }

    #[test]
    fn what_is_sent_is_read(seq in 0..(1_u64 << 53), text in "\\PC{0,200}") {
        let body = Body::Notice(text);
        let believed = read(&good(4, seq, body.clone())).unwrap();
        prop_assert_eq!(believed.message, message(4, seq, body));
    }
}
