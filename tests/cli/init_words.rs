//! Words that `init --restore` must not take. Nothing is ever stored.

use snapbox::str;

use crate::support::{ED25519_ID, Home, OPERATOR_ID, Transcript, words};

fn restore(words: impl AsRef<[u8]>, scheme: &str, id: &str) -> Transcript {
    let home = Home::new();
    home.write("pass.txt", crate::support::PASSPHRASE);
    home.write("words.txt", words);
    let arguments = format!(
        "init --restore --scheme {scheme} --from words.txt --expect-id {id} --passphrase-file pass.txt"
    );
    let run = home.run(&arguments.split(' ').collect::<Vec<_>>());
    home.assert_nothing_stored();
    run
}

#[test]
fn a_wrong_word_is_named_by_its_position() {
    let text = words()
        .replacen("abandon", "bitcoin", 12)
        .replacen("bitcoin", "abandon", 11);
    restore(text, "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: word 12 of 24 is not in the BIP-39 English word list
hint: Compare this word with your backup, letter by letter.
--- exit 1

"#]]);
}

#[test]
fn the_last_word_counts_too() {
    restore(words().replace("diesel", "diesels"), "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: word 24 of 24 is not in the BIP-39 English word list
hint: Compare this word with your backup, letter by letter.
--- exit 1

"#]]);
}

#[test]
fn twelve_words() {
    restore(&words()[8 * 12..], "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: there are 12 words, but a backup of an operator key has 24
hint: Give all 24 words in order; backups of 12 or 18 words belong to other programs.
--- exit 1

"#]]);
}

#[test]
fn a_word_too_many() {
    restore(words() + " diesel", "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: there are 25 words, but a backup of an operator key has 24
hint: Give all 24 words in order; backups of 12 or 18 words belong to other programs.
--- exit 1

"#]]);
}

#[test]
fn an_empty_file() {
    restore("\n", "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: there are 0 words, but a backup of an operator key has 24
hint: Give all 24 words in order; backups of 12 or 18 words belong to other programs.
--- exit 1

"#]]);
}

#[test]
fn two_words_that_changed_places() {
    let text = format!("diesel {}abandon", "abandon ".repeat(22));
    restore(text, "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: the words do not belong together (checksum)
hint: Compare every word and the order with your backup.
--- exit 1

"#]]);
}

#[test]
fn words_of_another_key() {
    let other = format!("{}vote", "zoo ".repeat(23));
    restore(other, "ed25519", ED25519_ID).is(str![[r#"
$ oc-guardian init --restore --scheme ed25519 --from words.txt --expect-id op-4a67330b803d5c88757afb9328615344 --passphrase-file pass.txt
--- stderr
error: this key is op-af822958f2d75afb91f8a8f4da253230, not op-4a67330b803d5c88757afb9328615344
hint: Check --scheme and that these are the right words or digits; nothing was stored.
--- exit 1

"#]]);
}

#[test]
fn the_wrong_scheme() {
    restore(words(), "ed25519", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme ed25519 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: this key is op-4a67330b803d5c88757afb9328615344, not op-132f39a98c31baaddba6525f5d43f295
hint: Check --scheme and that these are the right words or digits; nothing was stored.
--- exit 1

"#]]);
}

#[test]
fn words_that_are_no_key_of_the_scheme() {
    let zero = format!("{}art", "abandon ".repeat(23));
    restore(zero, "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: the words are no key of this scheme: the secret is zero or not below the order of secp256k1
hint: Check --scheme: these words are no key of the scheme that was given.
--- exit 1

"#]]);
}

#[test]
fn not_text() {
    restore(b"\xff\xfe\x00\x01", "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: words.txt is not UTF-8 text
hint: Name the file that holds the words or the hex digits.
--- exit 1

"#]]);
}

#[test]
fn far_too_large() {
    restore("abandon ".repeat(1000), "bip340", OPERATOR_ID).is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --expect-id op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: words.txt is larger than 4096 bytes
hint: Check that this is the right file: a genuine one is far smaller.
--- exit 1

"#]]);
}

#[test]
fn nobody_to_confirm_the_id() {
    let home = Home::new();
    home.write("words.txt", words());
    home.run_line("init --restore --scheme bip340 --from words.txt")
        .is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt
--- stderr
error: nobody can be asked (no terminal, or --no-input): This bip340 key is op-132f39a98c31baaddba6525f5d43f295. Is that your operator id?
hint: Answer with --expect-id ID (or --yes).
--- exit 2

"#]]);
    home.assert_nothing_stored();
}

#[test]
fn as_json() {
    let home = Home::new();
    home.write("words.txt", words().replace("diesel", "diesels"));
    home.run_line("init --json --restore --scheme bip340 --from words.txt")
    .is(str![[r#"
$ oc-guardian init --json --restore --scheme bip340 --from words.txt
{"ok":false,"reason":"words-invalid","detail":"word 24 of 24 is not in the BIP-39 English word list","hint":"Compare this word with your backup, letter by letter."}
--- exit 1

"#]]);
}
