//! The Docker engine: what runs there, and how it is changed. The only user of bollard.
//!
//! Only a [`VerifiedImage`](crate::image::VerifiedImage) is pulled, by digest, and only what the engine then has under
//! exactly the verified digests is made into a container.

mod container;
mod endpoint;
#[allow(clippy::module_inception, reason = "the engine is what the module is about")]
mod engine;
mod error;
mod sound;
mod spec;

pub use container::{
    About, Container, LocalImage, Mount, MountKind, Network, Port, Privileges, Process, Restart, State,
};
pub use endpoint::{Endpoint, Environment, TlsFiles};
pub use engine::{Engine, ExecStream, Line, Output, Phase, Pull};
pub use error::EngineError;
pub use sound::{Aspect, Unsound, unsound};
pub use spec::Spec;

pub use crate::image::registry::Credential as Login;
