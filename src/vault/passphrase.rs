use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::secret_input::trim_line;

/// Fewest characters of a passphrase that we set. Files made elsewhere open with any.
pub const MIN_PASSPHRASE_CHARS: usize = 12;
const MAX_PASSPHRASE_BYTES: usize = 1024;

/// The passphrase of an encrypted key. Has no readable `Debug`; wiped on drop.
pub struct Passphrase(SecretString);

/// Why a text is not a passphrase.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PassphraseError {
    /// Nothing in it.
    #[error("the passphrase is empty")]
    Empty,
    /// Too short to set; see [`MIN_PASSPHRASE_CHARS`].
    #[error("the passphrase has {0} characters, fewer than {MIN_PASSPHRASE_CHARS}")]
    TooShort(usize),
    /// A character that cannot be seen nor typed; refused when setting only.
    #[error("the passphrase has an invisible character, such as a byte order mark")]
    Invisible,
    /// Over 1024 bytes.
    #[error("the passphrase is longer than {MAX_PASSPHRASE_BYTES} bytes")]
    TooLong,
    /// More than one line, or a control character that no keyboard types.
    #[error("the passphrase has a control character or a second line")]
    Control,
    /// Not UTF-8.
    #[error("the passphrase is not UTF-8")]
    NotUtf8,
}

impl Passphrase {
    /// A passphrase that is to open something.
    ///
    /// # Errors
    /// [`PassphraseError`], but never those of [`Passphrase::check_strength`].
    pub fn new(text: &str) -> Result<Self, PassphraseError> {
        if text.is_empty() {
            return Err(PassphraseError::Empty);
        }
        if text.len() > MAX_PASSPHRASE_BYTES {
            return Err(PassphraseError::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(PassphraseError::Control);
        }
        Ok(Self(SecretString::from(text)))
    }

    /// The content of a passphrase file: one line, whose line end does not count.
    ///
    /// # Errors
    /// As [`Passphrase::new`].
    pub fn from_file_bytes(bytes: &[u8]) -> Result<Self, PassphraseError> {
        Self::new(trim_line(bytes).ok_or(PassphraseError::NotUtf8)?)
    }

    /// Checks the rule for passphrases that we set.
    ///
    /// # Errors
    /// [`PassphraseError::TooShort`], [`PassphraseError::Invisible`]
    pub fn check_strength(&self) -> Result<(), PassphraseError> {
        let text = self.0.expose_secret();
        // A byte order mark from an editor would have to be typed again on the next machine.
        if text
            .chars()
            .any(|letter| matches!(letter, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}'))
        {
            return Err(PassphraseError::Invisible);
        }
        let chars = text.chars().count();
        if chars < MIN_PASSPHRASE_CHARS {
            Err(PassphraseError::TooShort(chars))
        } else {
            Ok(())
        }
    }

    /// Whether two passphrases are the same.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.expose_secret() == other.0.expose_secret()
    }

    pub(super) fn to_age(&self) -> SecretString {
        let copy = Zeroizing::new(self.0.expose_secret().to_owned());
        SecretString::from(copy.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        let refusal = |bytes: &[u8]| Passphrase::from_file_bytes(bytes).err();
        assert_eq!(refusal(b""), Some(PassphraseError::Empty));
        assert_eq!(refusal(b"\n"), Some(PassphraseError::Empty));
        assert_eq!(refusal(b"one\ntwo\n"), Some(PassphraseError::Control));
        assert_eq!(refusal(b"\xff\xfe"), Some(PassphraseError::NotUtf8));
        assert_eq!(
            refusal(&[b'a'; MAX_PASSPHRASE_BYTES + 1]),
            Some(PassphraseError::TooLong)
        );
        let short = Passphrase::from_file_bytes("kürzer\r\n".as_bytes()).ok().unwrap();
        assert_eq!(short.check_strength(), Err(PassphraseError::TooShort(6)));
        let marked = Passphrase::from_file_bytes("\u{feff}correct horse".as_bytes())
            .ok()
            .unwrap();
        assert_eq!(marked.check_strength(), Err(PassphraseError::Invisible));
        assert!(short.matches(&Passphrase::new("kürzer").ok().unwrap()));
        assert!(
            Passphrase::new("correct horse")
                .ok()
                .unwrap()
                .check_strength()
                .is_ok()
        );
    }
}
