use clap::Args;
use serde_json::{Map, Value, json};

use super::{examples, membership_lines, warn_where_all_are_needed};
use crate::cli::context::Context;
use crate::federation::{Directory, TrustedFederation, fingerprint};
use crate::operator::OperatorId;
use crate::ui::{Exit, FAINT, Failure, HEADING, Lines, Report, paint};
use crate::vault;

/// Show the federations that this operator trusts: threshold, guardians, hash, addresses
#[derive(Args)]
#[command(after_help = examples::FEDERATION_SHOW)]
pub(in crate::cli) struct Show {
    /// Name of one federation [default: all that are trusted]
    #[arg(value_name = "SLUG")]
    slug: Option<String>,
}

impl Show {
    pub(in crate::cli) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let slugs = match self.slug {
            Some(slug) => vec![slug],
            None => TrustedFederation::list(&folders)?,
        };
        let federations = slugs
            .iter()
            .map(|slug| TrustedFederation::load(&folders, slug))
            .collect::<Result<Vec<_>, _>>()?;
        for federation in &federations {
            warn_where_all_are_needed(context, &federation.directory.membership);
        }
        let ours = vault::load_identity(&folders)?.map(|identity| identity.operator_id());
        context.ui.result(&Shown { federations, ours })?;
        Ok(Exit::Done)
    }
}

struct Shown {
    federations: Vec<TrustedFederation>,
    ours: Option<OperatorId>,
}

impl Report for Shown {
    fn fields(&self) -> Map<String, Value> {
        let federations: Vec<Value> = self
            .federations
            .iter()
            .map(|federation| fields(federation, self.ours.as_ref()))
            .collect();
        Map::from_iter([("federations".into(), federations.into())])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        if self.federations.is_empty() {
            lines.line("No federation is trusted here.");
            return lines.next("oc-guardian federation trust FILE").finish();
        }
        for (index, federation) in self.federations.iter().enumerate() {
            if index > 0 {
                lines.gap();
            }
            let directory = &federation.directory;
            membership_lines(&mut lines, &directory.membership, self.ours.as_ref());
            lines.field("accepted", &federation.accepted_at);
            if let Some(digest) = &directory.image_digest {
                lines.field("image", digest);
            }
            let key = directory.federation_key.as_ref();
            lines.field(
                "federation key",
                key.map_or_else(|| paint(FAINT, "none yet"), crate::operator::PublicKey::to_hex),
            );
            addresses(&mut lines, directory);
        }
        lines.finish()
    }
}

fn addresses(lines: &mut Lines, directory: &Directory) {
    if directory.addresses.is_empty() {
        return;
    }
    lines.gap();
    lines.line(paint(
        HEADING,
        &format!("{:<36}{:<34}{}", "guardian", "api", "peers"),
    ));
    for address in &directory.addresses {
        lines.line(format!(
            "{:<36}{:<34}{}",
            address.operator_id, address.api_url, address.p2p_url
        ));
    }
}

fn fields(federation: &TrustedFederation, ours: Option<&OperatorId>) -> Value {
    let directory = &federation.directory;
    let membership = &directory.membership;
    let guardians: Vec<Value> = membership
        .guardians()
        .iter()
        .map(|guardian| {
            let id = guardian.operator_id();
            let address = directory.address(&id);
            json!({
                "operator_id": id,
                "operator_pubkey_hex": guardian.public.to_hex(),
                "ours": Some(&id) == ours,
                "api_url": address.map(|address| &address.api_url),
                "p2p_url": address.map(|address| &address.p2p_url),
            })
        })
        .collect();
    let hash = membership.hash();
    json!({
        "federation": membership.slug(),
        "membership_hash": hash.to_string(),
        "words": fingerprint(&hash),
        "threshold": membership.threshold(),
        "guardians": guardians,
        "sequence": directory.sequence,
        "image_digest": directory.image_digest,
        "federation_pubkey_hex": directory.federation_key.as_ref().map(crate::operator::PublicKey::to_hex),
        "accepted_at": federation.accepted_at,
    })
}
