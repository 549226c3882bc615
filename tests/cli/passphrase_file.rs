//! Files that passphrases and words come from.

use snapbox::str;

use crate::support::Home;

#[test]
fn a_missing_file() {
    let home = Home::with_identity();
    home.run(&[
        "key",
        "change-passphrase",
        "--passphrase-file",
        "nowhere/pass.txt",
    ])
    .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file nowhere/pass.txt
--- stderr
error: nowhere/pass.txt does not exist
hint: Check the path.
--- exit 1

"#]]);
}

#[test]
fn a_folder() {
    let home = Home::with_identity();
    home.run(&["key", "change-passphrase", "--passphrase-file", "home"])
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file home
--- stderr
error: home is not a regular file
hint: Put a regular file there, or name another one.
--- exit 1

"#]]);
}

#[test]
fn a_file_that_others_may_read() {
    let home = Home::with_identity();
    home.chmod("pass.txt", 0o644);
    home.run(&["key", "change-passphrase", "--passphrase-file", "pass.txt"])
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt
--- stderr
error: pass.txt is private but has permissions 0644
hint: Run: chmod 600 pass.txt
--- exit 1

"#]]);
}

#[test]
fn a_backup_file_that_others_may_read() {
    let home = Home::with_identity();
    home.write("my words.txt", crate::support::words());
    home.chmod("my words.txt", 0o640);
    home.run(&["key", "verify-backup", "--from", "my words.txt"])
        .is(str![[r#"
$ oc-guardian key verify-backup --from my words.txt
--- stderr
error: my words.txt is private but has permissions 0640
hint: Run: chmod 600 'my words.txt'
--- exit 1

"#]]);
}

#[test]
fn standard_input_has_one_of_them() {
    let home = Home::with_identity();
    home.run_with_input(
        &[
            "key",
            "change-passphrase",
            "--passphrase-file",
            "-",
            "--new-passphrase-file",
            "-",
        ],
        b"one\ntwo\n",
    )
    .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file - --new-passphrase-file -
--- stderr
error: --passphrase-file and --new-passphrase-file cannot both read standard input
hint: Put one of them into a file (0600).
--- exit 2

"#]]);
    home.run_with_input(
        &[
            "init",
            "--restore",
            "--scheme",
            "bip340",
            "--from",
            "-",
            "--passphrase-file",
            "-",
        ],
        b"one\ntwo\n",
    )
    .is(str![[r#"
$ oc-guardian init --restore --scheme bip340 --from - --passphrase-file -
--- stderr
error: --from and --passphrase-file cannot both read standard input
hint: Put one of them into a file (0600).
--- exit 2

"#]]);
}
