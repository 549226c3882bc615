//! No secret that is planted in a bundle gets by, and none is ever shown.

use super::config_check::GOOD;
use crate::support::{Home, SECRET_HEX, words};
use snapbox::str;

const OWN_WIF: &str = "KwDiBf89QgGbjEhKnhXJuH7LrciVrZi3qYjgd9M7rFU73sVHnoWn";
const OWN_TESTNET_WIF: &str = "91avARGdfge8E4tZfYLoxeJ5sGBdNJQH4kvjJoQFacbgwmaKkrx";
const NSEC: &str = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5";
const XPRV: &str = "xprv9s21ZrQH143K3QTDL4LXw2F7HEK3wJUD2nW2nRk4stbPy6cq3jPPqjiChkVvvNKmPGJxWUtg6LnF5kejMRNNU3TGtRBeJgk33yuGBxrMPHi";
const AGE: &str = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
const OTHER_HEX: &str = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa";
const PEM: &str = "-----BEGIN EC PRIVATE KEY-----\\nMHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY/PuoAoGCCqG\\n-----END EC PRIVATE KEY-----";

/// Text, the part of it that must never be shown, and what it is reported as.
fn planted() -> Vec<(String, String, &'static str)> {
    let twelve = "abandon ability able about above absent absorb abstract absurd abuse access accident";
    let plain = |text: &str, code| (text.to_owned(), text.to_owned(), code);
    vec![
        plain(SECRET_HEX, "own-secret"),
        plain(OWN_WIF, "own-secret"),
        plain(OWN_TESTNET_WIF, "own-secret"),
        (words(), "abandon".into(), "own-secret"),
        plain(OTHER_HEX, "secret"),
        plain(&OTHER_HEX.to_uppercase(), "secret"),
        plain(NSEC, "secret"),
        plain(XPRV, "secret"),
        plain(AGE, "secret"),
        (
            PEM.into(),
            "MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY".into(),
            "secret",
        ),
        (twelve.into(), "absorb".into(), "secret"),
        (twelve.replace(' ', "\", \""), "absorb".into(), "secret"),
    ]
}

/// Bundles with a secret in every kind of place: value, name, comment, beside other mistakes, and in broken files.
fn places(secret: &str) -> Vec<String> {
    vec![
        GOOD.replace("oc-me-v1", secret),
        GOOD.replace("\"info\"", &format!("[\"{secret}\"]")),
        GOOD.replace(
            "\"info\"",
            &format!("\"info\", \"x\": {{\"y\": [\"{secret}\"]}}, \"loglevel\": 1,"),
        ),
        GOOD.replace("\"log_level\"", &format!("\"{secret}\"")),
        GOOD.replace(
            "\"log_level\": \"info\"",
            &format!("\"{secret}\": 1, \"{secret}\": 2, x: '{secret}'"),
        ),
        GOOD.replace("op-132f39a98c31baaddba6525f5d43f295", secret),
        format!("{GOOD}// {secret} //"),
        format!("{GOOD}\n/* {secret}"),
        GOOD.replace("\"info\"", &format!("{secret} \"")),
        secret.to_owned(),
        format!("\"{secret}\""),
    ]
}

#[test]
fn no_secret_gets_by_and_none_is_shown() {
    let home = Home::with_identity();
    for (text, never, code) in planted() {
        for bundle in places(&text) {
            let run = |arguments: &[&str]| {
                let run = home.run_with_input(arguments, bundle.as_bytes());
                assert_eq!(run.code, Some(1), "{}", run.text);
                assert!(!run.text.contains(&never), "{bundle}\n{}", run.text);
                run
            };
            let json = run(&["config", "check", "-", "--json"]).json();
            assert_eq!(json["reason"], "secret-in-config", "{bundle}");
            let codes: Vec<_> = json["findings"]
                .as_array()
                .unwrap()
                .iter()
                .map(|finding| finding["code"].as_str().unwrap())
                .collect();
            assert!(codes.contains(&code), "{bundle} {codes:?}");
            run(&["config", "check", "-", "--color", "always", "-v"]);
            run(&["config", "show", "-"]);
        }
    }
}

#[test]
fn the_private_key_in_the_place_of_the_public_one() {
    let home = Home::new();
    let key = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
    home.write("bundle", GOOD.replace(key, SECRET_HEX));
    home.run(&["config", "check", "bundle", "-q"]).is(str![[r#"
$ oc-guardian config check bundle -q
error[own-secret]: operator_pubkey_hex holds the operator's PRIVATE key, not the public one
 --> bundle:3:27
  |
3 |   "operator_pubkey_hex": "••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••",
  |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: Remove it, destroy every copy of this file, and treat the key as exposed: whoever has read it signs as you. Make a new operator key (oc-guardian init, with OC_GUARDIAN_HOME set to a new folder).

bundle has 1 error.
Take the secret out and treat it as exposed: a config bundle is readable by everybody on this machine, and is mounted into the container.
--- exit 1

"#]]);
}

#[test]
fn beside_another_mistake_on_the_same_line() {
    let home = Home::with_identity();
    home.write(
        "bundle",
        GOOD.replace("\"oc-me-v1\",", &format!("'a', // {NSEC}")),
    );
    home.run(&["config", "check", "bundle"]).is(str![[r#"
$ oc-guardian config check bundle
error[single-quotes]: a string in single quotes
 --> bundle:4:22
  |
4 |   "federation_slug": 'a', // •••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••
  |                      ^^^
  |
  = help: Use double quotes.

error[comment]: a comment: JSON has none
 --> bundle:4:27
  |
4 |   "federation_slug": 'a', // •••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••
  |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: Remove it; `oc-guardian config schema` describes the fields.

error[secret]: this is a Nostr private key (nsec1…)
 --> bundle:4:30
  |
4 |   "federation_slug": 'a', // •••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••••
  |                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
  |
  = help: Take it out, and treat it as exposed: whoever reads the file or a backup of it has it.

bundle has 3 errors.
Take the secret out and treat it as exposed: a config bundle is readable by everybody on this machine, and is mounted into the container.
--- exit 1

"#]]);
}
