//! The trust root: whose certificates and whose logs count. Everything that an image's verdict rests on begins here.

mod age;
mod cache;
mod contents;
mod error;
mod mirror;
mod repository;
mod root;
mod state;
mod update;
mod update_error;

pub use age::{Age, AgeNote, REFUSE_DAYS, WARN_DAYS};
pub use contents::{Changes, Entry, Role};
pub use error::TrustError;
pub use mirror::MirrorError;
pub use repository::{MAX_TUF_ROOT, PRODUCTION_MIRROR, Repository};
pub use root::{EMBEDDED_AS_OF, MAX_ROOT, Origin, TrustRoot};
pub use state::Versions;
pub use update::{Update, update};
pub use update_error::UpdateError;
