use super::Failure;
use super::store::shell_quoted;
use crate::operator::{IdentityError, SecretKeyError, UnknownScheme, WordsError};
use crate::vault::{KeyFileError, KeychainError, MIN_PASSPHRASE_CHARS, PassphraseError, VaultError};

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let detail = error.to_string();
        let failure = |reason| Self::new(reason, detail.clone());
        match error {
            VaultError::NoIdentity { .. } => failure("no-identity")
                .hint("Make one with: oc-guardian init (or, from a backup: oc-guardian init --restore --scheme SCHEME)"),
            VaultError::IdentityExists { .. } => failure("identity-exists").hint(
                "An existing identity is never overwritten. For another one beside it, set OC_GUARDIAN_HOME to another \
                 folder.",
            ),
            VaultError::OrphanKey { path } => failure("orphan-key").hint(format!(
                "If operator.json was lost, open the key with `age -d {}`, move the file away and give its secret_hex to \
                 `oc-guardian init --import-hex --scheme SCHEME`; to start afresh, move it away.",
                shell_quoted(&path)
            )),
            VaultError::Identity { source, .. } => match source {
                IdentityError::Version(_) => {
                    failure("identity-invalid").hint("Install the release of oc-guardian that wrote it, or a later one.")
                }
                _ => failure("identity-invalid").hint(
                    "Restore it from a backup, or move it and the key file away and run \
                     `oc-guardian init --restore --scheme SCHEME` \
                     with the 24 words.",
                ),
            },
            VaultError::Journal { path, .. } => failure("journal-invalid").hint(format!(
                "Look at it, then move it away: {}. If the key file is missing after that, a hidden file ending in .age.tmp \
                 in its folder is it: rename it.",
                shell_quoted(&path)
            )),
            VaultError::Store(source) => source.into(),
            VaultError::Keychain(source) => source.into(),
            VaultError::KeyFile { source, .. } => match source {
                KeyFileError::WrongPassphrase => failure("wrong-passphrase")
                    .hint(
                        "Try again. If the passphrase is lost, restore the key with the 24 words \
                     (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).",
                    ),
                KeyFileError::NotPassphrase | KeyFileError::ExcessiveWork(_) => failure("key-file-unacceptable")
                    .hint("Restore the key with the 24 words \
                     (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME)."),
                KeyFileError::Missing => failure("key-file-missing").hint(
                    "Restore the file from a backup, or the key with the 24 words \
                     (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).",
                ),
                KeyFileError::NotAge
                | KeyFileError::NotAKeyFile
                | KeyFileError::Tampered
                | KeyFileError::Payload(_) => failure("key-file-damaged")
                    .hint(
                        "Restore the file from a backup, or the key with the 24 words \
                         (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). \
                         If nobody should have touched it, treat this machine as compromised.",
                    ),
            },
            VaultError::KeychainEntry { .. } => failure("keychain-entry-damaged")
                .hint("Restore the key with the 24 words \
                     (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME)."),
            VaultError::KeyMismatch { .. } => failure("key-mismatch").hint(
                "operator.json and the stored key do not belong together: put the right one of the two back from a backup.",
            ),
            VaultError::AlreadyThere(_) => failure("already-there").hint("Nothing needs to be done."),
            VaultError::NoPassphrase => failure("no-passphrase")
                .hint("Move the key to an encrypted file first: oc-guardian key migrate --to file"),
            VaultError::Encrypt(_) | VaultError::Randomness(_) => {
                failure("internal").hint("Run it again; if it persists, report it with this message.")
            }
        }
    }
}

impl From<KeychainError> for Failure {
    fn from(error: KeychainError) -> Self {
        let failure = |reason| Self::new(reason, error.to_string());
        match &error {
            KeychainError::Unavailable(_) => failure("keychain-unavailable").hint(
                "Run inside a session with a keychain (on a server: dbus-run-session and gnome-keyring-daemon); a new key \
                 can be kept in an encrypted file instead (init --keystore file).",
            ),
            KeychainError::Locked(_) => {
                failure("keychain-locked").hint(
                    "Unlock the keychain and run this again (without a desktop: gnome-keyring-daemon --unlock); a new key \
                     can be kept in an encrypted file instead (init --keystore file).",
                )
            }
            KeychainError::TimedOut(_) => failure("keychain-timeout").hint(
                "Look for a prompt on the machine's screen, unlock the keychain and run this again; a new key can be kept \
                 in an encrypted file instead (init --keystore file).",
            ),
            KeychainError::Missing(_) => failure("keychain-entry-missing").hint(
                "Unlock the keychain and run this again; if the entry is really gone, restore the key with the 24 words \
                 (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).",
            ),
            KeychainError::Unfaithful | KeychainError::Failed(_) => {
                failure("keychain-failed").hint(
                    "Look whether other programs can use it; a new key can be kept in an encrypted file instead \
                     (init --keystore file).",
                )
            }
            KeychainError::Conflict(_) => failure("keychain-conflict")
                .hint("Look at the entry with the keychain's own program, and remove it if it is not needed."),
        }
    }
}

impl From<PassphraseError> for Failure {
    fn from(error: PassphraseError) -> Self {
        let hint = match error {
            PassphraseError::TooShort(_) => {
                format!("Take at least {MIN_PASSPHRASE_CHARS} characters; five random words are better.")
            }
            _ => "A passphrase is one line of at most 1024 bytes of UTF-8.".into(),
        };
        Self::new("passphrase-unacceptable", error.to_string()).hint(hint)
    }
}

impl From<WordsError> for Failure {
    fn from(error: WordsError) -> Self {
        let hint = match error {
            WordsError::Count { .. } => {
                "Give all 24 words in order; backups of 12 or 18 words belong to other programs."
            }
            WordsError::Unknown { .. } => "Compare this word with your backup, letter by letter.",
            WordsError::Checksum => "Compare every word and the order with your backup.",
            WordsError::Key(_) => "Check --scheme: these words are no key of the scheme that was given.",
        };
        Self::new("words-invalid", error.to_string()).hint(hint)
    }
}

impl From<SecretKeyError> for Failure {
    fn from(error: SecretKeyError) -> Self {
        let hint = match error {
            SecretKeyError::NotHex => {
                "Give the 64 characters 0-9 and a-f (lower case) that the portal exported, and nothing else."
            }
            SecretKeyError::OutOfRange => {
                "Check --scheme: these bytes are no key of the scheme that was given."
            }
        };
        Self::new("secret-invalid", error.to_string()).hint(hint)
    }
}

impl From<UnknownScheme> for Failure {
    fn from(error: UnknownScheme) -> Self {
        Self::usage(error.to_string())
    }
}
