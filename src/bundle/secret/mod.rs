//! Finding secrets in text, whatever the text is.
//!
//! Shapes are recognised where a false alarm is next to impossible: a checksum, a fixed prefix, 12 words of a list.
//! A key under an unknown encoding is not found; that is what keeping keys out of reach of the config is for.

mod base58;
mod bech32;
mod escapes;
mod hex;
mod pem;
mod words;

use std::collections::HashMap;
use std::ops::Range;

use zeroize::Zeroizing;

use crate::operator::{OperatorId, PublicKey, Scheme, SecretKey};

/// Which shape a secret has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    Hex,
    Nsec,
    ExtendedKey,
    Wif,
    Pem,
    AgeKey,
    Words,
}

impl Shape {
    /// What it is, for people.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Hex => "64 or more hex digits, which may be a private key",
            Self::Nsec => "a Nostr private key (nsec1…)",
            Self::ExtendedKey => "an extended private key (xprv… and the like)",
            Self::Wif => "a private key in wallet import format",
            Self::Pem => "a PEM private key",
            Self::AgeKey => "an age private key (AGE-SECRET-KEY-1…)",
            Self::Words => "12 or more words of a wallet backup in a row",
        }
    }
}

/// Text that has the shape of a secret, and the 32-byte keys that it may stand for.
pub(super) struct Candidate {
    pub(super) span: Range<usize>,
    pub(super) shape: Shape,
    keys: Vec<Zeroizing<[u8; 32]>>,
}

impl Candidate {
    fn new(span: Range<usize>, shape: Shape) -> Self {
        Self {
            span,
            shape,
            keys: Vec::new(),
        }
    }

    fn with_key(mut self, key: Option<[u8; 32]>) -> Self {
        self.keys.extend(key.map(Zeroizing::new));
        self
    }
}

/// Everything that looks like a secret, by position. The time grows with the length of the text.
pub(super) fn scan(text: &str) -> Vec<Candidate> {
    let mut found = scan_plain(text);
    if let Some((decoded, origin)) = escapes::decode(text) {
        found.extend(scan_plain(&decoded).into_iter().map(|mut candidate| {
            candidate.span = origin[candidate.span.start]..origin[candidate.span.end];
            candidate
        }));
    }
    found.sort_by_key(|candidate| (candidate.span.start, std::cmp::Reverse(candidate.span.end)));
    found.dedup_by(|b, a| a.span == b.span && a.shape == b.shape);
    found
}

fn scan_plain(text: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    hex::scan(text, &mut found);
    bech32::scan(text, &mut found);
    base58::scan(text, &mut found);
    pem::scan(text, &mut found);
    words::scan(text, &mut found);
    found
}

/// The key that a bundle is about, as far as it says.
#[derive(Default)]
pub(super) struct Owner {
    /// Texts of `operator_id`, full or short.
    pub(super) ids: Vec<String>,
    /// Public keys that are beyond doubt, from the operator identity.
    pub(super) known: Vec<[u8; 32]>,
    /// What stands in `operator_pubkey_hex`: a public key, if all is well.
    pub(super) claimed: Vec<[u8; 32]>,
}

/// What a candidate turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The owner's public key in another place.
    Public,
    /// Some secret.
    Secret,
    /// The owner's private key.
    Own,
}

/// Tells candidates apart. Deriving a public key costs about a tenth of a millisecond: each key is derived once.
pub(super) struct Judge<'a> {
    owner: &'a Owner,
    seen: HashMap<[u8; 32], Verdict>,
}

impl<'a> Judge<'a> {
    pub(super) fn new(owner: &'a Owner) -> Self {
        Self {
            owner,
            seen: HashMap::new(),
        }
    }

    pub(super) fn judge(&mut self, candidate: &Candidate) -> Verdict {
        let mut verdict = Verdict::Secret;
        for key in &candidate.keys {
            let owner = self.owner;
            match *self.seen.entry(**key).or_insert_with(|| owner.judge(key)) {
                Verdict::Own => return Verdict::Own,
                // Among longer digits, the public key may stand beside the private one.
                Verdict::Public if candidate.keys.len() == 1 => verdict = Verdict::Public,
                _ => {}
            }
        }
        verdict
    }
}

impl Owner {
    fn judge(&self, key: &[u8; 32]) -> Verdict {
        let derived = Scheme::ALL
            .into_iter()
            .filter_map(|scheme| Some(SecretKey::from_bytes(scheme, key).ok()?.public()));
        for public in derived {
            let bytes = public.as_bytes();
            if self.known.contains(bytes) || self.claimed.contains(bytes) || self.names(&public) {
                return Verdict::Own;
            }
        }
        let public = self.known.contains(key)
            || Scheme::ALL
                .into_iter()
                .filter_map(|scheme| PublicKey::from_bytes(scheme, *key).ok())
                .any(|public| self.names(&public));
        if public { Verdict::Public } else { Verdict::Secret }
    }

    fn names(&self, key: &PublicKey) -> bool {
        let id = OperatorId::of(key);
        self.ids
            .iter()
            .any(|text| text == id.as_str() || id.is_short_form(text))
    }
}

#[cfg(test)]
mod tests;
