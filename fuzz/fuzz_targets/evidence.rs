//! What a registry may put beside an image. Whatever the bytes, the verdict is neither a panic nor a good one.
//!
//! The first byte says what it is; parts are separated by zero bytes.
#![no_main]

use std::sync::LazyLock;
use std::time::SystemTime;

use libfuzzer_sys::fuzz_target;
use oc_guardian::image::trust::TrustRoot;
use oc_guardian::image::{
    Bundles, Digest, Known, LegacyLayer, Manifest, Material, Platform, Policy, ProvenancePolicy, Reference, Request, Runs, judge,
};

/// An image for one platform: what the seeds are about.
const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:9cd31762e7050165195c9469ccea41a23c079f2d0f51b5e9bf0c9d7842618b72","size":37},"layers":[]}"#;

static TRUST: LazyLock<TrustRoot> = LazyLock::new(|| TrustRoot::embedded().expect("a constant"));
static POLICY: LazyLock<Policy> = LazyLock::new(|| Policy::official().expect("a constant"));
static REFERENCE: LazyLock<Reference> = LazyLock::new(|| "example.com/a".parse().expect("a constant"));

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, rest)) = bytes.split_first() else {
        return;
    };
    let manifest = |bytes: &[u8]| Manifest {
        digest: Digest::of(bytes),
        media_type: "application/vnd.oci.image.manifest.v1+json".into(),
        bytes: bytes.to_vec(),
    };
    let mut material = Material {
        root: manifest(IMAGE.as_bytes()),
        runs: Runs::Config(br#"{"os":"linux","architecture":"amd64"}"#.to_vec()),
        bundles: Bundles::default(),
        legacy_signatures: Vec::new(),
        legacy_attestations: Vec::new(),
    };
    match kind {
        b'b' => rest.split(|byte| *byte == 0).for_each(|part| material.bundles.add(part)),
        b's' => material.legacy_signatures.push(layer(rest)),
        b'a' => material.legacy_attestations.push(layer(rest)),
        b'm' => material.root = manifest(rest),
        b'i' => {
            material.root = manifest(rest);
            material.root.media_type = "application/vnd.oci.image.index.v1+json".into();
        }
        _ => return,
    }
    let Ok(platform) = "linux/amd64".parse::<Platform>() else { unreachable!("it is a platform") };
    let request = Request {
        reference: &REFERENCE,
        policy: &POLICY,
        provenance: ProvenancePolicy::MayBeMissing,
        platform: &platform,
        pinned: None,
        allow_downgrade: true,
    };
    let verdict = judge(&material, &TRUST, &request, &Known::default(), SystemTime::now());
    let refused = verdict.expect_err("nobody but the project signs as the project");
    assert!(refused.is_verdict() || refused.reason() == "platform-missing" || refused.reason() == "not-found");
    let _ = refused.to_string();
});

/// Content, then names and values of annotations.
fn layer(bytes: &[u8]) -> LegacyLayer {
    let mut parts = bytes.split(|byte| *byte == 0);
    let content = parts.next().unwrap_or_default().to_vec();
    let mut texts = parts.map(|part| String::from_utf8_lossy(part).into_owned());
    let mut layer = LegacyLayer {
        bytes: content,
        ..LegacyLayer::default()
    };
    while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
        layer.annotations.insert(name, value);
    }
    layer
}
