use serde_json::{Value, json};

use super::alert::Alert;
use super::fields::{Fields, PayloadError, SLUG, is_slug};
use super::signed::Payload;
use super::statement::Statement;
use super::{Tag, canonical};

/// What an operator can do towards portal and federation. The list is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Apply to the operator programme.
    ProgramApply,
    /// Ask to join a federation.
    FederationJoin,
    /// Leave a federation.
    FederationLeave,
    /// Sign a federation's charter.
    CharterSign,
    /// Hand over to a successor.
    ExitHandoff,
    /// Claim what was earned.
    PayoutsClaim,
    /// Publish an incident or a notice.
    AlertPublish,
    /// Command to the bridge.
    BridgeCommand,
    /// Propose a statement for the federation to sign.
    FederationSign,
}

impl Action {
    /// The whole list.
    pub const ALL: [Self; 9] = [
        Self::ProgramApply,
        Self::FederationJoin,
        Self::FederationLeave,
        Self::CharterSign,
        Self::ExitHandoff,
        Self::PayoutsClaim,
        Self::AlertPublish,
        Self::BridgeCommand,
        Self::FederationSign,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ProgramApply => "program-apply",
            Self::FederationJoin => "federation-join",
            Self::FederationLeave => "federation-leave",
            Self::CharterSign => "charter-sign",
            Self::ExitHandoff => "exit-handoff",
            Self::PayoutsClaim => "payouts-claim",
            Self::AlertPublish => "alert-publish",
            Self::BridgeCommand => "bridge-command",
            Self::FederationSign => "federation-sign",
        }
    }

    /// The action of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// The payload of an action envelope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActionPayload {
    /// What to do.
    pub action: Action,
    /// An object; [`Alert`] and [`Statement`] say what it holds where the project knows.
    pub params: Value,
    /// Strictly forward for each key and action; Unix milliseconds where the last one allows it.
    pub nonce: u64,
    /// Unix seconds.
    pub expires_at: u64,
    /// Name of the federation.
    pub federation: String,
}

impl ActionPayload {
    /// The params of an `alert-publish`.
    pub fn alert(&self) -> Option<Alert> {
        match self.action {
            Action::AlertPublish => Alert::from_params(&self.params).ok(),
            _ => None,
        }
    }

    /// The statement that a `federation-sign` proposes.
    pub fn statement(&self) -> Option<Statement> {
        match self.action {
            Action::FederationSign => Statement::from_params(&self.params).ok(),
            _ => None,
        }
    }

    /// The same meaning with the keys of `params` sorted: how the kit builds what it signs.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        canonical::sort(&mut self.params);
        self
    }
}

impl Payload for ActionPayload {
    const TAG: Tag = Tag::Action;
    const PAYLOAD_FIELD: &'static str = "payload";
    const KEY_FIELD: &'static str = "pubkey";

    fn from_value(value: &Value) -> Result<Self, PayloadError> {
        let mut fields = Fields::of("action", value)?;
        let payload = Self {
            action: fields.parsed("action", "a known action", Action::named)?,
            params: fields.value("params")?.clone(),
            nonce: fields.integer("nonce")?,
            expires_at: fields.integer("expires_at")?,
            federation: fields.text("federation", SLUG, is_slug)?.to_owned(),
        };
        if !payload.params.is_object() {
            return Err(fields.bad("params", "an object"));
        }
        fields.finish()?;
        match payload.action {
            Action::AlertPublish => {
                Alert::from_params(&payload.params)?;
            }
            Action::FederationSign => {
                Statement::from_params(&payload.params)?;
            }
            _ => {}
        }
        Ok(payload)
    }

    fn to_value(&self) -> Value {
        json!({
            "action": self.action.as_str(),
            "params": self.params,
            "nonce": self.nonce,
            "expires_at": self.expires_at,
            "federation": self.federation,
        })
    }

    fn signed_bytes(&self) -> Result<String, PayloadError> {
        Ok(canonical::encode(&self.to_value())?)
    }
}
