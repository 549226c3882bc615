use super::store::shell_quoted;
use super::{Exit, Failure};
use crate::signer::client::{ClientError, Refused};
use crate::signer::{CompareError, OpenError, RolledBack, SocketError, TokenError};

impl From<OpenError> for Failure {
    fn from(error: OpenError) -> Self {
        let detail = error.to_string();
        match error {
            OpenError::NotLoopback(_) => Self::new("not-loopback", detail)
                .hint("Listen on 127.0.0.1, and reach it from elsewhere through ssh -L.")
                .with_exit(Exit::Usage),
            OpenError::Listen { .. } => Self::new("listen-failed", detail)
                .hint("See what listens there already (ss -ltnp), or name another port."),
            OpenError::Store(source) | OpenError::Token(TokenError::Store(source)) => source.into(),
            OpenError::Socket(source) => source.into(),
            OpenError::Token(TokenError::Randomness(_)) => Self::new("internal", detail),
        }
    }
}

impl From<SocketError> for Failure {
    fn from(error: SocketError) -> Self {
        let detail = error.to_string();
        match error {
            SocketError::TooLong { .. } => Self::new("path-too-long", detail)
                .hint("Set XDG_RUNTIME_DIR or OC_GUARDIAN_HOME to a shorter path."),
            SocketError::InTheWay { path } => {
                Self::new("in-the-way", detail).hint(format!("Move it away: {}", shell_quoted(&path)))
            }
            SocketError::Store(source) => source.into(),
            SocketError::Bind { .. } => Self::new("listen-failed", detail)
                .hint("Check the permissions of the folder, and that its file system has room and takes sockets."),
            SocketError::Grant { .. } => Self::new("grant-failed", detail).hint(
                "Put the runtime folder on a file system with access control lists (tmpfs, ext4, xfs, btrfs), or run \
                 the guardian as this user.",
            ),
        }
    }
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::RolledBack(error) => error.into(),
            CompareError::Audit(error) => error.into(),
        }
    }
}

impl From<RolledBack> for Failure {
    fn from(error: RolledBack) -> Self {
        let (what, remedy) = match error {
            RolledBack::Record { .. } | RolledBack::Nonce { .. } => (
                "the state folder is an older copy, or another machine signed with this key",
                "Put the newest copy of the state folder back.",
            ),
            RolledBack::Fork { .. } => (
                "the state folder is another one than before",
                "Put the state folder back that the guardian knows.",
            ),
        };
        Self::new("rolled-back", format!("{what}: {error}")).hint(format!(
            "{remedy} If it is lost: wait until nothing that it signed is valid any more (an action is for up to 30 days, \
             all else for up to 24 hours), then start once with: oc-guardian sign --serve --guardian SOCKET --accept-rollback. \
             That is recorded. If it was a second machine with --ask-only, there is nothing to wait for."
        ))
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        let detail = error.to_string();
        match error {
            ClientError::Unreachable { .. } => {
                Self::new("signer-unreachable", detail).hint("Start it with: oc-guardian sign --serve")
            }
            ClientError::Broken(_) | ClientError::TimedOut(_) => Self::new("signer-lost", detail)
                .hint("Run this again: the same request is never signed twice."),
            ClientError::Store(source) => source.into(),
            ClientError::Token(_) => Self::new("bad-token", detail)
                .hint("Name the token file in the runtime folder of the running server."),
            ClientError::Answer(_) => Self::new("signer-unknown", detail).hint("Check what listens there."),
            ClientError::Refused(refused) => refused.into(),
        }
    }
}

impl From<Refused> for Failure {
    fn from(refused: Refused) -> Self {
        let reason = known_slug(&refused.reason);
        let detail = format!("the request is refused: {}", refused.detail);
        let hint = match (refused.status, reason) {
            (_, "no-such-request" | "other-payload" | "not-waiting") => {
                "See what waits with: oc-guardian sign --pending"
            }
            (403, "denied" | "expired") => "Ask again with a new id, if it should be signed after all.",
            (403, _) => "See which rule decides with: oc-guardian policy test REQUEST.json",
            (409, _) => "Ask again with a new id, and for an action with a new nonce.",
            (422, "bad-policy") => "See all that is wrong with: oc-guardian policy check",
            (422, _) => "Compare it with the request of this kind in docs/formats.md.",
            (429, _) => "Wait, then ask again; the rates are in the policy.",
            (503, "disk-full") => "Make room for the state folder: it goes on by itself.",
            (503, "clock-behind") => "Correct the clock.",
            _ => "Look at what the signing server says on its terminal or in its journal.",
        };
        let exit = match (refused.status, reason) {
            // The policy or a person said no; all else is wrong with the request, or with the server.
            (403, _) | (429, "rate-exceeded") => Exit::Refused,
            _ => Exit::Failed,
        };
        Self::new(reason, detail).hint(hint).with_exit(exit)
    }
}

/// A slug of ours; what a server of another release says beyond these is called "refused".
fn known_slug(reason: &str) -> &'static str {
    const KNOWN: [&str; 53] = [
        "ask-only",
        "attestation-time",
        "audit-failed",
        "backlog",
        "bad-content-type",
        "bad-host",
        "bad-policy",
        "bad-query",
        "bad-signature",
        "bad-target",
        "bad-token",
        "bad-uid",
        "broken-body",
        "browser",
        "clock-behind",
        "denied",
        "denied-by-policy",
        "disk-full",
        "expired",
        "expired-payload",
        "expires-too-late",
        "federation-mismatch",
        "id-ahead",
        "id-reused",
        "id-time-mismatch",
        "id-too-old",
        "image-mismatch",
        "internal",
        "interrupted",
        "kind-unsupported",
        "malformed",
        "malformed-json",
        "malformed-request",
        "membership-not-trusted",
        "no-rule",
        "no-such-request",
        "no-such-route",
        "nonce-ahead",
        "nonce-not-forward",
        "not-our-operator",
        "not-waiting",
        "operator-only",
        "other-payload",
        "rate-exceeded",
        "rolled-back",
        "slow-body",
        "stopping",
        "too-large",
        "too-many",
        "too-many-in-flight",
        "too-many-waiting",
        "unexpected-body",
        "wrong-method",
    ];
    KNOWN
        .into_iter()
        .find(|slug| *slug == reason)
        .unwrap_or("refused")
}
