//! Passphrases and the files they come from.

use snapbox::str;

use crate::support::{Home, KEY_FILE, PASSPHRASE, Transcript, decrypted, payload};

fn init_with(passphrase: impl AsRef<[u8]>) -> Transcript {
    let home = Home::new();
    home.write("pass.txt", passphrase);
    let run = home.run_line("init --passphrase-file pass.txt --words-file words.txt --yes -q");
    home.assert_nothing_stored();
    run
}

#[test]
fn too_short() {
    init_with("eleven char").is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes -q
--- stderr
error: pass.txt: the passphrase has 11 characters, fewer than 12
hint: Take at least 12 characters; five random words are better.
--- exit 1

"#]]);
}

#[test]
fn empty() {
    init_with("\n").is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes -q
--- stderr
error: pass.txt: the passphrase is empty
hint: A passphrase is one line of at most 1024 bytes of UTF-8.
--- exit 1

"#]]);
}

#[test]
fn two_lines() {
    init_with("correct horse\nbattery staple\n").is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes -q
--- stderr
error: pass.txt: the passphrase has a control character or a second line
hint: A passphrase is one line of at most 1024 bytes of UTF-8.
--- exit 1

"#]]);
}

#[test]
fn not_utf8() {
    init_with(b"correct horse \xff").is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes -q
--- stderr
error: pass.txt: the passphrase is not UTF-8
hint: A passphrase is one line of at most 1024 bytes of UTF-8.
--- exit 1

"#]]);
}

#[test]
fn too_long() {
    init_with("x".repeat(1025)).is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes -q
--- stderr
error: pass.txt: the passphrase is longer than 1024 bytes
hint: A passphrase is one line of at most 1024 bytes of UTF-8.
--- exit 1

"#]]);
}

#[test]
fn wrong() {
    let home = Home::with_identity();
    home.write("pass.txt", "battery horse correct");
    home.write("new.txt", "twelve letters");
    let change = [
        "key",
        "change-passphrase",
        "--passphrase-file",
        "pass.txt",
        "--new-passphrase-file",
        "new.txt",
    ];
    home.run(&change).is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: wrong passphrase
hint: Try again. If the passphrase is lost, restore the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).
--- exit 1

"#]]);
    home.run(&[&change[..], &["--json"]].concat()).is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt --json
{"ok":false,"reason":"wrong-passphrase","detail":"the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: wrong passphrase","hint":"Try again. If the passphrase is lost, restore the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME)."}
--- stderr
Opening the key file
--- exit 1

"#]]);
    assert_eq!(decrypted(&home.read(KEY_FILE), PASSPHRASE), Some(payload()));
}

#[test]
fn changed() {
    let home = Home::with_identity();
    home.write("new.txt", "twelve letters");
    home.run_line("key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt")
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt
The passphrase of op-132f39a98c31baaddba6525f5d43f295 is changed.
Copies of the key file made before now still open with the old passphrase: destroy them.
--- stderr
Opening the key file
Encrypting the key
--- exit 0

"#]]);
    assert_eq!(decrypted(&home.read(KEY_FILE), "twelve letters"), Some(payload()));
    assert_eq!(home.mode(KEY_FILE), 0o600);
    home.write(KEY_FILE, crate::support::encrypted(&payload(), PASSPHRASE, 2));
    home.run_with_input(
        &[
            "key",
            "change-passphrase",
            "--json",
            "--passphrase-file",
            "-",
            "--new-passphrase-file",
            "new.txt",
        ],
        PASSPHRASE.as_bytes(),
    )
    .is(str![[r#"
$ oc-guardian key change-passphrase --json --passphrase-file - --new-passphrase-file new.txt
{"ok":true,"operator_id":"op-132f39a98c31baaddba6525f5d43f295"}
--- stderr
Opening the key file
Encrypting the key
--- exit 0

"#]]);
}

#[test]
fn a_weak_new_one_changes_nothing() {
    let home = Home::with_identity();
    home.write("new.txt", "short");
    let before = home.read(KEY_FILE);
    home.run_line("key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt")
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt
--- stderr
Opening the key file
error: new.txt: the passphrase has 5 characters, fewer than 12
hint: Take at least 12 characters; five random words are better.
--- exit 1

"#]]);
    assert_eq!(home.read(KEY_FILE), before);
}

#[test]
fn nobody_to_ask() {
    let home = Home::with_identity();
    home.run(&["key", "change-passphrase"]).is(str![[r#"
$ oc-guardian key change-passphrase
--- stderr
error: nobody can be asked (no terminal, or --no-input): Passphrase of the key file
hint: Answer with --passphrase-file FILE.
--- exit 2

"#]]);
    home.run(&["key", "change-passphrase", "--passphrase-file", "pass.txt"])
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt
--- stderr
Opening the key file
error: nobody can be asked (no terminal, or --no-input): New passphrase for the key file
hint: Answer with --new-passphrase-file FILE.
--- exit 2

"#]]);
}
