use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::Args;
use serde_json::{Map, Value, json};

use super::{examples, membership_lines, warn_where_all_are_needed};
use crate::cli::context::Context;
use crate::federation::{
    Directory, MAX_DIRECTORY_BYTES, MembershipHash, TrustedFederation, check_charter, fingerprint,
};
use crate::operator::OperatorId;
use crate::store;
use crate::ui::{Exit, Failure, GOOD, Lines, Report, paint};
use crate::vault;

const EXPECT: &str = "--expect-hash HASH";

/// Trust a federation's membership, after its hash was compared with the other guardians
///
/// Checks that every guardian signed the charter over exactly this membership, shows the hash, and asks whether the others
/// see the same words. From then on the signing server signs for this federation what the policy allows.
#[derive(Args)]
#[command(after_help = examples::FEDERATION_TRUST)]
pub(in crate::cli) struct Trust {
    /// The federation's directory with the guardians' charter signatures
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The hash that was compared, 64 hex digits: answers the question where nobody can be asked
    #[arg(long, value_name = "HASH")]
    expect_hash: Option<String>,
    /// Replace another membership that is trusted under the same name
    #[arg(long)]
    replace: bool,
}

impl Trust {
    pub(in crate::cli) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let expected = self.expect_hash.as_deref().map(hash_argument).transpose()?;
        let bytes = store::read(&self.file, MAX_DIRECTORY_BYTES)?;
        let directory =
            Directory::parse(&bytes).map_err(|error| Failure::from(error).in_file(Path::new(&self.file)))?;
        let membership = &directory.membership;
        check_charter(membership, &directory.charter_signatures)
            .map_err(|error| Failure::from(error).in_file(Path::new(&self.file)))?;
        let ours = vault::load_identity(&folders)?.map(|identity| identity.operator_id());
        if let Some(ours) = &ours
            && membership.member(ours).is_none()
        {
            context
                .ui
                .warn(&format!("this operator, {ours}, is not one of its guardians"));
        }
        warn_where_all_are_needed(context, membership);
        let hash = membership.hash();
        match expected {
            Some(expected) if expected == hash => {}
            Some(expected) => {
                return Err(Failure::new(
                    "membership-mismatch",
                    format!(
                        "{} has the membership hash {hash}, not {expected}",
                        self.file.display()
                    ),
                )
                .hint("Do not trust it. Find out with the other guardians who was given what."));
            }
            None => ask(context, &directory, ours.as_ref())?,
        }
        let accepted_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let trusted = TrustedFederation {
            directory,
            accepted_at,
        };
        trusted.save(&folders, self.replace)?;
        context.ui.result(&Trusted(&trusted))?;
        Ok(Exit::Done)
    }
}

fn hash_argument(text: &str) -> Result<MembershipHash, Failure> {
    MembershipHash::from_hex(text)
        .ok_or_else(|| Failure::usage(format!("{EXPECT}: not 64 lower-case hex digits")))
}

fn ask(context: &Context, directory: &Directory, ours: Option<&OperatorId>) -> Result<(), Failure> {
    let mut lines = Lines::default();
    membership_lines(&mut lines, &directory.membership, ours);
    lines.gap();
    lines.line("All of them signed the charter over this membership. Now compare the words with each of them, by voice:");
    lines.line("whoever gave you this file may have given them another one. The words are no secret.");
    context.ui.show(&lines.finish());
    if context
        .ui
        .confirm("Do all the others have the same words?", EXPECT)?
    {
        return Ok(());
    }
    Err(Failure::new(
        "not-confirmed",
        "the membership was not confirmed, and nothing was changed",
    )
    .hint("Compare the words first; where they differ, find out who was given what.")
    .with_exit(Exit::Refused))
}

struct Trusted<'a>(&'a TrustedFederation);

impl Report for Trusted<'_> {
    fn fields(&self) -> Map<String, Value> {
        let membership = &self.0.directory.membership;
        let hash = membership.hash();
        Map::from_iter([
            ("federation".into(), json!(membership.slug())),
            ("membership_hash".into(), json!(hash.to_string())),
            ("words".into(), json!(fingerprint(&hash))),
            ("threshold".into(), json!(membership.threshold())),
            ("guardians".into(), json!(membership.guardians().len())),
            ("accepted_at".into(), json!(self.0.accepted_at)),
        ])
    }

    fn human(&self) -> String {
        let membership = &self.0.directory.membership;
        let mut lines = Lines::default();
        lines.line(paint(
            GOOD,
            &format!("The federation {} is trusted.", membership.slug()),
        ));
        lines.field("membership", membership.hash().to_string());
        lines.field(
            "threshold",
            format!("{} of {}", membership.threshold(), membership.guardians().len()),
        );
        lines.next("oc-guardian sign --serve").finish()
    }
}
