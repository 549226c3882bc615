use ed25519_dalek::Signer as _;
use schnorr_fun::fun::marker::{EvenY, NonZero, Public, Secret};
use schnorr_fun::fun::nonce::{NonceRng, Synthetic};
use schnorr_fun::fun::{KeyPair, Point, Scalar};
use schnorr_fun::{Message, Schnorr};
use sha2::Sha256;
use zeroize::{Zeroize, Zeroizing};

use super::{OperatorId, Scheme, Words};
use crate::store::hex;

/// The 32 secret bytes of an operator key, with the scheme they belong to.
///
/// No `Debug`, `Clone` or `Display`; wiped on drop. The bytes live on the heap so that moving the value copies no
/// secret. Temporaries inside the curve libraries are outside our reach (schnorr_fun's scalars are `Copy`).
pub struct SecretKey {
    scheme: Scheme,
    bytes: Box<Zeroizing<[u8; 32]>>,
}

/// Why 32 bytes are not a secret key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SecretKeyError {
    /// A BIP-340 secret must be in `1..n` (n: order of secp256k1).
    #[error("the secret is zero or not below the order of secp256k1")]
    OutOfRange,
    /// Not 64 lower-case hex digits.
    #[error("the secret is not 64 lower-case hex digits")]
    NotHex,
}

impl SecretKey {
    /// Makes a key from `fill`, which must fill its argument with uniform random bytes; for BIP-340 a value outside
    /// `1..n` (probability about 2⁻¹²⁸) is redrawn.
    ///
    /// # Errors
    /// Whatever `fill` fails with.
    pub fn generate<E>(
        scheme: Scheme,
        mut fill: impl FnMut(&mut [u8; 32]) -> Result<(), E>,
    ) -> Result<Self, E> {
        loop {
            let mut bytes = Box::new(Zeroizing::new([0; 32]));
            fill(&mut bytes)?;
            if let Ok(key) = Self::from_boxed(scheme, bytes) {
                return Ok(key);
            }
        }
    }

    /// # Errors
    /// [`SecretKeyError::OutOfRange`] for a BIP-340 secret outside `1..n`.
    pub fn from_bytes(scheme: Scheme, bytes: &[u8; 32]) -> Result<Self, SecretKeyError> {
        Self::from_boxed(scheme, Box::new(Zeroizing::new(*bytes)))
    }

    /// Reads 64 lower-case hex digits, what the portal exports.
    ///
    /// # Errors
    /// [`SecretKeyError`]
    pub fn from_hex(scheme: Scheme, text: &str) -> Result<Self, SecretKeyError> {
        let mut bytes = Box::new(Zeroizing::new([0; 32]));
        if !hex::decode_into(text, &mut bytes) {
            return Err(SecretKeyError::NotHex);
        }
        Self::from_boxed(scheme, bytes)
    }

    fn from_boxed(scheme: Scheme, bytes: Box<Zeroizing<[u8; 32]>>) -> Result<Self, SecretKeyError> {
        if scheme == Scheme::Bip340 && Scalar::<Secret, NonZero>::from_bytes(**bytes).is_none() {
            return Err(SecretKeyError::OutOfRange);
        }
        Ok(Self { scheme, bytes })
    }

    /// The scheme that was stated when the key was made.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The raw secret. Only the vault lets it leave the process.
    pub(crate) fn expose_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// The secret as 64 hex digits. Only the vault lets it leave the process.
    pub(crate) fn expose_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(&**self.bytes))
    }

    /// The 24-word backup: BIP-39 English of exactly these 32 bytes, no passphrase, no derivation.
    pub fn to_words(&self) -> Words {
        Words::from_entropy(&self.bytes)
    }

    /// The public half.
    pub fn public(&self) -> PublicKey {
        let bytes = match self.scheme {
            Scheme::Bip340 => self.bip340_keypair().public_key().to_xonly_bytes(),
            Scheme::Ed25519 => self.ed25519_key().verifying_key().to_bytes(),
        };
        PublicKey {
            scheme: self.scheme,
            bytes,
        }
    }

    /// Signs `message` as it is. Reachable only through [`crate::envelope::Tag`], so that no signature of ours can
    /// serve two purposes.
    pub(crate) fn sign_raw(&self, message: &[u8]) -> Signature {
        self.sign_raw_with(message, OsAuxiliary)
    }

    fn sign_raw_with(&self, message: &[u8], auxiliary: impl NonceRng) -> Signature {
        Signature(match self.scheme {
            Scheme::Bip340 => Schnorr::<Sha256, _>::new(Synthetic::<Sha256, _>::new(auxiliary))
                .sign(&self.bip340_keypair(), Message::raw(message))
                .to_bytes(),
            Scheme::Ed25519 => self.ed25519_key().sign(message).to_bytes(),
        })
    }

    fn bip340_keypair(&self) -> KeyPair<EvenY> {
        let scalar = Scalar::<Secret, NonZero>::from_bytes(**self.bytes)
            .expect("a BIP-340 secret outside 1..n cannot be constructed");
        KeyPair::new_xonly(scalar)
    }

    fn ed25519_key(&self) -> ed25519_dalek::SigningKey {
        ed25519_dalek::SigningKey::from_bytes(&self.bytes)
    }
}

/// Auxiliary randomness of BIP-340's nonce derivation, from the operating system.
struct OsAuxiliary;

impl NonceRng for OsAuxiliary {
    fn fill_bytes(&self, bytes: &mut [u8]) {
        // BIP-340 stays safe with all-zero auxiliary randomness: it then derives the nonce from key and message
        // alone. So a kernel that cannot give randomness costs hardening here, not the key.
        if getrandom::fill(bytes).is_err() {
            bytes.zeroize();
        }
    }
}

/// A public key that is a valid point of its scheme.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PublicKey {
    scheme: Scheme,
    bytes: [u8; 32],
}

/// Why bytes are not a public key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PublicKeyError {
    /// Not 64 lower-case hex digits.
    #[error("the public key is not 64 lower-case hex digits")]
    NotHex,
    /// Not the x coordinate of a point on secp256k1, or not a usable Ed25519 point.
    #[error("the public key is not a point of {0}")]
    NotAPoint(Scheme),
}

impl PublicKey {
    /// # Errors
    /// [`PublicKeyError::NotAPoint`]; Ed25519 keys of small order are refused too, since they verify anything.
    pub fn from_bytes(scheme: Scheme, bytes: [u8; 32]) -> Result<Self, PublicKeyError> {
        let valid = match scheme {
            Scheme::Bip340 => Point::<EvenY, Public>::from_xonly_bytes(bytes).is_some(),
            Scheme::Ed25519 => {
                ed25519_dalek::VerifyingKey::from_bytes(&bytes).is_ok_and(|key| !key.is_weak())
            }
        };
        if valid {
            Ok(Self { scheme, bytes })
        } else {
            Err(PublicKeyError::NotAPoint(scheme))
        }
    }

    /// # Errors
    /// [`PublicKeyError`]
    pub fn from_hex(scheme: Scheme, text: &str) -> Result<Self, PublicKeyError> {
        let mut bytes = [0; 32];
        if !hex::decode_into(text, &mut bytes) {
            return Err(PublicKeyError::NotHex);
        }
        Self::from_bytes(scheme, bytes)
    }

    /// The scheme that was stated when the key was made.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The 32 raw bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.bytes
    }

    /// 64 lower-case hex digits.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.bytes)
    }

    /// The operator id of this key.
    pub fn operator_id(&self) -> OperatorId {
        OperatorId::of(self)
    }

    /// Verifies a signature over `message` as it is; see [`SecretKey::sign_raw`].
    pub(crate) fn verify_raw(&self, message: &[u8], signature: &Signature) -> bool {
        match self.scheme {
            Scheme::Bip340 => {
                let key = Point::<EvenY, Public>::from_xonly_bytes(self.bytes);
                let signature = schnorr_fun::Signature::from_bytes(signature.0);
                key.zip(signature).is_some_and(|(key, signature)| {
                    Schnorr::<Sha256>::verify_only().verify(&key, Message::raw(message), &signature)
                })
            }
            Scheme::Ed25519 => ed25519_dalek::VerifyingKey::from_bytes(&self.bytes).is_ok_and(|key| {
                key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(&signature.0))
                    .is_ok()
            }),
        }
    }
}

/// A 64-byte signature of either scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature(pub(crate) [u8; 64]);

impl Signature {
    /// Any 64 bytes; whether they are a signature is for verification to say.
    pub fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// The 64 raw bytes.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// 128 lower-case hex digits.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }
}

#[cfg(test)]
#[path = "key_vectors.rs"]
mod vectors;
