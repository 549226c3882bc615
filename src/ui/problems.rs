//! What a check found, each with its remedy.

use serde_json::{Map, Value, json};

use super::style::{BAD, GOOD, paint};
use super::text::escaped;
use super::{Failure, Lines};

/// `reason`, `detail` and `hint` of a report that is not in order, for its first fields; nothing where there is no
/// problem.
pub fn problem_fields(problems: &[Failure]) -> Map<String, Value> {
    let Some(first) = problems.first() else {
        return Map::new();
    };
    let found = format!("{} found", count(problems.len()));
    Map::from_iter([
        ("reason".into(), json!("problems-found")),
        ("detail".into(), json!(found)),
        ("hint".into(), json!(first.remedy())),
    ])
}

/// Each problem for programs.
pub fn problems_json(problems: &[Failure]) -> Value {
    let one = |problem: &Failure| json!({ "reason": problem.reason(), "detail": problem.detail(), "hint": problem.remedy() });
    problems.iter().map(one).collect()
}

impl Lines {
    /// Each problem with its remedy, or that all is in order.
    pub fn problems(&mut self, problems: &[Failure]) -> &mut Self {
        if problems.is_empty() {
            return self.line(paint(GOOD, "All in order."));
        }
        self.line(paint(BAD, &count(problems.len())));
        for problem in problems {
            self.line(format!("  {} {}", paint(BAD, "✗"), escaped(problem.detail())));
            if let Some(remedy) = problem.remedy() {
                self.line(format!("    {}", escaped(remedy)));
            }
        }
        self
    }
}

fn count(problems: usize) -> String {
    match problems {
        1 => "1 problem".into(),
        more => format!("{more} problems"),
    }
}
