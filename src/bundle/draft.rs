use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::check::{Checked, check};
use super::field::Name;
use crate::operator::{PublicKey, Scheme};

/// A bundle in the making.
#[derive(Clone, Debug)]
pub struct Draft {
    operator: PublicKey,
    values: BTreeMap<Name, String>,
}

impl Draft {
    /// For this operator, with the defaults of everything else; the federation is still to be [set](Draft::set).
    pub fn new(operator: &PublicKey) -> Self {
        let mut draft = Self {
            operator: operator.clone(),
            values: Name::all()
                .filter(|name| name.field().required)
                .filter_map(|name| Some((name, name.field().default?.to_owned())))
                .collect(),
        };
        draft.set(Name::OperatorId, operator.operator_id().as_str());
        draft.set(Name::OperatorPubkeyHex, operator.to_hex());
        if operator.scheme() != Scheme::Bip340 {
            draft.set(Name::Scheme, operator.scheme().as_str());
        }
        draft
    }

    /// Sets a value. Whether it is good is for [`Draft::check`] to say.
    pub fn set(&mut self, name: Name, value: impl Into<String>) {
        self.values.insert(name, value.into());
    }

    /// The file: fields in the documented order, optional ones only where they differ from their default.
    pub fn to_json(&self) -> String {
        let document: Map<String, Value> = self
            .values
            .iter()
            .filter(|(name, value)| name.field().required || name.field().default != Some(value.as_str()))
            .map(|(name, value)| (name.as_str().to_owned(), value.as_str().into()))
            .collect();
        let mut text = serde_json::to_string_pretty(&document).expect("a map of strings has a JSON form");
        text.push('\n');
        text
    }

    /// Checks what would be written.
    pub fn check(&self) -> Checked {
        check(self.to_json().as_bytes(), Some(&self.operator))
    }
}
