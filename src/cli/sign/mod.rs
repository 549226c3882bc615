mod guardian;
mod one;
mod questions;
mod rollback;
mod running;
mod serve;
mod unit;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;

use super::context::Context;
use super::examples;
use super::verify::{SignerArgs, TrustArgs};
use crate::ui::{Exit, Failure};

pub(super) use one::{Consent, have_signed};

/// Answer signing requests, or have one signed
///
/// `--serve` holds the operator key and answers typed requests of the guardian, as the policy says: it signs meanings
/// that it has checked, never bytes that it is handed. Each signature is in the audit log before it leaves.
///
/// With a FILE, the one request in it is answered: by the running server if there is one, else by this command itself,
/// under the same policy and with the same log.
#[derive(Args)]
#[command(after_help = examples::SIGN)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["serve", "file", "pending", "approve", "deny", "reload", "print_unit"]))]
#[command(group = clap::ArgGroup::new("server").args(["serve", "print_unit"]))]
pub(super) struct Sign {
    /// Request to have signed, as JSON; "-" for standard input. Without id, at and nonce, they are filled in
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Answer requests until stopped
    #[arg(long)]
    serve: bool,
    /// List the requests that wait for a person
    #[arg(long)]
    pending: bool,
    /// Say yes to a request that waits
    #[arg(long, value_name = "ID")]
    approve: Option<String>,
    /// Say no to a request that waits
    #[arg(long, value_name = "ID")]
    deny: Option<String>,
    /// Have the running server read its policy again
    #[arg(long)]
    reload: bool,
    /// Print a systemd user unit that serves, with the options given here
    #[arg(long)]
    print_unit: bool,
    /// With --approve: SHA-256 of the payload, as --pending shows it, instead of being asked
    #[arg(long, value_name = "HASH", requires = "approve")]
    sha256: Option<String>,
    /// With --approve: say yes to this kind and action for an hour
    #[arg(long, requires = "approve")]
    hour: bool,
    #[command(flatten)]
    serving: Serving,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    image: GuardianImage,
}

/// Which images a guardian in a container may run.
#[derive(Args)]
struct GuardianImage {
    /// Dangerous: serve whatever runs in the container, whoever made it. For development, with a key that guards nothing
    #[arg(long, requires = "server")]
    unverified_guardian: bool,
    #[command(flatten)]
    trust: TrustArgs,
    #[command(flatten)]
    signer: SignerArgs,
}

#[derive(Args)]
pub(in crate::cli) struct Serving {
    /// Also answer on this loopback address; port 0 takes a free one. The token is in the runtime folder
    #[arg(long, value_name = "ADDR", requires = "server", value_parser = loopback)]
    listen: Option<SocketAddr>,
    /// Fetch the requests of the guardian in this container, or with this RPC socket (a path); "none" fetches none
    /// [default: the container oc-guardian, where there is a Docker engine]. With a FILE: only ask it whether the state
    /// folder is an older copy [default: rpc.sock in the data folder of the config bundle, or that container]
    #[arg(long, value_name = "CONTAINER|SOCKET", value_parser = guardian::source)]
    guardian: Option<guardian::Source>,
    /// Policy file [default: policy.toml in the config folder, made where there is none]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Let this user, besides your own, reach the guardian's socket; may be repeated
    #[arg(long, value_name = "UID", requires = "server")]
    allow_uid: Vec<u32>,
    /// Sign nothing without a person's yes: for a second machine with the same key
    #[arg(long)]
    ask_only: bool,
    /// Dangerous: sign on with an older copy of the state folder, though the guardian proves that newer signatures exist.
    /// Only where the newest copy is lost and nothing that it signed is valid any more, which an action can be for 30 days
    #[arg(long, requires = "serve")]
    accept_rollback: bool,
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Serving {
    /// For a verb that has one thing signed.
    pub(in crate::cli) fn for_one(passphrase_file: Option<PathBuf>) -> Self {
        Self {
            listen: None,
            guardian: None,
            policy: None,
            allow_uid: Vec::new(),
            ask_only: false,
            accept_rollback: false,
            passphrase_file,
        }
    }
}

impl Sign {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        if self.serve {
            return serve::run(context, &self.serving, &self.image);
        }
        if self.print_unit {
            return unit::print(context, &self.serving, &self.image);
        }
        if self.pending {
            return questions::pending(context);
        }
        if let Some(id) = &self.approve {
            return questions::approve(context, id, self.sha256.as_deref(), self.hour);
        }
        if let Some(id) = &self.deny {
            return questions::deny(context, id);
        }
        if self.reload {
            return questions::reload(context);
        }
        match &self.file {
            Some(file) => one::run(context, file, &self.serving),
            None => Err(Failure::usage("a request file or --serve is missing")),
        }
    }
}

/// Found before a key is opened: others on the network could knock at any other address.
fn loopback(text: &str) -> Result<SocketAddr, String> {
    match text.parse::<SocketAddr>() {
        Ok(address)
            if [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)].contains(&address.ip()) =>
        {
            Ok(address)
        }
        // Requests are answered only under these names, so that no web page can have another one lead here.
        Ok(address) if address.ip().is_loopback() => {
            Err("of loopback, only 127.0.0.1 and [::1] are answered".into())
        }
        Ok(_) => Err("not a loopback address: requests would leave this machine unencrypted".into()),
        Err(_) => Err("not an address with a port, as 127.0.0.1:9180".into()),
    }
}
