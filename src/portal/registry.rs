use serde::Deserialize;

use super::answer::{self, AnswerError};
use crate::operator::{OperatorId, PublicKey, Scheme};

/// Most operators that a registry is believed to have.
const MOST: usize = 5000;
/// Longest name, in characters.
pub(super) const MAX_NAME: usize = 128;

/// Who the portal knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registry {
    /// In the portal's order. No key and no id is there twice.
    pub operators: Vec<RegisteredOperator>,
}

/// An entry of the registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredOperator {
    /// Follows from the key.
    pub operator_id: OperatorId,
    /// 64 hex digits.
    pub pubkey_hex: String,
    /// Under which its signatures are verified; `None` where the portal does not say.
    pub scheme: Option<Scheme>,
    /// What people call it; from outside.
    pub name: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    operators: Vec<Entry>,
    count: u64,
}

#[derive(Deserialize)]
struct Entry {
    operator_id: String,
    pubkey: String,
    scheme: Option<String>,
    name: Option<String>,
}

impl Registry {
    /// # Errors
    /// [`AnswerError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, AnswerError> {
        let wire: Wire = answer::read(bytes)?;
        answer::check_count("operators", wire.operators.len(), wire.count, MOST)?;
        let entries = (1..).zip(wire.operators);
        let operators: Vec<_> = entries
            .map(|(place, entry)| {
                entry
                    .checked()
                    .map_err(|AnswerError(why)| AnswerError(format!("operator {place}: {why}")))
            })
            .collect::<Result<_, _>>()?;
        answer::check_distinct("operators", operators.iter().map(|it| &it.operator_id))?;
        Ok(Self { operators })
    }

    /// The entry of this key.
    pub fn find(&self, key: &PublicKey) -> Option<&RegisteredOperator> {
        let hex = key.to_hex();
        self.operators.iter().find(|it| it.pubkey_hex == hex)
    }

    /// The entry of this id.
    pub fn by_id(&self, id: &OperatorId) -> Option<&RegisteredOperator> {
        self.operators.iter().find(|it| it.operator_id == *id)
    }
}

impl RegisteredOperator {
    /// The key, where the portal states its scheme.
    pub fn key(&self) -> Option<PublicKey> {
        PublicKey::from_hex(self.scheme?, &self.pubkey_hex).ok()
    }
}

impl Entry {
    fn checked(self) -> Result<RegisteredOperator, AnswerError> {
        let scheme = match &self.scheme {
            None => None,
            Some(name) => Some(
                name.parse::<Scheme>()
                    .map_err(|error| AnswerError(error.to_string()))?,
            ),
        };
        // Without a scheme it has to be a key of one of them; the id is the same.
        let possible = scheme.map_or(Scheme::ALL.to_vec(), |scheme| vec![scheme]);
        let keys = possible.iter().map(|it| PublicKey::from_hex(*it, &self.pubkey));
        let key = keys
            .reduce(Result::or)
            .expect("there is a scheme to try")
            .map_err(|error| AnswerError(error.to_string()))?;
        let operator_id = key.operator_id();
        if operator_id.as_str() != self.operator_id && !operator_id.is_short_form(&self.operator_id) {
            return Err(AnswerError(
                "its operator_id does not follow from its pubkey".into(),
            ));
        }
        Ok(RegisteredOperator {
            operator_id,
            pubkey_hex: self.pubkey,
            scheme,
            name: answer::optional_text(self.name, "name", MAX_NAME)?,
        })
    }
}
