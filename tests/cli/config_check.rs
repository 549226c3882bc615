//! The shape of a bundle: what is JSON, which fields are there.

use snapbox::str;

use crate::support::{Home, Transcript};

/// What `config gen` writes for [`Home::with_identity`].
pub const GOOD: &str = r#"{
  "operator_id": "op-132f39a98c31baaddba6525f5d43f295",
  "operator_pubkey_hex": "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
  "federation_slug": "oc-me-v1",
  "attestation_post_url": "https://me.ochk.io/api/operator/attestation",
  "log_level": "info"
}
"#;

/// Checks a bundle in which `from` is replaced.
pub fn check_with(from: &str, to: &str) -> Transcript {
    assert!(GOOD.contains(from));
    let home = Home::with_identity();
    home.write("bundle", GOOD.replacen(from, to, 1));
    home.run(&["config", "check", "bundle"])
}

#[test]
fn a_good_one() {
    check_with("info", "debug").is(str![[r#"
$ oc-guardian config check bundle
bundle is a good config bundle (no errors).

Next: oc-guardian status
--- exit 0

"#]]);
}

#[test]
fn everything_at_once() {
    let home = Home::with_identity();
    home.write(
        "bundle",
        "{ // mine\n  \"operator_id\": \"op-132f39a98c31baad\",\n  \"operator_pubkey_hex\": null,\n  \
         \"federationslug\": 'OC me',\n  \"log_level\": 5\n  \"log_level\": \"INFO\",\n  \
         \"data_dir\": \"data\",\n}\n",
    );
    home.run(&["config", "check", "bundle"]).is(str![[r#"
$ oc-guardian config check bundle
error[comment]: a comment: JSON has none
 --> bundle:1:3
  |
1 | { // mine
  |   ^^^^^^^
  |
  = help: Remove it; `oc-guardian config schema` describes the fields.

error[wrong-type]: operator_pubkey_hex is null, not a string
 --> bundle:3:26
  |
3 |   "operator_pubkey_hex": null,
  |                          ^^^^
  |
  = allowed: a string: 64 digits 0-9 a-f

error[unknown-field]: "federationslug" is no field of a config bundle
 --> bundle:4:3
  |
4 |   "federationslug": 'OC me',
  |   ^^^^^^^^^^^^^^^^
  |
  = allowed: federation_slug
  = help: Did you mean federation_slug?

error[single-quotes]: a string in single quotes
 --> bundle:4:21
  |
4 |   "federationslug": 'OC me',
  |                     ^^^^^^^
  |
  = help: Use double quotes.

error[wrong-type]: log_level is a number, not a string
 --> bundle:5:16
  |
5 |   "log_level": 5
  |                ^
  |
  = allowed: a string: error, warn, info, debug, trace
  = help: Put the value in double quotes.

error[missing-comma]: a comma is missing here
 --> bundle:5:17
  |
5 |   "log_level": 5
  |                 ^

error[duplicate-field]: "log_level" is there already, on line 5
 --> bundle:6:3
  |
6 |   "log_level": "INFO",
  |   ^^^^^^^^^^^
  |
  = help: Keep one of them.

error[bad-value]: log_level is not one of the known values
 --> bundle:6:16
  |
6 |   "log_level": "INFO",
  |                ^^^^^^
  |
  = allowed: error, warn, info, debug, trace
  = help: Did you mean info?

error[bad-value]: data_dir is not an absolute path
 --> bundle:7:15
  |
7 |   "data_dir": "data",
  |               ^^^^^^
  |
  = allowed: an absolute path

error[trailing-comma]: a comma before a closing bracket
 --> bundle:7:21
  |
7 |   "data_dir": "data",
  |                     ^
  |
  = help: Remove it.

error[missing-field]: federation_slug is missing
 --> bundle:8:1
  |
8 | }
  | ^
  |
  = allowed: 1 to 64 of a-z 0-9 -
  = help: Name of the federation that this guardian is a member of.

error[missing-field]: attestation_post_url is missing
 --> bundle:8:1
  |
8 | }
  | ^
  |
  = allowed: an https URL, or an http one to this machine (localhost, 127.x.x.x, [::1])
  = help: Where the guardian posts its signed health envelope every 60 seconds.

bundle has 12 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
    home.run(&["config", "check", "bundle", "--json"]).is(str![[r#"
$ oc-guardian config check bundle --json
{"ok":false,"reason":"config-schema-mismatch","detail":"bundle has 12 errors","hint":"Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force","file":"bundle","compared_with":"op-132f39a98c31baaddba6525f5d43f295","findings":[{"code":"comment","severity":"error","line":1,"column":3,"field":null,"message":"a comment: JSON has none","found":null,"allowed":null,"help":"Remove it; `oc-guardian config schema` describes the fields."},{"code":"wrong-type","severity":"error","line":3,"column":26,"field":"operator_pubkey_hex","message":"operator_pubkey_hex is null, not a string","found":"null","allowed":"a string: 64 digits 0-9 a-f","help":null},{"code":"unknown-field","severity":"error","line":4,"column":3,"field":null,"message":"\"federationslug\" is no field of a config bundle","found":"federationslug","allowed":"federation_slug","help":"Did you mean federation_slug?"},{"code":"single-quotes","severity":"error","line":4,"column":21,"field":null,"message":"a string in single quotes","found":null,"allowed":null,"help":"Use double quotes."},{"code":"wrong-type","severity":"error","line":5,"column":16,"field":"log_level","message":"log_level is a number, not a string","found":"a number","allowed":"a string: error, warn, info, debug, trace","help":"Put the value in double quotes."},{"code":"missing-comma","severity":"error","line":5,"column":17,"field":"log_level","message":"a comma is missing here","found":null,"allowed":null,"help":null},{"code":"duplicate-field","severity":"error","line":6,"column":3,"field":"log_level","message":"\"log_level\" is there already, on line 5","found":null,"allowed":null,"help":"Keep one of them."},{"code":"bad-value","severity":"error","line":6,"column":16,"field":"log_level","message":"log_level is not one of the known values","found":"INFO","allowed":"error, warn, info, debug, trace","help":"Did you mean info?"},{"code":"bad-value","severity":"error","line":7,"column":15,"field":"data_dir","message":"data_dir is not an absolute path","found":"data","allowed":"an absolute path","help":null},{"code":"trailing-comma","severity":"error","line":7,"column":21,"field":null,"message":"a comma before a closing bracket","found":null,"allowed":null,"help":"Remove it."},{"code":"missing-field","severity":"error","line":8,"column":1,"field":"federation_slug","message":"federation_slug is missing","found":null,"allowed":"1 to 64 of a-z 0-9 -","help":"Name of the federation that this guardian is a member of."},{"code":"missing-field","severity":"error","line":8,"column":1,"field":"attestation_post_url","message":"attestation_post_url is missing","found":null,"allowed":"an https URL, or an http one to this machine (localhost, 127.x.x.x, [::1])","help":"Where the guardian posts its signed health envelope every 60 seconds."}]}
--- exit 1

"#]]);
}

#[test]
fn comments() {
    check_with("{\n", "{\n  /* a\n  b */ // c\n").is(str![[r#"
$ oc-guardian config check bundle
error[comment]: a comment: JSON has none
 --> bundle:2:3
  |
2 |   /* a
  |   ^^^^
  |
  = help: Remove it; `oc-guardian config schema` describes the fields.

error[comment]: a comment: JSON has none
 --> bundle:3:8
  |
3 |   b */ // c
  |        ^^^^
  |
  = help: Remove it; `oc-guardian config schema` describes the fields.

bundle has 2 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn trailing_comma() {
    check_with("\"info\"", "\"info\",").is(str![[r#"
$ oc-guardian config check bundle
error[trailing-comma]: a comma before a closing bracket
 --> bundle:6:22
  |
6 |   "log_level": "info",
  |                      ^
  |
  = help: Remove it.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn missing_comma() {
    check_with("\"oc-me-v1\",", "\"oc-me-v1\"").is(str![[r#"
$ oc-guardian config check bundle
error[missing-comma]: a comma is missing here
 --> bundle:4:32
  |
4 |   "federation_slug": "oc-me-v1"
  |                                ^

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn duplicate_field() {
    check_with(
        "\"log_level\"",
        "\"federation_slug\": \"oc-me-v2\",\n  \"log_level\"",
    )
    .is(str![[r#"
$ oc-guardian config check bundle
error[duplicate-field]: "federation_slug" is there already, on line 4
 --> bundle:6:3
  |
6 |   "federation_slug": "oc-me-v2",
  |   ^^^^^^^^^^^^^^^^^
  |
  = help: Keep one of them.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn unknown_field() {
    check_with(
        "\"log_level\"",
        "\"loglevel\": \"x\", \"colour\": 1,\n  \"log_level\"",
    )
    .is(str![[r#"
$ oc-guardian config check bundle
error[unknown-field]: "loglevel" is no field of a config bundle
 --> bundle:6:3
  |
6 |   "loglevel": "x", "colour": 1,
  |   ^^^^^^^^^^
  |
  = allowed: log_level
  = help: Did you mean log_level?

error[unknown-field]: "colour" is no field of a config bundle
 --> bundle:6:20
  |
6 |   "loglevel": "x", "colour": 1,
  |                    ^^^^^^^^
  |
  = allowed: operator_id, operator_pubkey_hex, federation_slug, attestation_post_url, log_level, scheme, directory_url, public_host, extra_ca_file, image_digest, signer_url, signer_token_file, data_dir

bundle has 2 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn wrong_types() {
    check_with("\"oc-me-v1\"", "[\"oc-me-v1\"]").is(str![[r#"
$ oc-guardian config check bundle
error[wrong-type]: federation_slug is an array, not a string
 --> bundle:4:22
  |
4 |   "federation_slug": ["oc-me-v1"],
  |                      ^^^^^^^^^^^^
  |
  = allowed: a string: 1 to 64 of a-z 0-9 -

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn missing_fields() {
    let home = Home::with_identity();
    home.write("bundle", "{}");
    home.run(&["config", "check", "bundle"]).is(str![[r#"
$ oc-guardian config check bundle
error[missing-field]: operator_id is missing
 --> bundle:1:2
  |
1 | {}
  |  ^
  |
  = allowed: op- and 32 digits 0-9 a-f
  = help: Operator id: op- and the first 16 bytes of SHA-256 over the 32 raw public key bytes, in hex.

error[missing-field]: operator_pubkey_hex is missing
 --> bundle:1:2
  |
1 | {}
  |  ^
  |
  = allowed: 64 digits 0-9 a-f
  = help: Operator public key, 32 bytes in hex: x-only for bip340, RFC 8032 for ed25519.

error[missing-field]: federation_slug is missing
 --> bundle:1:2
  |
1 | {}
  |  ^
  |
  = allowed: 1 to 64 of a-z 0-9 -
  = help: Name of the federation that this guardian is a member of.

error[missing-field]: attestation_post_url is missing
 --> bundle:1:2
  |
1 | {}
  |  ^
  |
  = allowed: an https URL, or an http one to this machine (localhost, 127.x.x.x, [::1])
  = help: Where the guardian posts its signed health envelope every 60 seconds.

error[missing-field]: log_level is missing
 --> bundle:1:2
  |
1 | {}
  |  ^
  |
  = allowed: error, warn, info, debug, trace
  = help: Least severe level that the guardian logs.

bundle has 5 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn unclosed_string() {
    check_with("\"oc-me-v1\",", "\"oc-me-v1,").is(str![[r#"
$ oc-guardian config check bundle
error[syntax]: a string is not closed on its line
 --> bundle:4:22
  |
4 |   "federation_slug": "oc-me-v1,
  |                      ^^^^^^^^^^
  |
  = help: Put the closing quote where the string ends.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}
