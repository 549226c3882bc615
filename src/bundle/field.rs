//! The one table of fields, from which the JSON Schema and the checks come.

use std::fmt;

use super::value::Kind;

/// A field of the bundle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// `operator_id`
    OperatorId,
    /// `operator_pubkey_hex`
    OperatorPubkeyHex,
    /// `federation_slug`
    FederationSlug,
    /// `attestation_post_url`
    AttestationPostUrl,
    /// `log_level`
    LogLevel,
    /// `scheme`
    Scheme,
    /// `directory_url`
    DirectoryUrl,
    /// `public_host`
    PublicHost,
    /// `extra_ca_file`
    ExtraCaFile,
    /// `image_digest`
    ImageDigest,
    /// `signer_url`
    SignerUrl,
    /// `signer_token_file`
    SignerTokenFile,
    /// `data_dir`
    DataDir,
}

/// What is known of one field.
#[derive(Debug)]
pub struct Field {
    /// Which one.
    pub name: Name,
    /// Its name in the file.
    pub key: &'static str,
    /// Whether a bundle without it is refused.
    pub required: bool,
    /// What values it takes.
    pub(super) kind: Kind,
    /// The value where the file has none; for a required field, what `config gen` writes when not told otherwise.
    pub default: Option<&'static str>,
    /// One sentence for people.
    pub description: &'static str,
}

/// Every field, in the order in which a bundle is written: the required ones first.
static FIELDS: [Field; 13] = [
    Field {
        name: Name::OperatorId,
        key: "operator_id",
        required: true,
        kind: Kind::OperatorId,
        default: None,
        description: "Operator id: op- and the first 16 bytes of SHA-256 over the 32 raw public key bytes, in hex.",
    },
    Field {
        name: Name::OperatorPubkeyHex,
        key: "operator_pubkey_hex",
        required: true,
        kind: Kind::PublicKey,
        default: None,
        description: "Operator public key, 32 bytes in hex: x-only for bip340, RFC 8032 for ed25519.",
    },
    Field {
        name: Name::FederationSlug,
        key: "federation_slug",
        required: true,
        kind: Kind::Slug,
        default: None,
        description: "Name of the federation that this guardian is a member of.",
    },
    Field {
        name: Name::AttestationPostUrl,
        key: "attestation_post_url",
        required: true,
        kind: Kind::Url,
        default: Some("https://me.ochk.io/api/operator/attestation"),
        description: "Where the guardian posts its signed health envelope every 60 seconds.",
    },
    Field {
        name: Name::LogLevel,
        key: "log_level",
        required: true,
        kind: Kind::LogLevel,
        default: Some("info"),
        description: "Least severe level that the guardian logs.",
    },
    Field {
        name: Name::Scheme,
        key: "scheme",
        required: false,
        kind: Kind::Scheme,
        default: Some("bip340"),
        description: "Signature scheme of the operator key; stated, never guessed from the key.",
    },
    Field {
        name: Name::DirectoryUrl,
        key: "directory_url",
        required: false,
        kind: Kind::Url,
        default: None,
        description: "Where the federation's directory of current addresses is read; absent: from a file.",
    },
    Field {
        name: Name::PublicHost,
        key: "public_host",
        required: false,
        kind: Kind::Host,
        default: None,
        description: "Host name or IP address under which others reach this guardian, when the roster has no entry of it.",
    },
    Field {
        name: Name::ExtraCaFile,
        key: "extra_ca_file",
        required: false,
        kind: Kind::Path,
        default: None,
        description: "PEM file of a further certificate authority, for a portal that has its own.",
    },
    Field {
        name: Name::ImageDigest,
        key: "image_digest",
        required: false,
        kind: Kind::Digest,
        default: None,
        description: "Pins the guardian image: any other digest is refused.",
    },
    Field {
        name: Name::SignerUrl,
        key: "signer_url",
        required: false,
        kind: Kind::Signer,
        default: None,
        description: "Where the operator's signing server listens; absent: requests wait until it comes for them.",
    },
    Field {
        name: Name::SignerTokenFile,
        key: "signer_token_file",
        required: false,
        kind: Kind::Path,
        default: None,
        description: "File with the access token of a signing server on http; needed with one, and only with one.",
    },
    Field {
        name: Name::DataDir,
        key: "data_dir",
        required: false,
        kind: Kind::Path,
        default: Some("/var/lib/oc-guardian"),
        description: "Folder in the container where the guardian keeps its state.",
    },
];

impl Name {
    /// Every field, required ones first, in the order in which a bundle is written.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.iter().map(|field| field.name)
    }

    /// The table's row.
    pub fn field(self) -> &'static Field {
        &FIELDS[self as usize]
    }

    /// The name in the file.
    pub fn as_str(self) -> &'static str {
        self.field().key
    }

    /// The field of this name.
    pub fn find(key: &str) -> Option<Self> {
        FIELDS
            .iter()
            .find(|field| field.key == key)
            .map(|field| field.name)
    }

    /// The field whose name a mistyped one was probably meant to be.
    pub fn nearest(key: &str) -> Option<Self> {
        // Anything longer is no typing mistake, and distances cost the product of the lengths.
        if key.len() > 64 {
            return None;
        }
        let key = key.to_lowercase().replace(['-', ' ', '.'], "_");
        let likeness = |field: &Field| {
            let distance = strsim::osa_distance(&key, field.key);
            // Half a name (`pubkey`, `slug`) is further away than a typing mistake, and as clear.
            let part = key.len() >= 4 && field.key.contains(&key);
            (distance <= field.key.len() / 3 || part).then_some((!part, distance))
        };
        FIELDS
            .iter()
            .filter_map(|field| Some((likeness(field)?, field.name)))
            .min()
            .map(|(_, name)| name)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_names() {
        assert!(FIELDS.iter().all(|field| field.name.as_str() == field.key));
        assert!(FIELDS.is_sorted_by_key(|field| !field.required));
    }

    #[test]
    fn finds_what_was_meant() {
        for (typed, meant) in [
            ("loglevel", Name::LogLevel),
            ("logLevel", Name::LogLevel),
            ("operatorId", Name::OperatorId),
            ("operator_pubkey", Name::OperatorPubkeyHex),
            ("federation", Name::FederationSlug),
            ("data-dir", Name::DataDir),
            ("image_digset", Name::ImageDigest),
        ] {
            assert_eq!(Name::nearest(typed), Some(meant), "{typed}");
        }
        for typed in ["", "x", "comment", "version", &"log_level".repeat(10)] {
            assert_eq!(Name::nearest(typed), None, "{typed}");
        }
    }
}
