//! Who is in a federation, and how an operator comes to trust that.
//!
//! A [`Membership`] is what the charter fixes: slug, threshold and keys, in an order. Its hash is bound into everything that
//! the federation signs. A [`Directory`] is the membership plus what may change (addresses, image, federation key). Pure
//! but for [`TrustedFederation`], which keeps what the operator accepted.

mod charter;
mod directory;
mod fingerprint;
mod membership;
#[cfg(test)]
pub(crate) mod test_support;
mod trusted;

pub use charter::{CharterError, CharterSignatures, charter_params, charter_signer, check_charter};
pub use directory::{Address, Directory, DirectoryError, MAX_DIRECTORY_BYTES};
pub use fingerprint::fingerprint;
pub use membership::{MAX_GUARDIANS, MIN_GUARDIANS, Member, Membership, MembershipError, MembershipHash};
pub use trusted::{TrustedFederation, TrustedFederationError};
