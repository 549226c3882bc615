use super::Failure;
use crate::image::ReferenceError;
use crate::image::registry::{CredentialError, HelperError, Misbehaviour, Outage, RegistryError};
use crate::ui::Exit;

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Self {
        let failure = Self::new(error.reason(), error.to_string());
        match &error {
            RegistryError::Unreachable { host, outage } => failure.hint(outage_hint(host, outage)),
            RegistryError::Denied {
                host,
                authenticated: true,
                ..
            } => failure.hint(format!(
                "Log in again with an account that may read it (docker login {host}), or, if the image is public, log out \
                 (docker logout {host}): an old login is refused even there. And check the name of the image."
            )),
            RegistryError::Denied { host, .. } => failure.hint(format!(
                "Check the name of the image: registries deny what does not exist. If it is private, log in first: \
                 docker login {host}"
            )),
            RegistryError::Credentials { source, .. } => failure.hint(credential_hint(source)),
            RegistryError::NotFound { .. } => failure.hint("Check the name of the image and its tag or digest."),
            RegistryError::Misbehaved { problem, .. } => failure.hint(misbehaviour_hint(problem)),
            RegistryError::DigestMismatch { .. } => failure.with_exit(Exit::Untrusted).hint(
                "Do not use this image. Try another network, to see whether it is the registry or something on the way \
                 that changes content; tell whoever runs the registry.",
            ),
            RegistryError::RateLimited { host, wait } => failure.hint(match wait {
                Some(wait) => format!("Run this again in {}, or log in: docker login {host}", minutes(wait.as_secs())),
                None => format!("Run this again later, or log in: docker login {host}"),
            }),
        }
    }
}

fn outage_hint(host: &str, outage: &Outage) -> String {
    match outage {
        Outage::Name => format!("Check the network, and the name {host}."),
        Outage::Tls(_) => {
            "Check this machine's clock, and whether something on the way (a proxy, a network's login \
                           page) answers instead of the registry."
                .into()
        }
        Outage::Proxied { proxy, .. } => format!(
            "Check that the proxy {proxy} answers and lets {host} through (variables HTTPS_PROXY, ALL_PROXY, NO_PROXY), then run \
             this again: nothing is known about the image."
        ),
        Outage::Status(_) => "Run this again later: nothing is known about the image.".into(),
        Outage::Connect(_) | Outage::TimedOut | Outage::Closed(_) => {
            "Check the network and any firewall, then run this again: nothing is known about the image."
                .into()
        }
    }
}

fn misbehaviour_hint(problem: &Misbehaviour) -> &'static str {
    match problem {
        Misbehaviour::WebPage(_) => {
            "Check the name of the registry, and whether this network wants a login in a browser first."
        }
        _ => {
            "Check the name of the registry. If it is right, something on the way, or the registry itself, is at fault: \
             nothing is known about the image."
        }
    }
}

impl Failure {
    /// The login of a registry cannot be had.
    pub fn credentials(host: &str, source: &CredentialError) -> Self {
        Self::new("credentials-unavailable", format!("{host}: {source}")).hint(credential_hint(source))
    }
}

fn credential_hint(error: &CredentialError) -> String {
    match error {
        CredentialError::File(_) | CredentialError::Config { .. } => {
            "Mend the file, or log in again with: docker login".into()
        }
        CredentialError::Helper { program, source } => match source {
            HelperError::Name | HelperError::Missing => {
                "Install the helper, or take its name out of Docker's config.json (credsStore, credHelpers)."
                    .into()
            }
            HelperError::TimedOut(_) => {
                "Look for a prompt on the machine's screen, unlock the keychain and run this again.".into()
            }
            _ => format!("Try it by hand: echo HOST | {program} get"),
        },
    }
}

/// A time to wait, as people say it; at least a minute where it is not a matter of seconds.
fn minutes(seconds: u64) -> String {
    match seconds {
        0..=90 => format!("{seconds} seconds"),
        _ => format!("{} minutes", seconds.div_ceil(60)),
    }
}

impl From<ReferenceError> for Failure {
    fn from(error: ReferenceError) -> Self {
        let hint = match &error {
            ReferenceError::Scheme(_) => "Leave the scheme away: ghcr.io/orangecheck/oc-guardian:TAG",
            ReferenceError::Id(_) => {
                "Name the repository, too: ghcr.io/orangecheck/oc-guardian@sha256:DIGEST"
            }
            _ => "An image is named like ghcr.io/orangecheck/oc-guardian:TAG, or …@sha256:DIGEST.",
        };
        Self::usage(error.to_string()).hint(hint)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::image::Digest;

    #[test]
    fn a_bad_image_and_a_bad_network_differ_in_exit_code() {
        let host = || "ghcr.io".to_owned();
        let mismatch = RegistryError::DigestMismatch {
            host: host(),
            what: "manifest".into(),
            wanted: Digest::of(b"a"),
            found: Digest::of(b"b"),
        };
        let failure = Failure::from(mismatch);
        assert_eq!(
            (failure.exit(), failure.reason()),
            (Exit::Untrusted, "digest-mismatch")
        );
        let down = RegistryError::Unreachable {
            host: host(),
            outage: Outage::Status(503),
        };
        let failure = Failure::from(down);
        assert_eq!(
            (failure.exit(), failure.reason()),
            (Exit::Failed, "registry-unreachable")
        );
        assert!(
            failure
                .remedy()
                .is_some_and(|it| it.contains("nothing is known about the image"))
        );
    }

    #[test]
    fn how_long_to_wait_is_told() {
        let limited = |seconds| {
            let wait = Some(Duration::from_secs(seconds));
            let error = RegistryError::RateLimited {
                host: "docker.io".into(),
                wait,
            };
            Failure::from(error).remedy().unwrap_or_default().to_owned()
        };
        assert!(limited(45).starts_with("Run this again in 45 seconds, or log in: docker login docker.io"));
        assert!(limited(3601).starts_with("Run this again in 61 minutes"));
    }
}
