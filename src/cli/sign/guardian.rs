//! Whose requests are fetched: `--guardian`.

use std::path::PathBuf;

use super::{GuardianImage, Serving};
use crate::cli::context::Context;
use crate::cli::input;
use crate::engine::Endpoint;
use crate::operator::OperatorId;
use crate::signer::{Guardian, ImageTrust, Place};
use crate::store::Folders;
use crate::ui::Failure;

/// The runbook's name for it.
const DEFAULT_CONTAINER: &str = "oc-guardian";

/// A guardian's RPC, and how it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Nobody's: requests come in by the doors.
    None,
    /// The socket of a bare process.
    Socket(PathBuf),
    /// A container, by name.
    Container(String),
}

/// Reads what `--guardian` says. A word is a container's name; whatever has a slash is a path.
pub(super) fn source(text: &str) -> Result<Source, String> {
    if text == "none" {
        return Ok(Source::None);
    }
    if let Some(path) = text.strip_prefix("unix:") {
        // Also as the URL that other programs write.
        let path = path.strip_prefix("//").unwrap_or(path);
        return if path.is_empty() {
            Err("there is no path after unix:".into())
        } else {
            Ok(Source::Socket(path.into()))
        };
    }
    if let Some((scheme, _)) = text.split_once("://") {
        return Err(match scheme.to_ascii_lowercase().as_str() {
            "http" | "https" => {
                "a guardian hands its requests to nobody over the network: name its container, or its \
                                 RPC socket; for one on another machine, set DOCKER_HOST=ssh://HOST"
                    .into()
            }
            "ssh" | "tcp" => format!("that is an engine, not a guardian: set DOCKER_HOST={text}"),
            _ => "neither a container's name nor the path of a socket".into(),
        });
    }
    if text.contains('/') {
        return Ok(Source::Socket(text.into()));
    }
    // What Docker takes: https://github.com/moby/moby/blob/v20.10.24/daemon/names/names.go
    let mut letters = text.chars();
    let is_name = letters.next().is_some_and(|it| it.is_ascii_alphanumeric())
        && letters.all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '.' | '-'))
        && text.len() <= 255;
    if is_name {
        Ok(Source::Container(text.to_owned()))
    } else {
        Err("not a name that a container can have; a path has a slash".into())
    }
}

/// The guardian that is to be served. Where nobody has named one, that is the runbook's container, and it is no failure
/// that it cannot be.
pub(super) fn to_serve(
    context: &Context,
    folders: &Folders,
    options: &Serving,
    image: &GuardianImage,
    operator: OperatorId,
) -> Result<Option<Guardian>, Failure> {
    found(context, options, operator, |name| {
        place(context, folders, image, name)
    })
}

/// The guardian that is only asked what it can prove. It gets nothing, so that it may be in any container.
pub(super) fn to_ask(
    context: &Context,
    options: &Serving,
    operator: OperatorId,
) -> Result<Option<Guardian>, Failure> {
    found(context, options, operator, |name| {
        Ok(Place::new(name, endpoint(context)?, None))
    })
}

fn found(
    context: &Context,
    options: &Serving,
    operator: OperatorId,
    place: impl FnOnce(&str) -> Result<Place, Failure>,
) -> Result<Option<Guardian>, Failure> {
    let name = match &options.guardian {
        Some(Source::None) => return Ok(None),
        Some(Source::Socket(path)) => return Ok(Some(Guardian::at(&input::absolute(path)?, operator))),
        Some(Source::Container(name)) => name,
        None => DEFAULT_CONTAINER,
    };
    match place(name) {
        Ok(place) => Ok(Some(Guardian::in_container(place, operator))),
        Err(failure) if options.guardian.is_some() => Err(failure),
        Err(failure) => {
            context
                .ui
                .warn(&format!("no container is looked for: {}", failure.detail()));
            Ok(None)
        }
    }
}

fn endpoint(context: &Context) -> Result<Endpoint, Failure> {
    Ok(Endpoint::discover(&context.engine())?)
}

fn place(context: &Context, folders: &Folders, image: &GuardianImage, name: &str) -> Result<Place, Failure> {
    let endpoint = endpoint(context)?;
    if image.unverified_guardian {
        context.ui.warn(&format!(
            "--unverified-guardian: WHATEVER runs in container {name} gets signatures under your key. Only for \
             development, with a key that guards nothing"
        ));
        return Ok(Place::new(name, endpoint, None));
    }
    let trust = ImageTrust::new(
        image.signer.policy()?,
        image.trust.root(context, folders, std::time::SystemTime::now())?,
        context.registry(),
        folders.state.clone(),
    );
    Ok(Place::new(name, endpoint, Some(trust)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_a_container_and_a_slash_makes_a_path() {
        for (text, wanted) in [
            ("none", Source::None),
            ("oc-guardian", Source::Container("oc-guardian".into())),
            ("rpc.sock", Source::Container("rpc.sock".into())),
            ("./rpc.sock", Source::Socket("./rpc.sock".into())),
            ("/data/rpc.sock", Source::Socket("/data/rpc.sock".into())),
            ("unix:/data/rpc.sock", Source::Socket("/data/rpc.sock".into())),
            ("unix:///data/rpc.sock", Source::Socket("/data/rpc.sock".into())),
            ("unix:none", Source::Socket("none".into())),
        ] {
            assert_eq!(source(text), Ok(wanted), "{text}");
        }
    }

    #[test]
    fn nothing_is_fetched_over_a_port() {
        for text in ["http://127.0.0.1:9000", "HTTPS://guardian.example"] {
            assert!(
                source(text).unwrap_err().contains("DOCKER_HOST=ssh://HOST"),
                "{text}"
            );
        }
        assert!(
            source("ssh://me@server")
                .unwrap_err()
                .contains("DOCKER_HOST=ssh://me@server")
        );
        for text in [
            "",
            "-x",
            "a b",
            "a:9000",
            "unix:",
            "npipe://x",
            "\u{202e}x",
            &"x".repeat(256),
        ] {
            assert!(source(text).is_err(), "{text}");
        }
    }
}
