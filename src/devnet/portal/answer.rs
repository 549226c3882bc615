//! The JSON of every answer. Fields, their order and their names are frozen by tests and by docs/formats.md.

use serde::Serialize;
use serde_json::value::RawValue;

use super::clock::Now;
use super::state::{Joined, State};
use super::timeline::Event;
use crate::operator::{OperatorId, Scheme};

#[derive(Serialize)]
pub(super) struct Registry<'a> {
    ok: bool,
    operators: Vec<RegistryEntry<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct RegistryEntry<'a> {
    operator_id: &'a OperatorId,
    pubkey: String,
    scheme: Scheme,
    name: &'a str,
}

#[derive(Serialize)]
pub(super) struct Federations<'a> {
    ok: bool,
    federations: Vec<Summary<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct Summary<'a> {
    slug: &'a str,
    name: &'a str,
    threshold: usize,
    guardians: usize,
}

#[derive(Serialize)]
pub(super) struct Federation<'a> {
    ok: bool,
    at: u64,
    federation: Details<'a>,
}

#[derive(Serialize)]
struct Details<'a> {
    #[serde(flatten)]
    summary: Summary<'a>,
    pins: &'a [String],
    members: Vec<MemberEntry<'a>>,
    incidents: Vec<IncidentEntry<'a>>,
    events: Vec<&'a Event>,
}

#[derive(Serialize)]
struct MemberEntry<'a> {
    operator_id: &'a OperatorId,
    name: &'a str,
    charter: Option<CharterEntry<'a>>,
}

#[derive(Serialize)]
struct CharterEntry<'a> {
    membership_hash: Option<&'a str>,
    received_at: u64,
}

#[derive(Serialize)]
pub(super) struct Charters<'a> {
    ok: bool,
    federation: &'a str,
    signatures: Vec<CharterSignature<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct CharterSignature<'a> {
    operator_id: &'a OperatorId,
    received_at: u64,
    envelope: &'a RawValue,
}

#[derive(Serialize)]
pub(super) struct Board<'a> {
    ok: bool,
    federation: &'a str,
    name: &'a str,
    threshold: usize,
    at: u64,
    stale_after: u64,
    pins: &'a [String],
    operators: Vec<BoardEntry<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct BoardEntry<'a> {
    operator_id: &'a OperatorId,
    name: &'a str,
    color: &'static str,
    cause: &'static str,
    since: u64,
    attested_at: Option<u64>,
    received_at: Option<u64>,
    status: Option<&'static str>,
    image_digest: Option<&'a str>,
    guardian_version: Option<&'a str>,
    api_url: Option<&'a str>,
    p2p_url: Option<&'a str>,
}

#[derive(Serialize)]
pub(super) struct Incidents<'a> {
    ok: bool,
    federation: &'a str,
    incidents: Vec<IncidentEntry<'a>>,
    count: usize,
}

#[derive(Serialize)]
struct IncidentEntry<'a> {
    id: &'a str,
    operator_id: &'a OperatorId,
    severity: &'static str,
    tag: Option<&'a str>,
    title: &'a str,
    body: &'a str,
    published_at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    envelope: Option<&'a RawValue>,
}

impl State {
    pub(super) fn registry(&self) -> Registry<'_> {
        let entries = self.operators.iter().map(|operator| RegistryEntry {
            operator_id: &operator.id,
            pubkey: operator.key.to_hex(),
            scheme: operator.key.scheme(),
            name: &operator.name,
        });
        Registry {
            ok: true,
            operators: entries.collect(),
            count: self.operators.len(),
        }
    }

    pub(super) fn federation_list(&self) -> Federations<'_> {
        Federations {
            ok: true,
            federations: self.federations.values().map(Joined::summary).collect(),
            count: self.federations.len(),
        }
    }

    pub(super) fn federation(&self, slug: &str, now: Now) -> Option<Federation<'_>> {
        let joined = self.federations.get(slug)?;
        Some(Federation {
            ok: true,
            at: now.secs(),
            federation: Details {
                summary: joined.summary(),
                pins: joined.board.pins(),
                members: joined
                    .members
                    .iter()
                    .map(|id| MemberEntry {
                        operator_id: id,
                        name: self.name(id),
                        charter: joined.charters.get(id).map(|charter| CharterEntry {
                            membership_hash: charter.membership_hash.as_deref(),
                            received_at: charter.received_at,
                        }),
                    })
                    .collect(),
                incidents: joined.incident_entries(false),
                events: joined.timeline.events().rev().collect(),
            },
        })
    }

    pub(super) fn charters(&self, slug: &str) -> Option<Charters<'_>> {
        let joined = self.federations.get(slug)?;
        let in_order = joined
            .members
            .iter()
            .filter_map(|id| Some((id, joined.charters.get(id)?)));
        let signatures: Vec<_> = in_order
            .map(|(operator_id, charter)| CharterSignature {
                operator_id,
                received_at: charter.received_at,
                envelope: &charter.envelope,
            })
            .collect();
        Some(Charters {
            ok: true,
            federation: &joined.slug,
            count: signatures.len(),
            signatures,
        })
    }

    /// As of when the board was settled last, which whoever asks has just done.
    pub(super) fn board(&self, slug: &str, now: Now) -> Option<Board<'_>> {
        let joined = self.federations.get(slug)?;
        let entries = joined.board.rows().iter().map(|row| {
            let heard = row.heard.as_ref();
            BoardEntry {
                operator_id: &row.operator,
                name: self.name(&row.operator),
                color: row.standing.colour().as_str(),
                cause: row.standing.cause.as_str(),
                since: row.standing.since,
                attested_at: heard.map(|it| it.attested_at),
                received_at: heard.map(|it| it.received_at),
                status: heard.map(|it| it.status),
                image_digest: heard.and_then(|it| it.image_digest.as_deref()),
                guardian_version: heard.map(|it| it.guardian_version.as_str()),
                api_url: heard.map(|it| it.api_url.as_str()),
                p2p_url: heard.map(|it| it.p2p_url.as_str()),
            }
        });
        Some(Board {
            ok: true,
            federation: &joined.slug,
            name: &joined.name,
            threshold: joined.threshold,
            at: now.secs(),
            stale_after: joined.board.stale_after(),
            pins: joined.board.pins(),
            operators: entries.collect(),
            count: joined.members.len(),
        })
    }

    pub(super) fn incidents(&self, slug: &str) -> Option<Incidents<'_>> {
        let joined = self.federations.get(slug)?;
        Some(Incidents {
            ok: true,
            federation: &joined.slug,
            incidents: joined.incident_entries(true),
            count: joined.incidents.len(),
        })
    }

    fn name(&self, operator: &OperatorId) -> &str {
        let known = self.operators.iter().find(|it| it.id == *operator);
        known.map_or("", |it| &it.name)
    }
}

impl Joined {
    fn summary(&self) -> Summary<'_> {
        Summary {
            slug: &self.slug,
            name: &self.name,
            threshold: self.threshold,
            guardians: self.members.len(),
        }
    }

    /// Newest first.
    fn incident_entries(&self, whole: bool) -> Vec<IncidentEntry<'_>> {
        self.incidents
            .iter()
            .rev()
            .map(|incident| IncidentEntry {
                id: &incident.id,
                operator_id: &incident.operator,
                severity: incident.alert.severity.as_str(),
                tag: incident.alert.tag.as_deref(),
                title: &incident.alert.title,
                body: &incident.alert.body,
                published_at: incident.published_at,
                envelope: whole.then_some(&*incident.envelope),
            })
            .collect()
    }
}
