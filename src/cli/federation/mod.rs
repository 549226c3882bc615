mod show;
mod trust;

use clap::{Args, Subcommand};

use super::context::Context;
use super::examples;
use crate::federation::{Membership, MembershipHash, fingerprint};
use crate::operator::OperatorId;
use crate::ui::{EMPHASIS, Exit, FAINT, Failure, Lines, paint};

/// Decide which federations this operator trusts
///
/// A membership is trusted when all its guardians signed the charter over it and its hash was compared with them over
/// another channel. The portal is never asked for its opinion.
#[derive(Args)]
#[command(after_help = examples::FEDERATION, arg_required_else_help = true, subcommand_required = true)]
pub(super) struct Federation {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Trust(trust::Trust),
    Show(show::Show),
}

impl Federation {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        match self.verb {
            Verb::Trust(verb) => verb.run(context),
            Verb::Show(verb) => verb.run(context),
        }
    }
}

/// The membership as people compare it.
pub(super) fn membership_lines(lines: &mut Lines, membership: &Membership, ours: Option<&OperatorId>) {
    let total = membership.guardians().len();
    lines.field("federation", paint(EMPHASIS, membership.slug()));
    lines.field("threshold", format!("{} of {total}", membership.threshold()));
    for (index, guardian) in (1..).zip(membership.guardians()) {
        let id = guardian.operator_id();
        let name = if index == 1 { "guardians" } else { "" };
        let mark = if Some(&id) == ours {
            paint(EMPHASIS, "  you")
        } else {
            String::new()
        };
        lines.field(name, format!("{index:>2}  {id}{mark}"));
    }
    hash_lines(lines, &membership.hash());
}

fn hash_lines(lines: &mut Lines, hash: &MembershipHash) {
    lines.field("hash", hash.to_string());
    for (row, words) in fingerprint(hash).chunks(4).enumerate() {
        let numbered: Vec<String> = (row * 4 + 1..)
            .zip(words)
            .map(|(number, word)| format!("{} {word:<9}", paint(FAINT, &format!("{number:>2}"))))
            .collect();
        lines.field(
            if row == 0 { "in words" } else { "" },
            numbered.join(" ").trim_end(),
        );
    }
}

/// With `m = n` nothing may fail.
pub(super) fn warn_where_all_are_needed(context: &Context, membership: &Membership) {
    if membership.every_guardian_is_needed() {
        context.ui.warn(&format!(
            "all {} guardians are needed for a signature: one that is down stops the federation",
            membership.threshold()
        ));
    }
}
