use serde::{Deserialize, Serialize};

use super::{OperatorId, PublicKey, Scheme};

/// Largest `operator.json` that is read, in bytes.
pub const MAX_IDENTITY_BYTES: usize = 4096;

/// The public record of an operator key: the content of `operator.json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Public key with its scheme; the operator id follows from it.
    pub public: PublicKey,
    /// Where the secret rests.
    pub keystore: Keystore,
    /// Where the key came from.
    pub origin: Origin,
    /// Whether the private key was exported from this kit: it then lives elsewhere too.
    pub exported: bool,
    /// RFC 3339, UTC, whole seconds.
    pub created_at: String,
}

/// Where the secret of an identity rests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Keystore {
    /// The operating system's keychain.
    Keychain {},
    /// An age-encrypted file; a relative path is relative to the data folder, so that a home can be moved as a whole.
    File {
        /// Path of the file.
        path: String,
    },
}

impl Keystore {
    /// The name used in files and on the command line.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Keychain {} => "keychain",
            Self::File { .. } => "file",
        }
    }
}

/// Where an operator key came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Made here.
    Generated,
    /// From 24 words.
    Restored,
    /// From the portal's 64-hex export: it lives in a browser too.
    Imported,
}

impl Origin {
    /// The name used in files.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Restored => "restored",
            Self::Imported => "imported",
        }
    }
}

/// Why bytes are not an `operator.json`.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// More than [`MAX_IDENTITY_BYTES`].
    #[error("it is larger than {MAX_IDENTITY_BYTES} bytes")]
    TooLarge,
    /// Not JSON, or a field is missing, unknown, doubled, or has a wrong value.
    #[error("{0}")]
    Shape(serde_json::Error),
    /// Written by a later release.
    #[error("it has version {0}, and this release reads version 1")]
    Version(u64),
    /// A field holds what no release writes.
    #[error("its {0} is not what it should be")]
    Value(&'static str),
    /// `operator_pubkey_hex` is not a public key of `scheme`.
    #[error(transparent)]
    PublicKey(#[from] super::PublicKeyError),
    /// `operator_id` does not follow from the public key.
    #[error("its operator_id is {found}, but its public key has {expected}")]
    IdMismatch {
        /// What the file says.
        found: OperatorId,
        /// What follows from the key.
        expected: OperatorId,
    },
}

/// The file's shape, in the order in which fields are written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    version: u64,
    scheme: Scheme,
    operator_id: OperatorId,
    operator_pubkey_hex: String,
    keystore: Keystore,
    origin: Origin,
    /// Absent unless true, so that a file without an export looks as the format page shows it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    exported: bool,
    created_at: String,
}

impl Identity {
    /// The operator id.
    pub fn operator_id(&self) -> OperatorId {
        self.public.operator_id()
    }

    /// Whether the private key is known to live outside this kit as well.
    pub fn lives_elsewhere(&self) -> bool {
        self.exported || self.origin == Origin::Imported
    }

    /// Reads and checks the content of `operator.json`.
    ///
    /// # Errors
    /// [`IdentityError`]
    pub fn parse(bytes: &[u8]) -> Result<Self, IdentityError> {
        if bytes.len() > MAX_IDENTITY_BYTES {
            return Err(IdentityError::TooLarge);
        }
        // A later version may have another shape: say so before complaining about fields.
        #[derive(Deserialize)]
        struct Version {
            version: u64,
        }
        if let Ok(Version { version }) = serde_json::from_slice(bytes)
            && version != 1
        {
            return Err(IdentityError::Version(version));
        }
        let record: Record = serde_json::from_slice(bytes).map_err(IdentityError::Shape)?;
        if humantime::parse_rfc3339(&record.created_at).is_err() {
            return Err(IdentityError::Value("created_at"));
        }
        if let Keystore::File { path } = &record.keystore
            && !is_plain_path(path)
        {
            return Err(IdentityError::Value("keystore path"));
        }
        let public = PublicKey::from_hex(record.scheme, &record.operator_pubkey_hex)?;
        let expected = public.operator_id();
        if record.operator_id != expected {
            return Err(IdentityError::IdMismatch {
                found: record.operator_id,
                expected,
            });
        }
        Ok(Self {
            public,
            keystore: record.keystore,
            origin: record.origin,
            exported: record.exported,
            created_at: record.created_at,
        })
    }

    /// The content of `operator.json`, with a final newline.
    pub fn to_json(&self) -> String {
        let record = Record {
            version: 1,
            scheme: self.public.scheme(),
            operator_id: self.operator_id(),
            operator_pubkey_hex: self.public.to_hex(),
            keystore: self.keystore.clone(),
            origin: self.origin,
            exported: self.exported,
            created_at: self.created_at.clone(),
        };
        let mut text =
            serde_json::to_string_pretty(&record).expect("a struct of strings and integers serialises");
        text.push('\n');
        text
    }
}

/// No `..`, and nothing that a terminal would obey.
fn is_plain_path(path: &str) -> bool {
    !path.is_empty() && !path.chars().any(char::is_control) && !path.split('/').any(|part| part == "..")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::SecretKey;

    fn example() -> Identity {
        let mut secret = [0; 32];
        secret[31] = 1;
        Identity {
            public: SecretKey::from_bytes(Scheme::Bip340, &secret).unwrap().public(),
            keystore: Keystore::Keychain {},
            origin: Origin::Generated,
            exported: false,
            created_at: "2026-11-23T02:07:50Z".into(),
        }
    }

    #[test]
    fn written_form_is_frozen() {
        assert_eq!(
            example().to_json(),
            r#"{
  "version": 1,
  "scheme": "bip340",
  "operator_id": "op-132f39a98c31baaddba6525f5d43f295",
  "operator_pubkey_hex": "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
  "keystore": {
    "kind": "keychain"
  },
  "origin": "generated",
  "created_at": "2026-11-23T02:07:50Z"
}
"#
        );
    }

    #[test]
    fn reads_what_it_writes() {
        let mut identity = example();
        identity.keystore = Keystore::File {
            path: "keys/op-1.age".into(),
        };
        identity.exported = true;
        assert_eq!(Identity::parse(identity.to_json().as_bytes()).unwrap(), identity);
    }

    fn refusal(from: &str, to: &str) -> String {
        let text = example().to_json();
        assert!(text.contains(from));
        Identity::parse(text.replacen(from, to, 1).as_bytes())
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn refuses_what_does_not_hang_together() {
        assert_eq!(
            refusal("\"version\": 1", "\"version\": 2"),
            "it has version 2, and this release reads version 1"
        );
        assert!(refusal("op-132f", "op-0000").starts_with("its operator_id is op-0000"));
        assert_eq!(
            refusal("79be667e", "79BE667E"),
            "the public key is not 64 lower-case hex digits"
        );
        assert!(refusal("bip340", "ed25519").starts_with("the public key is not a point"));
        assert!(refusal("\"origin\"", "\"origins\"").contains("unknown field"));
        assert!(
            refusal("\"version\": 1,", "\"version\": 1, \"scheme\": \"bip340\",").contains("duplicate field")
        );
        assert!(refusal("\"keychain\"", "\"keychain\", \"path\": \"x\"").contains("unknown field"));
        assert_eq!(
            refusal("2026-11-23T", "\\u001b]0;"),
            "its created_at is not what it should be"
        );
        let outside = r#""file", "path": "keys/../../etc/x""#;
        assert_eq!(
            refusal("\"keychain\"", outside),
            "its keystore path is not what it should be"
        );
        assert!(Identity::parse(&[b' '; MAX_IDENTITY_BYTES + 1]).is_err());
    }
}
