use proptest::prelude::*;

use super::*;
use crate::operator::SecretKey;

fn member(secret: u8) -> Member {
    let mut bytes = [0; 32];
    bytes[31] = secret;
    Member {
        public: SecretKey::from_bytes(Scheme::Bip340, &bytes).unwrap().public(),
    }
}

fn example() -> Membership {
    Membership::new("oc-me-v1".into(), 3, (1..=4).map(member).collect(), [7; 32]).unwrap()
}

fn parse(text: &str) -> Result<Membership, MembershipError> {
    Membership::from_record(serde_json::from_str(text).unwrap())
}

/// The example's JSON with one replacement, which must apply.
fn refused(from: &str, to: &str) -> String {
    let text = example().canonical();
    assert!(text.contains(from), "{from} is not in {text}");
    parse(&text.replacen(from, to, 1)).unwrap_err().to_string()
}

#[test]
fn canonical_form_and_hash_are_frozen() {
    let membership = example();
    assert_eq!(
        membership.canonical(),
        "{\"slug\":\"oc-me-v1\",\"m\":3,\"guardians\":[\
         {\"operator_id\":\"op-132f39a98c31baaddba6525f5d43f295\",\"scheme\":\"bip340\",\"operator_pubkey_hex\":\"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\"},\
         {\"operator_id\":\"op-0135da2f8acf7b9e3090939432e47684\",\"scheme\":\"bip340\",\"operator_pubkey_hex\":\"c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5\"},\
         {\"operator_id\":\"op-7c79f3071e28344e8153bf6c73c294eb\",\"scheme\":\"bip340\",\"operator_pubkey_hex\":\"f9308a019258c31049344f85f89d5229b531c845836f99b08601f113bce036f9\"},\
         {\"operator_id\":\"op-36be1ea4d814af2888b895065a0b2538\",\"scheme\":\"bip340\",\"operator_pubkey_hex\":\"e493dbf1c10d80f3581e4904930b1404cc6c13900ee0758474fa94abe8c4cd13\"}],\
         \"charter_hash\":\"0707070707070707070707070707070707070707070707070707070707070707\"}"
    );
    // Computed with another language's SHA-256 from the bytes above.
    assert_eq!(
        membership.hash().to_string(),
        "bc6cbf7047c751e43e0e37e121c9ca1e935fcd3e37cd522610da7b6f8e7edaa8"
    );
}

#[test]
fn reads_what_it_writes() {
    assert_eq!(parse(&example().canonical()), Ok(example()));
}

#[test]
fn each_field_counts_for_the_hash() {
    let hash = example().hash();
    let keys = |secrets: &[u8]| secrets.iter().copied().map(member).collect::<Vec<_>>();
    let others = [
        Membership::new("oc-me-v2".into(), 3, keys(&[1, 2, 3, 4]), [7; 32]),
        Membership::new("oc-me-v1".into(), 4, keys(&[1, 2, 3, 4]), [7; 32]),
        Membership::new("oc-me-v1".into(), 3, keys(&[1, 2, 3, 5]), [7; 32]),
        Membership::new("oc-me-v1".into(), 3, keys(&[2, 1, 3, 4]), [7; 32]),
        Membership::new("oc-me-v1".into(), 3, keys(&[1, 2, 3, 4, 5]), [7; 32]),
        Membership::new("oc-me-v1".into(), 3, keys(&[1, 2, 3, 4]), [8; 32]),
    ];
    for other in others {
        assert_ne!(other.unwrap().hash(), hash);
    }
}

#[test]
fn refuses_what_could_not_work_or_could_be_outvoted() {
    assert_eq!(refused("oc-me-v1", "OC"), MembershipError::Slug.to_string());
    assert_eq!(refused("oc-me-v1", ""), MembershipError::Slug.to_string());
    for m in ["0", "2", "5", "18446744073709551615"] {
        let error = refused("\"m\":3", &format!("\"m\":{m}"));
        assert_eq!(
            error,
            format!("m is {m}, and for 4 guardians it must be from 3 to 4")
        );
    }
    let three = Membership::new("a".into(), 3, (1..=3).map(member).collect(), [0; 32]);
    assert_eq!(three, Err(MembershipError::Size(3)));
    let many = Membership::new("a".into(), 20, (1..=33).map(member).collect(), [0; 32]);
    assert_eq!(many, Err(MembershipError::Size(33)));
    let doubled = Membership::new("a".into(), 3, [1, 2, 3, 1].map(member).into(), [0; 32]);
    assert_eq!(doubled, Err(MembershipError::Duplicate(member(1).operator_id())));
    assert_eq!(
        refused("bip340", "ed25519"),
        "guardian 1 has scheme ed25519, and only a bip340 key can hold a share"
    );
    assert!(refused("op-132f", "op-0000").starts_with("guardian 1 is called op-0000"));
    assert!(refused("79be667e", "79BE667E").starts_with("guardian 1: the public key is not 64 lower-case"));
    assert!(refused(&"07".repeat(32), "07").starts_with("charter_hash"));
    assert!(refused(&"07".repeat(32), &"0A".repeat(32)).starts_with("charter_hash"));
    let unknown = example().canonical().replacen("\"m\"", "\"k\":1,\"m\"", 1);
    assert!(serde_json::from_str::<MembershipRecord>(&unknown).is_err());
    assert!(example().member(&member(9).operator_id()).is_none());
}

proptest! {
    /// The rule `n/2 < m ≤ n` for every size and threshold.
    #[test]
    fn thresholds(n in 1_usize..40, m in 0_u64..40) {
        let made = Membership::new("a".into(), m, (1..=u8::try_from(n).unwrap()).map(member).collect(), [0; 32]);
        let allowed = (MIN_GUARDIANS..=MAX_GUARDIANS).contains(&n) && 2 * m > n as u64 && m <= n as u64;
        prop_assert_eq!(made.is_ok(), allowed);
        if let Ok(made) = made {
            prop_assert_eq!(made.every_guardian_is_needed(), m == n as u64);
        }
    }
}
