//! The official vectors, through the project's own types.

use super::*;

const BIP340: &str = include_str!("../../tests/vectors/bip340-test-vectors.csv");
const RFC8032: &str = include_str!("../../tests/vectors/rfc8032-ed25519.csv");

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// Auxiliary randomness as a vector states it.
struct Fixed([u8; 32]);

impl NonceRng for Fixed {
    fn fill_bytes(&self, bytes: &mut [u8]) {
        bytes.copy_from_slice(&self.0);
    }
}

#[test]
fn bip340_all_19() {
    let mut signed = 0;
    let mut verified = 0;
    for row in BIP340.lines().skip(1) {
        let column: Vec<&str> = row.split(',').collect();
        let [_, secret, public, auxiliary, message, signature, valid] = column[..7] else {
            panic!("{row}")
        };
        let message = unhex(message);
        let signature = Signature::from_bytes(unhex(signature).try_into().unwrap());
        let public = PublicKey::from_hex(Scheme::Bip340, &public.to_lowercase());
        if !secret.is_empty() {
            let key = SecretKey::from_hex(Scheme::Bip340, &secret.to_lowercase()).unwrap();
            assert_eq!(Ok(key.public()), public);
            let auxiliary = Fixed(unhex(auxiliary).try_into().unwrap());
            assert_eq!(key.sign_raw_with(&message, auxiliary), signature, "{row}");
            assert!(key.public().verify_raw(&message, &key.sign_raw(&message)));
            signed += 1;
        }
        let accepted = public.is_ok_and(|public| public.verify_raw(&message, &signature));
        assert_eq!(accepted, valid == "TRUE", "{row}");
        verified += 1;
    }
    assert_eq!((signed, verified), (8, 19));
}

#[test]
fn rfc8032_all_five() {
    let rows: Vec<_> = RFC8032
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let column: Vec<&str> = row.split(',').collect();
        let [secret, public, message, signature] = column[..] else {
            panic!("{row}")
        };
        let key = SecretKey::from_hex(Scheme::Ed25519, secret).unwrap();
        assert_eq!(key.public().to_hex(), public);
        assert_eq!(key.sign_raw(&unhex(message)).to_hex(), signature);
        assert!(
            key.public()
                .verify_raw(&unhex(message), &key.sign_raw(&unhex(message)))
        );
    }
}

#[test]
fn an_independent_library_verifies_each_scheme() {
    for byte in 1..=32 {
        let message = [byte; 32];
        let key = SecretKey::from_bytes(Scheme::Bip340, &message).unwrap();
        let signature = secp256k1::schnorr::Signature::from_byte_array(*key.sign_raw(&message).as_bytes());
        let public = secp256k1::XOnlyPublicKey::from_byte_array(*key.public().as_bytes()).unwrap();
        secp256k1::schnorr::verify(&signature, &message, &public).unwrap();

        let key = SecretKey::from_bytes(Scheme::Ed25519, &message).unwrap();
        aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, key.public().as_bytes())
            .verify(&message, key.sign_raw(&message).as_bytes())
            .unwrap();
    }
}

#[test]
fn ids_of_the_format_page() {
    let mut secret = [0; 32];
    secret[31] = 1;
    let id = |scheme| {
        SecretKey::from_bytes(scheme, &secret)
            .unwrap()
            .public()
            .operator_id()
            .to_string()
    };
    assert_eq!(id(Scheme::Bip340), "op-132f39a98c31baaddba6525f5d43f295");
    assert_eq!(id(Scheme::Ed25519), "op-4a67330b803d5c88757afb9328615344");
}

#[test]
fn a_bip340_secret_outside_the_range_is_redrawn_or_refused() {
    let order = unhex("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
    for bad in [[0; 32], order.try_into().unwrap(), [0xff; 32]] {
        assert_eq!(
            SecretKey::from_bytes(Scheme::Bip340, &bad).err(),
            Some(SecretKeyError::OutOfRange)
        );
        assert!(SecretKey::from_bytes(Scheme::Ed25519, &bad).is_ok());
        let mut draws = vec![[1; 32], bad];
        let fill = |bytes: &mut [u8; 32]| {
            *bytes = draws.pop().unwrap();
            Ok::<_, ()>(())
        };
        assert_eq!(
            SecretKey::generate(Scheme::Bip340, fill)
                .ok()
                .unwrap()
                .expose_bytes(),
            &[1; 32]
        );
    }
}

#[test]
fn public_keys_that_are_no_points_are_refused() {
    assert_eq!(
        PublicKey::from_bytes(Scheme::Bip340, [0xff; 32]),
        Err(PublicKeyError::NotAPoint(Scheme::Bip340))
    );
    let mut identity = [0; 32];
    identity[0] = 1;
    assert_eq!(
        PublicKey::from_bytes(Scheme::Ed25519, identity),
        Err(PublicKeyError::NotAPoint(Scheme::Ed25519))
    );
}
