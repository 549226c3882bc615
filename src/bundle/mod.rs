//! The guardian's config bundle: its schema, what is wrong with one, and how to write one.
//!
//! Pure: bytes in, findings and values out. A bundle is mounted into a container, so nothing secret may be in it;
//! [`check()`] looks for secrets everywhere in the file, and nothing that leaves this module quotes one.

mod address;
mod check;
mod document;
mod draft;
mod field;
mod finding;
mod keys;
mod lenient;
mod schema;
mod secret;
mod secrets;
mod shape;
mod source;
mod syntax;
mod typed;
mod value;

pub use address::peer_url as peer_url_problem;
pub use address::url as url_problem;
pub use check::{Checked, MAX_BYTES, check};
pub use draft::Draft;
pub use field::{Field, Name};
pub use finding::{Code, Finding, Severity};
pub use schema::schema;
pub use source::Excerpt;
pub use typed::{Bundle, BundleError, LogLevel, Signer};

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod tests;
