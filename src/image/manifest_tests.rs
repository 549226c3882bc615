use super::*;
use crate::image::Digest;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn descriptor(media_type: &str, rest: &str) -> String {
    format!(r#"{{"mediaType":"{media_type}","digest":"sha256:{HEX}","size":10{rest}}}"#)
}

fn entry(media_type: &str, platform: &str) -> String {
    descriptor(media_type, &format!(r#","platform":{platform}"#))
}

fn index(entries: &[String]) -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#,
        entries.join(",")
    )
}

fn manifest() -> String {
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{},"layers":[{}]}}"#,
        descriptor("c", ""),
        descriptor("l", r#","annotations":{"a":"b"}"#),
    )
}

fn parse(media_type: &str, text: &str) -> Result<Content, ManifestError> {
    Content::parse(media_type, text.as_bytes())
}

fn parse_index(text: &str) -> Index {
    Index::parse_referrers(text.as_bytes()).unwrap()
}

#[test]
fn both_kinds_in_both_families() {
    let Content::Image(image) = parse(OCI_MANIFEST, &manifest()).unwrap() else {
        panic!("a manifest");
    };
    assert_eq!(image.layers[0].annotations["a"], "b");
    assert_eq!((image.config.size, image.subject), (10, None));
    assert!(
        parse(
            OCI_MANIFEST,
            &manifest().replace(&format!(r#""mediaType":"{OCI_MANIFEST}","#), "")
        )
        .is_ok()
    );
    assert!(
        parse(
            DOCKER_MANIFEST,
            &manifest().replace(OCI_MANIFEST, DOCKER_MANIFEST)
        )
        .is_ok()
    );
    let list = index(&[]);
    assert!(matches!(parse(OCI_INDEX, &list), Ok(Content::Index(index)) if index.entries.is_empty()));
    assert!(parse(DOCKER_LIST, &list.replace(OCI_INDEX, DOCKER_LIST)).is_ok());
}

#[test]
fn what_can_be_taken_for_something_else_is_refused() {
    use ManifestError as E;
    let head = format!(r#""mediaType":"{OCI_MANIFEST}","#);
    let with = |more: &str| manifest().replacen('{', &format!("{{{more},"), 1);
    for (media_type, text, wanted) in [
        ("text/html", manifest(), E::MediaType("text/html".into())),
        (
            OCI_INDEX,
            index(&[]).replace(OCI_INDEX, OCI_MANIFEST),
            E::Disagrees {
                served: OCI_INDEX,
                stated: OCI_MANIFEST.into(),
            },
        ),
        (
            DOCKER_MANIFEST,
            manifest().replace(&head, ""),
            E::Disagrees {
                served: DOCKER_MANIFEST,
                stated: String::new(),
            },
        ),
        (OCI_MANIFEST, with(r#""manifests":[]"#), E::Ambiguous),
        (OCI_MANIFEST, with(r#""fsLayers":[]"#), E::Ambiguous),
        (
            OCI_INDEX,
            index(&[]).replacen('{', r#"{"layers":[],"#, 1),
            E::Ambiguous,
        ),
        (
            OCI_INDEX,
            index(&[]).replacen('{', r#"{"config":{},"#, 1),
            E::Ambiguous,
        ),
        (OCI_MANIFEST, manifest().replacen('2', "1", 1), E::Version(1)),
        (OCI_INDEX, index(&[]).replacen('2', "3", 1), E::Version(3)),
    ] {
        assert_eq!(parse(media_type, &text), Err(wanted), "{text}");
    }
}

#[test]
fn malformed_files_are_refused() {
    let good = manifest();
    let form = |text: &str| match parse(OCI_MANIFEST, text) {
        Err(ManifestError::Form(problem)) => problem,
        other => panic!("{text}: {other:?}"),
    };
    for (from, to, wanted) in [
        ("\"schemaVersion\":2,", "", "missing field"),
        ("\"size\":10", "\"size\":-1", "invalid value"),
        ("\"size\":10", "\"size\":1.5", "invalid type"),
        ("\"size\":10", "\"size\":\"10\"", "invalid type"),
        ("\"size\":10", "\"size\":10,\"size\":11", "\"size\" stands twice"),
        ("\"size\":10", "\"size\":10,\"Size\":11", "another spelling"),
        ("\"a\":\"b\"", "\"a\":\"b\",\"a\":\"c\"", "\"a\" stands twice"),
        ("sha256:e", "sha256:E", "not a digest"),
        ("\"sha256:e", "\"sha512:e", "another algorithm"),
        ("\"layers\":[", "\"layers\":[null,", "invalid type"),
        ("{\"schema", "[{\"schema", "EOF"),
    ] {
        assert_ne!(good.replacen(from, to, 1), good, "{from}");
        let problem = form(&good.replacen(from, to, 1));
        assert!(problem.contains(wanted), "{to}: {problem}");
    }
    assert!(form("").contains("EOF"));
    assert!(form(&(good + "x")).contains("trailing"));
}

#[test]
fn sizes_and_counts_are_bounded() {
    let huge = manifest().replacen("10", "9223372036854775808", 1);
    assert!(matches!(
        parse(OCI_MANIFEST, &huge),
        Err(ManifestError::Size(_, 9_223_372_036_854_775_808))
    ));
    let layers = vec![descriptor("l", ""); MAX_ENTRIES + 1];
    let many = manifest().replace(&descriptor("l", r#","annotations":{"a":"b"}"#), &layers.join(","));
    assert_eq!(parse(OCI_MANIFEST, &many), Err(ManifestError::TooMany));
    assert_eq!(parse(OCI_INDEX, &index(&layers)), Err(ManifestError::TooMany));
    assert!(parse(OCI_INDEX, &index(&layers[1..])).is_ok());
    let nameless = index(&[descriptor("", "")]);
    assert_eq!(
        parse(OCI_INDEX, &nameless),
        Err(ManifestError::MediaType(String::new()))
    );
}

#[test]
fn errors_quote_little() {
    let long = "x".repeat(100_000);
    for text in [
        index(&[]).replace(OCI_INDEX, &long),
        index(&[descriptor(&long, "")]),
        index(&[entry(OCI_MANIFEST, &AMD64.replace("amd64", &long))]),
        index(&[descriptor("l", "")]).replacen("10", &format!("\"{long}\""), 1),
        index(&[]).replacen('{', &format!(r#"{{"{long}":1,"{long}":1,"#), 1),
    ] {
        let error = parse(OCI_INDEX, &text).unwrap_err().to_string();
        assert!(error.len() < 400, "{error}");
    }
    assert!(parse(&long, "{}").unwrap_err().to_string().len() < 400);
}

const AMD64: &str = r#"{"os":"linux","architecture":"amd64"}"#;
const ARM64: &str = r#"{"os":"linux","architecture":"arm64","variant":"v8"}"#;
const UNKNOWN: &str = r#"{"os":"unknown","architecture":"unknown"}"#;

#[test]
fn images_to_choose_from() {
    let text = index(&[
        entry(OCI_MANIFEST, AMD64),
        entry(OCI_MANIFEST, UNKNOWN),
        entry(DOCKER_MANIFEST, ARM64),
        entry(OCI_MANIFEST, UNKNOWN),
    ]);
    let index = parse_index(&text);
    let images = index.images().unwrap();
    let platforms: Vec<_> = images.keys().map(ToString::to_string).collect();
    assert_eq!(platforms, ["linux/amd64", "linux/arm64"]);
}

#[test]
fn a_choice_must_be_clear() {
    use ManifestError as E;
    let digest = Digest::of(b"");
    let amd64: Platform = serde_json::from_str(AMD64).unwrap();
    for (entries, wanted) in [
        (
            vec![entry(OCI_MANIFEST, AMD64), entry(DOCKER_MANIFEST, AMD64)],
            E::DoubledPlatform(amd64.clone()),
        ),
        (
            // To an engine these are the same.
            vec![
                entry(OCI_MANIFEST, AMD64),
                entry(OCI_MANIFEST, &AMD64.replace("amd64", "x86_64")),
            ],
            E::DoubledPlatform(amd64.clone()),
        ),
        (
            vec![entry(OCI_MANIFEST, AMD64), entry(OCI_INDEX, ARM64)],
            E::Nested(digest),
        ),
        (vec![entry(DOCKER_LIST, ARM64)], E::Nested(digest)),
        (vec![descriptor(OCI_MANIFEST, "")], E::NoPlatform(digest)),
        (vec![entry(OCI_MANIFEST, "null")], E::NoPlatform(digest)),
        (
            vec![entry("text/plain", AMD64)],
            E::NotAnImage(digest, "text/plain".into()),
        ),
    ] {
        assert_eq!(parse_index(&index(&entries)).images(), Err(wanted), "{entries:?}");
    }
}

#[test]
fn platforms_have_one_normal_spelling() {
    for (os, architecture, variant, wanted) in [
        ("linux", "amd64", None, "linux/amd64"),
        ("Linux", "x86_64", Some("v1"), "linux/amd64"),
        ("linux", "amd64", Some("v3"), "linux/amd64/v3"),
        ("linux", "aarch64", Some("v8"), "linux/arm64"),
        ("linux", "arm64", Some("v9"), "linux/arm64/v9"),
        ("linux", "arm", None, "linux/arm/v7"),
        ("linux", "arm", Some("6"), "linux/arm/v6"),
        ("linux", "riscv64", Some(""), "linux/riscv64"),
    ] {
        let platform = Platform {
            os: os.into(),
            architecture: architecture.into(),
            variant: variant.map(str::to_owned),
            os_version: None,
        };
        assert_eq!(platform.normalized().to_string(), wanted);
        assert_eq!(platform.normalized().normalized(), platform.normalized());
    }
}

#[test]
fn null_annotations_are_none() {
    let text = index(&[descriptor(OCI_MANIFEST, r#","annotations":null,"platform":null"#)]);
    assert!(parse_index(&text).entries[0].annotations.is_empty());
}
