//! The values of a bundle: each by itself, together, and beside the identity of the machine.

use snapbox::str;

use super::config_check::{GOOD, check_with};
use crate::support::Home;

#[test]
fn bad_slug() {
    check_with("oc-me-v1", "oc_me_v1").is(str![[r#"
$ oc-guardian config check bundle
error[bad-value]: federation_slug has '_' in it
 --> bundle:4:22
  |
4 |   "federation_slug": "oc_me_v1",
  |                      ^^^^^^^^^^
  |
  = allowed: 1 to 64 of a-z 0-9 -

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn bad_log_level() {
    check_with("\"info\"", "\"warning\"").is(str![[r#"
$ oc-guardian config check bundle
error[bad-value]: log_level is not one of the known values
 --> bundle:6:16
  |
6 |   "log_level": "warning"
  |                ^^^^^^^^^
  |
  = allowed: error, warn, info, debug, trace
  = help: Did you mean warn?

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn unprotected_url() {
    check_with("https://me", "http://me").is(str![[r#"
$ oc-guardian config check bundle
error[bad-value]: attestation_post_url is http, and would be sent unprotected to another machine
 --> bundle:5:27
  |
5 |   "attestation_post_url": "http://me.ochk.io/api/operator/attestation",
  |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: an https URL, or an http one to this machine (localhost, 127.x.x.x, [::1])

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn wrong_id() {
    check_with("op-132f", "op-232f").is(str![[r#"
$ oc-guardian config check bundle
error[id-mismatch]: operator_id is not the id of operator_pubkey_hex
 --> bundle:2:18
  |
2 |   "operator_id": "op-232f39a98c31baaddba6525f5d43f295",
  |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: op-132f39a98c31baaddba6525f5d43f295
  = help: The id of this key is op-132f39a98c31baaddba6525f5d43f295: one of the two is wrong.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn short_id() {
    check_with("op-132f39a98c31baaddba6525f5d43f295", "op-132f39a98c31baad").is(str![[r#"
$ oc-guardian config check bundle
note[short-id]: operator_id is in the 8-byte short form that some public pages show
 --> bundle:2:18
  |
2 |   "operator_id": "op-132f39a98c31baad",
  |                  ^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: op-132f39a98c31baaddba6525f5d43f295
  = help: It stands for op-132f39a98c31baaddba6525f5d43f295.

bundle is a good config bundle (1 note).

Next: oc-guardian status
--- exit 0

"#]]);
}

#[test]
fn compressed_key() {
    check_with("79be667e", "0279be667e").is(str![[r#"
$ oc-guardian config check bundle
error[bad-value]: operator_pubkey_hex is a compressed key of 33 bytes: leave its first two digits out
 --> bundle:3:26
  |
3 |   "operator_pubkey_hex": "••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••",
  |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: 64 digits 0-9 a-f

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn not_a_key() {
    check_with(
        "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
        "0000000000000000000000000000000000000000000000000000000000000005",
    )
    .is(str![[r#"
$ oc-guardian config check bundle
error[not-a-key]: operator_pubkey_hex: the public key is not a point of bip340
 --> bundle:3:26
  |
3 |   "operator_pubkey_hex": "0000000000000000000000000000000000000000000000000000000000000005",
  |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: a public key of bip340
  = help: The public key of this machine's identity is 79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn another_operators_bundle() {
    let home = Home::with_identity();
    home.write(
        "bundle",
        GOOD.replace(
            "op-132f39a98c31baaddba6525f5d43f295",
            "op-4a67330b803d5c88757afb9328615344",
        )
        .replace(
            "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
            "4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29",
        )
        .replace("\"info\"", "\"info\",\n  \"scheme\": \"ed25519\""),
    );
    home.run(&["config", "check", "bundle"]).is(str![[r#"
$ oc-guardian config check bundle
error[identity-mismatch]: operator_pubkey_hex is 4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29, but this machine's identity has 79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
 --> bundle:3:26
  |
3 |   "operator_pubkey_hex": "4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29",
  |                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: 79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
  = help: Write the bundle anew with `oc-guardian config gen --force`, or use the identity it belongs to.

error[identity-mismatch]: scheme is ed25519, but this machine's identity has bip340
 --> bundle:7:13
  |
7 |   "scheme": "ed25519"
  |             ^^^^^^^^^
  |
  = allowed: bip340
  = help: Write the bundle anew with `oc-guardian config gen --force`, or use the identity it belongs to.

bundle has 2 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn without_an_identity_it_is_not_compared() {
    let home = Home::new();
    home.write("bundle", GOOD);
    home.run(&["config", "check", "bundle"]).is(str![[r#"
$ oc-guardian config check bundle
bundle is a good config bundle (no errors).

Next: oc-guardian status
--- stderr
There is no operator identity here, so the bundle was not compared with one.
--- exit 0

"#]]);
    let json = home.run(&["config", "check", "bundle", "--json"]).json();
    assert_eq!(json["compared_with"], serde_json::Value::Null);
}

#[test]
fn a_long_line_is_cut_and_control_characters_do_nothing() {
    let before = "x".repeat(300);
    check_with(
        "\"info\"",
        &format!("\"info\", \"{before}\": \"\u{1b}[2J\u{202e}\u{9b}31m{before}\""),
    )
    .is(str![[r#"
$ oc-guardian config check bundle
error[unknown-field]: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… is no field of a config bundle
 --> bundle:6:24
  |
 ::: 
6 |   "log_level": "info", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
  |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: operator_id, operator_pubkey_hex, federation_slug, attestation_post_url, log_level, scheme, directory_url, public_host, extra_ca_file, image_digest, signer_url, signer_token_file, data_dir

error[bad-string]: a string with an escape, a line break or a control character that JSON does not have
 --> bundle:6:328
  |
 ::: 
6 | …xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": "�[2J��31mxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…
  |                                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = allowed: the escapes \" \\ \/ \b \f \n \r \t \uXXXX

bundle has 2 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}
