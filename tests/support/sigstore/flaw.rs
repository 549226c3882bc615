//! What can be wrong with a signature whose claims are right: step 3 of the design, one thing at a time.

/// One thing wrong; everything else stays as it should be, and is signed by who should sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// Issued by a certificate authority of the same name with another key.
    OtherCa,
    /// A bit of the certificate's signature is flipped.
    BrokenCertificate,
    /// The certificate is for servers, not for signing code.
    NoCodeSigning,
    /// The certificate was never shown to a certificate transparency log.
    NoSct,
    /// The timestamp of the transparency log is by another key.
    SctByOtherKey,
    /// It names a log that the trust root does not know.
    SctOfUnknownLog,
    /// It is for another certificate.
    SctForOtherCertificate,
    /// Logged an hour before the certificate was issued.
    LoggedEarly,
    /// Logged an hour later, when the certificate had expired.
    LoggedLate,
    /// Certificate and entry are of tomorrow.
    FromTomorrow,
    /// No entry in the signature log at all.
    NotLogged,
    /// The log's promise (signed entry timestamp) is missing.
    NoPromise,
    /// The promise is signed by another key.
    PromiseByOtherKey,
    /// The promise was made for another time.
    PromiseForOtherTime,
    /// The entry names a log that the trust root does not know.
    UnknownLog,
    /// Proof and checkpoint are missing (in a v0.3 bundle; legacy signatures have none).
    NoProof,
    /// The proof is that of another entry.
    ProofOfOtherEntry,
    /// A hash of the proof is changed.
    BrokenProof,
    /// The checkpoint is missing.
    NoCheckpoint,
    /// The checkpoint is signed by another key.
    CheckpointByOtherKey,
    /// The checkpoint is a genuine one of an earlier tree.
    CheckpointOfOtherTree,
    /// The entry is for other signed bytes (CVE-2022-36056).
    EntryForOtherPayload,
    /// The entry holds another signature.
    EntryWithOtherSignature,
    /// The entry holds another certificate.
    EntryWithOtherCertificate,
    /// Signed with a key that is not the certificate's.
    SignedByOtherKey,
    /// The signed bytes were changed after signing.
    PayloadChanged,
}

impl Flaw {
    /// All of them, for tests that want each refused.
    pub const ALL: [Self; 26] = [
        Self::OtherCa,
        Self::BrokenCertificate,
        Self::NoCodeSigning,
        Self::NoSct,
        Self::SctByOtherKey,
        Self::SctOfUnknownLog,
        Self::SctForOtherCertificate,
        Self::LoggedEarly,
        Self::LoggedLate,
        Self::FromTomorrow,
        Self::NotLogged,
        Self::NoPromise,
        Self::PromiseByOtherKey,
        Self::PromiseForOtherTime,
        Self::UnknownLog,
        Self::NoProof,
        Self::ProofOfOtherEntry,
        Self::BrokenProof,
        Self::NoCheckpoint,
        Self::CheckpointByOtherKey,
        Self::CheckpointOfOtherTree,
        Self::EntryForOtherPayload,
        Self::EntryWithOtherSignature,
        Self::EntryWithOtherCertificate,
        Self::SignedByOtherKey,
        Self::PayloadChanged,
    ];

    /// Whether it is about something that legacy signatures do not carry.
    pub fn is_about_proof(self) -> bool {
        matches!(
            self,
            Self::NoProof
                | Self::ProofOfOtherEntry
                | Self::BrokenProof
                | Self::NoCheckpoint
                | Self::CheckpointByOtherKey
                | Self::CheckpointOfOtherTree
        )
    }
}
