use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::super::evidence::Evidence;
use super::super::manifest::{OCI_INDEX, OCI_MANIFEST};
use super::*;

const BUNDLE_V0_3: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
/// Nothing that is looked at before the verdict.
const CONFIG: &[u8] = b"{}";
const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
const SLSA: &str = "https://slsa.dev/provenance/v1";

/// A registry in memory, without the referrers API unless it is given a list.
#[derive(Default)]
struct Memory {
    tags: HashMap<String, Manifest>,
    manifests: HashMap<Digest, Manifest>,
    blobs: HashMap<Digest, Vec<u8>>,
    referrers: Option<Vec<u8>>,
    asked: Mutex<Vec<String>>,
}

impl Memory {
    fn with_image() -> (Self, Reference) {
        let mut memory = Self::default();
        let image = manifest(&[]);
        let root = memory.put(&image);
        memory.store(CONFIG, "application/json");
        memory.tags.insert("v1".into(), root);
        (memory, "example.com/a:v1".parse().unwrap())
    }

    fn put(&mut self, document: &Value) -> Manifest {
        let bytes = document.to_string().into_bytes();
        let media_type = document["mediaType"].as_str().unwrap_or_default().to_owned();
        let manifest = Manifest {
            digest: Digest::of(&bytes),
            media_type,
            bytes,
        };
        self.manifests.insert(manifest.digest, manifest.clone());
        manifest
    }

    fn store(&mut self, bytes: &[u8], media_type: &str) -> Value {
        let digest = Digest::of(bytes);
        self.blobs.insert(digest, bytes.to_vec());
        json!({ "mediaType": media_type, "digest": digest, "size": bytes.len() })
    }

    /// A referrer whose layers are these.
    fn refer(&mut self, layers: &[Value]) -> Value {
        let manifest = self.put(&manifest(layers));
        json!({ "mediaType": OCI_MANIFEST, "digest": manifest.digest, "size": manifest.bytes.len() })
    }

    fn bundle(&mut self, text: &str) -> Value {
        let layer = self.store(text.as_bytes(), BUNDLE_V0_3);
        self.refer(&[layer])
    }

    fn list(&mut self, reference: &Reference, entries: &[Value]) {
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
        let manifest = self.put(&index);
        let tag = format!("sha256-{}", self.digest(reference).as_hex());
        self.tags.insert(tag, manifest);
    }

    fn legacy(&mut self, reference: &Reference, suffix: &str, media_type: &str, layers: usize) {
        let layers: Vec<Value> = (0..layers)
            .map(|number| {
                let mut layer = self.store(format!("{suffix} {number}").as_bytes(), media_type);
                layer["annotations"] = json!({ "number": number.to_string() });
                layer
            })
            .collect();
        let manifest = self.put(&manifest(&layers));
        let tag = format!("sha256-{}.{suffix}", self.digest(reference).as_hex());
        self.tags.insert(tag, manifest);
    }

    fn digest(&self, reference: &Reference) -> Digest {
        self.tags[reference.tag().unwrap()].digest
    }

    fn collect(&self, reference: &Reference) -> Result<Material, VerifyError> {
        collect(self, reference, &Platform::of_this_machine(), None)
    }

    fn note(&self, what: &str) {
        self.asked.lock().unwrap().push(what.to_owned());
    }
}

impl Source for Memory {
    fn manifest_by_tag(&self, _: &Reference, tag: &str) -> Result<Option<Manifest>, RegistryError> {
        self.note(tag);
        Ok(self.tags.get(tag).cloned())
    }

    fn manifest(&self, _: &Reference, digest: &Digest) -> Result<Option<Manifest>, RegistryError> {
        self.note("manifest");
        Ok(self.manifests.get(digest).cloned())
    }

    fn blob(&self, _: &Reference, digest: &Digest, limit: usize) -> Result<Vec<u8>, RegistryError> {
        let bytes = &self.blobs[digest];
        assert!(bytes.len() <= limit);
        if bytes != CONFIG {
            self.note("blob");
        }
        Ok(bytes.clone())
    }

    fn referrers(&self, _: &Reference, _: &Digest) -> Result<Referrers, RegistryError> {
        self.note("referrers");
        Ok(self.referrers.clone().map_or(Referrers::NoApi, Referrers::Index))
    }
}

fn manifest(layers: &[Value]) -> Value {
    let config =
        json!({ "mediaType": "application/json", "digest": Digest::of(CONFIG), "size": CONFIG.len() });
    json!({ "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": layers })
}

fn bundle(version: &str, predicate_type: &str) -> String {
    use base64::Engine;
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": "00".repeat(32) } }],
        "predicateType": predicate_type,
        "predicate": {},
    });
    let payload = base64::engine::general_purpose::STANDARD.encode(statement.to_string());
    json!({
        "mediaType": format!("application/vnd.dev.sigstore.bundle+json;version={version}"),
        "dsseEnvelope": {
            "payloadType": "application/vnd.in-toto+json", "payload": payload, "signatures": [{ "sig": "c2ln" }],
        },
        "verificationMaterial": { "certificate": { "rawBytes": "YWJj" }, "tlogEntries": [] },
    })
    .to_string()
}

/// How many good and bad pieces of evidence there are for signature and provenance.
fn counts(material: &Material) -> [(usize, usize); 2] {
    let count = |found: &[Result<Evidence, Fault>]| {
        let good = found.iter().filter(|one| one.is_ok()).count();
        (good, found.len() - good)
    };
    [Purpose::Signature, Purpose::Provenance].map(|purpose| count(material.bundles.of(purpose)))
}

#[test]
fn bundles_are_sorted_by_what_they_state() {
    let (mut memory, reference) = Memory::with_image();
    let entries = [
        memory.bundle(&bundle("0.3", SIGN)),
        memory.bundle(&bundle("0.3", SLSA)),
        memory.bundle(&bundle("0.3", "https://spdx.dev/Document")),
    ];
    memory.list(&reference, &entries);
    memory.legacy(&reference, "sig", SIMPLE_SIGNING, 1);
    memory.legacy(&reference, "att", DSSE_ENVELOPE, 1);
    let material = memory.collect(&reference).unwrap();
    assert_eq!(counts(&material), [(1, 0), (1, 0)]);
    assert_eq!(material.bundles.ignored().len(), 1);
    // Where bundles serve, the legacy tags are not even asked for.
    assert!(material.legacy_signatures.is_empty() && material.legacy_attestations.is_empty());
    assert!(!memory.asked.lock().unwrap().iter().any(|tag| tag.contains('.')));
}

#[test]
fn bundles_win_over_legacy_for_each_purpose_apart() {
    for (predicate_type, signatures, attestations) in [(SIGN, 0, 2), (SLSA, 3, 0)] {
        let (mut memory, reference) = Memory::with_image();
        let entry = memory.bundle(&bundle("0.3", predicate_type));
        memory.list(&reference, &[entry]);
        memory.legacy(&reference, "sig", SIMPLE_SIGNING, 3);
        memory.legacy(&reference, "att", DSSE_ENVELOPE, 2);
        let material = memory.collect(&reference).unwrap();
        assert_eq!(material.legacy_signatures.len(), signatures);
        assert_eq!(material.legacy_attestations.len(), attestations);
    }
}

#[test]
fn a_bundle_that_cannot_be_classified_counts_for_both() {
    let message = bundle("0.3", SIGN).replace("dsseEnvelope", "messageSignature");
    let unnamed = bundle("0.3", SIGN).replace("mediaType", "mediaTyp");
    for bad in ["", "{}", "not JSON", &message, &unnamed] {
        let (mut memory, reference) = Memory::with_image();
        let entry = memory.bundle(bad);
        memory.list(&reference, &[entry]);
        memory.legacy(&reference, "sig", SIMPLE_SIGNING, 1);
        memory.legacy(&reference, "att", DSSE_ENVELOPE, 1);
        let material = memory.collect(&reference).unwrap();
        assert_eq!(counts(&material), [(0, 1), (0, 1)], "{bad}");
        assert!(material.legacy_signatures.is_empty() && material.legacy_attestations.is_empty());
    }
    let (mut memory, reference) = Memory::with_image();
    let layers = [bundle("0.3", SIGN), "other".into()];
    let layers = layers
        .map(|text| memory.store(text.as_bytes(), BUNDLE_V0_3))
        .to_vec();
    let entry = memory.refer(&layers);
    memory.list(&reference, &[entry]);
    assert_eq!(counts(&memory.collect(&reference).unwrap()), [(0, 1), (0, 1)]);
}

#[test]
fn bundles_of_an_old_kind_count_for_nothing() {
    for version in ["0.1", "0.2"] {
        let (mut memory, reference) = Memory::with_image();
        let entry = memory.bundle(&bundle(version, SIGN));
        memory.list(&reference, &[entry]);
        memory.legacy(&reference, "sig", SIMPLE_SIGNING, 1);
        let material = memory.collect(&reference).unwrap();
        assert_eq!(counts(&material), [(0, 0), (0, 0)]);
        assert_eq!(
            (material.bundles.ignored().len(), material.legacy_signatures.len()),
            (1, 1)
        );
    }
}

#[test]
fn the_list_of_referrers_is_not_filtered_and_the_api_comes_before_the_tag() {
    let (mut memory, reference) = Memory::with_image();
    let mut entry = memory.bundle(&bundle("0.3", SIGN));
    entry["artifactType"] = json!("application/vnd.oci.empty.v1+json");
    let other = memory.bundle(&bundle("0.3", SLSA));
    memory.list(&reference, &[other]);
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [entry] });
    memory.referrers = Some(index.to_string().into_bytes());
    let material = memory.collect(&reference).unwrap();
    assert_eq!(counts(&material), [(1, 0), (0, 0)]);
}

#[test]
fn an_unreadable_list_counts_for_both() {
    for bad in [&b"<html>"[..], b"{}", b"\xff"] {
        let (mut memory, reference) = Memory::with_image();
        memory.referrers = Some(bad.to_vec());
        memory.legacy(&reference, "sig", SIMPLE_SIGNING, 1);
        assert_eq!(counts(&memory.collect(&reference).unwrap()), [(0, 1), (0, 1)]);
    }
}

#[test]
fn what_is_not_there_or_no_bundle_is_passed_over() {
    let (mut memory, reference) = Memory::with_image();
    let gone = json!({ "mediaType": OCI_MANIFEST, "digest": Digest::of(b"gone"), "size": 1 });
    let layer = memory.store(b"sbom", "application/spdx+json");
    let other = memory.refer(&[layer]);
    let good = memory.bundle(&bundle("0.3", SIGN));
    memory.list(&reference, &[gone, other, good]);
    let material = memory.collect(&reference).unwrap();
    assert_eq!(counts(&material), [(1, 0), (0, 0)]);
    assert_eq!(material.bundles.ignored().len(), 1);
}

#[test]
fn counts_are_bounded_not_cut_off() {
    let (mut memory, reference) = Memory::with_image();
    let entry = memory.bundle(&bundle("0.3", SIGN));
    memory.list(&reference, &vec![entry.clone(); MAX_EVIDENCE]);
    let material = memory.collect(&reference).unwrap();
    assert_eq!(counts(&material), [(MAX_EVIDENCE, 0), (0, 0)]);
    memory.list(&reference, &vec![entry; MAX_EVIDENCE + 1]);
    let refused = memory.collect(&reference).unwrap_err();
    assert!(
        matches!(
            refused,
            VerifyError::TooMuch {
                limit: MAX_EVIDENCE,
                ..
            }
        ),
        "{refused}"
    );
    // Before any of them is asked for.
    let (mut memory, reference) = Memory::with_image();
    let entry = memory.bundle(&bundle("0.3", SIGN));
    memory.list(&reference, &vec![entry; 1000]);
    assert!(matches!(
        memory.collect(&reference),
        Err(VerifyError::TooMuch { .. })
    ));
    assert!(!memory.asked.lock().unwrap().iter().any(|asked| asked == "blob"));

    let (mut memory, reference) = Memory::with_image();
    memory.legacy(&reference, "sig", SIMPLE_SIGNING, MAX_EVIDENCE + 1);
    assert!(matches!(
        memory.collect(&reference),
        Err(VerifyError::TooMuch { .. })
    ));
}

#[test]
fn a_layer_that_is_too_large_is_not_fetched() {
    let (mut memory, reference) = Memory::with_image();
    let mut layer = memory.store(bundle("0.3", SIGN).as_bytes(), BUNDLE_V0_3);
    layer["size"] = json!(MAX_BUNDLE + 1);
    let entry = memory.refer(&[layer]);
    memory.list(&reference, &[entry]);
    assert_eq!(counts(&memory.collect(&reference).unwrap()), [(0, 1), (0, 1)]);
    assert!(!memory.asked.lock().unwrap().iter().any(|asked| asked == "blob"));
}

#[test]
fn all_evidence_together_is_bounded() {
    let (mut memory, reference) = Memory::with_image();
    let large = bundle("0.3", SIGN) + &" ".repeat(MAX_BUNDLE - 4096);
    let entry = memory.bundle(&large);
    memory.list(&reference, &vec![entry; 16]);
    assert!(matches!(
        memory.collect(&reference),
        Err(VerifyError::TooMuch { limit: MAX_TOTAL, .. })
    ));
    // What goes beyond is not asked for: it would be kept until all is there.
    let asked = memory.asked.lock().unwrap();
    let fetched = asked.iter().filter(|asked| *asked == "blob").count();
    assert!(fetched <= MAX_TOTAL / (MAX_BUNDLE - 4096), "{fetched}");
}

#[test]
fn legacy_layers_keep_their_order_and_annotations() {
    let (mut memory, reference) = Memory::with_image();
    memory.legacy(&reference, "sig", SIMPLE_SIGNING, 20);
    let material = memory.collect(&reference).unwrap();
    for (number, layer) in material.legacy_signatures.iter().enumerate() {
        assert_eq!(layer.annotations["number"], number.to_string());
        assert_eq!(layer.bytes, format!("sig {number}").as_bytes());
    }
    // Layers of another kind are none.
    memory.legacy(&reference, "sig", DSSE_ENVELOPE, 1);
    assert!(memory.collect(&reference).unwrap().legacy_signatures.is_empty());
}

#[test]
fn the_pin_is_compared_before_anything_else_is_asked() {
    let (memory, reference) = Memory::with_image();
    let pin = Digest::of(b"pinned");
    let refused = collect(&memory, &reference, &Platform::of_this_machine(), Some(&pin)).unwrap_err();
    assert!(matches!(refused, VerifyError::NotPinned { pinned, .. } if pinned == pin));
    assert_eq!(*memory.asked.lock().unwrap(), ["v1"]);
    let pin = memory.digest(&reference);
    collect(&memory, &reference, &Platform::of_this_machine(), Some(&pin)).unwrap();
}

#[test]
fn a_reference_is_resolved_once() {
    let (mut memory, reference) = Memory::with_image();
    memory.legacy(&reference, "sig", SIMPLE_SIGNING, 1);
    memory.collect(&reference).unwrap();
    let asked = memory.asked.lock().unwrap().clone();
    assert_eq!(asked.iter().filter(|tag| *tag == "v1").count(), 1, "{asked:?}");

    let absent = "example.com/a:v2".parse().unwrap();
    assert!(matches!(memory.collect(&absent), Err(VerifyError::NotFound(_))));
    let digest = memory.digest(&reference);
    let by_digest = reference.with_digest(&digest);
    assert_eq!(memory.collect(&by_digest).unwrap().root.digest, digest);
}
