//! The signing server that runs, or the parts of one.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::Serving;
use crate::bundle::Bundle;
use crate::cli::context::Context;
use crate::cli::input;
use crate::doctor::find_bundle;
use crate::operator::{Identity, PublicKey};
use crate::signer::client::{Client, ClientError, Endpoint};
use crate::signer::{Engine, Policy, PolicyFile, Setup, operator_socket, policy_path};
use crate::store::{self, Access, Folders};
use crate::ui::Failure;
use crate::vault::LockedHome;

/// A client of the operator's door; an error where nobody listens there. Looked at first: the client would go on trying,
/// as for a server that is being started anew.
pub(super) fn client(folders: &Folders) -> Result<Client, Failure> {
    let socket = operator_socket(folders);
    match std::os::unix::net::UnixStream::connect(&socket) {
        Ok(_) => Ok(Client::new(Endpoint::Socket(socket))),
        Err(source) => Err(ClientError::Unreachable {
            endpoint: socket.display().to_string(),
            source,
        }
        .into()),
    }
}

/// For verbs that only talk to the server.
pub(super) fn small_runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("internal", format!("no runtime: {error}")))
}

/// The core of a server: key unlocked, log open.
pub(super) struct Core {
    pub(super) engine: Arc<Engine>,
    pub(super) identity: Identity,
    pub(super) policy_file: PathBuf,
    // Until the end: nobody else may use the key's log meanwhile.
    _home: LockedHome,
}

/// Takes the lock, unlocks the key and opens the log. What can be refused is refused before the passphrase is asked for.
pub(super) fn open(context: &Context, folders: &Folders, options: &Serving) -> Result<Core, Failure> {
    context.identity(folders)?;
    let home = context.lock(folders)?;
    let identity = home.identity()?;
    let federation = federation(folders, &identity.public);
    let (policy_file, policy) = policy(context, folders, options.policy.as_deref(), federation.as_deref())?;
    let key = input::unlock(context, &home, &identity, options.passphrase_file.as_deref())?;
    let progress = context.ui.progress("Reading the audit log");
    let setup = Setup {
        key,
        policy,
        policy_file: policy_file.clone(),
        federation,
        ask_only: options.ask_only,
        dangerously_accept_rollback: options.accept_rollback,
    };
    let (engine, notes) = Engine::open(folders, setup)?;
    drop(progress);
    context.warn_all(&notes);
    Ok(Core {
        engine,
        identity,
        policy_file,
        _home: home,
    })
}

/// The federation of the config bundle, if there is a good one.
fn federation(folders: &Folders, public: &PublicKey) -> Option<String> {
    let file = find_bundle(folders, None, Some(public)).ok()?;
    file.checked
        .bundle()
        .map(|bundle: &Bundle| bundle.federation_slug.clone())
}

/// The policy that was named, or the usual one, which is made for the bundle's federation where there is none.
fn policy(
    context: &Context,
    folders: &Folders,
    named: Option<&Path>,
    federation: Option<&str>,
) -> Result<(PathBuf, Policy), Failure> {
    let path = match named {
        Some(path) => input::absolute(path)?,
        None => policy_path(folders),
    };
    if named.is_none() && !store::exists(&path) {
        let federation = federation.ok_or_else(|| {
            Failure::new(
                "no-policy",
                format!(
                    "there is no policy at {}, and no config bundle to make one for",
                    path.display()
                ),
            )
            .hint("Write the bundle first (oc-guardian config gen), or name a policy with --policy FILE.")
        })?;
        store::create_new(&path, Policy::default_for(federation).as_bytes(), Access::Private)?;
        context.ui.note(&format!(
            "There was no policy: {} now signs routine requests of {federation} and asks about all others.",
            path.display()
        ));
    }
    let policy = PolicyFile::load(&path)?.policy;
    Ok((path, policy))
}
