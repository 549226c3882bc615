//! The trust root: whose certificates and whose logs count. Everything that an image's verdict rests on begins here.

mod age;
mod error;
mod root;

pub use age::{Age, AgeNote, REFUSE_DAYS, WARN_DAYS};
pub use error::TrustError;
pub use root::{EMBEDDED_AS_OF, MAX_ROOT, Origin, TrustRoot};
