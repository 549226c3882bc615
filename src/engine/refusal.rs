//! What an engine's refusals mean.

use std::fmt;
use std::sync::LazyLock;

use bollard::errors::Error;
use regex::Regex;

use super::io::TOO_LARGE;
use super::text::{one_line, with_sources};
use super::{Engine, EngineError};

/// What was asked for, so that an error can name it.
#[derive(Clone, Copy)]
pub(super) enum Asked<'a> {
    /// Something of the engine itself.
    Engine(&'static str),
    /// Something of a container, by name or id.
    Container(&'static str, &'a str),
    /// That a container has this name.
    Name(&'a str),
    /// Something of a network.
    Network(&'static str, &'a str),
    /// That a network has this container.
    Member(&'static str, &'a str, &'a str),
    /// Something of an image.
    Image(&'static str, &'a str),
    /// Something of a volume.
    Volume(&'static str, &'a str),
}

impl fmt::Display for Asked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(what) => f.write_str(what),
            Self::Container(what, name) => write!(f, "{what} container {name}"),
            Self::Name(name) => write!(f, "naming a container {name}"),
            Self::Network(what, name) => write!(f, "{what} network {name}"),
            Self::Member(what, network, container) => write!(f, "{what} {container}, network {network}"),
            Self::Image(what, name) => write!(f, "{what} image {name}"),
            Self::Volume(what, name) => write!(f, "{what} volume {name}"),
        }
    }
}

impl Engine {
    pub(super) fn refused(&self, asked: Asked<'_>, error: Error) -> EngineError {
        let (endpoint, what) = (self.endpoint().to_string(), asked.to_string());
        match error {
            Error::DockerResponseServerError { status_code, message } => {
                meaning(asked, status_code, &one_line(&message))
            }
            Error::DockerStreamError { error } => meaning(asked, 500, &one_line(&error)),
            Error::IOError { err } => match err.downcast::<EngineError>() {
                Ok(ours) => ours,
                Err(error) => EngineError::Connection {
                    endpoint,
                    what,
                    detail: one_line(&error.to_string()),
                },
            },
            Error::HyperResponseError { err } => {
                let detail = one_line(&with_sources(&err));
                if detail.contains(TOO_LARGE) {
                    EngineError::Misbehaved {
                        endpoint,
                        what,
                        detail,
                    }
                } else {
                    EngineError::Connection {
                        endpoint,
                        what,
                        detail,
                    }
                }
            }
            other => EngineError::Misbehaved {
                endpoint,
                what,
                detail: one_line(&other.to_string()),
            },
        }
    }
}

/// By status, and by words where several things have one status. Words of 20.10 to 29.
fn meaning(asked: Asked<'_>, status: u16, message: &str) -> EngineError {
    let lower = message.to_ascii_lowercase();
    if is_disk_full(&lower) {
        return EngineError::DiskFull {
            detail: message.to_owned(),
        };
    }
    if let Some(port) = taken_port(&lower) {
        return EngineError::PortTaken { port };
    }
    match (status, asked) {
        (404, Asked::Name(_)) if lower.contains("image") => EngineError::NoSuchImage(message.to_owned()),
        (404, Asked::Name(name)) if lower.contains("container") => EngineError::NoSuchContainer(name.into()),
        (404, Asked::Container(_, name)) if !lower.contains("network") => {
            EngineError::NoSuchContainer(name.into())
        }
        (404, Asked::Member(_, _, container)) if lower.contains("container") => {
            EngineError::NoSuchContainer(container.into())
        }
        (404, Asked::Network(_, name) | Asked::Member(_, name, _)) => EngineError::NoSuchNetwork(name.into()),
        (404, Asked::Image(_, name)) => EngineError::NoSuchImage(name.into()),
        (404, Asked::Volume(_, name)) => EngineError::NoSuchVolume(name.into()),
        (409, Asked::Name(name)) if lower.contains("already in use") => {
            EngineError::NameTaken { name: name.into() }
        }
        (409 | 500, Asked::Container(_, name)) if lower.contains("is not running") => {
            EngineError::NotRunning(name.into())
        }
        (409, Asked::Volume(..)) | (403 | 409, Asked::Network(..))
            if lower.contains("in use") || lower.contains("active endpoints") =>
        {
            EngineError::InUse {
                what: match asked {
                    Asked::Volume(_, name) => format!("volume {name}"),
                    Asked::Network(_, name) => format!("network {name}"),
                    other => other.to_string(),
                },
                detail: message.to_owned(),
            }
        }
        _ => EngineError::Api {
            status,
            message: message.to_owned(),
        },
    }
}

pub(super) fn is_disk_full(lower: &str) -> bool {
    ["no space left on device", "disk quota exceeded"]
        .iter()
        .any(|words| lower.contains(words))
}

/// `Bind for 0.0.0.0:9000 failed: port is already allocated`, by another container, and `listen tcp4 0.0.0.0:9000: bind: address
/// already in use`, by another program.
fn taken_port(lower: &str) -> Option<u16> {
    static WORDS: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r":(\d{1,5})(?: failed: port is already allocated|: bind: address already in use)").ok()
    });
    let found = WORDS.as_ref()?.captures(lower)?;
    found.get(1)?.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_port_is_named_whoever_has_it() {
        for said in [
            "driver failed programming external connectivity on endpoint x (0f): Bind for 0.0.0.0:9000 failed: port is already allocated",
            "driver failed programming external connectivity on endpoint x (0f): Error starting userland proxy: listen tcp4 0.0.0.0:9000: bind: address already in use",
            "failed to set up container networking: driver failed: failed to bind host port for 127.0.0.1:9000:172.17.0.2:9000/tcp: listen tcp4 127.0.0.1:9000: bind: address already in use",
        ] {
            let meant = meaning(Asked::Container("starting", "x"), 500, said);
            assert!(
                matches!(meant, EngineError::PortTaken { port: 9000 }),
                "{meant:?}"
            );
        }
    }

    #[test]
    fn refusals_name_what_they_are_about() {
        let reason = |asked, status, said: &str| meaning(asked, status, said).reason();
        let taken = r#"Conflict. The container name "/a" is already in use by container "0f". You have to remove (or rename) that container to be able to reuse that name."#;
        assert_eq!(reason(Asked::Name("a"), 409, taken), "name-taken");
        assert_eq!(
            reason(Asked::Name("a"), 404, "No such image: b@sha256:00"),
            "no-such-image"
        );
        let container = Asked::Container("starting", "a");
        assert_eq!(
            reason(container, 404, "No such container: a"),
            "no-such-container"
        );
        assert_eq!(
            reason(container, 409, "Container 0f is not running"),
            "not-running"
        );
        let full = "failed to create: mkdir /var/lib/docker/x: no space left on device";
        assert_eq!(reason(container, 500, full), "disk-full");
        let member = Asked::Member("attaching", "n", "a");
        assert_eq!(reason(member, 404, "No such container: a"), "no-such-container");
        assert_eq!(reason(member, 404, "network n not found"), "no-such-network");
        let volume = Asked::Volume("removing", "v");
        assert_eq!(reason(volume, 409, "remove v: volume is in use - [0f]"), "in-use");
        assert_eq!(reason(Asked::Engine("x"), 500, "oh"), "engine-refused");
    }
}
