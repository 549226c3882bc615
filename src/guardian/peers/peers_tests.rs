use serde_json::Value;

use super::test_support::{SLUG, id, signed, wire};
use super::*;

const NEAR: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
use crate::envelope::GuardianKeyPayload;
use crate::federation::test_support::{agreed, key};

/// A guardian that serves in the membership, as the clock is now.
fn peers() -> Peers {
    let peers = Peers::new(id(1));
    peers.set_directory(agreed(SLUG, 7)).unwrap();
    peers
}

fn post(peers: &Peers, from: u8, seq: u64, body: Body) -> (u16, Value) {
    let message = Message {
        at: unix_now(),
        ..test_support::message(from, seq, body)
    };
    let word = GuardianKeyPayload {
        expires_at: unix_now() + 3600,
        ..test_support::delegation(from)
    };
    let reply = peers.receive(
        wire(&message, &signed(&key(from), &word), from + 100).as_bytes(),
        NEAR,
    );
    (reply.status, serde_json::from_str(&reply.body).unwrap())
}

fn health(of: u8) -> Body {
    Body::Health(signed(&key(of), &test_support::health(of, unix_now())))
}

#[test]
fn what_a_peer_says_is_remembered_and_recalled() {
    let peers = peers();
    assert_eq!(post(&peers, 2, 1, health(2)).0, 200);
    assert!(peers.health().peers[0].fresh);
    let head = test_support::head(&key(2), 4);
    assert_eq!(post(&peers, 2, 2, Body::Recall).1["audit"], Value::Null);
    assert_eq!(post(&peers, 2, 3, Body::Head(head.clone())).0, 200);
    assert_eq!(post(&peers, 2, 4, Body::Recall).1["audit"], head.as_str());
    // One operator's log is not another's business.
    assert_eq!(post(&peers, 3, 1, Body::Recall).1["audit"], Value::Null);
}

#[test]
fn each_refusal_has_its_status_and_reason() {
    let peers = peers();
    let says = |(status, body): (u16, Value)| format!("{status} {}", body["reason"].as_str().unwrap());
    let stranger = peers.receive(b"nonsense", NEAR);
    assert_eq!(stranger.status, 422);
    post(&peers, 2, 5, Body::Recall);
    assert_eq!(says(post(&peers, 2, 5, Body::Recall)), "409 replayed");
    assert_eq!(says(post(&peers, 9, 1, Body::Recall)), "403 stranger");
    assert_eq!(says(post(&peers, 2, 6, health(3))), "422 bad-document");
    let early = Peers::new(id(1));
    assert_eq!(says(post(&early, 2, 1, Body::Recall)), "403 no-membership");
}

#[test]
fn a_flood_is_cut_off_for_its_sender_only() {
    let peers = peers();
    for seq in 1..=30 {
        assert_eq!(post(&peers, 2, seq, Body::Recall).0, 200);
    }
    assert_eq!(post(&peers, 2, 31, Body::Recall).0, 429);
    assert_eq!(post(&peers, 3, 1, health(3)).0, 200);
    // What somebody plays again does not use up the sender's share.
    for _ in 0..100 {
        assert_eq!(post(&peers, 3, 1, Body::Recall).0, 409);
    }
    assert_eq!(post(&peers, 3, 2, Body::Recall).0, 200);
}

#[test]
fn a_process_serves_in_one_membership_and_learns_addresses_of_it() {
    let peers = peers();
    assert_eq!(
        peers.set_directory(agreed(SLUG, 8)),
        Err(NotTaken::OtherMembership)
    );
    let mut moved = agreed(SLUG, 7);
    moved.addresses.push(crate::federation::Address {
        operator_id: id(2),
        api_url: "https://two.example:9000".into(),
        p2p_url: "https://two.example:9001".into(),
    });
    peers.set_directory(moved.clone()).unwrap();
    assert_eq!(*peers.directory().unwrap(), moved);
}

#[test]
fn our_own_notice_is_told_once() {
    let peers = peers();
    let mut payload = test_support::notice(1);
    payload.expires_at = unix_now() + 900;
    let raw = |text: String| RawValue::from_string(text).unwrap();
    let foreign = raw(signed(&key(2), &payload));
    assert!(
        peers
            .submit_notice(&foreign)
            .unwrap_err()
            .contains("not believed")
    );
    assert!(peers.take_news().notices.is_empty());
    let own = signed(&key(1), &payload);
    peers.submit_notice(&raw(own.clone())).unwrap();
    assert_eq!(peers.take_news().notices, [own]);
    assert!(peers.take_news().notices.is_empty());
    assert_eq!(peers.health().notices.len(), 1);
    assert!(Peers::new(id(1)).submit_notice(&foreign).is_err());
}
