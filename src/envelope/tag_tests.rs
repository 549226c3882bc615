use std::collections::HashSet;

use super::*;

fn key(scheme: Scheme) -> SecretKey {
    SecretKey::from_bytes(scheme, &[7; 32]).unwrap()
}

#[test]
fn no_tag_serves_two_purposes() {
    let names: HashSet<_> = Tag::ALL.iter().map(|tag| tag.as_str()).collect();
    assert_eq!(names.len(), Tag::ALL.len());
    // A tag that began another one could be shifted into its bytes: `tag ‖ 0x00 ‖ bytes` needs the 0x00 unambiguous.
    for name in names {
        assert!(
            name.starts_with("oc-guardian/") && name.ends_with("/v1"),
            "{name}"
        );
        assert!(!name.contains('\0'));
    }
}

#[test]
fn a_signature_is_good_for_its_own_purpose_only() {
    for scheme in Scheme::ALL {
        let key = key(scheme);
        let public = key.public();
        for signed in Tag::ALL {
            let signature = signed.sign(&key, b"{}");
            for checked in Tag::ALL {
                // The portal documents bare bytes for both of its Ed25519 envelopes, so between these two the payload
                // itself has to tell them apart: one has `action`, the other `kind`.
                let both_bare = scheme == Scheme::Ed25519 && signed.is_public() && checked.is_public();
                let expected = signed == checked || both_bare;
                assert_eq!(
                    checked.verify(&public, b"{}", &signature),
                    expected,
                    "{scheme} {signed:?} {checked:?}"
                );
            }
            assert!(!signed.verify(&public, b"{} ", &signature));
        }
    }
}

#[test]
fn each_message_has_its_documented_form() {
    assert_eq!(Tag::Action.message(Scheme::Ed25519, b"x"), b"x");
    assert_eq!(
        Tag::AuditHead.message(Scheme::Ed25519, b"x"),
        b"oc-guardian/audit-head/v1\0x"
    );
    let tag = independent_sha256(b"oc-guardian/action/v1");
    assert_eq!(
        Tag::Action.message(Scheme::Bip340, b"x"),
        independent_sha256(&[&tag[..], &tag, b"x"].concat())
    );
}

fn independent_sha256(bytes: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes)
        .as_ref()
        .to_vec()
}
