//! A registry that wants no login, and a client that does not wait for long.

use std::time::Duration;

use oc_guardian::image::registry::{Client, Limits, Options, RegistryError};
use oc_guardian::image::{Digest, Reference};

use super::{Registry, put_image};

pub const REPOSITORY: &str = "orangecheck/oc-guardian";

/// Short enough for a test, long enough for a busy machine.
pub fn short_limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        read: Duration::from_secs(2),
        request: Duration::from_secs(4),
        total: Duration::from_secs(20),
        wait: Duration::from_secs(3),
        pause: Duration::from_millis(5),
        ..Limits::default()
    }
}

pub fn client() -> Client {
    Client::new(Options {
        limits: short_limits(),
        ..Options::default()
    })
}

/// A registry with an image under the tag `v1`, and the reference of that.
pub fn with_image() -> (Registry, Reference, Digest) {
    let registry = Registry::start();
    let digest = put_image(&registry, REPOSITORY, "v1");
    let reference = registry.reference(&format!("{REPOSITORY}:v1")).parse().unwrap();
    (registry, reference, digest)
}

/// Fails where an error is another one, or does not name the registry.
#[track_caller]
pub fn assert_error(error: &RegistryError, reason: &str, piece: &str) {
    let text = error.to_string();
    assert_eq!(error.reason(), reason, "{text}");
    assert!(text.contains(piece), "{text}");
    assert!(text.starts_with("127.0.0.1:"), "{text}");
}
