//! The registry client: the edge to the network. It fetches, bounds and hashes, and decides nothing about trust.
//!
//! [OCI distribution-spec 1.1](https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md), reading only,
//! with the login of [distribution](https://distribution.github.io/distribution/spec/auth/token/).

mod auth;
mod challenge;
mod client;
mod docker_config;
mod error;
mod helper;
mod http;
mod limits;
mod login;
mod network;
mod persistence;
mod referrers;
mod refusal;
mod session;
mod url;

pub use challenge::{Challenge, parse as parse_challenges};
pub use client::{Client, Notice, Options};
pub use docker_config::{Credential, DockerConfig, DockerConfigError};
pub use error::{CredentialError, Misbehaviour, Outage, RegistryError};
pub use helper::HelperError;
pub use limits::{Limits, MAX_MANIFEST};
pub use login::credential;
