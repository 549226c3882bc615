use super::super::test_support::{NOW, SLUG, head, health, id, notice, ours, signed};
use super::*;
use crate::federation::test_support::key;

fn member(secret: u8) -> Member {
    Member {
        public: key(secret).public(),
    }
}

impl Known {
    fn hear(&mut self, of: u8, at: u64, now: u64) -> Result<(), String> {
        self.take_health(&member(of), &signed(&key(of), &health(of, at)), &ours(), now)
    }

    fn note(&mut self, of: u8, nonce: u64, now: u64) -> Result<(), String> {
        self.take_notice(&member(of), &signed(&key(of), &notice(nonce)), &ours(), now)
    }

    fn noted(&self, now: u64) -> usize {
        self.report(&ours(), &id(1), now).notices.len()
    }
}

#[test]
fn every_other_guardian_is_in_the_report_heard_of_or_not() {
    let mut known = Known::default();
    known.hear(3, NOW, NOW).unwrap();
    let report = known.report(&ours(), &id(1), NOW + 120);
    let ids: Vec<_> = report.peers.iter().map(|peer| peer.operator_id.clone()).collect();
    assert_eq!(ids, [id(2), id(3), id(4)]);
    let told = &report.peers[1];
    assert!(told.fresh && told.seen_at == Some(NOW));
    assert_eq!(
        told.health.as_ref().unwrap().get(),
        signed(&key(3), &health(3, NOW))
    );
    assert!(report.peers[0].health.is_none() && !report.peers[0].fresh);
    assert!(!known.report(&ours(), &id(1), NOW + 121).peers[1].fresh);
}

#[test]
fn only_the_newest_health_is_kept() {
    let mut known = Known::default();
    known.hear(2, NOW, NOW).unwrap();
    known.hear(2, NOW - 60, NOW + 1).unwrap();
    known.hear(2, NOW, NOW + 2).unwrap();
    assert_eq!(known.report(&ours(), &id(1), NOW).peers[0].seen_at, Some(NOW));
    known.hear(2, NOW + 1, NOW + 3).unwrap();
    assert_eq!(known.report(&ours(), &id(1), NOW).peers[0].seen_at, Some(NOW + 3));
}

#[test]
fn health_that_is_foreign_stale_or_too_large_is_refused() {
    let mut known = Known::default();
    // Clocks five minutes apart.
    for at in [NOW - 300, NOW + 300, NOW - 121, NOW + 121] {
        assert!(known.hear(2, at, NOW).unwrap_err().contains("not fresh"));
    }
    let (of_two, of_three) = (health(2, NOW), health(3, NOW));
    let mut take = |text: &str| known.take_health(&member(2), text, &ours(), NOW).unwrap_err();
    assert!(take(&signed(&key(3), &of_three)).contains("not believed"));
    assert!(take(&signed(&key(2), &of_three)).contains("of another guardian"));
    let other = HealthAttestation {
        federation_slug: "oc-other-v1".into(),
        ..of_two.clone()
    };
    assert!(take(&signed(&key(2), &other)).contains("of another guardian"));
    let large = HealthAttestation {
        p2p_url: format!("http://{}", "x".repeat(1500)),
        ..of_two
    };
    assert!(take(&signed(&key(2), &large)).contains("more than 1536 bytes"));
    assert!(take("").contains("not believed"));
    assert!(known.health.is_empty());
}

#[test]
fn a_notice_counts_for_a_quarter_of_an_hour() {
    let mut known = Known::default();
    known.note(2, 1, NOW).unwrap();
    known.note(2, 1, NOW + 5).unwrap();
    assert_eq!(known.noted(NOW + 899), 1);
    assert_eq!(known.noted(NOW + 900), 0);
}

#[test]
fn endless_notices_of_one_operator_count_once_in_two_hours() {
    let mut known = Known::default();
    known.note(2, 1, NOW).unwrap();
    assert!(known.note(2, 2, NOW + 60).unwrap_err().contains("two hours"));
    known.note(3, 2, NOW + 60).unwrap();
    assert_eq!(known.noted(NOW + 60), 2);
    // Nor does an old one come again when there is room for a new one.
    let later = NOW + 2 * 3600;
    let mut renewed = notice(3);
    renewed.expires_at = later + 900;
    let text = signed(&key(2), &renewed);
    known.take_notice(&member(2), &text, &ours(), later).unwrap();
    let old = known.note(2, 2, NOW + 60).unwrap_err();
    assert!(old.contains("older than one that was seen"), "{old}");
}

#[test]
fn a_notice_ends_when_its_operator_says_so_and_does_not_make_room_for_another() {
    let mut known = Known::default();
    known.note(2, 7, NOW).unwrap();
    let close = |closes: u64, nonce: u64| {
        let mut payload = notice(nonce);
        payload.params["body"] = closing_body(closes).into();
        payload
    };
    let mut take = |by: u8, payload: &ActionPayload| {
        known.take_notice(&member(by), &signed(&key(by), payload), &ours(), NOW + 1)
    };
    // Of another notice, and of another operator's.
    take(2, &close(6, 8)).unwrap();
    take(3, &close(7, 8)).unwrap();
    assert_eq!(known.noted(NOW + 1), 1);
    let mut take = |by: u8, payload: &ActionPayload| {
        known.take_notice(&member(by), &signed(&key(by), payload), &ours(), NOW + 1)
    };
    take(2, &close(7, 9)).unwrap();
    assert_eq!(known.noted(NOW + 1), 0);
    assert!(known.note(2, 10, NOW + 60).unwrap_err().contains("two hours"));
}

#[test]
fn only_signed_upgrade_notices_of_this_federation_are_notices() {
    let mut known = Known::default();
    let mut take = |by: u8, change: &dyn Fn(&mut ActionPayload)| {
        let mut payload = notice(1);
        change(&mut payload);
        known.take_notice(&member(2), &signed(&key(by), &payload), &ours(), NOW)
    };
    assert!(take(3, &|_| {}).unwrap_err().contains("not believed"));
    for change in [
        (|it| it.federation = "oc-other-v1".into()) as fn(&mut ActionPayload),
        |it| it.params["severity"] = "critical".into(),
        |it| it.params["tag"] = "downtime".into(),
        |it| {
            it.action = Action::ProgramApply;
            it.params = serde_json::json!({});
        },
    ] {
        assert!(take(2, &change).unwrap_err().contains("is a notice"));
    }
    assert!(
        take(2, &|it| it.expires_at = NOW)
            .unwrap_err()
            .contains("expired")
    );
    take(2, &|_| {}).unwrap();
    assert_eq!(known.noted(NOW), 1);
}

#[test]
fn heads_go_forward_and_are_their_operators() {
    let mut known = Known::default();
    known.take_head(&member(2), &head(&key(2), 10)).unwrap();
    known.take_head(&member(2), &head(&key(2), 9)).unwrap();
    assert_eq!(known.head(&id(2)), Some(head(&key(2), 10).as_str()));
    known.take_head(&member(2), &head(&key(2), 11)).unwrap();
    assert_eq!(known.head(&id(2)), Some(head(&key(2), 11).as_str()));
    assert!(known.take_head(&member(2), &head(&key(3), 99)).is_err());
    assert!(known.take_head(&member(2), "{}").is_err());
    assert!(known.take_head(&member(2), &" ".repeat(1025)).is_err());
    assert_eq!(known.head(&id(3)), None);
}

/// Thirty-two guardians with documents as large as they may be: the report is one frame.
#[test]
fn the_largest_report_fits_into_a_frame() {
    let guardians: Vec<Member> = (1..=32).map(member).collect();
    let large = Membership::new(SLUG.into(), 17, guardians, [7; 32]).unwrap();
    let mut known = Known::default();
    for secret in 1..=32 {
        let mut said = health(secret, NOW);
        let spare = 1536 - signed(&key(secret), &said).len();
        said.p2p_url += &"x".repeat(spare);
        let text = signed(&key(secret), &said);
        assert_eq!(text.len(), 1536);
        known.take_health(&member(secret), &text, &large, NOW).unwrap();
        let mut said = notice(u64::from(secret));
        said.params["body"] = "b".repeat(3500).into();
        known
            .take_notice(&member(secret), &signed(&key(secret), &said), &large, NOW)
            .unwrap();
    }
    let report = serde_json::to_string(&known.report(&large, &id(1), NOW)).unwrap();
    assert!(report.len() < MAX_FRAME - 64, "{}", report.len());
    let json: serde_json::Value = serde_json::from_str(&report).unwrap();
    assert_eq!(json["peers"].as_array().unwrap().len(), 31);
    assert!(!json["notices"].as_array().unwrap().is_empty());
}
