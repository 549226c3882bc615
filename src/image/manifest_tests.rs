use serde_json::{Value, json};

use super::*;

const OCI_INDEX: &str = INDEX_TYPES[0];
const OCI_MANIFEST: &str = MANIFEST_TYPES[0];

fn descriptor(media_type: &str, name: &str) -> Value {
    json!({ "mediaType": media_type, "digest": Digest::of(name.as_bytes()), "size": 2 })
}

fn entry(name: &str, os: &str, architecture: &str) -> Value {
    let mut entry = descriptor(OCI_MANIFEST, name);
    entry["platform"] = json!({ "os": os, "architecture": architecture });
    entry
}

fn index(entries: &[Value]) -> String {
    json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries }).to_string()
}

fn manifest() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": OCI_MANIFEST,
        "config": descriptor("application/vnd.oci.image.config.v1+json", "config"),
        "layers": [descriptor("application/vnd.oci.image.layer.v1.tar+gzip", "layer")],
    })
}

fn choose(text: &str, wanted: &str) -> Result<Result<Digest, Vec<String>>, ManifestError> {
    let Document::Index(index) = Document::parse(text.as_bytes(), OCI_INDEX)? else {
        panic!("{text}");
    };
    let chosen = index.choose(&wanted.parse().unwrap())?;
    Ok(chosen
        .map(|(descriptor, _)| descriptor.digest)
        .map_err(|found| found.iter().map(ToString::to_string).collect()))
}

#[test]
fn the_manifest_for_a_platform_is_chosen() {
    let text = index(&[
        entry("amd", "linux", "amd64"),
        entry("arm", "linux", "arm64"),
        entry("note 1", "unknown", "unknown"),
        entry("note 2", "unknown", "unknown"),
        descriptor(OCI_MANIFEST, "without"),
    ]);
    assert_eq!(choose(&text, "linux/arm64").unwrap(), Ok(Digest::of(b"arm")));
    assert_eq!(
        choose(&text, "linux/riscv64").unwrap(),
        Err(vec!["linux/amd64".into(), "linux/arm64".into()])
    );
}

#[test]
fn an_index_that_readers_take_differently_is_refused() {
    let twice = index(&[entry("one", "linux", "amd64"), entry("two", "linux", "amd64")]);
    assert!(matches!(
        choose(&twice, "linux/arm64"),
        Err(ManifestError::Doubled(_))
    ));
    for nested in INDEX_TYPES {
        let mut inner = entry("inner", "linux", "amd64");
        inner["mediaType"] = nested.into();
        let text = index(&[inner, entry("one", "linux", "arm64")]);
        assert!(matches!(
            choose(&text, "linux/arm64"),
            Err(ManifestError::Nested(_))
        ));
    }
    let odd = index(&[entry("one", "linux\n", "amd64")]);
    assert!(matches!(
        choose(&odd, "linux/amd64"),
        Err(ManifestError::Platform(_))
    ));
}

#[test]
fn a_document_is_what_it_was_sent_as() {
    for media_type in MANIFEST_TYPES {
        let mut document = manifest();
        document["mediaType"] = media_type.into();
        let read = Document::parse(document.to_string().as_bytes(), media_type).unwrap();
        assert!(matches!(read, Document::Image(image) if image.layers.len() == 1));
    }
    let text = manifest().to_string();
    assert!(matches!(
        Document::parse(text.as_bytes(), OCI_INDEX),
        Err(ManifestError::Disguised { .. })
    ));
    assert!(matches!(
        Document::parse(text.as_bytes(), "text/html"),
        Err(ManifestError::Disguised { .. })
    ));
    // CVE-2021-41190: one document, two readings.
    let mut both = manifest();
    both["manifests"] = json!([]);
    for media_type in [OCI_MANIFEST, OCI_INDEX] {
        both["mediaType"] = media_type.into();
        assert!(matches!(
            Document::parse(both.to_string().as_bytes(), media_type),
            Err(ManifestError::Disguised { .. })
        ));
    }
    let mut unnamed = manifest();
    unnamed.as_object_mut().unwrap().remove("mediaType");
    Document::parse(unnamed.to_string().as_bytes(), OCI_MANIFEST).unwrap();
    assert!(matches!(
        Document::parse(unnamed.to_string().as_bytes(), "text/html"),
        Err(ManifestError::MediaType(_))
    ));
}

#[test]
fn bombs_and_nonsense_are_refused() {
    let many = vec![entry("one", "linux", "amd64"); MAX_ENTRIES + 1];
    assert!(matches!(
        Document::parse(index(&many).as_bytes(), OCI_INDEX),
        Err(ManifestError::Entries(_))
    ));
    let deep = format!("{}{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let doubled = manifest()
        .to_string()
        .replace(r#""layers":"#, r#""layers":[],"layers":"#);
    let sized = manifest().to_string().replace(r#""size":2"#, r#""size":-2"#);
    let hashed = manifest().to_string().replace("sha256:", "sha512:");
    for bad in ["", "null", "[]", "<html>", &deep, &doubled, &sized, &hashed] {
        assert!(
            matches!(
                Document::parse(bad.as_bytes(), OCI_MANIFEST),
                Err(ManifestError::Json(_))
            ),
            "{bad:.80}"
        );
    }
}

#[test]
fn a_config_names_its_platform() {
    let read = |text: &str| config_platform(text.as_bytes()).map(|platform| platform.to_string());
    let good = r#"{"architecture":"arm64","os":"linux","variant":"v8","rootfs":{}}"#;
    assert_eq!(read(good).unwrap(), "linux/arm64/v8");
    assert_eq!(
        read(r#"{"architecture":"amd64","os":"linux","variant":""}"#).unwrap(),
        "linux/amd64"
    );
    for bad in [
        "",
        "{}",
        r#"{"os":"linux"}"#,
        r#"{"os":"linux","os":"linux","architecture":"amd64"}"#,
    ] {
        assert!(matches!(read(bad), Err(ManifestError::Json(_))), "{bad}");
    }
    assert!(matches!(
        read(r#"{"os":"","architecture":"a"}"#),
        Err(ManifestError::Platform(_))
    ));
}
