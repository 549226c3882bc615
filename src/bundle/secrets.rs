//! From text that looks like a secret to findings: what is public in a bundle, and what is the operator's own.

use std::ops::Range;

use super::document::Document;
use super::field::Name;
use super::finding::{Code, Finding};
use super::secret::{self, Judge, Owner, Shape, Verdict};
use super::source::Source;
use crate::operator::PublicKey;
use crate::store::hex;

/// Where the two public values are, and what they and the id say.
#[derive(Default)]
pub(super) struct Place {
    public: Vec<Range<usize>>,
    keys: Vec<(String, Range<usize>)>,
    ids: Vec<String>,
}

impl Place {
    pub(super) fn of(document: &Document) -> Self {
        let mut place = Self::default();
        for member in &document.members {
            if let (Some(name), Some(text)) = (Name::find(&member.key), member.text()) {
                place.add(name, text, member.value_span.clone());
            }
        }
        place
    }

    /// Where the text cannot be parsed: what follows the names.
    pub(super) fn guess(text: &str) -> Self {
        let mut place = Self::default();
        for name in [Name::OperatorId, Name::OperatorPubkeyHex, Name::ImageDigest] {
            for (at, key) in text.match_indices(name.as_str()) {
                let after = &text[at + key.len()..];
                let value = after.trim_start_matches(['"', '\'', ' ', '\t', ':', '=']);
                let start = text.len() - value.len();
                let length = value
                    .find(['"', '\'', ',', '\n', '\r', ' ', '}'])
                    .unwrap_or(value.len());
                place.add(name, &value[..length], start..start + length);
            }
        }
        place
    }

    fn add(&mut self, name: Name, text: &str, span: Range<usize>) {
        match name {
            Name::OperatorId => self.ids.push(text.to_owned()),
            Name::OperatorPubkeyHex => {
                self.keys.push((text.to_ascii_lowercase(), span.clone()));
                self.public.push(span);
            }
            Name::ImageDigest => self.public.push(span),
            _ => {}
        }
    }

    fn owner(&self, identity: Option<&PublicKey>) -> Owner {
        let mut owner = Owner {
            ids: self.ids.clone(),
            ..Owner::default()
        };
        owner.known.extend(identity.map(|key| *key.as_bytes()));
        owner.claimed.extend(self.keys.iter().filter_map(|(text, _)| {
            let mut key = [0; 32];
            hex::decode_into(text, &mut key).then_some(key)
        }));
        owner
    }
}

/// Reports every secret, and hides it from what is shown of the file.
pub(super) fn find_secrets(
    source: &mut Source,
    place: &Place,
    identity: Option<&PublicKey>,
    found: &mut Vec<Finding>,
) {
    let owner = place.owner(identity);
    let mut judge = Judge::new(&owner);
    let within =
        |span: &Range<usize>, outer: &Range<usize>| outer.start <= span.start && span.end <= outer.end;
    let mut hidden: Vec<Range<usize>> = Vec::new();
    for candidate in secret::scan(&source.text) {
        let span = candidate.span.clone();
        let in_public_field = place.public.iter().any(|outer| within(&span, outer));
        match judge.judge(&candidate) {
            Verdict::Own => {
                let as_public = place.keys.iter().any(|(_, outer)| within(&span, outer));
                found.push(own_secret(span.clone(), candidate.shape, as_public));
            }
            Verdict::Public => continue,
            Verdict::Secret if in_public_field && candidate.shape == Shape::Hex => continue,
            // The same text under a second shape.
            Verdict::Secret if hidden.iter().rev().take(8).any(|outer| within(&span, outer)) => continue,
            Verdict::Secret => found.push(
                Finding::error(
                    Code::Secret,
                    span.clone(),
                    format!("this is {}", candidate.shape.describe()),
                )
                .help(
                    "Take it out, and treat it as exposed: whoever reads the file or a backup of it has it.",
                ),
            ),
        }
        hidden.push(span);
    }
    source.hide(hidden);
}

fn own_secret(span: Range<usize>, shape: Shape, as_public: bool) -> Finding {
    let message = if as_public {
        "operator_pubkey_hex holds the operator's PRIVATE key, not the public one".to_owned()
    } else {
        format!("this is the operator's own PRIVATE key: {}", shape.describe())
    };
    Finding::error(Code::OwnSecret, span, message).help(
        "Remove it, destroy every copy of this file, and treat the key as exposed: whoever has read it signs as you. \
         Make a new operator key (oc-guardian init, with OC_GUARDIAN_HOME set to a new folder).",
    )
}
