use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::rpc::Rpc;
use super::{CALL_TIME, PullError};
use crate::audit::{Hash, Head};
use crate::envelope::{Action, ActionPayload, Envelope, Tag};
use crate::operator::{PublicKey, Signature};
use crate::signer::frames::{Known, Remembered as Question};
use crate::store::hex;

/// What a guardian can prove that we signed. Only what verifies under our own key counts: a guardian cannot stop a
/// signing server by making things up.
#[derive(Debug, Default)]
pub struct Remembered {
    head: Option<Head>,
    nonces: Vec<(Action, u64)>,
    /// What it said without proof.
    pub ignored: Vec<String>,
}

/// What somebody proves and our log does not know: the state folder is an older copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RolledBack {
    /// A record of the log was signed as its head that we do not have.
    Record {
        /// Its number.
        remembered: u64,
        /// Our last one.
        ours: u64,
    },
    /// A record was signed as the head of the log, and ours has another one of this number.
    Fork {
        /// The number.
        seq: u64,
    },
    /// An action was signed with a nonce above all that we know.
    Nonce {
        /// Which action.
        action: Action,
        /// The nonce.
        remembered: u64,
        /// Our highest.
        ours: u64,
    },
}

impl fmt::Display for RolledBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record { remembered, ours } => write!(
                f,
                "the guardian has a signed head of record {remembered} of the audit log, which ends at record {ours} here"
            ),
            Self::Fork { seq } => write!(
                f,
                "the guardian has a signed head of record {seq} of the audit log, and the log here has another record {seq}"
            ),
            Self::Nonce {
                action,
                remembered,
                ours,
            } => write!(
                f,
                "the guardian has a signed {} with nonce {remembered}, but the highest known here is {ours}",
                action.as_str()
            ),
        }
    }
}

impl std::error::Error for RolledBack {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignedHead {
    head: HeadFields,
    #[serde(rename = "pubkey_hex")]
    _pubkey_hex: String,
    sig_hex: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HeadFields {
    seq: u64,
    hash: String,
    at: u64,
}

impl Remembered {
    pub(super) async fn ask(rpc: &Rpc, public: &PublicKey) -> Result<Self, PullError> {
        let mut remembered = Self::default();
        let known = async |of: &str| {
            let question = Question { of: of.to_owned() };
            rpc.call::<Known>("head", &question, CALL_TIME)
                .await
                .map(|it| it.known)
        };
        if let Some(head) = known("audit").await? {
            remembered.learn_head(&head, public);
        }
        for action in Action::ALL {
            if let Some(envelope) = known(action.as_str()).await? {
                remembered.learn_nonce(action, &envelope, public);
            }
        }
        Ok(remembered)
    }

    #[cfg(test)]
    pub(in crate::signer) fn of(head: Option<Head>, nonces: &[(Action, u64)]) -> Self {
        Self {
            head,
            nonces: nonces.to_vec(),
            ignored: Vec::new(),
        }
    }

    /// The nonces that it proves, by action.
    pub(in crate::signer) fn nonces(&self) -> &[(Action, u64)] {
        &self.nonces
    }

    fn learn_head(&mut self, text: &RawValue, public: &PublicKey) {
        match verified_head(text, public) {
            Some(head) => self.head = Some(head),
            None => self.ignored.push("an audit head that we did not sign".into()),
        }
    }

    fn learn_nonce(&mut self, action: Action, text: &RawValue, public: &PublicKey) {
        match Envelope::<ActionPayload>::verify(text.get().as_bytes(), public) {
            Ok(envelope) if envelope.payload().action == action => {
                self.nonces.push((action, envelope.payload().nonce));
            }
            _ => self
                .ignored
                .push(format!("an envelope of {} that we did not sign", action.as_str())),
        }
    }

    /// The head that it proves.
    pub(in crate::signer) fn head(&self) -> Option<Head> {
        self.head
    }

    /// The first nonce that it proves and that is above the highest known here.
    pub(in crate::signer) fn higher_nonce(
        &self,
        known: impl Fn(Action) -> Option<u64>,
    ) -> Option<RolledBack> {
        self.nonces.iter().find_map(|(action, remembered)| {
            let ours = known(*action).unwrap_or(0);
            (*remembered > ours).then_some(RolledBack::Nonce {
                action: *action,
                remembered: *remembered,
                ours,
            })
        })
    }
}

/// The head of an operator's audit log, as `audit head` prints it, if the operator signed it.
pub fn verified_head(text: &RawValue, public: &PublicKey) -> Option<Head> {
    let signed: SignedHead = serde_json::from_str(text.get()).ok()?;
    let head = Head {
        seq: signed.head.seq,
        hash: Hash::from_hex(&signed.head.hash)?,
        at: signed.head.at,
    };
    let mut bytes = [0; 64];
    let is_signature = hex::decode_into(&signed.sig_hex, &mut bytes);
    let signature = Signature::from_bytes(bytes);
    (is_signature && Tag::AuditHead.verify(public, head.signed_bytes().as_bytes(), &signature))
        .then_some(head)
}
