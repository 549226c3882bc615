//! What sets a running container apart from the runbook's, and the words by which an operator insists on it.

use std::fmt;
use std::str::FromStr;

use crate::image::Digest;

/// Longest value that is shown and named whole, in characters.
const LONGEST: usize = 256;

/// Something of a container that the runbook's does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// What it is.
    pub kind: Kind,
    /// Which, as the operator names it: without control characters, and cut where it is long. The value of a variable may
    /// be a secret, and is not in it.
    pub value: String,
    /// Why that matters: a clause about it.
    pub why: &'static str,
    /// What it stands in the way of.
    pub weight: Weight,
    /// Whether the new container will have it.
    pub fate: Fate,
}

/// Kinds of [`Difference`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The config bundle.
    Bundle,
    /// The data folder.
    Data,
    /// A path of the host: `SOURCE:TARGET`.
    Bind,
    /// A volume: `NAME:TARGET`.
    Volume,
    /// Memory: its target.
    Tmpfs,
    /// A mount of another kind.
    Mount,
    /// A variable, by name.
    Variable,
    /// The program.
    Entrypoint,
    /// Its arguments.
    Command,
    /// Its user.
    User,
    /// Its folder.
    WorkingFolder,
    /// All privileges.
    Privileged,
    /// A capability.
    Capability,
    /// A device of the host.
    Device,
    /// A namespace that others share.
    Namespace,
    /// A security option.
    Security,
    /// A network.
    Network,
    /// A port that is not published.
    Port,
    /// Another option of the engine.
    Option,
    /// A label.
    Label,
    /// Something else that makes the container again.
    Supervisor,
}

impl Kind {
    const ALL: [Self; 21] = [
        Self::Bundle,
        Self::Data,
        Self::Bind,
        Self::Volume,
        Self::Tmpfs,
        Self::Mount,
        Self::Variable,
        Self::Entrypoint,
        Self::Command,
        Self::User,
        Self::WorkingFolder,
        Self::Privileged,
        Self::Capability,
        Self::Device,
        Self::Namespace,
        Self::Security,
        Self::Network,
        Self::Port,
        Self::Option,
        Self::Label,
        Self::Supervisor,
    ];

    /// The word before the `=`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bundle => "bundle",
            Self::Data => "data",
            Self::Bind => "bind",
            Self::Volume => "volume",
            Self::Tmpfs => "tmpfs",
            Self::Mount => "mount",
            Self::Variable => "variable",
            Self::Entrypoint => "entrypoint",
            Self::Command => "command",
            Self::User => "user",
            Self::WorkingFolder => "working-folder",
            Self::Privileged => "privileged",
            Self::Capability => "capability",
            Self::Device => "device",
            Self::Namespace => "namespace",
            Self::Security => "security",
            Self::Network => "network",
            Self::Port => "port",
            Self::Option => "option",
            Self::Label => "label",
            Self::Supervisor => "supervisor",
        }
    }
}

/// What a [`Difference`] stands in the way of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Nothing: it is only told.
    Told,
    /// An upgrade without a word from the operator: that it is carried over, or that it may be left behind.
    Stops,
    /// Any upgrade: something would be lost that nothing brings back.
    Forbids,
}

/// What becomes of a [`Difference`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Carried over: the operator named it.
    Carried,
    /// Left behind; it could be carried over.
    Left,
    /// Left behind; the kit has no way to carry it over.
    CannotBeCarried,
}

impl fmt::Display for Difference {
    /// As it is named.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.kind.as_str(), self.value)
    }
}

/// A word of the operator about differences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Adopt {
    /// `KIND=VALUE`: this one is carried over.
    This(Kind, String),
    /// `none`: what was not named may be left behind.
    None,
}

/// Text that is no word about differences.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAdopt {
    /// No `=`.
    #[error("neither KIND=VALUE, as a difference is shown, nor none")]
    Shape,
    /// A kind that there is not.
    #[error("no difference is called {found} (there are: {})", kinds())]
    Kind {
        /// Its beginning.
        found: String,
    },
}

fn kinds() -> String {
    Kind::ALL.map(Kind::as_str).join(", ")
}

impl FromStr for Adopt {
    type Err = NotAnAdopt;

    fn from_str(text: &str) -> Result<Self, NotAnAdopt> {
        if text == "none" {
            return Ok(Self::None);
        }
        let (kind, value) = text.split_once('=').ok_or(NotAnAdopt::Shape)?;
        let known = Kind::ALL.into_iter().find(|it| it.as_str() == kind);
        let known = known.ok_or_else(|| NotAnAdopt::Kind {
            found: kind.chars().take(32).collect(),
        })?;
        Ok(Self::This(known, value.to_owned()))
    }
}

impl fmt::Display for Adopt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::This(kind, value) => write!(f, "{}={value}", kind.as_str()),
            Self::None => f.write_str("none"),
        }
    }
}

/// A text from outside, as it is shown and named: one line, and bounded. What is cut off is in the digest, so that naming it
/// names the whole.
pub(super) fn shown(text: &str) -> String {
    let mut line = String::new();
    for (count, letter) in text.chars().enumerate() {
        if count == LONGEST {
            line.push_str("…#");
            line.push_str(&Digest::of(text.as_bytes()).as_hex()[..16]);
            break;
        }
        if letter.is_control() {
            line.extend(letter.escape_default());
        } else {
            line.push(letter);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_as_differences_are_shown() {
        for kind in Kind::ALL {
            let difference = Difference {
                kind,
                value: "/a=b:/c".into(),
                why: "",
                weight: Weight::Stops,
                fate: Fate::Left,
            };
            let adopt: Adopt = difference.to_string().parse().unwrap();
            assert_eq!(adopt, Adopt::This(kind, "/a=b:/c".into()));
            assert_eq!(adopt.to_string(), difference.to_string());
        }
        assert_eq!("none".parse(), Ok(Adopt::None));
        assert_eq!("all".parse::<Adopt>(), Err(NotAnAdopt::Shape));
        let error = "binds=/a:/b".parse::<Adopt>().unwrap_err().to_string();
        assert!(
            error.starts_with("no difference is called binds (there are: bundle, data, bind,"),
            "{error}"
        );
    }

    #[test]
    fn hostile_texts_are_one_bounded_line_and_stay_apart() {
        assert_eq!(shown("/a\n\u{1b}[2J/b"), "/a\\n\\u{1b}[2J/b");
        assert_eq!(shown(&"x".repeat(LONGEST)), "x".repeat(LONGEST));
        let long = |end: &str| shown(&format!("{}{end}", "x".repeat(1 << 16)));
        assert!(long("a").chars().count() < 300);
        assert_ne!(long("a"), long("b"));
    }
}
