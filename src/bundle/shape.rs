//! Which fields are there, and whether their values are what the field takes.

use std::collections::{BTreeMap, HashMap};

use super::document::{Document, Member, Value};
use super::field::Name;
use super::finding::{Code, Finding};
use super::source::Source;

/// The known fields of a document; of doubled ones the first.
pub(super) type Fields<'d, 'a> = BTreeMap<Name, &'d Member<'a>>;

pub(super) fn check<'d, 'a>(
    document: &'d Document<'a>,
    source: &Source,
    found: &mut Vec<Finding>,
) -> Fields<'d, 'a> {
    let mut fields = Fields::new();
    let mut first_at: HashMap<&str, usize> = HashMap::new();
    for member in &document.members {
        let name = Name::find(&member.key);
        if let Some(first) = first_at.get(&*member.key) {
            found.push(duplicate(member, name, source, source.line(*first)));
            // Its value is looked at all the same, so that one run shows everything.
        } else {
            first_at.insert(&member.key, member.key_span.start);
            match name {
                Some(name) => {
                    fields.insert(name, member);
                }
                None => found.push(unknown(member, source)),
            }
        }
        if let Some(name) = name {
            found.extend(value(name, member, source));
        }
    }
    found.extend(missing(document, &fields));
    signer(&fields, found);
    fields
}

fn duplicate(member: &Member, name: Option<Name>, source: &Source, first_line: usize) -> Finding {
    let finding = Finding::error(
        Code::DuplicateField,
        member.key_span.clone(),
        format!(
            "{} is there already, on line {first_line}",
            source.quote(&member.key_span)
        ),
    )
    .help("Keep one of them.");
    match name {
        Some(name) => finding.field(name),
        None => finding,
    }
}

fn unknown(member: &Member, source: &Source) -> Finding {
    let name = source.quote(&member.key_span);
    let finding = Finding::error(
        Code::UnknownField,
        member.key_span.clone(),
        format!("{name} is no field of a config bundle"),
    )
    .found(source.quote_inside(&member.key_span));
    let nearest = (!source.is_secret(&member.key_span))
        .then(|| Name::nearest(&member.key))
        .flatten();
    match nearest {
        Some(nearest) => finding
            .allowed(nearest.as_str())
            .help(format!("Did you mean {nearest}?")),
        None => finding.allowed(Name::all().map(Name::as_str).collect::<Vec<_>>().join(", ")),
    }
}

fn value(name: Name, member: &Member, source: &Source) -> Option<Finding> {
    let kind = name.field().kind;
    let span = member.value_span.clone();
    let text = match &member.value {
        // Reported as the secret that it is; that it is no slug either would only distract.
        _ if source.is_secret(&span) => return None,
        Value::Text(text) => text,
        Value::Other(what) => {
            let finding = Finding::error(Code::WrongType, span, format!("{name} is {what}, not a string"))
                .field(name)
                .found(*what)
                .allowed(format!("a string: {}", kind.allowed()));
            return Some(match (*what, name.field().required) {
                ("null", false) => finding.help("Leave the field out."),
                ("null" | "an object" | "an array", _) => finding,
                _ => finding.help("Put the value in double quotes."),
            });
        }
    };
    let problem = kind.problem(text)?;
    let finding = Finding::error(Code::BadValue, span.clone(), format!("{name} {problem}"))
        .field(name)
        .found(source.quote_inside(&span))
        .allowed(kind.allowed());
    let lower = text.to_ascii_lowercase();
    let choice = kind
        .choices()
        .into_iter()
        .filter(|choice| strsim::osa_distance(choice, lower.get(..16).unwrap_or(&lower)) <= 3)
        .min_by_key(|choice| strsim::osa_distance(choice, &lower));
    Some(match choice {
        Some(choice) => finding.help(format!("Did you mean {choice}?")),
        None => finding,
    })
}

fn missing<'f>(document: &Document, fields: &'f Fields) -> impl Iterator<Item = Finding> + use<'f> {
    // Where it would have to be added: before the closing brace.
    let at = document.span.end.saturating_sub(1)..document.span.end;
    Name::all()
        .filter(|name| name.field().required && !fields.contains_key(name))
        .map(move |name| {
            Finding::error(Code::MissingField, at.clone(), format!("{name} is missing"))
                .field(name)
                .allowed(name.field().kind.allowed())
                .help(name.field().description)
        })
}

fn signer(fields: &Fields, found: &mut Vec<Finding>) {
    let on_http = fields
        .get(&Name::SignerUrl)
        .filter(|url| url.text().is_some_and(|url| url.starts_with("http:")));
    match (on_http, fields.get(&Name::SignerTokenFile)) {
        (Some(url), None) => found.push(
            Finding::error(
                Code::MissingField,
                url.value_span.clone(),
                "a signing server on http needs signer_token_file",
            )
            .field(Name::SignerTokenFile)
            .allowed(Name::SignerTokenFile.field().kind.allowed())
            .help("Name the file with its access token, or use a Unix socket (unix:/PATH)."),
        ),
        (None, Some(token)) => found.push(
            Finding::error(
                Code::Conflict,
                token.key_span.clone(),
                "signer_token_file is only for a signing server on http",
            )
            .field(Name::SignerTokenFile)
            .help("Remove it, or set signer_url to http://127.0.0.1:PORT."),
        ),
        _ => {}
    }
}
