//! An `operator.json` that cannot be trusted.

use snapbox::str;

use crate::support::{Home, IDENTITY, KEY_FILE, OPERATOR_ID, Transcript};

fn show(home: &Home) -> Transcript {
    home.run(&["key", "show"])
}

fn show_with(from: &str, to: &str) -> Transcript {
    let home = Home::with_identity();
    let text = home.text(IDENTITY);
    assert!(text.contains(from), "{text}");
    home.write(IDENTITY, text.replacen(from, to, 1));
    show(&home)
}

#[test]
fn cut_off() {
    let home = Home::with_identity();
    home.write(IDENTITY, &home.text(IDENTITY)[..100]);
    show(&home).is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: EOF while parsing a string at line 5 column 4
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
    home.run(&["key", "show", "--json"]).is(str![[r#"
$ oc-guardian key show --json
{"ok":false,"reason":"identity-invalid","detail":"the operator identity [DIR]/home/config/operator.json is not valid: EOF while parsing a string at line 5 column 4","hint":"Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words."}
--- exit 1

"#]]);
}

#[test]
fn empty() {
    let home = Home::with_identity();
    home.write(IDENTITY, "");
    show(&home).is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: EOF while parsing a value at line 1 column 0
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
}

#[test]
fn of_a_later_release() {
    show_with("\"version\": 1", "\"version\": 2").is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: it has version 2, and this release reads version 1
hint: Install the release of oc-guardian that wrote it, or a later one.
--- exit 1

"#]]);
}

#[test]
fn with_an_id_that_is_not_of_its_key() {
    show_with(OPERATOR_ID, crate::support::ED25519_ID).is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: its operator_id is op-4a67330b803d5c88757afb9328615344, but its public key has op-132f39a98c31baaddba6525f5d43f295
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
}

#[test]
fn with_a_key_of_another_scheme() {
    show_with("bip340", "ed25519").is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: the public key is not a point of ed25519
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
}

#[test]
fn with_a_doubled_field() {
    show_with("\"origin\"", "\"scheme\": \"bip340\",\n  \"origin\"").is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: duplicate field `scheme` at line 10 column 10
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
}

#[test]
fn with_an_unknown_field() {
    show_with("\"origin\"", "\"origins\"").is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: unknown field `origins`, expected one of `version`, `scheme`, `operator_id`, `operator_pubkey_hex`, `keystore`, `origin`, `exported`, `created_at` at line 10 column 11
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
}

#[test]
fn too_large() {
    let home = Home::with_identity();
    home.write(IDENTITY, home.text(IDENTITY) + &" ".repeat(4096));
    show(&home).is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: it is larger than 4096 bytes
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
}

#[test]
fn a_folder() {
    let home = Home::new();
    std::fs::create_dir_all(home.path(IDENTITY)).unwrap();
    show(&home).is(str![[r#"
$ oc-guardian key show
--- stderr
error: [DIR]/home/config/operator.json is not a regular file
hint: Put a regular file there, or name another one.
--- exit 1

"#]]);
}

#[test]
fn a_damaged_one_is_not_overwritten() {
    let home = Home::with_identity();
    home.write(IDENTITY, "{}");
    home.write("words.txt", crate::support::words());
    home.run_line("init --restore --scheme bip340 --from words.txt --yes --passphrase-file pass.txt")
    .is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from words.txt --yes --passphrase-file pass.txt
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: missing field `version` at line 1 column 2
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
    assert_eq!(home.text(IDENTITY), "{}");
}

#[test]
fn what_it_holds_cannot_draw_on_the_terminal() {
    show_with("\"origin\"", "\"\\u001b[2J\\u202eorigin\"").is(str![[r#"
$ oc-guardian key show
--- stderr
error: the operator identity [DIR]/home/config/operator.json is not valid: unknown field `\u{1b}[2J\u{202e}origin`, expected one of `version`, `scheme`, `operator_id`, `operator_pubkey_hex`, `keystore`, `origin`, `exported`, `created_at` at line 10 column 25
hint: Restore it from a backup, or move it and the key file away and run `oc-guardian init --restore --scheme SCHEME` with the 24 words.
--- exit 1

"#]]);
}

#[test]
fn a_damaged_journal_stops_everything_that_writes() {
    let home = Home::with_identity();
    home.write("home/config/operator.pending.json", "{");
    home.run(&["key", "change-passphrase", "--passphrase-file", "pass.txt"])
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt
--- stderr
error: the journal of an interrupted change, [DIR]/home/config/operator.pending.json, is not valid: EOF while parsing an object at line 1 column 1
hint: Look at it, then move it away: [DIR]/home/config/operator.pending.json. If the key file is missing after that, a hidden file ending in .age.tmp in its folder is it: rename it.
--- exit 1

"#]]);
}

#[test]
fn without_its_journal_a_staged_key_is_not_swept_away() {
    let home = Home::with_identity();
    let staged = KEY_FILE.replace("op-", ".oc-guardian-op-") + ".tmp";
    std::fs::rename(home.path(KEY_FILE), home.path(&staged)).unwrap();
    home.run(&["key", "change-passphrase", "--passphrase-file", "pass.txt"])
        .exits(1);
    assert!(home.path(&staged).exists(), "the only copy of the key is gone");
}
