//! The operator key: scheme, secret and public half, operator id, 24-word backup, public identity record.
//!
//! Pure: no clock, no disk, no randomness of its own.

mod id;
mod identity;
mod key;
mod scheme;
mod words;

pub use id::{OperatorId, OperatorIdError};
pub use identity::{Identity, IdentityError, Keystore, MAX_IDENTITY_BYTES, Origin};
pub use key::{PublicKey, PublicKeyError, SecretKey, SecretKeyError, Signature};
pub use scheme::{Scheme, UnknownScheme};
pub use words::{WORD_COUNT, Words, WordsError};
