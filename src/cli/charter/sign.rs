use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::json;

use super::agreed::Agreed;
use crate::cli::context::Context;
use crate::cli::examples;
use crate::cli::federation::{membership_lines, warn_where_all_are_needed};
use crate::cli::portal::Access;
use crate::cli::sign::{self, Consent, Serving};
use crate::doctor;
use crate::envelope::Action;
use crate::federation::{Directory, MAX_DIRECTORY_BYTES, Membership, MembershipHash, charter_params};
use crate::operator::{Identity, OperatorId};
use crate::portal::{Client, PortalError};
use crate::signer::client::Signed;
use crate::store;
use crate::ui::{Exit, Failure, Lines};

const EXPECT: &str = "--expect-hash HASH";
/// How long the envelope may be handed in, in seconds: all guardians have to sign, and some are on holiday.
const LIFE: u64 = 14 * 24 * 60 * 60;
/// Pauses before the same envelope is handed in again. It counts once, however often it comes.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(3)];

/// Sign the charter of a federation: agree to be a guardian in exactly this membership
///
/// Shows the membership and its hash, asks, and has the agreement signed by the running signing server, if there is one,
/// else by this command. It is a question each time, whatever the policy says; the answer given here is the answer to it.
/// The envelope goes to standard output, or where the flags say.
#[derive(Args)]
#[command(after_help = examples::CHARTER_SIGN)]
pub(super) struct Sign {
    /// The federation's directory
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The membership's hash, 64 hex digits: answers the question where nobody can be asked
    #[arg(long, value_name = "HASH")]
    expect_hash: Option<String>,
    /// Write the envelope to this new file
    #[arg(long, value_name = "FILE", conflicts_with = "into")]
    out: Option<PathBuf>,
    /// Put the signature into this directory file, often the same one, in the place of an earlier one of ours
    #[arg(long, value_name = "FILE")]
    into: Option<PathBuf>,
    /// Hand the envelope to the portal as well
    #[arg(long)]
    post: bool,
    /// Take the passphrase of the key file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

impl Sign {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let identity = context.identity(&folders)?;
        let expected = self.expect_hash.as_deref().map(hash_argument).transpose()?;
        let directory = read_directory(&self.file)?;
        let membership = &directory.membership;
        // What can fail is looked at before anybody is asked: a signature uses up a nonce.
        check_member(membership, &identity, &self.file)?;
        let mut target = self
            .into
            .as_deref()
            .map(|into| target(into, membership))
            .transpose()?;
        if let Some(out) = &self.out {
            store::check_creatable(out)?;
        }
        let client = self.post.then(|| self.client(context)).transpose()?;
        warn_where_all_are_needed(context, membership);
        agree(context, membership, &identity.operator_id(), expected, &self.file)?;
        let signed = have_signed(context, membership, self.passphrase_file)?;
        if let (Some(into), Some(target)) = (&self.into, &mut target) {
            put_into(into, target, &signed)?;
        }
        if let Some(out) = &self.out {
            let line = format!("{}\n", signed.envelope.get());
            store::create_new(out, line.as_bytes(), store::Access::Public)?;
        }
        if let Some(client) = &client {
            let _progress = context.ui.progress(&format!("Handing it to {}", client.base()));
            post(client, signed.envelope.get())?;
        }
        context.ui.result(&Agreed {
            membership,
            signed,
            out: self.out.as_deref(),
            into: self.into.as_deref().zip(target.as_ref()),
            portal: client.as_ref().map(|it| it.base().to_string()),
        })?;
        Ok(Exit::Done)
    }

    fn client(&self, context: &Context) -> Result<Client, Failure> {
        let folders = context.folders()?;
        let bundle = doctor::find_bundle(&folders, None, None).ok();
        self.access
            .client(bundle.as_ref().and_then(|file| file.checked.bundle()))
    }
}

fn hash_argument(text: &str) -> Result<MembershipHash, Failure> {
    MembershipHash::from_hex(text)
        .ok_or_else(|| Failure::usage(format!("{EXPECT}: not 64 lower-case hex digits")))
}

fn read_directory(path: &Path) -> Result<Directory, Failure> {
    let bytes = store::read(path, MAX_DIRECTORY_BYTES)?;
    Directory::parse(&bytes).map_err(|error| Failure::from(error).in_file(path))
}

fn check_member(membership: &Membership, identity: &Identity, file: &Path) -> Result<(), Failure> {
    let ours = identity.operator_id();
    // By key, not by id: the id follows from the key, but the scheme stands in both.
    if membership
        .member(&ours)
        .is_some_and(|it| it.public == identity.public)
    {
        return Ok(());
    }
    Err(Failure::new(
        "not-a-member",
        format!(
            "this operator, {ours}, is not one of the guardians in {}",
            file.display()
        ),
    )
    .hint("Ask whoever made the directory to put your operator id and key in (oc-guardian key show)."))
}

/// The directory that is to take the signature in.
fn target(into: &Path, membership: &Membership) -> Result<Directory, Failure> {
    let target = read_directory(into)?;
    if target.membership == *membership {
        return Ok(target);
    }
    Err(Failure::new(
        "membership-mismatch",
        format!(
            "{} has another membership, {}",
            into.display(),
            target.membership.hash()
        ),
    )
    .hint("Name the file whose membership is to be signed in both places."))
}

/// The person agrees, at the terminal or by naming the hash.
fn agree(
    context: &Context,
    membership: &Membership,
    ours: &OperatorId,
    expected: Option<MembershipHash>,
    file: &Path,
) -> Result<(), Failure> {
    let hash = membership.hash();
    match expected {
        Some(expected) if expected == hash => return Ok(()),
        Some(expected) => {
            return Err(Failure::new(
                "membership-mismatch",
                format!(
                    "{} has the membership hash {hash}, not {expected}",
                    file.display()
                ),
            )
            .hint("Do not sign it. Find out with the other guardians who was given what."));
        }
        None => {}
    }
    let mut lines = Lines::default();
    membership_lines(&mut lines, membership, Some(ours));
    lines.gap();
    lines.line(
        "By signing you agree to be a guardian of this federation, with these others and this threshold.",
    );
    context.ui.show(&lines.finish());
    if context
        .ui
        .confirm("Sign the charter of this federation?", EXPECT)?
    {
        return Ok(());
    }
    Err(Failure::new("not-confirmed", "the charter was not signed")
        .hint("Talk to the other guardians about what should be different.")
        .with_exit(Exit::Refused))
}

fn have_signed(
    context: &Context,
    membership: &Membership,
    passphrase_file: Option<PathBuf>,
) -> Result<Signed, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let request = json!({
        "kind": "action",
        "federation": membership.slug(),
        "payload": {
            "action": Action::CharterSign.as_str(),
            "params": charter_params(membership),
            "expires_at": now.as_secs() + LIFE,
            "federation": membership.slug(),
        },
    });
    let options = Serving::for_one(passphrase_file);
    sign::have_signed(context, request.to_string().as_bytes(), &options, Consent::Given)
}

fn put_into(into: &Path, target: &mut Directory, signed: &Signed) -> Result<(), Failure> {
    let added = serde_json::from_str(signed.envelope.get())
        .map_err(|error| error.to_string())
        .and_then(|envelope| target.add_charter_signature(envelope));
    if let Err(why) = added {
        return Err(Failure::new(
            "bad-answer",
            format!("what was signed is no signature under this charter: {why}"),
        )
        .hint("See with oc-guardian audit log what the signing server signed."));
    }
    // Others read it, too: it is as public as it was.
    store::replace(into, target.to_json().as_bytes(), store::Access::Public)?;
    Ok(())
}

fn post(client: &Client, envelope: &str) -> Result<(), Failure> {
    for pause in PAUSES {
        match client.post_charter(envelope) {
            Err(PortalError::Unreachable { .. }) => std::thread::sleep(pause),
            other => return Ok(other.map(drop)?),
        }
    }
    Ok(client.post_charter(envelope).map(drop)?)
}
