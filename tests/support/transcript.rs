//! What a run printed, made comparable.

use snapbox::IntoData as _;

/// `2026-11-23T02:07:50Z` becomes `[TIME]`.
pub fn replace_times(text: &str) -> String {
    const SHAPE: &str = "dddd-dd-ddTdd:dd:ddZ";
    let fits = |window: &str| {
        window.is_ascii()
            && window
                .bytes()
                .zip(SHAPE.bytes())
                .all(|(byte, shape)| match shape {
                    b'd' => byte.is_ascii_digit(),
                    other => byte == other,
                })
    };
    let mut result = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if rest.get(..SHAPE.len()).is_some_and(fits) {
            result += "[TIME]";
            rest = &rest[SHAPE.len()..];
        } else {
            let next = rest.chars().next().unwrap();
            result.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    result
}

/// A finished run.
pub struct Transcript {
    /// Command, standard output, standard error and exit code, as the snapshots show them.
    pub text: String,
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Transcript {
    /// Compares the whole run with a snapshot; `SNAPSHOTS=overwrite cargo test` writes it anew.
    #[track_caller]
    pub fn is(&self, expected: snapbox::data::Inline) {
        snapbox::assert_data_eq!(&self.text, expected.raw());
    }

    /// With `from` replaced wherever it stands: what no other run repeats.
    #[must_use]
    pub fn replacing(mut self, from: &str, to: &str) -> Self {
        for text in [&mut self.text, &mut self.stdout, &mut self.stderr] {
            *text = text.replace(from, to);
        }
        self
    }

    /// Fails, showing the run, unless it ended with this exit code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.text);
        self
    }

    /// The JSON document on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}
