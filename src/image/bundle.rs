use serde::Deserialize;
use serde::de::IgnoredAny;
use sigstore_types::{Bundle, MediaType};

use super::json::refuse_doubled_members;

/// Largest Sigstore bundle that is read, in bytes. Genuine ones have 5 to 50 KiB.
pub const MAX_BUNDLE: usize = 4 * 1024 * 1024;

/// Most transparency log entries in one bundle. Genuine ones have one.
const MAX_LOG_ENTRIES: usize = 8;

/// Why bytes are not a Sigstore bundle that anything is concluded from.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// More than [`MAX_BUNDLE`] bytes.
    #[error("the Sigstore bundle is larger than {MAX_BUNDLE} bytes")]
    TooLarge,
    /// Not JSON, or a member stands there twice.
    #[error("the Sigstore bundle is not acceptable JSON: {0}")]
    Json(serde_json::Error),
    /// No `mediaType`.
    #[error("the Sigstore bundle has no mediaType, so that its version is unknown")]
    NoMediaType,
    /// An unknown `mediaType`.
    #[error("the Sigstore bundle has an unknown mediaType: {0}")]
    MediaType(String),
    /// Neither or both of `dsseEnvelope` and `messageSignature`.
    #[error("the Sigstore bundle has {found} of dsseEnvelope and messageSignature; exactly one is needed")]
    Contents {
        /// How many are there.
        found: usize,
    },
    /// Not exactly one of `certificate`, `publicKey`, `x509CertificateChain`.
    #[error(
        "the Sigstore bundle has {found} of certificate, publicKey and x509CertificateChain; exactly one is needed"
    )]
    Keys {
        /// How many are there.
        found: usize,
    },
    /// More log entries than anything genuine has.
    #[error("the Sigstore bundle has {found} transparency log entries; at most {MAX_LOG_ENTRIES} are read")]
    LogEntries {
        /// How many are there.
        found: usize,
    },
    /// What is inside does not have the form of its kind.
    #[error("the Sigstore bundle is malformed: {0}")]
    Malformed(sigstore_types::Error),
}

/// The members that decide how a bundle is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    media_type: Option<String>,
    dsse_envelope: Option<IgnoredAny>,
    message_signature: Option<IgnoredAny>,
    verification_material: Option<Material>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Material {
    certificate: Option<IgnoredAny>,
    public_key: Option<IgnoredAny>,
    x509_certificate_chain: Option<IgnoredAny>,
}

/// Reads a Sigstore bundle, without any ambiguity that the library would resolve by itself: it takes the first of two
/// contents or keys, and a missing `mediaType` as v0.1, for which no inclusion proof is asked.
///
/// Format: <https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto>
///
/// # Errors
/// [`BundleError`]. Nothing is verified here.
pub fn parse_bundle(bytes: &[u8]) -> Result<Bundle, BundleError> {
    if bytes.len() > MAX_BUNDLE {
        return Err(BundleError::TooLarge);
    }
    refuse_doubled_members(bytes).map_err(BundleError::Json)?;
    let shape: Shape = serde_json::from_slice(bytes).map_err(BundleError::Json)?;
    let media_type = shape.media_type.ok_or(BundleError::NoMediaType)?;
    if media_type.parse::<MediaType>().is_err() {
        return Err(BundleError::MediaType(media_type));
    }
    let contents = count([&shape.dsse_envelope, &shape.message_signature]);
    if contents != 1 {
        return Err(BundleError::Contents { found: contents });
    }
    let material = shape.verification_material.unwrap_or_default();
    let keys = count([
        &material.certificate,
        &material.public_key,
        &material.x509_certificate_chain,
    ]);
    if keys != 1 {
        return Err(BundleError::Keys { found: keys });
    }
    let bundle: Bundle = serde_json::from_slice(bytes)
        .map_err(|error| BundleError::Malformed(sigstore_types::Error::Json(error)))?;
    let entries = bundle.verification_material.tlog_entries.len();
    if entries > MAX_LOG_ENTRIES {
        return Err(BundleError::LogEntries { found: entries });
    }
    Ok(bundle)
}

fn count<const N: usize>(members: [&Option<IgnoredAny>; N]) -> usize {
    members.into_iter().flatten().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(members: &str, material: &str) -> String {
        format!(
            r#"{{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",{members}
                "verificationMaterial":{{{material} "tlogEntries":[]}}}}"#
        )
    }

    const DSSE: &str =
        r#""dsseEnvelope":{"payloadType":"t","payload":"e30=","signatures":[{"sig":"c2ln"}]},"#;
    const MESSAGE: &str = r#""messageSignature":{"signature":"c2ln"},"#;
    const CERTIFICATE: &str = r#""certificate":{"rawBytes":"YWJj"},"#;
    const KEY: &str = r#""publicKey":{"hint":"x"},"#;

    fn refused(text: &str) -> BundleError {
        parse_bundle(text.as_bytes()).unwrap_err()
    }

    #[test]
    fn one_content_and_one_key_are_read() {
        for (content, key) in [(DSSE, CERTIFICATE), (MESSAGE, KEY)] {
            parse_bundle(document(content, key).as_bytes()).unwrap();
        }
    }

    #[test]
    fn ambiguity_is_refused() {
        let both = format!("{DSSE}{MESSAGE}");
        assert!(matches!(
            refused(&document(&both, KEY)),
            BundleError::Contents { found: 2 }
        ));
        assert!(matches!(
            refused(&document("", KEY)),
            BundleError::Contents { found: 0 }
        ));
        let both = format!("{CERTIFICATE}{KEY}");
        assert!(matches!(
            refused(&document(DSSE, &both)),
            BundleError::Keys { found: 2 }
        ));
        assert!(matches!(
            refused(&document(DSSE, "")),
            BundleError::Keys { found: 0 }
        ));
        let twice = format!("{DSSE}{DSSE}");
        assert!(matches!(refused(&document(&twice, KEY)), BundleError::Json(_)));
        let twice = format!("{KEY}{KEY}");
        assert!(matches!(refused(&document(DSSE, &twice)), BundleError::Json(_)));
    }

    #[test]
    fn a_bundle_says_its_version() {
        let media_type = r#""mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","#;
        let good = document(DSSE, KEY);
        assert!(matches!(
            refused(&good.replace(media_type, "")),
            BundleError::NoMediaType
        ));
        assert!(matches!(
            refused(&good.replace("v0.3+json", "v0.9+json")),
            BundleError::MediaType(_)
        ));
    }

    #[test]
    fn sizes_are_bounded() {
        let good = document(DSSE, KEY);
        let padded = format!("{good}{}", " ".repeat(MAX_BUNDLE));
        assert!(matches!(refused(&padded), BundleError::TooLarge));
        let entry = r#"{"logId":{"keyId":"YWJj"},"kindVersion":{"kind":"dsse","version":"0.0.1"},"canonicalizedBody":"e30="}"#;
        let entries = [entry; MAX_LOG_ENTRIES + 1].join(",");
        let many = good.replace(r#""tlogEntries":[]"#, &format!(r#""tlogEntries":[{entries}]"#));
        assert!(matches!(refused(&many), BundleError::LogEntries { found: 9 }));
    }
}
