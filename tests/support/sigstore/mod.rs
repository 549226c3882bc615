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
pub use claims::{Claims, EntryKind, GENERATOR, REPOSITORY, release_workflow};
pub use flaw::Flaw;
pub use key::Key;

use certificate::Ca;
use ct::CtLog;
use encode::{base64, pem};
use rekor::Rekor;

use super::registry::{OCI_INDEX, OCI_MANIFEST, Registry, descriptor};

pub struct Sigstore {
    ca: Ca,
    other_ca: Ca,
    ct: CtLog,
    rekor: Rekor,
}

pub struct Signed {
    pub payload: Vec<u8>,
    pub payload_type: Option<&'static str>,
    pub signature: Vec<u8>,
    pub certificate: Option<Vec<u8>>,
    pub entry: Option<rekor::Entry>,
}

impl Sigstore {
    pub fn new() -> Self {
        Self {
            ca: Ca::new(SystemTime::now() - Duration::from_secs(2 * 365 * 86400)),
            other_ca: Ca::new(SystemTime::now() - Duration::from_secs(2 * 365 * 86400)),
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
        self.sign(statement.to_string().into_bytes(), Some(IN_TOTO), claims, None)
    }

    pub fn sign_statement_by(&self, key: &Key, statement: &Value, claims: &Claims) -> Signed {
        self.sign(
            statement.to_string().into_bytes(),
            Some(IN_TOTO),
            claims,
            Some(key),
        )
    }

    pub fn sign_legacy(&self, digest: &Digest, claims: &Claims) -> Signed {
        self.sign(simple_signing(digest), None, claims, None)
    }

    pub fn sign_legacy_by(&self, key: &Key, digest: &Digest, claims: &Claims) -> Signed {
        self.sign(simple_signing(digest), None, claims, Some(key))
    }

    fn sign(
        &self,
        mut payload: Vec<u8>,
        payload_type: Option<&'static str>,
        claims: &Claims,
        by: Option<&Key>,
    ) -> Signed {
        let mut claims = claims.clone();
        let hour = Duration::from_secs(3600);
        if claims.flaw == Some(Flaw::FromTomorrow) {
            claims.signed_at += 24 * hour;
        }
        let logged_at = match claims.flaw {
            Some(Flaw::LoggedEarly) => claims.signed_at - hour,
            Some(Flaw::LoggedLate) => claims.signed_at + hour,
            _ => claims.signed_at,
        };
        if matches!(claims.flaw, Some(Flaw::LoggedLate)) {
            claims.signed_at -= 2 * hour;
        }
        let logged_at = if claims.flaw == Some(Flaw::LoggedLate) {
            logged_at - 2 * hour
        } else {
            logged_at
        };
        let (fresh, other) = (Key::new(), Key::new());
        let key = by.unwrap_or(&fresh);
        let ca = if claims.flaw == Some(Flaw::OtherCa) {
            &self.other_ca
        } else {
            &self.ca
        };
        let certificate = by.is_none().then(|| ca.issue(key, &claims, &self.ct));
        let signer = if claims.flaw == Some(Flaw::SignedByOtherKey) {
            &other
        } else {
            key
        };
        let message = message(payload_type, &payload);
        let signature = signer.sign(&message);
        let verifier = |certificate: &Option<Vec<u8>>, key: &Key| match certificate {
            Some(der) => pem("CERTIFICATE", der),
            None => key.public_pem(),
        };
        let logged_verifier = match claims.flaw {
            Some(Flaw::EntryWithOtherCertificate) => pem("CERTIFICATE", &ca.issue(&other, &claims, &self.ct)),
            _ => verifier(&certificate, key),
        };
        let logged_signature = match claims.flaw {
            Some(Flaw::EntryWithOtherSignature) => key.sign(&message),
            _ => signature.clone(),
        };
        let logged_payload = match claims.flaw {
            Some(Flaw::EntryForOtherPayload) => b"other".to_vec(),
            _ => payload.clone(),
        };
        let (kind, body) = match payload_type {
            None => (
                ("hashedrekord", "0.0.1"),
                rekor::hashedrekord(&logged_payload, &logged_signature, &logged_verifier),
            ),
            Some(payload_type) => {
                let envelope = envelope(payload_type, &logged_payload, &signature).to_string();
                match claims.entry {
                    EntryKind::Dsse => (
                        ("dsse", "0.0.1"),
                        rekor::dsse(
                            envelope.as_bytes(),
                            &logged_payload,
                            &logged_signature,
                            &logged_verifier,
                        ),
                    ),
                    EntryKind::Intoto => (
                        ("intoto", "0.0.2"),
                        rekor::intoto(
                            envelope.as_bytes(),
                            payload_type,
                            &logged_payload,
                            &logged_signature,
                            &logged_verifier,
                        ),
                    ),
                }
            }
        };
        let entry = self.rekor.append(kind, &body, logged_at, claims.flaw);
        if claims.flaw == Some(Flaw::PayloadChanged) {
            payload.insert(payload.len() - 1, b' ');
        }
        Signed {
            payload,
            payload_type,
            signature,
            certificate,
            entry: (claims.flaw != Some(Flaw::NotLogged)).then_some(entry),
        }
    }
}

const IN_TOTO: &str = "application/vnd.in-toto+json";

fn simple_signing(digest: &Digest) -> Vec<u8> {
    json!({
        "critical": {
            "identity": { "docker-reference": "x" },
            "image": { "docker-manifest-digest": digest.to_string() },
            "type": "cosign container image signature",
        },
        "optional": null,
    })
    .to_string()
    .into_bytes()
}

fn message(payload_type: Option<&str>, payload: &[u8]) -> Vec<u8> {
    match payload_type {
        None => payload.to_vec(),
        Some(kind) => [
            format!("DSSEv1 {} {kind} {} ", kind.len(), payload.len()).as_bytes(),
            payload,
        ]
        .concat(),
    }
}

fn envelope(payload_type: &str, payload: &[u8], signature: &[u8]) -> Value {
    json!({
        "payloadType": payload_type, "payload": base64(payload),
        "signatures": [{ "keyid": "", "sig": base64(signature) }],
    })
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
        let entries: Vec<Value> = self.entry.iter().map(rekor::Entry::in_bundle).collect();
        let mut material = match &self.certificate {
            Some(der) => json!({ "certificate": { "rawBytes": base64(der) } }),
            None => json!({ "publicKey": { "hint": "" } }),
        };
        material["tlogEntries"] = json!(entries);
        let mut bundle = json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": material,
        });
        match self.payload_type {
            Some(kind) => bundle["dsseEnvelope"] = envelope(kind, &self.payload, &self.signature),
            None => bundle["messageSignature"] = json!({ "signature": base64(&self.signature) }),
        }
        bundle
    }

    pub fn legacy_layer(&self) -> (Vec<u8>, Value) {
        let (bytes, media_type, signature) = match self.payload_type {
            None => (
                self.payload.clone(),
                "application/vnd.dev.cosign.simplesigning.v1+json",
                base64(&self.signature),
            ),
            Some(kind) => (
                envelope(kind, &self.payload, &self.signature)
                    .to_string()
                    .into_bytes(),
                "application/vnd.dsse.envelope.v1+json",
                String::new(),
            ),
        };
        let mut layer = descriptor(media_type, &bytes);
        let mut annotations = json!({ "dev.cosignproject.cosign/signature": signature });
        if let Some(der) = &self.certificate {
            annotations["dev.sigstore.cosign/certificate"] = json!(pem("CERTIFICATE", der));
        }
        if let Some(entry) = &self.entry {
            annotations["dev.sigstore.cosign/bundle"] = json!(entry.in_annotation().to_string());
        }
        layer["annotations"] = annotations;
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
