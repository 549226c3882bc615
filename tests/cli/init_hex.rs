//! Hex digits that `init --import-hex` must not take. Nothing is ever stored.

use snapbox::str;

use crate::support::{Home, OPERATOR_ID, PASSPHRASE, SECRET_HEX, Transcript, words};

fn import(digits: impl AsRef<[u8]>, id: &str) -> Transcript {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    home.write("key.hex", digits);
    let arguments = format!(
        "init --import-hex --scheme bip340 --from key.hex --expect-id {id} --passphrase-file pass.txt"
    );
    let run = home.run(&arguments.split(' ').collect::<Vec<_>>());
    home.assert_nothing_stored();
    run
}

#[test]
fn a_digit_too_few() {
    import(&SECRET_HEX[1..], OPERATOR_ID).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: the secret is not 64 lower-case hex digits
hint: Give the 64 characters 0-9 and a-f (lower case) that the portal exported, and nothing else.
--- exit 1

"#]]);
}

#[test]
fn upper_case() {
    import(SECRET_HEX.replacen("00", "AB", 1), OPERATOR_ID).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: the secret is not 64 lower-case hex digits
hint: Give the 64 characters 0-9 and a-f (lower case) that the portal exported, and nothing else.
--- exit 1

"#]]);
}

#[test]
fn words_where_hex_belongs() {
    import(words(), OPERATOR_ID).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: the secret is not 64 lower-case hex digits
hint: Give the 64 characters 0-9 and a-f (lower case) that the portal exported, and nothing else.
--- exit 1

"#]]);
}

#[test]
fn zero() {
    import("0".repeat(64), OPERATOR_ID).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: the secret is zero or not below the order of secp256k1
hint: Check --scheme: these bytes are no key of the scheme that was given.
--- exit 1

"#]]);
}

#[test]
fn another_key() {
    import(SECRET_HEX.replace('1', "2"), OPERATOR_ID).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: this key is op-0135da2f8acf7b9e3090939432e47684, not op-132f39a98c31baaddba6525f5d43f295
hint: Check --scheme and that these are the right words or digits; nothing was stored.
--- exit 1

"#]]);
}

#[test]
fn an_id_that_is_none() {
    import(SECRET_HEX, "op-132f39a98c31baad").is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --expect-id op-132f39a98c31baad --passphrase-file pass.txt
--- stderr
error: invalid value 'op-132f39a98c31baad' for '--expect-id <ID>': not an operator id (wanted: op- and 32 lower-case hex digits)

For more information, try '--help'.
--- exit 2

"#]]);
}
