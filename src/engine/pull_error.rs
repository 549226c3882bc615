//! Why a pull failed. Engines tell it in words, with one status for everything.

use super::EngineError;
use crate::image::VerifiedImage;

/// What went wrong, as far as the words say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    WrongContent,
    Denied,
    NotFound,
    Unreachable,
    Other,
}

/// Words of the engine, its registry client and containerd, in lower case, in the order in which they count: a message quotes
/// others.
const WORDS: &[(Cause, &[&str])] = &[
    (
        Cause::WrongContent,
        &[
            "verification failed",
            "failed to verify",
            "does not match",
            "did not match",
            "unexpected commit digest",
            "digest mismatch",
            "content digest",
            "image config verification",
            "failed precondition",
            "no matching manifest",
            "no match for platform",
            "invalid checksum",
            "diffid",
        ],
    ),
    (
        Cause::Denied,
        &[
            "unauthorized",
            "denied",
            "no basic auth credentials",
            "authorization failed",
            "403 forbidden",
            "401 unauthorized",
        ],
    ),
    (
        Cause::NotFound,
        &["manifest unknown", "blob unknown", "name unknown", "not found"],
    ),
    (
        Cause::Unreachable,
        &[
            "dial tcp",
            "connection refused",
            "connection reset",
            "no such host",
            "i/o timeout",
            "tls: ",
            "x509: ",
            "tls handshake timeout",
            "client.timeout exceeded",
            "request canceled",
            "deadline exceeded",
            "network is unreachable",
            "unexpected eof",
            ": eof",
            "unexpected http status: 5",
            "500 internal server error",
            "502 bad gateway",
            "503 service unavailable",
            "504 gateway timeout",
            "server gave http response to https client",
        ],
    ),
];

pub(super) fn meaning(image: &VerifiedImage, refused: EngineError) -> EngineError {
    let (status, detail) = match refused {
        EngineError::Api { status, message } => (status, message),
        other => return other,
    };
    let pinned = image.pinned().to_string();
    match cause(status, &detail) {
        Cause::WrongContent => EngineError::WrongImage {
            image: pinned,
            wanted: *image.config_digest(),
            found: detail,
        },
        Cause::Denied => EngineError::PullDenied {
            image: pinned,
            detail,
        },
        Cause::NotFound => EngineError::PullNotFound {
            image: pinned,
            detail,
        },
        Cause::Unreachable => EngineError::PullUnreachable {
            image: pinned,
            detail,
        },
        Cause::Other => EngineError::PullFailed {
            image: pinned,
            detail,
        },
    }
}

fn cause(status: u16, message: &str) -> Cause {
    let lower = message.to_ascii_lowercase();
    let said = WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| lower.contains(word)));
    match said {
        Some((cause, _)) => *cause,
        None if status == 404 => Cause::NotFound,
        None => Cause::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_told_apart() {
        for (wanted, said) in [
            (
                Cause::WrongContent,
                "filesystem layer verification failed for digest sha256:00",
            ),
            (
                Cause::WrongContent,
                "manifest verification failed for digest sha256:00",
            ),
            (
                Cause::WrongContent,
                r#"failed commit on ref "layer-sha256:00": unexpected commit digest sha256:11, expected sha256:00: failed precondition"#,
            ),
            (
                Cause::Denied,
                "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
            ),
            (
                Cause::Denied,
                "Head \"http://127.0.0.1:5000/v2/x/manifests/sha256:00\": unauthorized: authentication required",
            ),
            (
                Cause::Denied,
                "Get \"http://127.0.0.1:5000/v2/x\": no basic auth credentials",
            ),
            (
                Cause::NotFound,
                "manifest for x@sha256:00 not found: manifest unknown: manifest unknown",
            ),
            (
                Cause::Unreachable,
                "Get \"http://127.0.0.1:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused",
            ),
            (
                Cause::Unreachable,
                "Get \"https://ghcr.io/v2/\": dial tcp: lookup ghcr.io: no such host",
            ),
            (
                Cause::Unreachable,
                "received unexpected HTTP status: 503 Service Unavailable",
            ),
            (Cause::Other, "something new"),
        ] {
            assert_eq!(cause(500, said), wanted, "{said}");
        }
        assert_eq!(cause(404, "?"), Cause::NotFound);
    }
}
