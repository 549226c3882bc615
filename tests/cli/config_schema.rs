//! The schema, against a validator that is not ours.

use jsonschema::Validator;
use serde_json::{Value, json};
use snapbox::str;

use super::config_check::GOOD;
use crate::support::Home;

#[test]
fn the_schema() {
    Home::new().run(&["config", "schema"]).is(str![[r#"
$ oc-guardian config schema
{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "oc-guardian config bundle",
  "description": "Configuration of a guardian, mounted read-only into its container. Nothing secret belongs in it.",
  "type": "object",
  "required": [
    "operator_id",
    "operator_pubkey_hex",
    "federation_slug",
    "attestation_post_url",
    "log_level"
  ],
  "additionalProperties": false,
  "properties": {
    "operator_id": {
      "type": "string",
      "description": "Operator id: op- and the first 16 bytes of SHA-256 over the 32 raw public key bytes, in hex.",
      "pattern": "^op-([0-9a-f]{32}|[0-9a-f]{16})$"
    },
    "operator_pubkey_hex": {
      "type": "string",
      "description": "Operator public key, 32 bytes in hex: x-only for bip340, RFC 8032 for ed25519.",
      "pattern": "^[0-9a-f]{64}$"
    },
    "federation_slug": {
      "type": "string",
      "description": "Name of the federation that this guardian is a member of.",
      "pattern": "^[a-z0-9-]{1,64}$"
    },
    "attestation_post_url": {
      "type": "string",
      "description": "Where the guardian posts its signed health envelope every 60 seconds.",
      "pattern": "^(https://[0-9A-Za-z.:\\[\\]-]+|http://(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:[0-9]{1,5})?)([/?][!-~]*)?$",
      "maxLength": 2048,
      "default": "https://me.ochk.io/api/operator/attestation"
    },
    "log_level": {
      "type": "string",
      "description": "Least severe level that the guardian logs.",
      "enum": [
        "error",
        "warn",
        "info",
        "debug",
        "trace"
      ],
      "default": "info"
    },
    "scheme": {
      "type": "string",
      "description": "Signature scheme of the operator key; stated, never guessed from the key.",
      "enum": [
        "bip340",
        "ed25519"
      ],
      "default": "bip340"
    },
    "directory_url": {
      "type": "string",
      "description": "Where the federation's directory of current addresses is read; absent: from a file.",
      "pattern": "^(https://[0-9A-Za-z.:\\[\\]-]+|http://(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\])(:[0-9]{1,5})?)([/?][!-~]*)?$",
      "maxLength": 2048
    },
    "public_host": {
      "type": "string",
      "description": "Host name or IP address under which others reach this guardian, when the roster has no entry of it.",
      "pattern": "^[0-9A-Za-z.:-]+$",
      "maxLength": 253
    },
    "extra_ca_file": {
      "type": "string",
      "description": "PEM file of a further certificate authority, for a portal that has its own.",
      "pattern": "^/[^\\u0000-\\u001f\\u007f]*$",
      "maxLength": 4095
    },
    "image_digest": {
      "type": "string",
      "description": "Pins the guardian image: any other digest is refused.",
      "pattern": "^sha256:[0-9a-f]{64}$"
    },
    "signer_url": {
      "type": "string",
      "description": "Where the operator's signing server listens; absent: requests wait until it comes for them.",
      "pattern": "^(unix:/[^\\u0000-\\u001f\\u007f]*|http://(localhost|127(\\.[0-9]{1,3}){3}|\\[::1\\]):[0-9]{1,5}/?)$",
      "maxLength": 4100
    },
    "signer_token_file": {
      "type": "string",
      "description": "File with the access token of a signing server on http; needed with one, and only with one.",
      "pattern": "^/[^\\u0000-\\u001f\\u007f]*$",
      "maxLength": 4095
    },
    "data_dir": {
      "type": "string",
      "description": "Folder in the container where the guardian keeps its state.",
      "pattern": "^/[^\\u0000-\\u001f\\u007f]*$",
      "maxLength": 4095,
      "default": "/var/lib/oc-guardian"
    }
  },
  "if": {
    "properties": {
      "signer_url": {
        "pattern": "^http:"
      }
    },
    "required": [
      "signer_url"
    ]
  },
  "then": {
    "required": [
      "signer_token_file"
    ]
  },
  "else": {
    "properties": {
      "signer_token_file": false
    }
  }
}
--- exit 0

"#]]);
}

fn good() -> Value {
    serde_json::from_str(GOOD).unwrap()
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut bundle = good();
    for (name, value) in changes {
        bundle[name] = value.clone();
    }
    bundle
}

fn corpus() -> Vec<Value> {
    let digest = format!("sha256:{}", "0f".repeat(32));
    let mut corpus = vec![good(), json!({}), json!([]), json!("x"), json!(null)];
    for name in good().as_object().unwrap().keys() {
        let mut without = good();
        without.as_object_mut().unwrap().remove(name);
        corpus.push(without);
    }
    let values: [(&str, Vec<Value>); 12] = [
        (
            "operator_id",
            vec![
                json!("op-132f39a98c31baad"),
                json!("op-0"),
                json!("OP-132f39a98c31baad"),
            ],
        ),
        (
            "operator_pubkey_hex",
            vec![
                json!("00"),
                json!(good()["operator_pubkey_hex"].as_str().unwrap().to_uppercase()),
            ],
        ),
        (
            "federation_slug",
            vec![
                json!("a"),
                json!(""),
                json!("a b"),
                json!("a\n"),
                json!("a".repeat(64)),
                json!("a".repeat(65)),
            ],
        ),
        (
            "attestation_post_url",
            vec![
                json!("https://me.ochk.io"),
                json!("https://me.ochk.io?x=y/z"),
                json!("https://[::1]:1/"),
                json!("http://localhost:80/x"),
                json!("http://127.0.0.1"),
                json!("http://[::1]"),
                json!("http://me.ochk.io"),
                json!("https://u:p@me.ochk.io"),
                json!("https://me.ochk.io/#f"),
                json!("https://me.ochk.io/\n"),
                json!("https://me.ochk.io/ä"),
                json!(format!("https://a/{}", "a".repeat(2038))),
                json!(format!("https://a/{}", "a".repeat(2039))),
                json!("ftp://a"),
                json!(""),
            ],
        ),
        (
            "log_level",
            vec![
                json!("trace"),
                json!("TRACE"),
                json!(1),
                json!(null),
                json!({}),
                json!([]),
            ],
        ),
        ("scheme", vec![json!("bip340"), json!("ed25519"), json!("rsa")]),
        (
            "public_host",
            vec![
                json!("::1"),
                json!("a.b"),
                json!("a.b:1"),
                json!("a b"),
                json!("a".repeat(254)),
            ],
        ),
        (
            "extra_ca_file",
            vec![
                json!("/a ä"),
                json!("a"),
                json!("/a\u{7f}"),
                json!("/é".repeat(2047)),
                json!("/é".repeat(2048)),
            ],
        ),
        (
            "image_digest",
            vec![json!(digest), json!(&digest[7..]), json!("sha256:")],
        ),
        (
            "signer_url",
            vec![
                json!("unix:/s"),
                json!("unix:s"),
                json!("http://127.0.0.1:1"),
                json!("https://127.0.0.1:1"),
            ],
        ),
        ("signer_token_file", vec![json!("/t")]),
        ("colour", vec![json!("x"), json!(null)]),
    ];
    for (name, values) in values {
        corpus.extend(values.into_iter().map(|value| with(&[(name, value)])));
    }
    for url in [
        "unix:/s",
        "http://127.0.0.1:1",
        "http://localhost:65535/",
        "http://[::1]:1",
        "http://127.0.0.1",
        "http://a:1",
    ] {
        corpus.push(with(&[
            ("signer_url", json!(url)),
            ("signer_token_file", json!("/t")),
        ]));
    }
    corpus
}

#[test]
fn what_the_schema_refuses_the_check_refuses_too() {
    let schema = Home::new().run(&["config", "schema"]).json();
    let validator: Validator = jsonschema::draft202012::new(&schema).unwrap();
    let (mut good, mut bad) = (0, 0);
    for bundle in corpus() {
        let accepted = oc_guardian::bundle::check(bundle.to_string().as_bytes(), None).is_good();
        // So a bundle that passes the check is valid under the schema.
        assert!(validator.is_valid(&bundle) || !accepted, "{bundle}");
        if accepted { good += 1 } else { bad += 1 }
    }
    assert!(good >= 20 && bad >= 40, "{good} {bad}");
}

#[test]
fn the_schema_itself_is_one() {
    let schema = Home::new().run(&["config", "schema"]).json();
    assert!(jsonschema::draft202012::meta::is_valid(&schema));
}
