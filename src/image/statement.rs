use sigstore_types::{DsseEnvelope, Statement};

use super::digest::Digest;
use super::json::refuse_doubled_members;

const IN_TOTO: &str = "application/vnd.in-toto+json";
const STATEMENT_TYPES: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];
const COSIGN_SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
const SLSA: [&str; 2] = [
    "https://slsa.dev/provenance/v1",
    "https://slsa.dev/provenance/v0.2",
];

/// Most subjects in a statement. Genuine ones about an image have one.
const MAX_SUBJECTS: usize = 256;

/// What a statement is about its subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Predicate {
    /// cosign's "this image is signed".
    Signature,
    /// SLSA provenance, v1 or v0.2.
    Provenance,
    /// A bill of materials, a test result, a custom claim: no business of ours.
    Other,
}

/// Why an envelope holds no statement that can be judged.
#[derive(Debug, thiserror::Error)]
pub enum StatementError {
    /// Another payload type than in-toto's.
    #[error("the envelope holds {0}, not an in-toto statement")]
    PayloadType(String),
    /// Not JSON, a doubled member, or not the members of a statement.
    #[error("the in-toto statement is malformed: {0}")]
    Json(#[from] serde_json::Error),
    /// Another `_type`.
    #[error("the in-toto statement has an unknown _type: {0}")]
    Type(String),
    /// More subjects than anything genuine has.
    #[error("the in-toto statement has {0} subjects; at most {MAX_SUBJECTS} are read")]
    Subjects(usize),
}

/// Reads the statement in an envelope.
///
/// Format: <https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md>
pub(super) fn read(envelope: &DsseEnvelope) -> Result<Statement, StatementError> {
    if envelope.payload_type != IN_TOTO {
        return Err(StatementError::PayloadType(envelope.payload_type.clone()));
    }
    let payload = envelope.payload.as_bytes();
    refuse_doubled_members(payload)?;
    let statement: Statement = serde_json::from_slice(payload)?;
    if !STATEMENT_TYPES.contains(&statement.type_.as_str()) {
        return Err(StatementError::Type(statement.type_));
    }
    if statement.subject.len() > MAX_SUBJECTS {
        return Err(StatementError::Subjects(statement.subject.len()));
    }
    Ok(statement)
}

/// Which purpose a statement serves. Whoever signs any statement about an image does not thereby sign the image
/// (CVE-2022-35929).
pub(super) fn predicate(statement: &Statement) -> Predicate {
    match statement.predicate_type.as_str() {
        COSIGN_SIGN => Predicate::Signature,
        other if SLSA.contains(&other) => Predicate::Provenance,
        _ => Predicate::Other,
    }
}

/// The SHA-256 subjects, `None` where `digest` is among them.
pub(super) fn other_subjects(statement: &Statement, digest: &Digest) -> Option<Vec<String>> {
    let subjects = || {
        statement
            .subject
            .iter()
            .filter_map(|subject| subject.digest.sha256.as_ref())
    };
    let is_subject = subjects().any(|subject| subject.as_bytes() == digest.as_bytes());
    (!is_subject).then(|| {
        subjects()
            .map(|subject| format!("sha256:{}", subject.to_hex()))
            .collect()
    })
}

#[cfg(test)]
mod tests {
    use sigstore_types::{DsseSignature, KeyId, PayloadBytes, SignatureBytes};

    use super::*;

    fn envelope(payload_type: &str, payload: &str) -> DsseEnvelope {
        let signature = DsseSignature::new(SignatureBytes::from_bytes(b"sig"), KeyId::default());
        DsseEnvelope::new(
            payload_type,
            PayloadBytes::from_bytes(payload.as_bytes()),
            signature,
        )
    }

    fn statement(type_: &str, digest: &str, predicate_type: &str) -> String {
        format!(
            r#"{{"_type":"{type_}","subject":[{{"digest":{{"sha256":"{digest}"}}}}],"predicateType":"{predicate_type}","predicate":{{}}}}"#
        )
    }

    #[test]
    fn the_predicate_type_is_what_counts() {
        let digest = Digest::of(b"image");
        for (predicate_type, wanted) in [
            (COSIGN_SIGN, Predicate::Signature),
            (SLSA[0], Predicate::Provenance),
            (SLSA[1], Predicate::Provenance),
            ("https://slsa.dev/provenance/v1.1", Predicate::Other),
            ("https://spdx.dev/Document", Predicate::Other),
            ("", Predicate::Other),
        ] {
            let text = statement(STATEMENT_TYPES[0], &digest.as_hex(), predicate_type);
            let read = read(&envelope(IN_TOTO, &text)).unwrap();
            assert_eq!(predicate(&read), wanted, "{predicate_type}");
            assert_eq!(other_subjects(&read, &digest), None);
            let other = Digest::of(b"other");
            assert_eq!(other_subjects(&read, &other), Some(vec![digest.to_string()]));
        }
    }

    #[test]
    fn refuses_what_cannot_be_judged() {
        let hex = Digest::of(b"image").as_hex();
        let good = statement(STATEMENT_TYPES[1], &hex, COSIGN_SIGN);
        let refused = |payload_type, text: &str| read(&envelope(payload_type, text)).unwrap_err();
        assert!(matches!(
            refused("application/json", &good),
            StatementError::PayloadType(_)
        ));
        assert!(matches!(refused(IN_TOTO, "not JSON"), StatementError::Json(_)));
        let doubled = good.replace(r#","predicate":"#, r#","predicateType":"x","predicate":"#);
        assert!(matches!(refused(IN_TOTO, &doubled), StatementError::Json(_)));
        let other_type = statement("https://in-toto.io/Statement/v2", &hex, COSIGN_SIGN);
        assert!(matches!(refused(IN_TOTO, &other_type), StatementError::Type(_)));
        let subject = format!(r#"{{"digest":{{"sha256":"{hex}"}}}}"#);
        let many = vec![subject.as_str(); MAX_SUBJECTS + 1].join(",");
        assert!(matches!(
            refused(IN_TOTO, &good.replace(&subject, &many)),
            StatementError::Subjects(_)
        ));
    }
}
