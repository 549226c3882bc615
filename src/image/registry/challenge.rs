//! `WWW-Authenticate`, RFC 9110 section 11.6.1.

use std::collections::BTreeMap;

/// Longest header that is looked at, in bytes.
const MAX_HEADER: usize = 8 << 10;

/// One way to log in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// In lower case: `basic`, `bearer`.
    pub scheme: String,
    /// Names in lower case.
    pub parameters: BTreeMap<String, String>,
}

/// The challenges of one header; `None` where it is malformed, or names a parameter twice.
pub fn parse(header: &str) -> Option<Vec<Challenge>> {
    if header.len() > MAX_HEADER {
        return None;
    }
    let mut rest = Rest(header);
    let mut challenges: Vec<Challenge> = Vec::new();
    loop {
        rest.skip_separators();
        if rest.0.is_empty() {
            return Some(challenges);
        }
        let word = rest.token()?;
        // A name and a value belong to the challenge before it, anything else begins one.
        let mut after = rest;
        after.skip_space();
        if after.eat('=') && !challenges.is_empty() {
            after.skip_space();
            let value = after.value()?;
            rest = after;
            let parameters = &mut challenges.last_mut()?.parameters;
            if parameters.insert(word.to_ascii_lowercase(), value).is_some() {
                return None;
            }
        } else {
            challenges.push(Challenge {
                scheme: word.to_ascii_lowercase(),
                parameters: BTreeMap::new(),
            });
            rest.skip_token68()?;
        }
        rest.skip_space();
        if !(rest.0.is_empty() || rest.0.starts_with(',') || challenges.last()?.parameters.is_empty()) {
            return None;
        }
    }
}

#[derive(Clone, Copy)]
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn skip_space(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t']);
    }

    fn skip_separators(&mut self) {
        self.0 = self.0.trim_start_matches([' ', '\t', ',']);
    }

    fn eat(&mut self, letter: char) -> bool {
        match self.0.strip_prefix(letter) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.0.find(|letter| !wanted(letter)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn token(&mut self) -> Option<&'a str> {
        let token = self.take_while(|it| it.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(it));
        (!token.is_empty()).then_some(token)
    }

    /// A token or a quoted string.
    fn value(&mut self) -> Option<String> {
        if !self.eat('"') {
            return self.token().map(str::to_owned);
        }
        let mut value = String::new();
        let mut letters = self.0.chars();
        loop {
            match letters.next()? {
                '"' => break,
                '\\' => value.push(letters.next()?),
                letter => value.push(letter),
            }
        }
        self.0 = letters.as_str();
        Some(value)
    }

    /// Passes over the one credential-like word that may stand instead of parameters (`Negotiate abc==`).
    fn skip_token68(&mut self) -> Option<()> {
        let mut after = *self;
        after.skip_space();
        let word = after.take_while(|it| it.is_ascii_alphanumeric() || "-._~+/".contains(it));
        after.take_while(|it| it == '=');
        after.skip_space();
        if !word.is_empty() && (after.0.is_empty() || after.0.starts_with(',')) {
            *self = after;
        } else if !(self.0.is_empty() || self.0.starts_with([' ', '\t', ','])) {
            return None;
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;

    use super::*;

    fn shown(header: &str) -> String {
        let Some(challenges) = parse(header) else {
            return "malformed".into();
        };
        let one = |it: &Challenge| format!("{}{:?}", it.scheme, it.parameters);
        challenges.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn those_of_registries() {
        for (header, wanted) in [
            (
                r#"Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:a/b:pull""#,
                r#"bearer{"realm": "https://ghcr.io/token", "scope": "repository:a/b:pull", "service": "ghcr.io"}"#,
            ),
            (
                r#"Basic realm="x", charset="UTF-8""#,
                r#"basic{"charset": "UTF-8", "realm": "x"}"#,
            ),
            ("BASIC Realm=x", r#"basic{"realm": "x"}"#),
            ("Basic", "basic{}"),
            // What could be a name is padded base64.
            ("Bearer realm=", "bearer{}"),
            ("", ""),
            (" , ,Basic ,", "basic{}"),
            (r#"Bearer realm="a\"b,c\\""#, r#"bearer{"realm": "a\"b,c\\"}"#),
            (
                r#"Negotiate abc==, Basic realm="x""#,
                r#"negotiate{} basic{"realm": "x"}"#,
            ),
            (
                r#"Negotiate, Bearer realm = "x" , service=y"#,
                r#"negotiate{} bearer{"realm": "x", "service": "y"}"#,
            ),
            (
                r#"Bearer realm="x", Basic realm="y""#,
                r#"bearer{"realm": "x"} basic{"realm": "y"}"#,
            ),
        ] {
            assert_eq!(shown(header), wanted, "{header}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            written in vec(("[a-z]{1,9}", btree_map("[a-z]{1,9}", "[ -~]{0,20}", 1..4)), 0..4),
        ) {
            let one = |(scheme, parameters): &(String, BTreeMap<String, String>)| {
                let parameter = |(name, value): (&String, &String)| {
                    format!("{name}=\"{}\"", value.replace('\\', r"\\").replace('"', "\\\""))
                };
                format!("{scheme} {}", parameters.iter().map(parameter).collect::<Vec<_>>().join(", "))
            };
            let header = written.iter().map(one).collect::<Vec<_>>().join(",");
            let wanted: Vec<_> = written
                .into_iter()
                .map(|(scheme, parameters)| Challenge { scheme, parameters })
                .collect();
            prop_assert_eq!(parse(&header), Some(wanted));
        }
    }

    #[test]
    fn malformed_ones_are_told() {
        let long = format!("Bearer realm=\"{}\"", "x".repeat(MAX_HEADER));
        for bad in [
            "Bearer realm=\"x",
            "Bearer realm=\"x\\",
            "Bearer realm=\"x\"y",
            "Bearer realm=x realm=y",
            "Bearer realm=x,realm=y",
            "Bearer realm=x,Realm=y",
            "=x",
            "\"x\"",
            "Bearer\"x\"",
            "Bä realm=x",
            &long,
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
