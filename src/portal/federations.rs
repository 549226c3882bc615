use serde::Deserialize;

use super::answer::{self, AnswerError};
use super::registry::MAX_NAME;
use crate::operator::OperatorId;

/// Most federations that a portal is believed to have; most members of one; most accepted images.
const MOST: usize = 1000;
const MOST_MEMBERS: usize = 256;
pub(super) const MOST_PINS: usize = 64;

/// The federations of the portal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederationList {
    /// In the portal's order.
    pub federations: Vec<FederationSummary>,
}

/// What a list says of a federation. Nothing of it is trusted: the membership is what its guardians signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederationSummary {
    /// `[a-z0-9-]{1,64}`
    pub slug: String,
    /// What people call it; from outside.
    pub name: Option<String>,
    /// How many guardians make a signature.
    pub threshold: Option<u64>,
    /// How many there are.
    pub guardians: Option<u64>,
}

/// What the portal says of one federation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Federation {
    /// As in the list.
    pub summary: FederationSummary,
    /// Accepted images; none of them means any.
    pub pins: Vec<String>,
    /// Where the portal says.
    pub members: Option<Vec<FederationMember>>,
}

/// A member, as the portal says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederationMember {
    /// Who.
    pub operator_id: OperatorId,
    /// What people call it; from outside.
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct ListWire {
    federations: Vec<SummaryWire>,
    count: Option<u64>,
}

#[derive(Deserialize)]
struct Wire {
    federation: FederationWire,
}

#[derive(Deserialize)]
struct SummaryWire {
    slug: String,
    name: Option<String>,
    threshold: Option<u64>,
    guardians: Option<u64>,
}

#[derive(Deserialize)]
struct FederationWire {
    slug: String,
    name: Option<String>,
    threshold: Option<u64>,
    guardians: Option<u64>,
    pins: Option<Vec<String>>,
    members: Option<Vec<MemberWire>>,
}

#[derive(Deserialize)]
struct MemberWire {
    operator_id: OperatorId,
    name: Option<String>,
}

impl FederationList {
    /// # Errors
    /// [`AnswerError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, AnswerError> {
        let wire: ListWire = answer::read(bytes)?;
        let found = wire.federations.len();
        answer::check_count("federations", found, wire.count.unwrap_or(found as u64), MOST)?;
        let summaries = wire.federations.into_iter().map(SummaryWire::checked);
        let federations: Vec<_> = summaries.collect::<Result<_, _>>()?;
        answer::check_distinct("federations", federations.iter().map(|it| &it.slug))?;
        Ok(Self { federations })
    }
}

impl Federation {
    /// The answer to a question about the federation `asked`.
    ///
    /// # Errors
    /// [`AnswerError`]
    pub fn parse(bytes: &[u8], asked: &str) -> Result<Self, AnswerError> {
        let Wire { federation: wire } = answer::read(bytes)?;
        let summary = SummaryWire {
            slug: wire.slug,
            name: wire.name,
            threshold: wire.threshold,
            guardians: wire.guardians,
        };
        let summary = summary.checked()?;
        answer::same_federation(&summary.slug, asked)?;
        let members: Option<Vec<_>> = wire.members.map(members).transpose()?;
        Ok(Self {
            summary,
            pins: pins(wire.pins.unwrap_or_default())?,
            members,
        })
    }
}

fn members(wire: Vec<MemberWire>) -> Result<Vec<FederationMember>, AnswerError> {
    answer::check_count("members", wire.len(), wire.len() as u64, MOST_MEMBERS)?;
    answer::check_distinct("members", wire.iter().map(|it| &it.operator_id))?;
    let checked = wire.into_iter().map(|member| {
        Ok(FederationMember {
            operator_id: member.operator_id,
            name: answer::optional_text(member.name, "name", MAX_NAME)?,
        })
    });
    checked.collect()
}

pub(super) fn pins(wire: Vec<String>) -> Result<Vec<String>, AnswerError> {
    answer::check_count("pins", wire.len(), wire.len() as u64, MOST_PINS)?;
    wire.into_iter().map(|pin| answer::digest(pin, "a pin")).collect()
}

impl SummaryWire {
    fn checked(self) -> Result<FederationSummary, AnswerError> {
        if let (Some(threshold), Some(guardians)) = (self.threshold, self.guardians)
            && threshold > guardians
        {
            return Err(AnswerError(format!(
                "threshold is {threshold}, with {guardians} guardians"
            )));
        }
        Ok(FederationSummary {
            slug: answer::slug(self.slug, "slug")?,
            name: answer::optional_text(self.name, "name", MAX_NAME)?,
            threshold: self.threshold,
            guardians: self.guardians,
        })
    }
}
