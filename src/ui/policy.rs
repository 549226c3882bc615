//! What is wrong with a policy, with the places in the file.

use annotate_snippets::{Level, Origin, Renderer};
use serde_json::{Value, json};

use super::findings::snippet;
use super::text::printable;
use crate::bundle::Excerpt;
use crate::signer::policy::{PolicyError, PolicyFinding};

/// Longest line that is shown, in characters.
const MAX_LINE: usize = 160;

/// Each finding with the line it is about and a caret under the place.
pub fn policy_findings_text(file: &str, text: &str, error: &PolicyError) -> String {
    let renderer = Renderer::styled();
    let mut told = String::new();
    for finding in &error.findings {
        let title = Level::ERROR.primary_title(printable(&finding.message));
        let mut group = match excerpt(text, finding) {
            Some(excerpt) => title.element(snippet(&excerpt).path(printable(file))),
            None => title.element(
                Origin::path(printable(file))
                    .line(finding.line)
                    .char_column(finding.column),
            ),
        };
        if let Some(help) = &finding.help {
            group = group.element(Level::HELP.message(printable(help)));
        }
        told.push_str(&renderer.render(&[group]));
        told.push_str("\n\n");
    }
    told
}

/// The line of a finding, where it is short enough to be shown whole.
fn excerpt(text: &str, finding: &PolicyFinding) -> Option<Excerpt> {
    let line = text.lines().nth(finding.line - 1)?;
    let length = line.chars().count();
    if line.is_empty() || length > MAX_LINE {
        return None;
    }
    let first = (finding.column - 1).min(length);
    let marked = text
        .get(finding.span.clone())
        .map_or(0, |text| text.chars().count());
    Some(Excerpt {
        line: finding.line,
        text: line.replace('\t', " "),
        span: first..(first + marked).min(length),
        cut: false,
    })
}

/// Each finding for programs.
pub fn policy_findings_json(error: &PolicyError) -> Vec<Value> {
    let one = |finding: &PolicyFinding| {
        json!({
            "line": finding.line,
            "column": finding.column,
            "message": finding.message,
            "help": finding.help,
        })
    };
    error.findings.iter().map(one).collect()
}
