//! What is stored, in the key file as in the keychain: `{"version":1,"scheme":…,"secret_hex":…}`.

use serde::Deserialize;
use zeroize::Zeroizing;

use crate::operator::{Scheme, SecretKey};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload<'a> {
    version: u64,
    // Borrowed, so that parsing leaves no copy of the secret behind. A spelling with escapes is refused with it: we
    // never write one.
    scheme: &'a str,
    secret_hex: &'a str,
}

/// The stored form of a key.
pub(super) fn encode(key: &SecretKey) -> Zeroizing<String> {
    Zeroizing::new(format!(
        r#"{{"version":1,"scheme":"{}","secret_hex":"{}"}}"#,
        key.scheme(),
        key.expose_hex().as_str()
    ))
}

/// Reads the stored form of a key.
///
/// # Errors
/// A description that quotes nothing of the input.
pub fn parse(bytes: &[u8]) -> Result<SecretKey, &'static str> {
    // serde_json's own message could quote the secret.
    let payload: Payload<'_> = serde_json::from_slice(bytes)
        .map_err(|_| "not the JSON object {\"version\":1,\"scheme\":…,\"secret_hex\":…}")?;
    if payload.version != 1 {
        return Err("a version that this release does not know");
    }
    let scheme: Scheme = payload
        .scheme
        .parse()
        .map_err(|_| "a scheme that this release does not know")?;
    SecretKey::from_hex(scheme, payload.secret_hex).map_err(|_| "a secret that is not a key of its scheme")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_form_is_frozen() {
        let key = SecretKey::from_bytes(Scheme::Ed25519, &[0xab; 32]).unwrap();
        let text = format!(
            r#"{{"version":1,"scheme":"ed25519","secret_hex":"{}"}}"#,
            "ab".repeat(32)
        );
        assert_eq!(*encode(&key), text);
        assert_eq!(parse(text.as_bytes()).ok().unwrap().public(), key.public());
    }

    #[test]
    fn refusals_quote_nothing() {
        let secret = "0".repeat(64);
        for text in [
            String::new(),
            format!(r#"{{"version":1,"scheme":"bip340","secret_hex":"{secret}"}}"#),
            format!(r#"{{"version":2,"scheme":"ed25519","secret_hex":"{secret}"}}"#),
            format!(r#"{{"version":1,"scheme":"rsa","secret_hex":"{secret}"}}"#),
            format!(r#"{{"version":1,"scheme":"ed25519","secret_hex":"{secret}","{secret}":1}}"#),
            format!(r#"{{"version":1,"scheme":"ed25519","secret_hex":"{secret}","secret_hex":"{secret}"}}"#),
            format!(r#"{{"version":1,"scheme":"ed25519","secret_hex":"{secret}0"}}"#),
        ] {
            let error = parse(text.as_bytes()).err().unwrap();
            assert!(!error.contains("0000"), "{error}");
        }
    }
}
