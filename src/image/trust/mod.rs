//! The trust root: whose certificates and whose logs count. Everything that an image's verdict rests on begins here.

mod age;
mod cache;
mod contents;
mod error;
mod mirror;
mod root;
mod state;
mod update;

pub use age::{Age, AgeNote, REFUSE_DAYS, WARN_DAYS};
pub use contents::{Changes, Entry, Role};
pub use error::TrustError;
pub use mirror::MirrorError;
pub use root::{EMBEDDED_AS_OF, MAX_ROOT, Origin, TrustRoot};
pub use state::Versions;
pub use update::{MAX_TUF_ROOT, PRODUCTION_MIRROR, Repository, Update, UpdateError, update};
