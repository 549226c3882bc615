//! Putting signatures and attestations beside an image, byte for byte where cosign puts them.

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use super::signed::{BUNDLE, Signed};
use crate::support::registry::{OCI_INDEX, OCI_MANIFEST, Registry, descriptor};

const EMPTY: &str = "application/vnd.oci.empty.v1+json";

/// A bundle as a referrer, as `cosign sign` 3.1.1 pushes it. Returns the referrer's descriptor.
///
/// Format: `WriteAttestationNewBundleFormat` in
/// <https://github.com/sigstore/cosign/blob/v3.1.1/pkg/oci/remote/write.go>
pub fn push_bundle(registry: &Registry, repository: &str, digest: &Digest, bundle: &[u8]) -> Value {
    registry.put_blob(b"{}");
    registry.put_blob(bundle);
    let mut config = descriptor(EMPTY, b"{}");
    config["artifactType"] = BUNDLE.into();
    let (media_type, size) = registry
        .manifest(repository, digest)
        .map_or((OCI_INDEX.into(), 0), |(media_type, bytes)| {
            (media_type, bytes.len())
        });
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": config,
        "layers": [descriptor(BUNDLE, bundle)],
        "annotations": {
            "dev.sigstore.bundle.content": "dsse-envelope",
            "dev.sigstore.bundle.predicateType": predicate_type(bundle),
            "org.opencontainers.image.created": "2026-11-24T00:00:00Z",
        },
        "subject": { "mediaType": media_type, "size": size, "digest": digest.to_string() },
        "artifactType": BUNDLE,
    })
    .to_string();
    registry.put_manifest(repository, OCI_MANIFEST, manifest.as_bytes());
    descriptor(OCI_MANIFEST, manifest.as_bytes())
}

/// All bundles of an image for a registry without the referrers API: an index under the fallback tag, whose entries name
/// the type of the config and carry no annotations.
pub fn push_fallback(registry: &Registry, repository: &str, digest: &Digest, bundles: &[Vec<u8>]) {
    registry.set_referrers_api(false);
    let entries: Vec<Value> = bundles
        .iter()
        .map(|bundle| {
            let mut entry = push_bundle(registry, repository, digest, bundle);
            entry["artifactType"] = EMPTY.into();
            entry
        })
        .collect();
    let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries }).to_string();
    let index = registry.put_manifest(repository, OCI_INDEX, index.as_bytes());
    registry.tag(repository, &fallback_tag(digest), &index);
}

/// All signatures (`sig`) or attestations (`att`) of an image, as cosign 1 and 2 store them.
pub fn push_legacy(registry: &Registry, repository: &str, digest: &Digest, suffix: &str, signed: &[&Signed]) {
    let layers: Vec<_> = signed.iter().map(|signed| signed.legacy_layer()).collect();
    push_layers(registry, repository, digest, suffix, &layers);
}

/// The same for layers that were changed before: bytes and descriptors.
pub fn push_layers(
    registry: &Registry,
    repository: &str,
    digest: &Digest,
    suffix: &str,
    layers: &[(Vec<u8>, Value)],
) {
    let diff_ids: Vec<_> = layers
        .iter()
        .map(|(bytes, _)| registry.put_blob(bytes).to_string())
        .collect();
    let config = json!({
        "architecture": "", "created": "0001-01-01T00:00:00Z", "os": "",
        "rootfs": { "type": "layers", "diff_ids": diff_ids }, "config": {},
    })
    .to_string();
    registry.put_blob(config.as_bytes());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", config.as_bytes()),
        "layers": layers.iter().map(|(_, layer)| layer).collect::<Vec<_>>(),
    })
    .to_string();
    let manifest = registry.put_manifest(repository, OCI_MANIFEST, manifest.as_bytes());
    registry.tag(
        repository,
        &format!("{}.{suffix}", fallback_tag(digest)),
        &manifest,
    );
}

fn fallback_tag(digest: &Digest) -> String {
    digest.to_string().replace(':', "-")
}

/// What the bundle states; nothing where it is not one that can be read.
fn predicate_type(bundle: &[u8]) -> String {
    let payload = serde_json::from_slice::<Value>(bundle)
        .ok()
        .and_then(|bundle| Some(super::unbase64(bundle["dsseEnvelope"]["payload"].as_str()?)));
    let statement: Value = payload
        .and_then(|payload| serde_json::from_slice(&payload).ok())
        .unwrap_or_default();
    statement["predicateType"].as_str().unwrap_or_default().to_owned()
}
