use super::Failure;
use crate::engine::EngineError;
use crate::ui::Exit;

impl From<EngineError> for Failure {
    fn from(error: EngineError) -> Self {
        let failure = Self::new(error.reason(), error.to_string()).hint(hint(&error));
        match &error {
            EngineError::WrongImage { .. } => failure.with_exit(Exit::Untrusted),
            EngineError::PortTaken { port } => failure.fact("port", *port),
            _ => failure,
        }
    }
}

fn hint(error: &EngineError) -> String {
    let fixed = match error {
        EngineError::NoEngine { endpoint, .. } if !endpoint.starts_with("unix:") => {
            "Check that the address is right and that the Docker engine listens there (DOCKER_HOST, docker context ls)."
        }
        EngineError::NoEngine { .. } => {
            "Start Docker (systemctl start docker), or name the engine with DOCKER_HOST or docker context use."
        }
        EngineError::Denied { .. } => {
            "Run this as a user who may use Docker (usermod -aG docker USER, then log in again; members of that group are as \
             good as root), or use a rootless engine."
        }
        EngineError::TooOld { .. } => "Upgrade Docker to 20.10 or newer.",
        EngineError::Timeout { .. } => {
            "Check that the engine's machine is not overloaded, and its log (journalctl -u docker); then run this again."
        }
        EngineError::Connection { .. } => {
            "Run this again; if it goes on, look at the engine's log (journalctl -u docker)."
        }
        EngineError::Misbehaved { .. } => "Check that a Docker engine, and no other program, listens there.",
        EngineError::NameTaken { name } => {
            return format!(
                "Look what it is (docker inspect {name}), and remove or rename it if nobody needs it."
            );
        }
        EngineError::PortTaken { port } => {
            return format!(
                "Find what uses the port (docker ps, or ss -ltnp 'sport = :{port}') and stop it, or choose another port."
            );
        }
        EngineError::NoSuchContainer(_) | EngineError::NotRunning(_) => {
            "See which containers there are: docker ps -a"
        }
        EngineError::NoSuchNetwork(_) => "See which networks there are: docker network ls",
        EngineError::NoSuchVolume(_) => "See which volumes there are: docker volume ls",
        EngineError::NoSuchImage(_) => "Run this again: the image was removed while it was needed.",
        EngineError::InUse { .. } => "Remove the containers that use it first (docker ps -a).",
        EngineError::DiskFull { .. } => {
            "Make room on the engine's machine (docker system df, docker image prune) and run this again."
        }
        EngineError::PullDenied { image, .. } => {
            let host = image.split('/').next().unwrap_or_default();
            return format!(
                "Check the name of the image; if it is private, log in first: docker login {host}"
            );
        }
        EngineError::PullNotFound { .. } => {
            "Run this again: the image was there when it was verified. If it goes on, ask whoever runs the registry."
        }
        EngineError::PullUnreachable { .. } => {
            "Check the network, name service and proxy of the engine's machine: it pulls by itself, not through this one."
        }
        EngineError::PullFailed { .. } => {
            "Look at the engine's log (journalctl -u docker), then run this again."
        }
        EngineError::WrongImage { .. } => {
            "Do not run this image. Remove what the engine has (docker image rm) and try another network, to see whether it is \
             the registry or something on the way that changes content; tell whoever runs the registry."
        }
        EngineError::Platform { wanted, .. } => {
            return format!("Verify the image for the engine's machine: --platform {wanted}");
        }
        EngineError::Address { .. } => {
            "Mend DOCKER_HOST: unix:///run/docker.sock, tcp://HOST:2376 or ssh://USER@HOST"
        }
        EngineError::Context { .. } => {
            "See which contexts there are (docker context ls), and choose one (docker context use NAME, or DOCKER_CONTEXT)."
        }
        EngineError::Config { .. } => "Mend the file, or name the engine with DOCKER_HOST.",
        EngineError::Tls { .. } => {
            "Check ca.pem, cert.pem and key.pem in DOCKER_CERT_PATH (or the context's), their dates, and this machine's clock."
        }
        EngineError::Ssh { endpoint, .. } => {
            return format!(
                "Try it by hand, and accept the host's key if it is the right one: ssh {} docker version",
                by_hand(endpoint)
            );
        }
        EngineError::Api { .. } => "Look at the engine's log (journalctl -u docker).",
    };
    fixed.into()
}

/// `ssh://USER@HOST:PORT` as arguments of ssh, which knows the port by a flag alone.
fn by_hand(endpoint: &str) -> String {
    let destination = endpoint.trim_start_matches("ssh://");
    match destination.rsplit_once(':') {
        Some((host, port)) if !host.ends_with(':') && !port.ends_with(']') => {
            format!("-p {port} {}", host.replace(['[', ']'], ""))
        }
        _ => destination.replace(['[', ']'], ""),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Digest;

    #[test]
    fn an_image_that_is_not_the_verified_one_is_not_trusted() {
        let wrong = EngineError::WrongImage {
            image: "ghcr.io/a/b@sha256:00".into(),
            wanted: Digest::of(b"a"),
            found: "sha256:11".into(),
        };
        let failure = Failure::from(wrong);
        assert_eq!(
            (failure.exit(), failure.reason()),
            (Exit::Untrusted, "wrong-image")
        );
        assert!(
            failure
                .remedy()
                .is_some_and(|it| it.starts_with("Do not run this image."))
        );
        let full = Failure::from(EngineError::DiskFull { detail: "x".into() });
        assert_eq!((full.exit(), full.reason()), (Exit::Failed, "disk-full"));
    }

    #[test]
    fn ssh_is_tried_by_hand_at_the_same_place() {
        assert_eq!(by_hand("ssh://me@host"), "me@host");
        assert_eq!(by_hand("ssh://me@host:2222"), "-p 2222 me@host");
        assert_eq!(by_hand("ssh://me@[fe80::1]:22"), "-p 22 me@fe80::1");
        assert_eq!(by_hand("ssh://[fe80::1]"), "fe80::1");
    }
}
