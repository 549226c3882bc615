use super::*;
use crate::federation::test_support;

fn key(secret: u8) -> PublicKey {
    test_support::key(secret).public()
}

fn example() -> Directory {
    let mut directory = Directory::of(test_support::membership("oc-me-v1", 7));
    directory.addresses.push(Address {
        operator_id: key(1).operator_id(),
        api_url: "http://guardian.example:9000".into(),
        p2p_url: "https://guardian.example:9001".into(),
    });
    directory.image_digest = Some(format!("sha256:{}", "ab".repeat(32)));
    directory
}

fn refused(from: &str, to: &str) -> String {
    let text = example().to_json();
    assert!(text.contains(from), "{from} is not in {text}");
    Directory::parse(text.replacen(from, to, 1).as_bytes())
        .unwrap_err()
        .to_string()
}

#[test]
fn written_form_is_frozen() {
    let text = example().to_json();
    let (head, rest) = text.split_once("  \"membership\": {").unwrap();
    let (_, tail) = rest.split_once("  \"addresses\"").unwrap();
    assert_eq!(head, "{\n  \"version\": 1,\n  \"sequence\": 0,\n");
    assert_eq!(
        format!("  \"addresses\"{tail}"),
        format!(
            r#"  "addresses": [
    {{
      "operator_id": "op-132f39a98c31baaddba6525f5d43f295",
      "api_url": "http://guardian.example:9000",
      "p2p_url": "https://guardian.example:9001"
    }}
  ],
  "image_digest": "sha256:{}",
  "federation_pubkey_hex": null,
  "charter_signatures": []
}}
"#,
            "ab".repeat(32)
        )
    );
}

#[test]
fn reads_what_it_writes() {
    let mut directory = example();
    directory.sequence = 7;
    directory.federation_key = Some(key(9));
    directory
        .charter_signatures
        .0
        .push(serde_json::json!({ "payload": {} }));
    assert_eq!(
        Directory::parse(directory.to_json().as_bytes()).unwrap(),
        directory
    );
    assert!(
        directory.address(&key(1).operator_id()).is_some()
            && directory.address(&key(2).operator_id()).is_none()
    );
}

#[test]
fn each_defect_is_refused() {
    assert_eq!(
        refused("\"version\": 1", "\"version\": 2"),
        "it has version 2, and this release reads version 1"
    );
    assert!(refused("\"m\": 3", "\"m\": 2").starts_with("membership: m is 2"));
    assert!(refused("\"sequence\"", "\"sequences\"").contains("unknown field"));
    let stranger = key(9).operator_id();
    assert_eq!(
        refused(
            "{\n      \"operator_id\": \"op-132f39a98c31baaddba6525f5d43f295\",\n      \"api_url\"",
            &format!("{{\n      \"operator_id\": \"{stranger}\",\n      \"api_url\"")
        ),
        format!("addresses has {stranger}, who is not a member")
    );
    for (bad, said) in [
        ("ftp://guardian.example", "is neither https nor http"),
        ("http://u:p@guardian.example", "has a user name or password in it"),
        ("http://:9000", "has no host"),
        (
            "http://guardian.example:99999",
            "has no valid port after the colon",
        ),
    ] {
        let error = refused("http://guardian.example:9000", bad);
        assert_eq!(
            error,
            format!("api_url of op-132f39a98c31baaddba6525f5d43f295 {said}")
        );
    }
    assert!(refused("sha256:ab", "sha256:AB").starts_with("image_digest"));
    assert!(
        refused(
            "\"federation_pubkey_hex\": null",
            "\"federation_pubkey_hex\": \"00\""
        )
        .starts_with("federation_pubkey_hex")
    );
    assert!(refused("\"sequence\": 0", "\"sequence\": 0, \"sequence\": 1").contains("sequence"));
    assert!(Directory::parse(&vec![b' '; MAX_DIRECTORY_BYTES + 1]).is_err());
}
