use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::{Map, Value, json};

use super::{Access, Asked, examples};
use crate::cli::context::Context;
use crate::operator::{OperatorId, PublicKey};
use crate::portal::{
    Board, BoardEntry, Client, Color, Federation, PortalError, RegisteredOperator, Registry,
};
use crate::ui::{
    BAD, EMPHASIS, Exit, FAINT, Failure, GOOD, Lines, Report, moment, paint, printable, problem_fields,
    problems_json, span,
};
use crate::vault::{self, VaultError};

/// How far this machine's clock may be from the portal's before it is said, in seconds. Attestations are good for 120.
const SKEW: u64 = 60;

/// Show whether the portal knows this operator and its federation, and the colour of its attestation
///
/// Reads only; every problem comes with its remedy.
#[derive(Args)]
#[command(after_help = examples::PORTAL_STATUS)]
pub(super) struct Status {
    /// Name of the federation [default: that of the config bundle]
    #[arg(long, value_name = "SLUG")]
    federation: Option<String>,
    /// The config bundle [default: the one in the config folder, else the one in /etc/oc-guardian]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    access: Access,
}

impl Status {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let asked = Asked::here(context, self.config.as_deref())?;
        let slug = asked.federation(self.federation.as_ref())?;
        let Some(key) = asked.operator else {
            let path = vault::identity_path(&context.folders()?);
            return Err(VaultError::NoIdentity { path }.into());
        };
        let client = self.access.client(asked.bundle.as_ref())?;
        let progress = context.ui.progress(&format!("Asking {}", client.base()));
        let seen = Seen::ask(&client, key, slug)?;
        drop(progress);
        let exit = if seen.ok() { Exit::Done } else { Exit::CheckFailed };
        context.ui.result(&seen)?;
        Ok(exit)
    }
}

struct Seen {
    base: String,
    key: PublicKey,
    id: OperatorId,
    slug: String,
    entry: Option<RegisteredOperator>,
    federation: Option<Federation>,
    /// `None` where the portal does not show a board.
    board: Option<Board>,
    problems: Vec<Failure>,
}

impl Seen {
    fn ask(client: &Client, key: PublicKey, slug: String) -> Result<Self, Failure> {
        let registry: Registry = client.registry()?;
        let federation = client.federation(&slug)?;
        let board = match (&federation, client.attestations(&slug)) {
            // Not every portal has one for programs.
            (
                _,
                Err(PortalError::Refused {
                    status: 404 | 405, ..
                }),
            ) => None,
            (_, answer) => Some(answer?),
        };
        let mut seen = Self {
            base: client.base().to_string(),
            id: key.operator_id(),
            entry: registry.find(&key).cloned(),
            key,
            slug,
            federation,
            board,
            problems: Vec::new(),
        };
        seen.judge_registry();
        seen.judge_federation();
        seen.judge_attestation();
        seen.judge_clock();
        Ok(seen)
    }

    fn row(&self) -> Option<&BoardEntry> {
        self.board.as_ref()?.find(&self.id)
    }

    fn is_member(&self) -> Option<bool> {
        let members = self.federation.as_ref()?.members.as_ref()?;
        Some(members.iter().any(|member| member.operator_id == self.id))
    }

    fn judge_registry(&mut self) {
        let problem = match &self.entry {
            None => Failure::new("not-registered", format!("{} is not in the portal's registry", self.id)).hint(format!(
                "Apply to the operator programme at {}/me/operator with this key, and wait for the acceptance.",
                self.base
            )),
            Some(entry) if entry.scheme.is_some_and(|scheme| scheme != self.key.scheme()) => {
                let theirs = entry.scheme.map_or("", |scheme| scheme.as_str());
                let detail = format!("the portal has the key as {theirs}, and it is {}", self.key.scheme());
                Failure::new("registered-otherwise", detail)
                    .hint("Ask whoever runs the portal to state the right scheme: no signature of this key verifies there.")
            }
            Some(_) => return,
        };
        self.problems.push(problem);
    }

    fn judge_federation(&mut self) {
        let problem = if self.federation.is_none() {
            Failure::new(
                "unknown-federation",
                format!("the portal knows no federation {}", self.slug),
            )
            .hint("Check federation_slug with: oc-guardian config show")
        } else if self.is_member() == Some(false) {
            Failure::new("not-a-member", format!("the portal does not list {} as a member of {}", self.id, self.slug))
                .hint("Check federation_slug with `oc-guardian config show`; if it is right, talk to the federation.")
        } else {
            return;
        };
        self.problems.push(problem);
    }

    fn judge_attestation(&mut self) {
        // Without being known there is nothing to be green, and that has been said.
        if !self.problems.is_empty() {
            return;
        }
        let Some(board) = &self.board else { return };
        let problem = match board.find(&self.id) {
            None => Failure::new("not-on-the-board", format!("the board of {} has no row for {}", self.slug, self.id))
                .hint("Talk to the federation: its members and the portal's board differ."),
            Some(row) => match (row.color, row.cause.as_deref()) {
                (Color::Green, _) => return,
                (Color::Grey, _) => Failure::new("attestation-grey", "the portal has never heard of this guardian").hint(format!(
                    "Start the guardian and the signing server (oc-guardian sign --serve), and check that the guardian's \
                     host can reach {} (egress firewall).",
                    self.base
                )),
                (Color::Red, Some("wrong-image")) => Failure::new(
                    "attestation-wrong-image",
                    match &row.image_digest {
                        Some(digest) => format!("the guardian says that it runs {digest}, which the federation does not accept"),
                        None => "the guardian does not say which image it runs, and the federation accepts certain ones only".into(),
                    },
                )
                .hint("Verify the image with `oc-guardian verify`, and change to an accepted one with `oc-guardian upgrade`."),
                (Color::Red, _) => Failure::new(
                    "attestation-stale",
                    format!(
                        "the last attestation is {} old",
                        span(board.at.saturating_sub(row.attested_at.unwrap_or_default()))
                    ),
                )
                .hint(
                    "Check that the guardian runs, that the signing server (oc-guardian sign --serve) answers it, and both \
                     clocks.",
                ),
            },
        };
        self.problems.push(problem);
    }

    fn judge_clock(&mut self) {
        let Some(board) = &self.board else { return };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs();
        let apart = board.at.abs_diff(now);
        if apart > SKEW {
            let detail = format!("this machine's clock and the portal's are {} apart", span(apart));
            self.problems.push(Failure::new("clock-skew", detail).hint(
                "Set this machine's clock (timedatectl set-ntp true): attestations are good for 120 s only.",
            ));
        }
    }
}

impl Report for Seen {
    fn ok(&self) -> bool {
        self.problems.is_empty()
    }

    fn fields(&self) -> Map<String, Value> {
        let mut fields = problem_fields(&self.problems);
        let federation = self.federation.as_ref().map(|federation| {
            json!({
                "slug": self.slug,
                "name": federation.summary.name,
                "threshold": federation.summary.threshold,
                "guardians": federation.summary.guardians,
                "member": self.is_member(),
            })
        });
        let attestation = self.row().map(|row| {
            json!({
                "color": row.color.as_str(),
                "cause": row.cause,
                "since": moment(row.since),
                "attested_at": row.attested_at.map(moment),
                "status": row.status,
                "image_digest": row.image_digest,
                "guardian_version": row.guardian_version,
            })
        });
        fields.extend([
            ("portal".into(), json!(self.base)),
            ("operator_id".into(), json!(self.id)),
            ("registered".into(), json!(self.entry.is_some())),
            ("federation".into(), json!(federation)),
            ("attestation".into(), json!(attestation)),
            ("problems".into(), problems_json(&self.problems)),
        ]);
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.field("portal", &self.base);
        lines.field("operator id", paint(EMPHASIS, self.id.as_str()));
        lines.field(
            "registry",
            match &self.entry {
                Some(entry) => {
                    let name = entry
                        .name
                        .as_deref()
                        .map(|name| format!(" as {}", printable(name)));
                    format!("{}{}", paint(GOOD, "registered"), name.unwrap_or_default())
                }
                None => paint(BAD, "not registered"),
            },
        );
        lines.field(
            "federation",
            match (&self.federation, self.is_member()) {
                (None, _) => paint(BAD, &format!("{} is not known", self.slug)),
                (Some(_), Some(true)) => format!("{}, {}", self.slug, paint(GOOD, "a member")),
                (Some(_), Some(false)) => format!("{}, {}", self.slug, paint(BAD, "not a member")),
                (Some(_), None) => self.slug.clone(),
            },
        );
        lines.field(
            "attestation",
            match (&self.board, self.row()) {
                (None, _) => paint(FAINT, "not shown by this portal"),
                (Some(_), None) => "none".into(),
                (Some(board), Some(row)) => colour(board, row),
            },
        );
        if let Some(row) = self.row().filter(|row| row.attested_at.is_some()) {
            let said = [&row.status, &row.guardian_version, &row.image_digest];
            let said: Vec<String> = said.into_iter().flatten().map(|text| printable(text)).collect();
            lines.field("says it is", said.join(" · "));
        }
        lines.gap().problems(&self.problems).finish()
    }
}

fn colour(board: &Board, row: &BoardEntry) -> String {
    let style = match row.color {
        Color::Green => GOOD,
        Color::Red => BAD,
        Color::Grey => FAINT,
    };
    let heard = row.attested_at.map_or("never heard".into(), |time| {
        format!("last heard {} ago", span(board.at.saturating_sub(time)))
    });
    format!(
        "{} since {}, {heard}",
        paint(style, row.color.as_str()),
        moment(row.since)
    )
}
