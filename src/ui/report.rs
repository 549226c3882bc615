use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::style::{EMPHASIS, FAINT, paint};

/// The result of a verb, in both forms.
pub trait Report {
    /// Whether `"ok"` is true; then [`Report::fields`] has no `reason`.
    fn ok(&self) -> bool {
        true
    }

    /// What follows `"ok"` in the JSON document. Where it is false: `reason`, `detail`, `hint` first.
    fn fields(&self) -> Map<String, Value>;

    /// The text for people, with a final newline.
    fn human(&self) -> String;
}

pub(super) fn json_line(report: &dyn Report) -> String {
    let mut document = Map::new();
    document.insert("ok".into(), report.ok().into());
    document.extend(report.fields());
    format!("{}\n", Value::Object(document))
}

/// Builds text for people: aligned `name  value` lines, and what to do next.
#[derive(Default)]
pub struct Lines {
    text: String,
}

impl Lines {
    const NAME_WIDTH: usize = 14;

    /// A line as it is.
    pub fn line(&mut self, text: impl AsRef<str>) -> &mut Self {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
        self
    }

    /// An empty line.
    pub fn gap(&mut self) -> &mut Self {
        self.line("")
    }

    /// `name  value`, names aligned.
    pub fn field(&mut self, name: &str, value: impl AsRef<str>) -> &mut Self {
        let _ = writeln!(
            self.text,
            "{} {}",
            paint(FAINT, &format!("{name:<width$}", width = Self::NAME_WIDTH)),
            value.as_ref()
        );
        self
    }

    /// The command to type next.
    pub fn next(&mut self, command: &str) -> &mut Self {
        self.gap().line(format!("Next: {}", paint(EMPHASIS, command)))
    }

    /// The finished text.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.text)
    }
}
