//! The Docker engine: what runs there, and how it is changed. The only user of bollard.
//!
//! Only a [`VerifiedImage`](crate::image::VerifiedImage) is pulled, by digest, and only what the engine then has under
//! exactly the verified digests is made into a container. Everything that comes from an engine is bounded in size and time.

mod container;
mod containers;
mod context;
mod create;
mod endpoint;
#[allow(clippy::module_inception, reason = "the engine is what the module is about")]
mod engine;
mod error;
mod exec;
mod exec_stream;
mod images;
mod inspect;
mod io;
mod logs;
mod networks;
mod privileges;
mod pull;
mod pull_error;
mod refusal;
mod sound;
mod spec;
mod ssh;
mod text;
mod tls;
mod transport;

pub use container::{
    About, Container, LocalImage, Mount, MountKind, Network, Port, Privileges, Process, Restart, State,
};
pub use endpoint::{Endpoint, Environment, TlsFiles};
pub use engine::Engine;
pub use error::EngineError;
pub use exec::Output;
pub use exec_stream::ExecStream;
pub use logs::Line;
pub use pull::{Phase, Pull};
pub use sound::{Aspect, Unsound, hides_nothing, unsound};
pub use spec::Spec;

/// What the engine logs in to a registry with; see [`crate::image::registry::credential`].
pub use crate::image::registry::Credential as Login;
