use bip39::{Language, Mnemonic};
use zeroize::{Zeroize, Zeroizing};

use super::{Scheme, SecretKey, SecretKeyError};

/// Words of a backup. BIP-39 also knows 12 to 21; a 32-byte secret has exactly 24.
pub const WORD_COUNT: usize = 24;

/// A 24-word backup: BIP-39, English list, of the 32 secret bytes; no passphrase and no derivation.
///
/// No `Debug`, `Clone` or `Display`; wiped on drop.
pub struct Words(Zeroizing<String>);

/// Why a text is not a 24-word backup. No variant carries a word: a mistyped word is nearly the secret one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum WordsError {
    /// Not 24 words.
    #[error("there are {found} words, but a backup of an operator key has {WORD_COUNT}")]
    Count {
        /// Words in the text.
        found: usize,
    },
    /// A word outside the BIP-39 English list.
    #[error("word {position} of {WORD_COUNT} is not in the BIP-39 English word list")]
    Unknown {
        /// Counted from 1.
        position: usize,
    },
    /// All words are known, but the checksum in the last one does not match: a word is wrong or two changed places.
    #[error("the words do not belong together (checksum)")]
    Checksum,
    /// The words are well-formed, but no key of this scheme.
    #[error("the words are no key of this scheme: {0}")]
    Key(#[from] SecretKeyError),
}

impl Words {
    pub(super) fn from_entropy(entropy: &[u8; 32]) -> Self {
        let mnemonic = Mnemonic::from_entropy_in(Language::English, entropy)
            .expect("BIP-39 defines 32 bytes of entropy");
        let mut text = Zeroizing::new(String::with_capacity(WORD_COUNT * 9));
        for word in mnemonic.words() {
            if !text.is_empty() {
                text.push(' ');
            }
            text.push_str(word);
        }
        Self(text)
    }

    /// The words in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    /// All words on one line, separated by single spaces.
    pub fn as_line(&self) -> &str {
        &self.0
    }

    /// Whether a word is in the BIP-39 English list, whatever its case.
    pub fn is_known(word: &str) -> bool {
        Language::English.find_word(&word.to_ascii_lowercase()).is_some()
    }

    /// Reads 24 words separated by white space, in upper or lower case, numbered or not, into the key they stand for.
    ///
    /// # Errors
    /// [`WordsError`]
    pub fn to_secret(scheme: Scheme, text: &str) -> Result<SecretKey, WordsError> {
        let mut line = Zeroizing::new(String::with_capacity(text.len()));
        let mut found = 0;
        for word in text.split_whitespace().filter(|word| !is_number(word)) {
            if found > 0 {
                line.push(' ');
            }
            line.extend(word.chars().map(|letter| letter.to_ascii_lowercase()));
            found += 1;
        }
        if found != WORD_COUNT {
            return Err(WordsError::Count { found });
        }
        let mnemonic =
            Mnemonic::parse_in_normalized(Language::English, &line).map_err(|error| match error {
                // The library counts from 0, people from 1.
                bip39::Error::UnknownWord(index) => WordsError::Unknown { position: index + 1 },
                _ => WordsError::Checksum,
            })?;
        let (mut entropy, length) = mnemonic.to_entropy_array();
        debug_assert_eq!(length, 32);
        let mut bytes = Zeroizing::new([0; 32]);
        bytes.copy_from_slice(&entropy[..32]);
        entropy.zeroize();
        Ok(SecretKey::from_bytes(scheme, &bytes)?)
    }
}

/// `7`, `7.`, `7)` or `7:`, as people number their words.
fn is_number(word: &str) -> bool {
    let digits = word.trim_end_matches(['.', ')', ':']);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `entropy words` of the 24-word English vectors of <https://github.com/trezor/python-mnemonic> (`vectors.json`),
    /// which BIP-39 names as its own, and the three of the project's format page.
    const VECTORS: &str = include_str!("../../tests/vectors/bip39-24-words.txt");

    fn vectors() -> impl Iterator<Item = (&'static str, &'static str)> {
        VECTORS
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(|line| line.split_once(' ').unwrap())
    }

    #[test]
    fn words_and_bytes_are_interchangeable() {
        assert_eq!(vectors().count(), 9);
        for (entropy, words) in vectors() {
            // Ed25519 takes any 32 bytes; the vectors include all-zero and all-one entropy, no BIP-340 keys.
            let key = SecretKey::from_hex(Scheme::Ed25519, entropy).unwrap();
            assert_eq!(key.to_words().as_line(), words);
            let back = Words::to_secret(Scheme::Ed25519, words).ok().unwrap();
            assert_eq!(*back.expose_hex(), entropy);
        }
    }

    #[test]
    fn case_and_spacing_do_not_matter() {
        let (entropy, words) = vectors().nth(4).unwrap();
        let untidy = format!("\n  {}\t\r\n", words.to_uppercase().replace(' ', "\n "));
        assert_eq!(
            *Words::to_secret(Scheme::Ed25519, &untidy)
                .ok()
                .unwrap()
                .expose_hex(),
            entropy
        );
    }

    fn error(scheme: Scheme, text: &str) -> WordsError {
        Words::to_secret(scheme, text).err().unwrap()
    }

    #[test]
    fn refusals_count_from_one() {
        let all = ["abandon"; 24];
        assert_eq!(
            error(Scheme::Bip340, &all[..12].join(" ")),
            WordsError::Count { found: 12 }
        );
        assert_eq!(error(Scheme::Bip340, ""), WordsError::Count { found: 0 });
        assert_eq!(error(Scheme::Bip340, &all.join(" ")), WordsError::Checksum);
        for position in [1, 13, 24] {
            let mut words = all;
            words[position - 1] = "bitcoins";
            assert_eq!(
                error(Scheme::Bip340, &words.join(" ")),
                WordsError::Unknown { position }
            );
        }
        let (_, zero) = vectors().next().unwrap();
        assert_eq!(
            error(Scheme::Bip340, zero),
            WordsError::Key(SecretKeyError::OutOfRange)
        );
    }
}
