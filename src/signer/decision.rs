use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::describe::Description;
use super::{Kind, Operation, Request, RequestId, refused_after_yes};
use crate::audit::{Entry, Event};
use crate::envelope::{self, ActionPayload, GuardianKeyPayload, HealthAttestation, Tag};
use crate::operator::{OperatorId, PublicKey, Scheme, Signature};

/// Who asks. Only limits and "one's own ids" depend on it, never whether something may be signed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Caller {
    /// A guardian, or what passes for one: it came through one of the doors that are not the operator's.
    Guardian(CallerId),
    /// The operator's own door, or the same process.
    Operator,
}

/// Names a guardian's door and user, token or container; for people as well.
#[derive(Clone, Debug)]
pub struct CallerId {
    name: Arc<str>,
    /// A guardian that was upgraded is the same caller: this is no part of who it is.
    image: Option<Arc<str>>,
}

impl CallerId {
    /// `name` is made by the door, not taken from outside.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self {
            name: name.into(),
            image: None,
        }
    }

    /// The same caller, of whom the door knows that it runs the verified image with this digest (`sha256:…`).
    #[must_use]
    pub fn running(mut self, digest: impl Into<Arc<str>>) -> Self {
        self.image = Some(digest.into());
        self
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.name
    }
}

impl PartialEq for CallerId {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for CallerId {}

impl Hash for CallerId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl Caller {
    /// What its door knows of its image.
    pub fn image(&self) -> ImageCheck<'_> {
        match self {
            Self::Guardian(CallerId {
                image: Some(digest), ..
            }) => ImageCheck::Verified(digest),
            Self::Guardian(_) | Self::Operator => ImageCheck::Claimed,
        }
    }
}

impl Caller {
    /// Which guardian, where it is one.
    pub(super) fn guardian(&self) -> Option<CallerId> {
        match self {
            Self::Guardian(id) => Some(id.clone()),
            Self::Operator => None,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guardian(id) => f.write_str(id.as_str()),
            Self::Operator => f.write_str("operator"),
        }
    }
}

/// What is known besides request, policy and history.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The operator key that signs.
    pub public: &'a PublicKey,
    /// Its id.
    pub operator_id: &'a OperatorId,
    /// Who asks.
    pub caller: &'a Caller,
    /// The clock, in Unix milliseconds.
    pub now_ms: u64,
    /// What the door knows of the guardian's image.
    pub image: ImageCheck<'a>,
    /// Memberships that the operator accepted, or that a DKG certified.
    pub memberships: &'a [TrustedMembership],
    /// The federation that the config bundle names; requests for others are pointed out to a person.
    pub federation: Option<&'a str>,
    /// `--ask-only`: nothing is signed without a person.
    pub ask_only: bool,
}

impl Facts<'_> {
    /// The clock, in Unix seconds.
    pub fn now(&self) -> u64 {
        self.now_ms / 1000
    }
}

/// What a door knows of the image that the asking guardian runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageCheck<'a> {
    /// Nothing: what the guardian says is its own claim.
    Claimed,
    /// The container runs this verified digest (`sha256:…`).
    Verified(&'a str),
}

/// A membership that `guardian-key` may be signed for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedMembership {
    /// Name of the federation.
    pub federation: String,
    /// Hash of the membership, 64 hex digits.
    pub hash: String,
}

/// What is to be done with a request.
#[derive(Debug)]
pub enum Decision {
    /// Reserve ([`super::History::reserve`]), sign, record, answer.
    Sign(Plan),
    /// Reserve ([`super::History::reserve_ask`]), record, ask a person; on their yes: [`super::approve`].
    Ask {
        /// What would be signed.
        plan: Plan,
        /// How long a person has, in seconds.
        timeout: u64,
        /// What it means, for the person.
        description: Description,
    },
    /// The same request was answered before: this is the answer.
    Same(Answer),
    /// The same request is being worked on: wait for that.
    Underway {
        /// When a person's time is over, in Unix seconds; `None` where nobody has to be asked.
        expires_at: Option<u64>,
    },
    /// It will not be signed.
    Refuse(Refusal),
}

/// Everything that signing needs.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The request's.
    pub id: RequestId,
    /// When it was decided, in Unix seconds: the audit record's time.
    pub at: u64,
    /// The request's.
    pub kind: Kind,
    /// The request's.
    pub federation: Option<String>,
    /// Action, where it is one.
    pub operation: Option<Operation>,
    /// An action's.
    pub nonce: Option<u64>,
    /// What the signature is for.
    pub tag: Tag,
    /// The canonical bytes that are signed.
    pub bytes: String,
    /// The request's.
    pub content: [u8; 32],
    /// One line for people; holds nothing from outside that a terminal would obey.
    pub summary: String,
    /// The rule that decided: `rule 3 (line 12)`, `approved (…)` after a person's yes.
    pub rule: String,
    /// What that rule's rate is counted under.
    pub rule_key: String,
    /// The signature is verified before it is used.
    pub verify_after: bool,
    /// Until when the signed payload can be valid, in Unix seconds.
    pub valid_until: u64,
}

/// Reason of a refusal: the id is another request's.
pub(super) const ID_REUSED: &str = "id-reused";

/// Why something is not signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// 403, 409, 422, 429, or 503 where nothing can be signed for now.
    pub status: u16,
    /// Stable slug for programs.
    pub reason: &'static str,
    /// A sentence fragment for people.
    pub detail: String,
    /// The policy's rule, where one decided.
    pub rule: Option<String>,
}

impl Refusal {
    pub(super) fn new(status: u16, reason: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            reason,
            detail: detail.into(),
            rule: None,
        }
    }

    /// The record of a refusal. One that came under the id of another request is not that request, and its record must
    /// not be taken for a word about it: it holds the id in its summary only.
    pub fn entry(&self, request: &Request, at: u64) -> Entry {
        let summary = format!("{}: {}", self.reason, request.summary());
        let entry = Entry {
            rule: self.rule.clone(),
            ..Entry::new(at, Event::Denied, summary).about(request.kind.as_str())
        };
        if self.reason == ID_REUSED {
            return Entry {
                summary: format!("{} (id {})", entry.summary, request.id),
                ..entry
            };
        }
        Entry {
            request_id: Some(request.id.to_string()),
            ..entry
        }
    }

    /// After a person's yes: told the same to whoever waits for the outcome and to whoever sends the request again.
    pub(super) fn after_yes(reason: &str) -> Self {
        let (reason, status) = refused_after_yes(reason).unwrap_or(("refused", 403));
        Self::new(
            status,
            reason,
            format!("the operator said yes, but by then it could not be signed any more ({reason})"),
        )
    }

    pub(super) fn by(mut self, rule: &str) -> Self {
        self.rule = Some(rule.to_owned());
        self
    }
}

/// What who asked gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The request's.
    pub id: RequestId,
    /// The request's.
    pub kind: Kind,
    /// 128 hex digits.
    pub signature_hex: String,
    /// The whole signed envelope, canonical JSON: what is posted.
    pub envelope: String,
}

impl Plan {
    /// The answer, once `signature` is over [`Plan::bytes`] under [`Plan::tag`] and its record is durable.
    pub fn answer(&self, public: &PublicKey, signature: &Signature) -> Answer {
        Answer::new(self.id, self.kind, &self.bytes, public, signature)
    }

    /// The record of something that happened to the request: `Signed` with its signature, `Asked`, `Approved`, `Denied` or
    /// `Expired` without. For what happens later than the decision, set `at`.
    pub fn entry(&self, event: Event, scheme: Scheme, signature: Option<&Signature>) -> Entry {
        Entry {
            at: self.at,
            event,
            request_id: Some(self.id.to_string()),
            kind: Some(self.kind.as_str().to_owned()),
            summary: self.summary.clone(),
            scheme: signature.map(|_| scheme.as_str().to_owned()),
            payload: Some(self.bytes.clone()),
            // With the key: after a restart the rate is counted from the records.
            rule: Some(format!("{} #{}", self.rule, self.rule_key)),
            signature: signature.map(Signature::to_hex),
        }
    }
}

impl Answer {
    pub(super) fn new(
        id: RequestId,
        kind: Kind,
        bytes: &str,
        public: &PublicKey,
        signature: &Signature,
    ) -> Self {
        let envelope = match kind {
            Kind::Attestation => envelope::assemble::<HealthAttestation>(bytes, public, signature),
            Kind::GuardianKey => envelope::assemble::<GuardianKeyPayload>(bytes, public, signature),
            Kind::Action | Kind::FrostCommit | Kind::FrostSign | Kind::Ceremony => {
                envelope::assemble::<ActionPayload>(bytes, public, signature)
            }
        };
        Self {
            id,
            kind,
            signature_hex: signature.to_hex(),
            envelope,
        }
    }

    /// The body of the 200: `{"ok":true,"id":…,"kind":…,"signature_hex":…,"envelope":{…}}`.
    pub fn to_json(&self) -> String {
        format!(
            r#"{{"ok":true,"id":"{}","kind":"{}","signature_hex":"{}","envelope":{}}}"#,
            self.id,
            self.kind.as_str(),
            self.signature_hex,
            self.envelope
        )
    }
}
