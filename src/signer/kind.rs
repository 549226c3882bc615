use crate::envelope::{Action, StatementType};

/// What sort of thing is to be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A guardian's health envelope.
    Attestation,
    /// An action envelope.
    Action,
    /// Delegation to a guardian's transport key.
    GuardianKey,
    /// Public nonces for threshold signing.
    FrostCommit,
    /// A share of a threshold signature.
    FrostSign,
    /// A message of a DKG ceremony.
    Ceremony,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Attestation,
        Self::Action,
        Self::GuardianKey,
        Self::FrostCommit,
        Self::FrostSign,
        Self::Ceremony,
    ];

    /// The name on the wire and in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Attestation => "attestation",
            Self::Action => "action",
            Self::GuardianKey => "guardian-key",
            Self::FrostCommit => "frost-commit",
            Self::FrostSign => "frost-sign",
            Self::Ceremony => "ceremony",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// What a policy's `action` matches: an envelope's action, or the type of a federation statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Of kind `action`.
    Action(Action),
    /// Of kind `frost-sign`.
    Statement(StatementType),
}

impl Operation {
    /// The name on the wire and in the policy.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Action(action) => action.as_str(),
            Self::Statement(statement) => statement.as_str(),
        }
    }

    /// The operation of this name; no action is called as a statement.
    pub fn named(name: &str) -> Option<Self> {
        let statement = || StatementType::named(name).map(Self::Statement);
        Action::named(name).map(Self::Action).or_else(statement)
    }

    /// All that a kind has.
    pub fn of(kind: Kind) -> Vec<Self> {
        match kind {
            Kind::Action => Action::ALL.map(Self::Action).to_vec(),
            Kind::FrostSign => StatementType::ALL.map(Self::Statement).to_vec(),
            _ => Vec::new(),
        }
    }
}

/// Whether a person is always asked, whatever the policy says.
pub(super) fn is_ask_only(kind: Kind, operation: Option<Operation>) -> bool {
    match (kind, operation) {
        (Kind::Ceremony, _) => true,
        (Kind::FrostSign, operation) => operation != Some(Operation::Statement(StatementType::Heartbeat)),
        (_, Some(Operation::Action(action))) => matches!(
            action,
            Action::CharterSign | Action::ExitHandoff | Action::PayoutsClaim | Action::BridgeCommand
        ),
        _ => false,
    }
}
