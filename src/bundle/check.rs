use super::document::Document;
use super::finding::{Code, Finding, Severity};
use super::secrets::{Place, find_secrets};
use super::source::{Excerpt, Source};
use super::typed::{Bundle, BundleError};
use super::{keys, lenient, shape, syntax};
use crate::operator::PublicKey;

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
        Err(finding) => return Checked::unreadable(*finding),
    };
    let mut source = Source::new(text.clone());
    let document = match parse(&text, &mut found) {
        Ok(document) => Some(document),
        Err(finding) => {
            found.push(*finding);
            None
        }
    };
    // Before anything else looks at a value, so that nothing quotes a secret.
    let place = document.as_ref().map_or_else(|| Place::guess(&text), Place::of);
    find_secrets(&mut source, &place, identity, &mut found);
    let bundle = document
        .as_ref()
        .and_then(|document| fields(document, &source, identity, &mut found));
    Checked {
        findings: finish(found, &source, document.as_ref()),
        source,
        bundle,
    }
}

fn parse<'a>(text: &'a str, found: &mut Vec<Finding>) -> Result<Document<'a>, Box<Finding>> {
    let parsed = syntax::parse(text)?;
    found.extend(lenient::findings(text, &parsed.tokens));
    let empty = || {
        Finding::error(Code::Empty, 0..0, "there is nothing in it")
            .help("Write one with `oc-guardian config gen`.")
    };
    Document::of(parsed.value.ok_or_else(empty)?)
}

/// Checks the fields; without any error so far, they make a bundle.
fn fields(
    document: &Document,
    source: &Source,
    identity: Option<&PublicKey>,
    found: &mut Vec<Finding>,
) -> Option<Bundle> {
    let fields = shape::check(document, source, found);
    keys::check(&fields, source, identity, found);
    if !found.iter().any(Finding::is_error) {
        found.extend(strictly(source));
    }
    if found.iter().any(Finding::is_error) {
        return None;
    }
    let values = fields
        .iter()
        .filter_map(|(name, member)| Some((*name, member.text()?.to_owned())))
        .collect();
    let bundle = Bundle::from_values(values);
    debug_assert!(bundle.is_some(), "every value has been checked");
    bundle
}

/// The text, byte for byte as long as the file: bytes that are not UTF-8 become `?`, a byte order mark becomes spaces,
/// so that the rest can still be checked.
fn decode(bytes: &[u8], found: &mut Vec<Finding>) -> Result<String, Box<Finding>> {
    let utf8 = |at: usize, length: usize| {
        Finding::error(
            Code::NotUtf8,
            at..at + length,
            format!("byte {} of the file is not UTF-8", at + 1),
        )
        .help("Save the file as UTF-8.")
    };
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(Box::new(
            utf8(0, 0).help("It looks like UTF-16: save the file as UTF-8."),
        ));
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

fn finish(mut found: Vec<Finding>, source: &Source, document: Option<&Document>) -> Vec<Finding> {
    found.sort_by_key(|it| (it.code != Code::OwnSecret, it.span.start, it.severity));
    if found.len() > MAX_FINDINGS {
        // What is cut off must not turn a refusal into a remark, nor hide a secret.
        found.sort_by_key(|it| (!it.is_secret(), it.severity));
        let rest = found.split_off(MAX_FINDINGS);
        found.sort_by_key(|it| (it.code != Code::OwnSecret, it.span.start, it.severity));
        let message = format!("and {} more findings", rest.len());
        let at = rest[0].span.clone();
        found.push(if rest.iter().any(Finding::is_error) {
            Finding::error(Code::MoreFindings, at, message)
        } else {
            Finding::note(Code::MoreFindings, at, message)
        });
    }
    for finding in &mut found {
        (finding.line, finding.column) = source.position(finding.span.start);
        if finding.field.is_none() {
            finding.field = document.and_then(|document| document.field_at(&finding.span));
        }
    }
    found
}
