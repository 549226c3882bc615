//! A signature log: entries, promises (signed entry timestamps), Merkle proofs of RFC 6962 and checkpoints in the signed
//! note format of C2SP.

use std::sync::Mutex;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::encode::{base64, hex, sha256, unix};
use super::flaw::Flaw;
use super::key::Key;
use super::merkle;

const ORIGIN: &str = "rekor.oc-guardian.test";
const TREE_ID: &str = "1193050959916656506";
/// Entries of earlier trees: an index in the log is not one in the current tree.
const EARLIER: u64 = 25_000_000;

/// The log's key and its leaves.
pub struct Rekor {
    key: Key,
    other: Key,
    leaves: Mutex<Vec<[u8; 32]>>,
}

/// What a log gives back for an entry.
#[derive(Clone, Debug)]
pub struct Entry {
    pub kind: &'static str,
    pub version: &'static str,
    /// Canonical JSON.
    pub body: Vec<u8>,
    /// Unix seconds.
    pub integrated_time: u64,
    /// In the whole log.
    pub index: u64,
    pub log_id: [u8; 32],
    pub promise: Option<Vec<u8>>,
    pub proof: Option<Proof>,
}

/// That an entry is in a tree, and the signed head of that tree.
#[derive(Clone, Debug)]
pub struct Proof {
    /// In the tree.
    pub index: u64,
    pub size: u64,
    pub root: [u8; 32],
    pub hashes: Vec<[u8; 32]>,
    pub checkpoint: Option<String>,
}

impl Rekor {
    /// With a few entries of others in it, so that proofs have a path.
    pub fn new() -> Self {
        let leaves = (0..5_u8).map(|number| merkle::leaf(&[number])).collect();
        Self {
            key: Key::new(),
            other: Key::new(),
            leaves: Mutex::new(leaves),
        }
    }

    pub fn key(&self) -> &Key {
        &self.key
    }

    /// Logs a body at a time.
    pub fn append(
        &self,
        (kind, version): (&'static str, &'static str),
        body: &Value,
        at: SystemTime,
        flaw: Option<Flaw>,
    ) -> Entry {
        // Keys of bodies are built in order: this is what canonical JSON (RFC 8785) makes of them.
        let body = serde_json::to_vec(body).unwrap();
        let (index, proof) = self.prove(&body, flaw);
        let log_id = match flaw {
            Some(Flaw::UnknownLog) => self.other.id(),
            _ => self.key.id(),
        };
        let mut entry = Entry {
            kind,
            version,
            body,
            integrated_time: unix(at),
            index: EARLIER + index,
            log_id,
            promise: None,
            proof: (flaw != Some(Flaw::NoProof)).then_some(proof),
        };
        entry.promise = self.promise(&entry, flaw);
        entry
    }

    /// The signed entry timestamp, over canonical JSON.
    fn promise(&self, entry: &Entry, flaw: Option<Flaw>) -> Option<Vec<u8>> {
        let time = match flaw {
            Some(Flaw::PromiseForOtherTime) => entry.integrated_time - 1,
            _ => entry.integrated_time,
        };
        let signed = json!({
            "body": base64(&entry.body),
            "integratedTime": time,
            "logID": hex(&entry.log_id),
            "logIndex": entry.index,
        });
        let signed = serde_json::to_vec(&signed).unwrap();
        match flaw {
            Some(Flaw::NoPromise) => None,
            Some(Flaw::PromiseByOtherKey | Flaw::UnknownLog) => Some(self.other.sign(&signed)),
            _ => Some(self.key.sign(&signed)),
        }
    }

    fn prove(&self, body: &[u8], flaw: Option<Flaw>) -> (u64, Proof) {
        let mut leaves = self.leaves.lock().unwrap();
        let index = leaves.len();
        let earlier = self.checkpoint(index, &merkle::root(&leaves), flaw);
        leaves.push(merkle::leaf(body));
        let root = merkle::root(&leaves);
        let checkpoint = match flaw {
            Some(Flaw::NoCheckpoint) => None,
            Some(Flaw::CheckpointOfOtherTree) => Some(earlier),
            _ => Some(self.checkpoint(leaves.len(), &root, flaw)),
        };
        let proved = match flaw {
            Some(Flaw::ProofOfOtherEntry) => index - 1,
            _ => index,
        };
        let mut hashes = merkle::path(&leaves, proved);
        if flaw == Some(Flaw::BrokenProof) {
            hashes[0][0] ^= 1;
        }
        let proof = Proof {
            index: proved as u64,
            size: leaves.len() as u64,
            root,
            hashes,
            checkpoint,
        };
        (index as u64, proof)
    }

    /// A signed note: text, blank line, signature after a four-byte hint at its key.
    fn checkpoint(&self, size: usize, root: &[u8; 32], flaw: Option<Flaw>) -> String {
        let text = format!("{ORIGIN} - {TREE_ID}\n{size}\n{}\n", base64(root));
        let signer = match flaw {
            Some(Flaw::CheckpointByOtherKey) => &self.other,
            _ => &self.key,
        };
        let signature = [&self.key.id()[..4], &signer.sign(text.as_bytes())].concat();
        format!("{text}\n— {ORIGIN} {}\n", base64(signature))
    }
}

impl Entry {
    /// As an item of a bundle's `tlogEntries`: protobuf's JSON, where 64-bit numbers are text.
    pub fn in_bundle(&self) -> Value {
        let mut entry = json!({
            "logIndex": self.index.to_string(),
            "logId": { "keyId": base64(self.log_id) },
            "kindVersion": { "kind": self.kind, "version": self.version },
            "integratedTime": self.integrated_time.to_string(),
        });
        if let Some(promise) = &self.promise {
            entry["inclusionPromise"] = json!({ "signedEntryTimestamp": base64(promise) });
        }
        if let Some(proof) = &self.proof {
            entry["inclusionProof"] = proof.in_bundle();
        }
        entry["canonicalizedBody"] = base64(&self.body).into();
        entry
    }

    /// As cosign's `dev.sigstore.cosign/bundle` annotation.
    pub fn in_annotation(&self) -> Value {
        json!({
            "SignedEntryTimestamp": base64(self.promise.as_deref().unwrap_or_default()),
            "Payload": {
                "body": base64(&self.body),
                "integratedTime": self.integrated_time,
                "logIndex": self.index,
                "logID": hex(&self.log_id),
            },
        })
    }
}

impl Proof {
    fn in_bundle(&self) -> Value {
        let mut proof = json!({
            "logIndex": self.index.to_string(),
            "rootHash": base64(self.root),
            "treeSize": self.size.to_string(),
            "hashes": self.hashes.iter().map(base64).collect::<Vec<_>>(),
        });
        if let Some(checkpoint) = &self.checkpoint {
            proof["checkpoint"] = json!({ "envelope": checkpoint });
        }
        proof
    }
}

/// `hashedrekord` 0.0.1: a message signature.
pub fn hashedrekord(message: &[u8], signature: &[u8], verifier_pem: &str) -> Value {
    json!({
        "apiVersion": "0.0.1",
        "kind": "hashedrekord",
        "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": hex(&sha256(message)) } },
            "signature": {
                "content": base64(signature),
                "publicKey": { "content": base64(verifier_pem) },
            },
        },
    })
}

/// `dsse` 0.0.1: the hash of an envelope, its signature and who made it.
pub fn dsse(envelope: &[u8], payload: &[u8], signature: &[u8], verifier_pem: &str) -> Value {
    json!({
        "apiVersion": "0.0.1",
        "kind": "dsse",
        "spec": {
            "envelopeHash": { "algorithm": "sha256", "value": hex(&sha256(envelope)) },
            "payloadHash": { "algorithm": "sha256", "value": hex(&sha256(payload)) },
            "signatures": [{ "signature": base64(signature), "verifier": base64(verifier_pem) }],
        },
    })
}

/// `intoto` 0.0.2: the same, with the signature in base64 twice.
pub fn intoto(
    envelope: &[u8],
    payload_type: &str,
    payload: &[u8],
    signature: &[u8],
    verifier_pem: &str,
) -> Value {
    json!({
        "apiVersion": "0.0.2",
        "kind": "intoto",
        "spec": {
            "content": {
                "envelope": {
                    "payloadType": payload_type,
                    "signatures": [{ "publicKey": base64(verifier_pem), "sig": base64(base64(signature)) }],
                },
                "hash": { "algorithm": "sha256", "value": hex(&sha256(envelope)) },
                "payloadHash": { "algorithm": "sha256", "value": hex(&sha256(payload)) },
            },
        },
    })
}
