//! A Sigstore of our own (provisional).
mod blob;
mod certificate;
mod claims;
mod ct;
mod encode;
mod flaw;
mod key;
mod merkle;
mod rekor;

use std::time::{Duration, SystemTime};

use oc_guardian::image::Digest;
use serde_json::{Value, json};

pub use blob::ed25519_pem;
pub use claims::{Claims, GENERATOR, REPOSITORY, release_workflow};
pub use flaw::Flaw;
pub use key::Key;

use certificate::Ca;
use ct::CtLog;
use encode::{base64, pem};
use rekor::Rekor;

use super::registry::{OCI_INDEX, OCI_MANIFEST, Registry, descriptor};

pub struct Sigstore {
    ca: Ca,
    ct: CtLog,
    rekor: Rekor,
}

pub struct Signed {
    pub payload: Vec<u8>,
    pub payload_type: Option<&'static str>,
    pub signature: Vec<u8>,
    pub certificate: Vec<u8>,
    pub entry: rekor::Entry,
}

impl Sigstore {
    pub fn new() -> Self {
        Self {
            ca: Ca::new(SystemTime::now() - Duration::from_secs(2 * 365 * 86400)),
            ct: CtLog::new(),
            rekor: Rekor::new(),
        }
    }

    pub fn trusted_root_json(&self) -> String {
        let log = |key: &Key| {
            json!({
                "baseUrl": "https://log.example", "hashAlgorithm": "SHA2_256",
                "publicKey": { "rawBytes": base64(key.spki()), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": { "start": "2020-01-01T00:00:00Z" } },
                "logId": { "keyId": base64(key.id()) },
            })
        };
        json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [log(self.rekor.key())],
            "certificateAuthorities": [{
                "subject": { "organization": "oc-guardian tests", "commonName": "root" },
                "uri": "https://fulcio.example",
                "certChain": { "certificates": self.ca.chain().map(|der| json!({ "rawBytes": base64(der) })) },
                "validFor": { "start": "2020-01-01T00:00:00Z" },
            }],
            "ctlogs": [log(self.ct.key())],
            "timestampAuthorities": [],
        })
        .to_string()
    }

    pub fn sign_statement(&self, statement: &Value, claims: &Claims) -> Signed {
        let payload = statement.to_string().into_bytes();
        let payload_type = "application/vnd.in-toto+json";
        let key = Key::new();
        let certificate = self.ca.issue(&key, claims, &self.ct);
        let pae = [
            format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).as_bytes(),
            &payload,
        ]
        .concat();
        let signature = key.sign(&pae);
        let envelope = json!({"payload": base64(&payload), "payloadType": payload_type, "signatures": [{"sig": base64(&signature)}]}).to_string();
        let body = rekor::dsse(
            envelope.as_bytes(),
            &payload,
            &signature,
            &pem("CERTIFICATE", &certificate),
        );
        let entry = self
            .rekor
            .append(("dsse", "0.0.1"), &body, claims.signed_at, claims.flaw);
        Signed {
            payload,
            payload_type: Some(payload_type),
            signature,
            certificate,
            entry,
        }
    }

    pub fn sign_legacy(&self, digest: &Digest, claims: &Claims) -> Signed {
        let payload = json!({"critical":{"identity":{"docker-reference":"x"},"image":{"docker-manifest-digest":digest.to_string()},"type":"cosign container image signature"},"optional":null}).to_string().into_bytes();
        let key = Key::new();
        let certificate = self.ca.issue(&key, claims, &self.ct);
        let signature = key.sign(&payload);
        let body = rekor::hashedrekord(&payload, &signature, &pem("CERTIFICATE", &certificate));
        let entry = self
            .rekor
            .append(("hashedrekord", "0.0.1"), &body, claims.signed_at, claims.flaw);
        Signed {
            payload,
            payload_type: None,
            signature,
            certificate,
            entry,
        }
    }
}

pub fn statement(digest: &Digest, predicate_type: &str, predicate: &Value) -> Value {
    json!({"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":digest.as_hex()}}],"predicateType":predicate_type,"predicate":predicate})
}

pub const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
pub const SLSA_V1: &str = "https://slsa.dev/provenance/v1";
pub const SLSA_V02: &str = "https://slsa.dev/provenance/v0.2";

pub fn predicate_v1(claims: &Claims) -> Value {
    let (repo, r) = (
        claims.repository.clone().unwrap(),
        claims.git_ref.clone().unwrap(),
    );
    json!({"buildDefinition":{"buildType":"https://actions.github.io/buildtypes/workflow/v1","externalParameters":{"workflow":{"ref":r,"repository":repo,"path":".github/workflows/release.yml"}},
      "resolvedDependencies":[{"uri":format!("git+{repo}@{r}"),"digest":{"gitCommit":claims.commit}}]},"runDetails":{"builder":{"id":claims.identity}}})
}

pub fn predicate_v02(claims: &Claims) -> Value {
    let (repo, r) = (
        claims.repository.clone().unwrap(),
        claims.git_ref.clone().unwrap(),
    );
    json!({"builder":{"id":claims.identity},"buildType":"https://github.com/slsa-framework/slsa-github-generator/container@v1","invocation":{"configSource":{"uri":format!("git+{repo}@{r}"),"digest":{"sha1":claims.commit},"entryPoint":".github/workflows/release.yml"}}})
}

impl Signed {
    pub fn bundle(&self) -> Value {
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": { "certificate": { "rawBytes": base64(&self.certificate) }, "tlogEntries": [self.entry.in_bundle()] },
            "dsseEnvelope": { "payloadType": self.payload_type, "payload": base64(&self.payload), "signatures": [{ "sig": base64(&self.signature) }] },
        })
    }

    pub fn legacy_layer(&self) -> (Vec<u8>, Value) {
        let bytes = match self.payload_type {
            None => self.payload.clone(),
            Some(t) => json!({"payloadType": t, "payload": base64(&self.payload), "signatures": [{"keyid":"","sig": base64(&self.signature)}]}).to_string().into_bytes(),
        };
        let media = if self.payload_type.is_none() {
            "application/vnd.dev.cosign.simplesigning.v1+json"
        } else {
            "application/vnd.dsse.envelope.v1+json"
        };
        let mut layer = descriptor(media, &bytes);
        layer["annotations"] = json!({
            "dev.cosignproject.cosign/signature": if self.payload_type.is_none() { base64(&self.signature) } else { String::new() },
            "dev.sigstore.cosign/certificate": pem("CERTIFICATE", &self.certificate),
            "dev.sigstore.cosign/chain": "",
            "dev.sigstore.cosign/bundle": self.entry.in_annotation().to_string(),
        });
        (bytes, layer)
    }
}

fn manifest(layers: &[Value], subject: Option<Value>) -> String {
    let mut m = json!({"schemaVersion":2,"mediaType":OCI_MANIFEST,"config":descriptor("application/vnd.oci.empty.v1+json", b"{}"),"layers":layers});
    if let Some(s) = subject {
        m["subject"] = s;
        m["artifactType"] = json!("application/vnd.dev.sigstore.bundle.v0.3+json");
    }
    m.to_string()
}

/// as referrer (API)
pub fn push_bundle(registry: &Registry, repository: &str, digest: &Digest, bundle: &[u8]) -> Value {
    registry.put_blob(b"{}");
    registry.put_blob(bundle);
    let layer = descriptor("application/vnd.dev.sigstore.bundle.v0.3+json", bundle);
    let subject = json!({"mediaType": OCI_INDEX, "digest": digest.to_string(), "size": 1});
    let m = manifest(&[layer], Some(subject));
    registry.put_manifest(repository, OCI_MANIFEST, m.as_bytes());
    descriptor(OCI_MANIFEST, m.as_bytes())
}

pub fn push_fallback(registry: &Registry, repository: &str, digest: &Digest, bundles: &[Vec<u8>]) {
    registry.set_referrers_api(false);
    let entries: Vec<Value> = bundles
        .iter()
        .map(|b| push_bundle(registry, repository, digest, b))
        .collect();
    let index = json!({"schemaVersion":2,"mediaType":OCI_INDEX,"manifests":entries});
    let d = registry.put_manifest(repository, OCI_INDEX, index.to_string().as_bytes());
    registry.tag(repository, &digest.to_string().replace(':', "-"), &d);
}

pub fn push_legacy(registry: &Registry, repository: &str, digest: &Digest, suffix: &str, signed: &[&Signed]) {
    registry.put_blob(b"{}");
    let layers: Vec<Value> = signed
        .iter()
        .map(|s| {
            let (bytes, layer) = s.legacy_layer();
            registry.put_blob(&bytes);
            layer
        })
        .collect();
    let m = manifest(&layers, None);
    let d = registry.put_manifest(repository, OCI_MANIFEST, m.as_bytes());
    registry.tag(
        repository,
        &format!("{}.{suffix}", digest.to_string().replace(':', "-")),
        &d,
    );
}
