//! The age-encrypted key file: one scrypt recipient, so that the stock `age` tool opens it with the passphrase alone.

use std::io::Read;

use age::{DecryptError, Decryptor, Identity, scrypt};
use zeroize::Zeroizing;

use super::{KeyFileError, Passphrase, payload};
use crate::operator::SecretKey;

/// scrypt work factor that we write: N = 2^18, r = 8, p = 1; about 1 s and 256 MiB. Stated, because the crate's default
/// depends on how busy the machine is.
pub const WORK_FACTOR: u8 = 18;
/// For keys that guard nothing: a millisecond.
pub(super) const FAST_WORK_FACTOR: u8 = 8;
/// Highest work factor that we accept: about 16 s and 4 GiB. Above it a hostile file could stall us for hours.
const MAX_WORK_FACTOR: u8 = 22;
/// Largest key file that is read, in bytes. Ours have about 330.
pub(super) const MAX_BYTES: usize = 16 * 1024;

pub(super) fn encrypt(key: &SecretKey, passphrase: &Passphrase, work_factor: u8) -> Result<Vec<u8>, String> {
    let mut recipient = scrypt::Recipient::new(passphrase.to_age());
    recipient.set_work_factor(work_factor);
    age::encrypt(&recipient, payload::encode(key).as_bytes()).map_err(|error| error.to_string())
}

/// Opens an encrypted key.
///
/// # Errors
/// [`KeyFileError`]
pub fn decrypt(bytes: &[u8], passphrase: &Passphrase) -> Result<SecretKey, KeyFileError> {
    let decryptor = parse(bytes)?;
    let mut identity = scrypt::Identity::new(passphrase.to_age());
    identity.set_max_work_factor(MAX_WORK_FACTOR);
    let mut reader = decryptor
        .decrypt(std::iter::once(&identity as &dyn Identity))
        .map_err(|error| match error {
            DecryptError::ExcessiveWork { required, .. } => KeyFileError::ExcessiveWork(required),
            DecryptError::DecryptionFailed
            | DecryptError::KeyDecryptionFailed
            | DecryptError::NoMatchingKeys => KeyFileError::WrongPassphrase,
            // The header's MAC is keyed by what the passphrase unwrapped: this one is right, and the header is not.
            _ => KeyFileError::Tampered,
        })?;
    let mut plain = Zeroizing::new(vec![0; bytes.len()]);
    let mut length = 0;
    loop {
        match reader.read(&mut plain[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(_) => return Err(KeyFileError::Tampered),
        }
    }
    payload::parse(&plain[..length]).map_err(KeyFileError::Payload)
}

/// Checks, without a passphrase, that the bytes begin as a passphrase-encrypted age file does.
///
/// # Errors
/// [`KeyFileError::NotAge`], [`KeyFileError::NotPassphrase`]
pub(super) fn inspect(bytes: &[u8]) -> Result<(), KeyFileError> {
    parse(bytes).map(drop)
}

fn parse(bytes: &[u8]) -> Result<Decryptor<&[u8]>, KeyFileError> {
    let decryptor = Decryptor::new_buffered(bytes).map_err(|_| KeyFileError::NotAge)?;
    if decryptor.is_scrypt() {
        Ok(decryptor)
    } else {
        Err(KeyFileError::NotPassphrase)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::Scheme;

    /// Encrypted with a low work factor, to keep the test about damage and not about scrypt.
    fn sample(passphrase: &Passphrase, work_factor: u8, plain: &[u8]) -> Vec<u8> {
        let mut recipient = scrypt::Recipient::new(passphrase.to_age());
        recipient.set_work_factor(work_factor);
        age::encrypt(&recipient, plain).unwrap()
    }

    #[test]
    fn any_damage_is_an_error_and_never_another_key() {
        let passphrase = Passphrase::new("correct horse").ok().unwrap();
        let key = SecretKey::from_bytes(Scheme::Bip340, &[3; 32]).unwrap();
        let good = sample(&passphrase, 2, payload::encode(&key).as_bytes());
        assert_eq!(decrypt(&good, &passphrase).ok().unwrap().public(), key.public());
        for cut in 0..good.len() {
            assert!(decrypt(&good[..cut], &passphrase).is_err(), "cut at {cut}");
        }
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert!(decrypt(&bad, &passphrase).is_err(), "flipped at {at}");
        }
        let mut longer = good.clone();
        longer.push(0);
        assert_eq!(decrypt(&longer, &passphrase).err(), Some(KeyFileError::Tampered));
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        let passphrase = Passphrase::new("correct horse").ok().unwrap();
        let other = Passphrase::new("battery staple").ok().unwrap();
        let refusal = |bytes: &[u8], passphrase| decrypt(bytes, passphrase).err().unwrap();
        assert_eq!(
            refusal(&sample(&other, 2, b"{}"), &passphrase),
            KeyFileError::WrongPassphrase
        );
        assert_eq!(refusal(b"", &passphrase), KeyFileError::NotAge);
        assert!(matches!(
            refusal(&sample(&other, 2, b"{}"), &other),
            KeyFileError::Payload(_)
        ));
        let recipient = age::x25519::Identity::generate().to_public();
        assert_eq!(
            refusal(&age::encrypt(&recipient, b"{}").unwrap(), &passphrase),
            KeyFileError::NotPassphrase
        );
    }

    #[test]
    fn a_greedy_work_factor_is_refused_before_any_work() {
        let passphrase = Passphrase::new("correct horse").ok().unwrap();
        let sample = sample(&passphrase, 2, b"{}");
        let end_of_stanza = sample
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte == b'\n')
            .nth(1)
            .unwrap()
            .0;
        let mut greedy = sample[..end_of_stanza - 1].to_vec();
        greedy.extend_from_slice(b"23");
        greedy.extend_from_slice(&sample[end_of_stanza..]);
        assert_eq!(
            decrypt(&greedy, &passphrase).err(),
            Some(KeyFileError::ExcessiveWork(23))
        );
    }
}
