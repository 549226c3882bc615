use super::*;
use crate::envelope::{Payload, Tag};
use crate::federation::test_support::{key, membership};

const NOW: u64 = 1_764_000_000;
const SLUG: &str = "oc-me-v1";

fn id(secret: u8) -> OperatorId {
    key(secret).public().operator_id()
}

fn health(of: u8, at: u64, status: Status) -> HealthAttestation {
    HealthAttestation {
        operator_id: id(of),
        federation_slug: SLUG.into(),
        hosted_request_id: None,
        guardian_version: "1.2.3".into(),
        p2p_url: "http://host:9001".into(),
        api_url: "http://host:9000".into(),
        status,
        attested_at: at,
        image_digest: None,
    }
}

fn signed(by: u8, health: &HealthAttestation) -> String {
    let key = key(by);
    let signature = Tag::Attestation.sign(&key, health.signed_bytes().unwrap().as_bytes());
    Envelope::build(health, &key.public(), &signature).unwrap()
}

fn well(of: u8) -> (u8, String) {
    (of, signed(of, &health(of, NOW, Status::Running)))
}

/// Three of four; operator 1 is us.
fn count(claims: &[(u8, String)]) -> FederationGate {
    let claims: Vec<(OperatorId, Box<RawValue>)> = claims
        .iter()
        .map(|(of, text)| (id(*of), RawValue::from_string(text.clone()).unwrap()))
        .collect();
    let claims = claims
        .iter()
        .map(|(operator, envelope)| Claim { operator, envelope });
    judge(Some(&membership(SLUG, 7)), &id(1), claims, NOW)
}

fn why(claims: &[(u8, String)]) -> Why {
    let mut all = vec![well(3), well(4)];
    all.extend_from_slice(claims);
    match count(&all) {
        FederationGate::Closed(count) => {
            assert_eq!((count.needed, count.healthy), (3, vec![id(3), id(4)]));
            assert_eq!(count.absent[0].operator, id(2));
            count.absent[0].why
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn it_is_open_where_as_many_others_as_sign_are_healthy() {
    let gate = count(&[well(2), well(3), well(4)]);
    let FederationGate::Open(count) = gate else {
        panic!("{gate:?}")
    };
    assert_eq!((count.healthy, count.absent), (vec![id(2), id(3), id(4)], vec![]));
}

#[test]
fn we_do_not_count_ourselves() {
    assert!(matches!(
        count(&[well(1), well(2), well(3)]),
        FederationGate::Closed(_)
    ));
}

#[test]
fn it_says_who_is_not_healthy_and_why() {
    let at = |at: u64, status: Status| vec![(2, signed(2, &health(2, at, status)))];
    assert_eq!(why(&[]), Why::NeverHeard);
    assert_eq!(why(&at(NOW - 121, Status::Running)), Why::Stale { age: 121 });
    assert_eq!(why(&at(NOW + 121, Status::Running)), Why::Ahead { by: 121 });
    assert_eq!(why(&at(NOW, Status::Starting)), Why::Unwell(Unwell::Starting));
    assert_eq!(why(&at(NOW, Status::Degraded)), Why::Unwell(Unwell::Degraded));
    // 120 s are allowed.
    let mut all = vec![well(3), well(4)];
    all.extend(at(NOW - 120, Status::Running));
    assert!(matches!(count(&all), FederationGate::Open(_)));
}

#[test]
fn nobody_can_speak_for_another_guardian() {
    let of_two = health(2, NOW, Status::Running);
    let other_federation = HealthAttestation {
        federation_slug: "oc-other-v1".into(),
        ..of_two.clone()
    };
    for envelope in [
        signed(3, &of_two),
        signed(3, &health(3, NOW, Status::Running)),
        signed(2, &health(3, NOW, Status::Running)),
        signed(2, &other_federation),
        signed(2, &of_two).replace("running", "started"),
        "{}".into(),
        "[1,2]".into(),
    ] {
        assert_eq!(why(&[(2, envelope.clone())]), Why::NotBelieved, "{envelope}");
    }
}

#[test]
fn what_else_is_passed_on_does_not_make_a_healthy_guardian_unhealthy() {
    let mut all = vec![well(2), well(3), well(4)];
    for bad in [NOW - 500, NOW + 500] {
        all.insert(0, (2, signed(2, &health(2, bad, Status::Running))));
        all.push((2, signed(2, &health(2, bad, Status::Degraded))));
    }
    all.push((2, signed(3, &health(2, NOW + 1, Status::Starting))));
    assert!(matches!(count(&all), FederationGate::Open(_)));
    // But a newer word of its own does.
    all.push((2, signed(2, &health(2, NOW + 1, Status::Degraded))));
    assert!(matches!(count(&all), FederationGate::Closed(_)));
}

#[test]
fn where_all_sign_it_can_never_be_open() {
    let all = Membership::new(SLUG.into(), 4, membership(SLUG, 7).guardians().to_vec(), [7; 32]).unwrap();
    let gate = judge(Some(&all), &id(1), [], NOW);
    assert_eq!(gate, FederationGate::NeedsAll { guardians: 4 });
    // One that is none of them is not missed.
    assert!(matches!(
        judge(Some(&all), &id(9), [], NOW),
        FederationGate::Closed(_)
    ));
}

#[test]
fn without_a_membership_there_is_nothing_to_wait_for() {
    assert_eq!(judge(None, &id(1), [], NOW), FederationGate::NoMembership);
}

#[test]
fn the_guardians_report_is_read_bounded() {
    let envelope = well(2).1;
    let text = format!(
        r#"{{"peers":[{{"operator_id":"{}","health":{envelope},"seen_at":1,"fresh":true}},{{"operator_id":"{}","health":null,"seen_at":null,"fresh":false}}],"notices":[{{}}]}}"#,
        id(2),
        id(3)
    );
    let report = PeerReport::parse(text.as_bytes()).unwrap();
    assert_eq!(report.notices.len(), 1);
    let claims: Vec<_> = report.claims().collect();
    assert_eq!(claims.len(), 1);
    assert_eq!(claims[0].envelope.get(), envelope);
    for bad in [
        "",
        "{}",
        "[]",
        r#"{"peers":[{"operator_id":"me","health":null}],"notices":[]}"#,
    ] {
        assert!(PeerReport::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    let many = format!(r#"{{"operator_id":"{}","health":null}},"#, id(2)).repeat(33);
    let many = format!(r#"{{"peers":[{}],"notices":[]}}"#, many.trim_end_matches(','));
    assert!(
        PeerReport::parse(many.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("33 peers")
    );
    let large = format!("{}{}", " ".repeat(64 * 1024), text);
    assert!(
        PeerReport::parse(large.as_bytes())
            .unwrap_err()
            .to_string()
            .contains("bytes")
    );
}
