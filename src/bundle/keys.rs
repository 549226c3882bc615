//! Whether key, id and scheme belong together, and to the identity of this machine.

use super::document::Member;
use super::field::Name;
use super::finding::{Code, Finding};
use super::shape::Fields;
use super::source::Source;
use crate::operator::{OperatorId, PublicKey, PublicKeyError, Scheme};

/// `identity` is the operator key of the machine, where there is one.
pub(super) fn check(
    fields: &Fields,
    source: &Source,
    identity: Option<&PublicKey>,
    found: &mut Vec<Finding>,
) {
    let member = |name| fields.get(&name).copied();
    let scheme = match member(Name::Scheme) {
        None => Some(Scheme::Bip340),
        Some(member) => member.text().and_then(|text| text.parse().ok()),
    };
    // A secret in the place of the key has been reported; its "id" would be one more trace of it.
    let key_member = member(Name::OperatorPubkeyHex).filter(|member| !source.is_secret(&member.value_span));
    let key = match (scheme, key_member) {
        (Some(scheme), Some(member)) => point(scheme, member, identity, found),
        _ => None,
    };
    if let (Some(key), Some(member)) = (&key, member(Name::OperatorId)) {
        found.extend(id(key, member, identity));
    }
    if let Some(identity) = identity {
        compare(identity, fields, scheme, key_member.zip(key.as_ref()), found);
    }
}

fn point(
    scheme: Scheme,
    member: &Member,
    identity: Option<&PublicKey>,
    found: &mut Vec<Finding>,
) -> Option<PublicKey> {
    match PublicKey::from_hex(scheme, member.text()?) {
        Ok(key) => Some(key),
        // Reported as a bad value.
        Err(PublicKeyError::NotHex) => None,
        Err(error @ PublicKeyError::NotAPoint(_)) => {
            let finding = Finding::error(
                Code::NotAKey,
                member.value_span.clone(),
                format!("operator_pubkey_hex: {error}"),
            )
            .field(Name::OperatorPubkeyHex)
            .allowed(format!("a public key of {scheme}"));
            let help = match identity {
                Some(identity) => format!(
                    "The public key of this machine's identity is {}.",
                    identity.to_hex()
                ),
                None => "Copy it from `oc-guardian key show`, and state `scheme` if it is not bip340.".into(),
            };
            found.push(finding.help(help));
            None
        }
    }
}

fn id(key: &PublicKey, member: &Member, identity: Option<&PublicKey>) -> Option<Finding> {
    let text = member.text()?;
    let expected = key.operator_id();
    let span = member.value_span.clone();
    if text == expected.as_str() {
        None
    } else if expected.is_short_form(text) {
        Some(
            Finding::note(
                Code::ShortId,
                span,
                "operator_id is in the 8-byte short form that some public pages show",
            )
            .field(Name::OperatorId)
            .found(text)
            .allowed(expected.as_str())
            .help(format!("It stands for {expected}.")),
        )
    } else if Name::OperatorId.field().kind.problem(text).is_none() {
        let help = match identity {
            Some(identity) if identity.operator_id().as_str() == text => {
                "The id is that of this machine's identity: it is the key that is wrong.".to_owned()
            }
            _ => format!("The id of this key is {expected}: one of the two is wrong."),
        };
        Some(
            Finding::error(
                Code::IdMismatch,
                span,
                "operator_id is not the id of operator_pubkey_hex",
            )
            .field(Name::OperatorId)
            .found(text)
            .allowed(expected.as_str())
            .help(help),
        )
    } else {
        // Reported as a bad value.
        None
    }
}

fn compare(
    identity: &PublicKey,
    fields: &Fields,
    scheme: Option<Scheme>,
    key: Option<(&Member, &PublicKey)>,
    found: &mut Vec<Finding>,
) {
    let differs = |member: &Member, name: Name, theirs: String, ours: String| {
        Finding::error(
            Code::IdentityMismatch,
            member.value_span.clone(),
            format!("{name} is {theirs}, but this machine's identity has {ours}"),
        )
        .field(name)
        .found(theirs)
        .allowed(ours)
        .help(
            "Write the bundle anew with `oc-guardian config gen --force`, or use the identity it belongs to.",
        )
    };
    if let Some(scheme) = scheme.filter(|scheme| *scheme != identity.scheme()) {
        // Where the scheme is not stated, the key is what it is about.
        let place = fields
            .get(&Name::Scheme)
            .or_else(|| fields.get(&Name::OperatorPubkeyHex));
        found.extend(place.map(|member| {
            let ours = identity.scheme().to_string();
            differs(member, Name::Scheme, scheme.to_string(), ours)
        }));
    }
    match (key, fields.get(&Name::OperatorId)) {
        (Some((member, key)), _) if key.as_bytes() != identity.as_bytes() => {
            let (theirs, ours) = (key.to_hex(), identity.to_hex());
            found.push(differs(member, Name::OperatorPubkeyHex, theirs, ours));
        }
        // Without a usable key, the id alone can still be compared.
        (None, Some(member)) => {
            let ours = identity.operator_id();
            let theirs = member
                .text()
                .filter(|text| *text != ours.as_str() && !ours.is_short_form(text));
            if let Some(theirs) = theirs.and_then(|text| text.parse::<OperatorId>().ok()) {
                found.push(differs(
                    member,
                    Name::OperatorId,
                    theirs.to_string(),
                    ours.to_string(),
                ));
            }
        }
        _ => {}
    }
}
