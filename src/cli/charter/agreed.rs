use std::path::Path;

use serde_json::{Map, Value, json};

use crate::federation::{CharterError, Directory, Membership, check_charter};
use crate::operator::OperatorId;
use crate::signer::client::Signed;
use crate::ui::{GOOD, Lines, Report, paint, shell_quoted};

/// The charter is signed.
pub(super) struct Agreed<'a> {
    pub(super) membership: &'a Membership,
    pub(super) signed: Signed,
    pub(super) out: Option<&'a Path>,
    pub(super) into: Option<(&'a Path, &'a Directory)>,
    pub(super) portal: Option<String>,
}

impl Agreed<'_> {
    /// Who has not signed yet, as far as the file says.
    fn missing(&self) -> Option<Vec<OperatorId>> {
        let (_, directory) = self.into?;
        match check_charter(&directory.membership, &directory.charter_signatures) {
            Ok(()) => Some(Vec::new()),
            Err(CharterError::Missing { missing, .. }) => Some(missing),
            Err(_) => None,
        }
    }
}

impl Report for Agreed<'_> {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("federation".into(), json!(self.membership.slug())),
            (
                "membership_hash".into(),
                json!(self.membership.hash().to_string()),
            ),
            ("envelope".into(), json!(self.signed.envelope)),
            (
                "out".into(),
                json!(self.out.map(|path| path.display().to_string())),
            ),
            (
                "into".into(),
                json!(self.into.map(|(path, _)| path.display().to_string())),
            ),
            ("missing".into(), json!(self.missing())),
            ("portal".into(), json!(self.portal)),
        ])
    }

    fn human(&self) -> String {
        if self.out.is_none() && self.into.is_none() && self.portal.is_none() {
            // To be passed on, byte for byte.
            return format!("{}\n", self.signed.envelope.get());
        }
        let mut lines = Lines::default();
        lines.line(paint(
            GOOD,
            &format!("The charter of {} is signed.", self.membership.slug()),
        ));
        lines.field("membership", self.membership.hash().to_string());
        if let Some(out) = self.out {
            lines.field("envelope", out.display().to_string());
        }
        if let Some((path, _)) = self.into {
            lines.field("put into", path.display().to_string());
        }
        if let Some(portal) = &self.portal {
            lines.field("handed to", portal);
        }
        match (self.missing(), self.into) {
            (Some(missing), Some((path, _))) if missing.is_empty() => {
                lines.next(&format!("oc-guardian federation trust {}", shell_quoted(path)));
            }
            (Some(missing), _) => {
                for (index, id) in missing.iter().enumerate() {
                    lines.field(if index == 0 { "still to sign" } else { "" }, id.as_str());
                }
            }
            _ => {}
        }
        lines.finish()
    }
}
