use std::fmt;
use std::path::Path;

/// Longest path that is written, in bytes: Linux takes no longer one.
const MAX_PATH: usize = 4095;

/// An absolute path without control characters. What else stands in it is for each format to quote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPath(String);

/// A path that is not written into a file for another program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Relative to something that the other program does not know.
    #[error("{0} is not an absolute path")]
    Relative(String),
    /// Longer than Linux takes.
    #[error("a path is longer than {MAX_PATH} bytes")]
    TooLong,
    /// A line break would begin a line of its own; other control and formatting characters would hide what stands there.
    #[error("{0} has bytes or characters that cannot be written to a file of text")]
    Unprintable(String),
    /// The format has no way to spell it.
    #[error("{path} has a {character:?}, which {format} cannot spell")]
    Character {
        /// The path.
        path: String,
        /// Its first such character.
        character: char,
        /// Name of the format.
        format: &'static str,
    },
}

impl HostPath {
    /// Takes a path as it is, without looking whether it exists.
    ///
    /// # Errors
    /// [`PathError`], but not [`PathError::Character`].
    pub fn new(path: &Path) -> Result<Self, PathError> {
        let shown = || path.display().to_string();
        let text = path.to_str().ok_or_else(|| PathError::Unprintable(shown()))?;
        if text.len() > MAX_PATH {
            return Err(PathError::TooLong);
        }
        if !path.is_absolute() {
            return Err(PathError::Relative(shown()));
        }
        if text.chars().any(is_invisible) {
            return Err(PathError::Unprintable(shown()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses a path with one of these characters.
    pub(super) fn without(&self, characters: &[char], format: &'static str) -> Result<&str, PathError> {
        match self.0.chars().find(|it| characters.contains(it)) {
            None => Ok(&self.0),
            Some(character) => Err(PathError::Character {
                path: self.0.clone(),
                character,
                format,
            }),
        }
    }
}

impl fmt::Display for HostPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Control characters, line and paragraph separators, and what changes the direction of the text after it.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn only_what_is_one_visible_line_is_taken() {
        for good in ["/a", "/a b/c", "/100%/$HOME/`x`/\"y\"/'z'/\\w", "/Grüße/世界"] {
            assert_eq!(HostPath::new(Path::new(good)).unwrap().as_str(), good);
        }
        for bad in [
            "/a\nExecStart=/bin/sh",
            "/a\rb",
            "/a\0b",
            "/a\u{7f}",
            "/a\u{85}b",
            "/a\u{2028}b",
            "/a\u{202e}b",
        ] {
            let outcome = HostPath::new(Path::new(bad));
            assert!(matches!(outcome, Err(PathError::Unprintable(_))), "{bad:?}");
        }
        let bytes = Path::new(OsStr::from_bytes(b"/a\xff"));
        assert!(matches!(HostPath::new(bytes), Err(PathError::Unprintable(_))));
        assert!(matches!(
            HostPath::new(Path::new("a/b")),
            Err(PathError::Relative(_))
        ));
        let long = format!("/{}", "a".repeat(MAX_PATH));
        assert!(matches!(HostPath::new(Path::new(&long)), Err(PathError::TooLong)));
    }
}
