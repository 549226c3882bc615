use regex::{Regex, RegexBuilder};

/// Issuer of GitHub Actions' identity tokens.
pub const GITHUB_ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Longest identity expression, in bytes.
pub const MAX_EXPRESSION: usize = 1024;
/// Most memory that a compiled expression takes, in bytes: `(\w{99}){99}` is short to write and large to compile.
const MAX_COMPILED: usize = 1024 * 1024;

/// What a certificate's identity has to be. Always compared as a whole.
#[derive(Clone, Debug)]
pub struct IdentityExpression {
    text: String,
    rule: Rule,
}

#[derive(Clone, Debug)]
enum Rule {
    /// Exactly the text.
    Exact,
    /// The text, or the text and `/` and anything.
    Below,
    /// `\A(?:text)\z`
    Pattern(Box<Regex>),
}

/// Why text is not an identity expression.
#[derive(Debug, thiserror::Error)]
pub enum IdentityExpressionError {
    /// Nothing there.
    #[error("an identity is empty")]
    Empty,
    /// More than [`MAX_EXPRESSION`] bytes.
    #[error("an identity is longer than {MAX_EXPRESSION} bytes")]
    TooLong,
    /// Not a regular expression, or one that needs too much memory.
    #[error("not a regular expression that can be used: {0}")]
    Pattern(#[from] regex::Error),
}

impl IdentityExpression {
    /// Exactly this identity, as cosign's `--certificate-identity`.
    ///
    /// # Errors
    /// [`IdentityExpressionError::Empty`], [`IdentityExpressionError::TooLong`]
    pub fn exact(text: &str) -> Result<Self, IdentityExpressionError> {
        check_length(text)?;
        Ok(Self {
            text: text.to_owned(),
            rule: Rule::Exact,
        })
    }

    /// A regular expression that has to match the whole identity. cosign's `--certificate-identity-regexp` looks for it
    /// anywhere in the identity: there, `https://github.com/us/kit` also matches `https://github.com/us/kit-evil/…`.
    ///
    /// An expression without any metacharacter but `.` is one that was meant as the beginning of a name: it is read as
    /// this very text, or this text followed by `/` and more.
    ///
    /// # Errors
    /// [`IdentityExpressionError`]
    pub fn pattern(text: &str) -> Result<Self, IdentityExpressionError> {
        check_length(text)?;
        let rule = if text.contains(|letter: char| r"\+*?()|[]{}^$".contains(letter)) {
            // By itself first: `a)|(?:b` is none, but would break out of the group.
            build(text)?;
            Rule::Pattern(Box::new(build(&format!(r"\A(?:{text})\z"))?))
        } else {
            Rule::Below
        };
        Ok(Self {
            text: text.to_owned(),
            rule,
        })
    }

    /// Whether this is the identity. One with control characters is nobody's: `[^/]+` would match a line break.
    pub fn matches(&self, identity: &str) -> bool {
        if identity.chars().any(char::is_control) {
            return false;
        }
        match &self.rule {
            Rule::Exact => identity == self.text,
            Rule::Below => identity.strip_prefix(&self.text).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || (self.text.ends_with('/') && !rest.is_empty())
            }),
            Rule::Pattern(pattern) => pattern.is_match(identity),
        }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The same rule as a regular expression with its own anchors, for programs that look for one anywhere in the
    /// identity; `None` where it is no expression but exactly the text.
    pub fn as_regexp(&self) -> Option<String> {
        match self.rule {
            Rule::Exact => None,
            Rule::Below => {
                let text = regex::escape(&self.text);
                let more = if self.text.ends_with('/') {
                    ".*"
                } else {
                    "(?:/.*)?"
                };
                Some(format!(r"\A(?:{text}{more})\z"))
            }
            Rule::Pattern(_) => Some(format!(r"\A(?:{})\z", self.text)),
        }
    }

    /// How it is read: `exact`, `below`, `pattern`.
    pub(super) fn rule(&self) -> &'static str {
        match self.rule {
            Rule::Exact => "exact",
            Rule::Below => "below",
            Rule::Pattern(_) => "pattern",
        }
    }

    /// What was asked for, for messages.
    pub fn wanted(&self) -> String {
        match self.rule {
            Rule::Exact => self.text.clone(),
            Rule::Below => format!("{} (or below it)", self.text),
            Rule::Pattern(_) => format!("{} (as a whole)", self.text),
        }
    }
}

fn check_length(text: &str) -> Result<(), IdentityExpressionError> {
    match text.len() {
        0 => Err(IdentityExpressionError::Empty),
        1..=MAX_EXPRESSION => Ok(()),
        _ => Err(IdentityExpressionError::TooLong),
    }
}

fn build(text: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(text)
        .size_limit(MAX_COMPILED)
        .dfa_size_limit(MAX_COMPILED)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIT: &str = "https://github.com/orangecheck/oc-guardian-kit";

    fn matches(expression: &str, identity: &str) -> bool {
        IdentityExpression::pattern(expression).unwrap().matches(identity)
    }

    #[test]
    fn a_pattern_matches_as_a_whole() {
        let tag = format!("{KIT}/.github/workflows/release.yml@refs/tags/v1.2.3");
        let expression = r"https://github\.com/orangecheck/oc-guardian-kit/\.github/workflows/release\.yml@refs/tags/v[^/]+";
        assert!(matches(expression, &tag));
        for other in [
            format!("x{tag}"),
            format!("{tag}/x"),
            format!("{tag}\n"),
            format!("\n{tag}"),
            tag.replace("v1", "1"),
            tag.replace("github.com", "githubXcom"),
        ] {
            assert!(!matches(expression, &other), "{other}");
        }
    }

    #[test]
    fn alternatives_and_flags_do_not_open_the_ends() {
        assert!(matches("a|b+", "bb"));
        for (expression, identity) in [
            ("a|b+", "ab"),
            ("a|ab", "abc"),
            ("(?m)^a$", "x\na"),
            ("(?s)a.b", "a\nbc"),
            ("^a", "ab"),
            ("b$", "ab"),
        ] {
            assert!(!matches(expression, identity), "{expression} {identity}");
        }
        assert!(matches("a|ab", "ab"), "the longer alternative counts too");
    }

    #[test]
    fn a_group_cannot_be_broken_out_of() {
        for bad in ["a)|(?:b", "a)|(.*", "(?x)a #", "(", "[", r"\", "(?P<n>a)(?P<n>b)"] {
            let compiled = IdentityExpression::pattern(bad);
            assert!(compiled.is_err(), "{bad}");
        }
    }

    #[test]
    fn a_bare_prefix_ends_where_a_name_ends() {
        for below in ["", "/", "/.github/workflows/release.yml@refs/heads/main"] {
            assert!(matches(KIT, &format!("{KIT}{below}")), "{below}");
        }
        for other in [
            "-evil/.github/workflows/release.yml@refs/tags/v1",
            "x",
            ".git",
            "\n/",
        ] {
            assert!(!matches(KIT, &format!("{KIT}{other}")), "{other}");
        }
        assert!(!matches(KIT, &KIT.replace("github.com", "githubXcom")));
        assert!(!matches(KIT, &format!("https://evil.example/?{KIT}/")));
        assert!(matches(&format!("{KIT}/"), &format!("{KIT}/x")));
    }

    #[test]
    fn the_rule_is_the_same_as_an_expression_with_anchors() {
        let slashed = format!("{KIT}/");
        for text in [KIT, &slashed, r"https://github\.com/orangecheck/.*", "a|b+"] {
            let rule = IdentityExpression::pattern(text).unwrap();
            let anchored = Regex::new(&rule.as_regexp().unwrap()).unwrap();
            for identity in [
                KIT.to_owned(),
                format!("x{KIT}"),
                format!("{KIT}/"),
                format!("{KIT}/x"),
                format!("{KIT}-evil/x"),
                KIT.replace("github.com", "githubXcom"),
                "ab".into(),
                "bb".into(),
            ] {
                assert_eq!(
                    anchored.is_match(&identity),
                    rule.matches(&identity),
                    "{text} {identity}"
                );
            }
        }
        assert_eq!(IdentityExpression::exact(KIT).unwrap().as_regexp(), None);
    }

    #[test]
    fn an_exact_identity_has_no_metacharacters() {
        let exact = IdentityExpression::exact("https://example.com/a.b+c").unwrap();
        assert!(exact.matches("https://example.com/a.b+c"));
        assert!(!exact.matches("https://example.com/aXbbc") && !exact.matches("https://example.com/a.b+c/"));
    }

    #[test]
    fn sizes_are_bounded() {
        let bomb = r"((\w{99}){99}){9}";
        assert!(matches!(
            IdentityExpression::pattern(bomb),
            Err(IdentityExpressionError::Pattern(regex::Error::CompiledTooBig(_)))
        ));
        let long = "a".repeat(MAX_EXPRESSION + 1);
        for make in [IdentityExpression::pattern, IdentityExpression::exact] {
            assert!(matches!(make(&long), Err(IdentityExpressionError::TooLong)));
            assert!(matches!(make(""), Err(IdentityExpressionError::Empty)));
        }
        // Linear in the identity, whatever the expression.
        assert!(!matches("(a*)*b", &"a".repeat(100_000)));
    }
}
