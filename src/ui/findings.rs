//! What a check of a config bundle found, with the places in the file.

use annotate_snippets::{Annotation, AnnotationKind, Level, Origin, Renderer, Snippet};
use serde_json::{Value, json};

use super::text::{is_harmless, printable};
use crate::bundle::{Checked, Excerpt, Finding, Severity};

/// Each finding with the line it is about and a caret under the place.
pub fn findings_text(file: &str, checked: &Checked) -> String {
    let renderer = Renderer::styled();
    let mut text = String::new();
    for finding in checked.findings() {
        text.push_str(&one(&renderer, file, finding, checked.excerpt(finding)));
        text.push_str("\n\n");
    }
    text
}

fn one(renderer: &Renderer, file: &str, finding: &Finding, excerpt: Option<Excerpt>) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Note => Level::NOTE,
    };
    let title = level
        .primary_title(printable(&finding.message))
        .id(finding.code.as_str());
    // Of a line that was cut, the renderer cannot know the column.
    let origin = || {
        Origin::path(printable(file))
            .line(finding.line)
            .char_column(finding.column)
    };
    let mut group = match excerpt {
        None => title.element(origin()),
        Some(excerpt) if excerpt.cut => title.element(origin()).element(snippet(&excerpt)),
        Some(excerpt) => title.element(snippet(&excerpt).path(printable(file))),
    };
    if let Some(allowed) = &finding.allowed {
        group = group.element(Level::NOTE.with_name("allowed").message(allowed.clone()));
    }
    if let Some(help) = &finding.help {
        group = group.element(Level::HELP.message(help.clone()));
    }
    renderer.render(&[group])
}

pub(super) fn snippet(excerpt: &Excerpt) -> Snippet<'static, Annotation<'static>> {
    // One character for one: the caret stays where it belongs.
    let line: String = excerpt
        .text
        .chars()
        .map(|letter| if is_harmless(letter) { letter } else { '\u{fffd}' })
        .collect();
    let byte = |count: usize| line.char_indices().nth(count).map_or(line.len(), |(at, _)| at);
    let span = byte(excerpt.span.start)..byte(excerpt.span.end);
    Snippet::source(line)
        .line_start(excerpt.line)
        .annotation(AnnotationKind::Primary.span(span))
}

/// Each finding for programs.
pub fn findings_json(checked: &Checked) -> Vec<Value> {
    let one = |finding: &Finding| {
        json!({
            "code": finding.code.as_str(),
            "severity": finding.severity.as_str(),
            "line": finding.line,
            "column": finding.column,
            "field": finding.field.map(crate::bundle::Name::as_str),
            "message": finding.message,
            "found": finding.found,
            "allowed": finding.allowed,
            "help": finding.help,
        })
    };
    checked.findings().iter().map(one).collect()
}

/// `2 errors and 1 note`
pub fn tally(checked: &Checked) -> String {
    let counted = |severity: Severity| match checked.count(severity) {
        0 => None,
        1 => Some(format!("1 {}", severity.as_str())),
        count => Some(format!("{count} {}s", severity.as_str())),
    };
    let parts: Vec<String> = [Severity::Error, Severity::Note]
        .into_iter()
        .filter_map(counted)
        .collect();
    if parts.is_empty() {
        "no errors".into()
    } else {
        parts.join(" and ")
    }
}
