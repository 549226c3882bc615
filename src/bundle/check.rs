use std::collections::BTreeMap;
use std::ops::Range;

use super::document::Document;
use super::field::Name;
use super::finding::{Code, Finding, Severity};
use super::secret::{self, Judge, Owner, Shape, Verdict};
use super::source::{Excerpt, Source};
use super::typed::{Bundle, BundleError};
use super::{keys, lenient, shape, syntax};
use crate::operator::PublicKey;
use crate::store::hex;

/// Largest bundle, in bytes.
pub const MAX_BYTES: usize = 64 * 1024;
/// Most findings that are reported; whoever has more will not read them all.
const MAX_FINDINGS: usize = 100;

/// What a check found.
pub struct Checked {
    source: Source,
    findings: Vec<Finding>,
    bundle: Option<Bundle>,
}

impl Checked {
    /// Everything that was found: the operator's own secret first, the rest by position.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many of a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|it| it.severity == severity).count()
    }

    /// Whether the bundle can be used.
    pub fn is_good(&self) -> bool {
        self.bundle.is_some()
    }

    /// Whether a secret is in it.
    pub fn has_secret(&self) -> bool {
        self.findings.iter().any(Finding::is_secret)
    }

    /// The line of a finding, fit to be shown; `None` where there is nothing to show.
    pub fn excerpt(&self, finding: &Finding) -> Option<Excerpt> {
        self.source.excerpt(&finding.span)
    }

    /// The bundle, where no error was found.
    pub fn bundle(&self) -> Option<&Bundle> {
        self.bundle.as_ref()
    }

    /// The bundle, or what is wrong with it.
    ///
    /// # Errors
    /// [`BundleError`]
    pub fn into_bundle(self) -> Result<Bundle, BundleError> {
        self.bundle.ok_or(BundleError {
            findings: self.findings,
        })
    }

    fn unreadable(finding: Finding) -> Self {
        Self {
            source: Source::default(),
            findings: vec![finding],
            bundle: None,
        }
    }
}

/// Checks a bundle, and compares it with the operator key of this machine where there is one. Never panics, and takes
/// time in proportion to the size, whatever the bytes are.
pub fn check(bytes: &[u8], identity: Option<&PublicKey>) -> Checked {
    if bytes.len() > MAX_BYTES {
        return Checked::unreadable(
            Finding::error(
                Code::TooLarge,
                0..0,
                format!(
                    "it has {} bytes, and a config bundle has at most {MAX_BYTES}",
                    bytes.len()
                ),
            )
            .help("Check that this is the right file: a genuine one is far smaller."),
        );
    }
    let mut found = Vec::new();
    let text = match decode(bytes, &mut found) {
        Ok(text) => text,
        Err(finding) => return Checked::unreadable(finding),
    };
    let mut source = Source::new(text.clone());
    let mut bundle = None;
    let mut field_at: Box<dyn Fn(&Range<usize>) -> Option<Name>> = Box::new(|_| None);
    let parsed = syntax::parse(&text).and_then(|parsed| {
        found.extend(lenient::findings(&text, &parsed.tokens));
        let empty = || {
            Finding::error(Code::Empty, 0..0, "there is nothing in it")
                .help("Write one with `oc-guardian config gen`.")
        };
        Document::of(parsed.value.ok_or_else(empty)?)
    });
    match parsed {
        Ok(document) => {
            find_secrets(&mut source, &Place::of(&document), identity, &mut found);
            let fields = shape::check(&document, &source, &mut found);
            keys::check(&fields, &source, identity, &mut found);
            if !found.iter().any(Finding::is_error) {
                found.extend(strictly(&source));
            }
            if !found.iter().any(Finding::is_error) {
                let values: BTreeMap<Name, String> = fields
                    .iter()
                    .filter_map(|(name, member)| Some((*name, member.text()?.to_owned())))
                    .collect();
                bundle = Bundle::from_values(values);
                // Every value has been checked, so there is one.
                debug_assert!(bundle.is_some());
            }
            field_at = Box::new(move |span| document.field_at(span));
        }
        Err(finding) => {
            found.push(finding);
            find_secrets(&mut source, &Place::guess(&text), identity, &mut found);
        }
    }
    let findings = finish(found, &source, field_at.as_ref());
    Checked {
        findings,
        bundle,
        source,
    }
}

/// The text, byte for byte as long as the file: bytes that are not UTF-8 become `?`, a byte order mark becomes spaces,
/// so that the rest can still be checked.
fn decode(bytes: &[u8], found: &mut Vec<Finding>) -> Result<String, Finding> {
    let utf8 = |at: usize, length: usize| {
        Finding::error(
            Code::NotUtf8,
            at..at + length,
            format!("byte {} of the file is not UTF-8", at + 1),
        )
        .help("Save the file as UTF-8.")
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(utf8(0, 0).help("It looks like UTF-16: save the file as UTF-8."));
    }
    let mut bytes = bytes.to_vec();
    if bytes.starts_with("\u{feff}".as_bytes()) {
        bytes[..3].fill(b' ');
        found.push(
            Finding::error(
                Code::ByteOrderMark,
                0..0,
                "there is a byte order mark at the start",
            )
            .help("Save the file as UTF-8 without a byte order mark."),
        );
    }
    let mut from = 0;
    while let Err(error) = std::str::from_utf8(&bytes[from..]) {
        let at = from + error.valid_up_to();
        let length = error.error_len().unwrap_or(bytes.len() - at);
        // The first tells enough.
        if from == 0 {
            found.push(utf8(at, length));
        }
        bytes[at..at + length].fill(b'?');
        from = at + length;
    }
    Ok(String::from_utf8(bytes).expect("every byte that was not UTF-8 has been replaced"))
}

/// Where the two public values are, and what they and the id say.
#[derive(Default)]
struct Place {
    public: Vec<Range<usize>>,
    keys: Vec<(String, Range<usize>)>,
    ids: Vec<String>,
}

impl Place {
    fn of(document: &Document) -> Self {
        let mut place = Self::default();
        for member in &document.members {
            if let (Some(name), Some(text)) = (Name::find(&member.key), member.text()) {
                place.add(name, text, member.value_span.clone());
            }
        }
        place
    }

    /// Where the text cannot be parsed: what follows the names.
    fn guess(text: &str) -> Self {
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

fn find_secrets(source: &mut Source, place: &Place, identity: Option<&PublicKey>, found: &mut Vec<Finding>) {
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

/// The last word has the parser that everything else uses.
fn strictly(source: &Source) -> Option<Finding> {
    let error = serde_json::from_str::<serde_json::Value>(&source.text).err()?;
    let line_start = source
        .text
        .split_inclusive('\n')
        .take(error.line().saturating_sub(1));
    let at = line_start.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
    let at = (0..=at.min(source.text.len()))
        .rev()
        .find(|at| source.text.is_char_boundary(*at))
        .unwrap_or_default();
    Some(Finding::error(Code::Syntax, at..at, format!("not JSON: {error}")))
}

fn finish(
    mut found: Vec<Finding>,
    source: &Source,
    field_at: &dyn Fn(&Range<usize>) -> Option<Name>,
) -> Vec<Finding> {
    found.sort_by_key(|it| (it.code != Code::OwnSecret, it.span.start, it.severity));
    if found.len() > MAX_FINDINGS {
        // What is cut off must not turn a refusal into a remark, nor hide a secret.
        found.sort_by_key(|it| (!it.is_secret(), it.severity));
        let rest = found.split_off(MAX_FINDINGS);
        found.sort_by_key(|it| (it.code != Code::OwnSecret, it.span.start, it.severity));
        let message = format!("and {} more findings", rest.len());
        let at = rest[0].span.clone();
        found.push(match rest.iter().any(Finding::is_error) {
            true => Finding::error(Code::MoreFindings, at, message),
            false => Finding::note(Code::MoreFindings, at, message),
        });
    }
    for finding in &mut found {
        (finding.line, finding.column) = source.position(finding.span.start);
        if finding.field.is_none() {
            finding.field = field_at(&finding.span);
        }
    }
    found
}
