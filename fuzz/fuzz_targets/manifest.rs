//! Manifests, indexes and lists of referrers: no panic, and what parses is what a plain JSON reader sees, too.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::image::{Content, DOCKER_LIST, DOCKER_MANIFEST, Index, OCI_INDEX, OCI_MANIFEST};

fuzz_target!(|bytes: &[u8]| {
    let _ = Index::parse_referrers(bytes);
    for media_type in [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST] {
        let Ok(content) = Content::parse(media_type, bytes) else { continue };
        let value: serde_json::Value = serde_json::from_slice(bytes).expect("it is JSON");
        let (descriptors, seen) = match &content {
            Content::Index(index) => {
                if let Ok(images) = index.images() {
                    assert!(images.len() <= index.entries.len());
                }
                (&index.entries, &value["manifests"])
            }
            Content::Image(image) => {
                assert_eq!(value["config"]["digest"], image.config.digest.to_string());
                (&image.layers, &value["layers"])
            }
        };
        assert_eq!(seen.as_array().map(Vec::len), Some(descriptors.len()));
        for (descriptor, seen) in descriptors.iter().zip(seen.as_array().into_iter().flatten()) {
            assert_eq!(seen["digest"], descriptor.digest.to_string());
            assert_eq!(seen["size"], descriptor.size);
        }
    }
});
