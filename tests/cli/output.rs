//! Where output goes, what it looks like, and what happens where it cannot go.

use std::fs::OpenOptions;
use std::process::Stdio;

use snapbox::str;

use crate::support::{Home, PASSPHRASE, SECRET_HEX, Transcript};

fn to_dev_full(home: &Home, arguments: &[&str]) -> Transcript {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = home.command(arguments).stdout(full).output().unwrap();
    home.transcript(arguments, &output)
}

#[test]
fn a_full_device_as_standard_output() {
    let home = Home::with_identity();
    to_dev_full(&home, &["key", "show"]).is(str![[r#"
$ oc-guardian key show
--- stderr
error: cannot write to standard output: No space left on device (os error 28)
hint: Check where standard output goes; the command itself was carried out.
--- exit 1

"#]]);
    to_dev_full(&home, &["key", "show", "--json"]).is(str![[r#"
$ oc-guardian key show --json
--- stderr
error: cannot write to standard output: No space left on device (os error 28)
hint: Check where standard output goes; the command itself was carried out.
--- exit 1

"#]]);
    to_dev_full(&home, &["--help"]).is(str![[r#"
$ oc-guardian --help
--- exit 1

"#]]);
}

#[test]
fn a_closed_pipe_as_standard_output_is_no_failure() {
    let home = Home::with_identity();
    for arguments in [
        &["key", "show"][..],
        &["key", "show", "--json"],
        &["man"],
        &["--help"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = home.command(arguments).stdout(writer).output().unwrap();
        let run = home.transcript(arguments, &output).exits(0);
        assert_eq!(run.stderr, "");
    }
}

#[test]
fn closed_standard_streams_do_no_harm() {
    let home = Home::with_identity();
    let closed = home.command(&["key", "show"]);
    let status = std::process::Command::new("sh")
        .args(["-c", "\"$@\" <&- >&- 2>&-", "sh"])
        .arg(closed.get_program())
        .args(closed.get_args())
        .env("OC_GUARDIAN_HOME", home.path("home"))
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(0));
}

fn import(home: &Home, flags: &[&str]) -> Transcript {
    home.write("pass.txt", PASSPHRASE);
    home.write("key.hex", SECRET_HEX);
    let arguments = [
        "init",
        "--import-hex",
        "--scheme",
        "bip340",
        "--from",
        "key.hex",
        "--passphrase-file",
        "pass.txt",
        "--yes",
    ];
    home.run(&[&arguments[..], flags].concat())
}

#[test]
fn quiet_leaves_the_result() {
    import(&Home::new(), &["--quiet"]).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --passphrase-file pass.txt --yes --quiet
The operator key is made and stored.
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age

Next: oc-guardian config gen
--- exit 0

"#]]);
}

#[test]
fn verbose() {
    import(&Home::new(), &["-v"]).is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --passphrase-file pass.txt --yes -v
The operator key is made and stored.
operator id    op-132f39a98c31baaddba6525f5d43f295
public key     79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
scheme         bip340
keystore       file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age

Next: oc-guardian config gen
--- stderr
Encrypting the key
--- exit 0

"#]]);
}

#[test]
fn colours_when_asked_for() {
    let home = Home::with_identity();
    home.run(&["key", "show", "--color", "always"]).is(str![[r#"
$ oc-guardian key show --color always
[2moperator id   [0m [36mop-132f39a98c31baaddba6525f5d43f295[0m
[2mpublic key    [0m 79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798
[2mscheme        [0m bip340
[2mkeystore      [0m file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
[2morigin        [0m imported
[2mmade          [0m [TIME]
--- exit 0

"#]]);
    home.run(&["key", "export", "--color", "always"]).is(str![[r#"
$ oc-guardian key export --color always
--- stderr
[1m[31merror:[0m the private key goes only to a terminal or to a file of its own
[1mhint:[0m Name a new file with --out FILE.
--- exit 2

"#]]);
}

#[test]
fn no_colours_into_a_pipe() {
    let home = Home::with_identity();
    for color in ["auto", "never"] {
        let run = home.run(&["key", "show", "--color", color]).exits(0);
        assert!(!run.text.contains('\x1b'), "{}", run.text);
    }
}

#[test]
fn no_colours_in_json() {
    let home = Home::with_identity();
    let run = home.run(&["key", "show", "--json", "--color", "always"]).exits(0);
    assert!(!run.text.contains('\x1b'), "{}", run.text);
}

#[test]
fn wrong_usage_in_colour_only_when_asked_for() {
    let home = Home::new();
    assert!(!home.run(&["key", "shwo"]).exits(2).text.contains('\x1b'));
    assert!(
        !home
            .run(&["key", "shwo", "--color", "never"])
            .exits(2)
            .text
            .contains('\x1b')
    );
}

#[test]
fn an_answer_that_nobody_gives_names_its_flag() {
    let home = Home::with_identity();
    home.run(&["key", "verify-backup", "--no-input"]).is(str![[r#"
$ oc-guardian key verify-backup --no-input
--- stderr
error: nobody can be asked (no terminal, or --no-input): the 24-word backup
hint: Answer with --from FILE.
--- exit 2

"#]]);
    home.run(&["key", "verify-backup", "--json"]).is(str![[r#"
$ oc-guardian key verify-backup --json
{"ok":false,"reason":"no-terminal","detail":"nobody can be asked (no terminal, or --no-input): the 24-word backup","hint":"Answer with --from FILE."}
--- exit 2

"#]]);
}

#[test]
fn standard_error_may_be_gone() {
    let home = Home::with_identity();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let status = home
        .command(&["key", "verify-backup"])
        .stdout(Stdio::null())
        .stderr(writer)
        .status()
        .unwrap();
    assert_eq!(status.code(), Some(2));
}
