use super::{Exit, Failure};
use crate::devnet::{DevnetError, PortalProcessError};

impl From<DevnetError> for Failure {
    fn from(error: DevnetError) -> Self {
        let detail = error.to_string();
        match error {
            DevnetError::Settings(_) => Self::new("usage", detail).with_exit(Exit::Usage),
            DevnetError::Store(error) => error.into(),
            DevnetError::Vault(error) => error.into(),
            DevnetError::Client(error) => error.into(),
            DevnetError::Base(error) => error.into(),
            DevnetError::Portal(error) => error.into(),
            DevnetError::Charter(error) => error.into(),
            DevnetError::Trust(error) => error.into(),
            DevnetError::PathTooLong { .. } => {
                Self::new("path-too-long", detail).hint("Choose a shorter one with --home, such as /tmp.")
            }
            DevnetError::NoPorts(_) => Self::new("no-ports", detail)
                .hint("See what listens on 127.0.0.1, and end what is not needed."),
            DevnetError::Port { .. } => Self::new("port-taken", detail)
                .hint("Choose another with --port, or leave it out to take a free one."),
            DevnetError::Spawn { .. } | DevnetError::Part { .. } | DevnetError::NotSigned { .. } => {
                Self::new("devnet-failed", detail)
                    .hint("Start it again; if it fails again, report it with this message.")
            }
            DevnetError::Random(_) | DevnetError::Membership(_) | DevnetError::Thread(_) => {
                Self::new("internal", detail)
            }
        }
    }
}

impl From<PortalProcessError> for Failure {
    fn from(error: PortalProcessError) -> Self {
        match error {
            PortalProcessError::Store(error) => error.into(),
            PortalProcessError::Directory(error) => error.into(),
            other => Self::new("portal-not-started", other.to_string()),
        }
    }
}
