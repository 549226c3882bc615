//! Where the files of an identity are looked for, and what their folders must be like.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use snapbox::str;

use crate::support::{Home, PASSPHRASE, needs, starts};

#[test]
fn without_a_home_folder_needs_setpriv() {
    if !needs("SETPRIV", "setpriv as root", || {
        starts("setpriv", "--version") && rustix::process::geteuid().is_root()
    }) {
        return;
    }
    // A user without an entry in passwd, and no environment.
    let home = Home::new();
    let program = home.path("oc-guardian");
    std::fs::copy(env!("CARGO_BIN_EXE_oc-guardian"), &program).unwrap();
    home.chmod("", 0o755);
    home.chmod("oc-guardian", 0o755);
    for flags in [&["key", "show"][..], &["key", "show", "--json"]] {
        let output = Command::new("setpriv")
            .args(["--reuid", "54321", "--clear-groups"])
            .arg(&program)
            .args(flags)
            .env_clear()
            .current_dir("/")
            .output()
            .unwrap();
        let run = home.transcript(flags, &output);
        match flags.len() {
            2 => run.is(str![[r#"
$ oc-guardian key show
--- stderr
error: this user has no home folder
hint: Set HOME, or OC_GUARDIAN_HOME to a folder of your own.
--- exit 1

"#]]),
            _ => run.is(str![[r#"
$ oc-guardian key show --json
{"ok":false,"reason":"no-home","detail":"this user has no home folder","hint":"Set HOME, or OC_GUARDIAN_HOME to a folder of your own."}
--- exit 1

"#]]),
        }
    }
}

#[test]
fn a_folder_that_others_may_read() {
    let home = Home::with_identity();
    home.chmod("home/config", 0o755);
    home.run(&["key", "change-passphrase", "--passphrase-file", "pass.txt"])
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt
--- stderr
error: [DIR]/home/config is private but has permissions 0755
hint: Run: chmod 700 [DIR]/home/config
--- exit 1

"#]]);
}

#[test]
fn a_file_where_a_folder_belongs() {
    let home = Home::new();
    home.write("home", "");
    home.write("pass.txt", PASSPHRASE);
    home.run_line("init --passphrase-file pass.txt --words-file w --yes")
        .is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file w --yes
--- stderr
error: cannot write [DIR]/home/config: Not a directory (os error 20)
hint: A file is in the way of a folder: look along [DIR]/home/config.
--- exit 1

"#]]);
    home.run(&["key", "show"]).is(str![[r#"
$ oc-guardian key show
--- stderr
error: there is no operator identity at [DIR]/home/config/operator.json
hint: Make one with: oc-guardian init (or, from a backup: oc-guardian init --restore --scheme SCHEME)
--- exit 1

"#]]);
}

#[test]
fn a_relative_home_means_the_present_folder() {
    let home = Home::with_identity();
    let output = home
        .command(&["key", "show", "--json"])
        .env("OC_GUARDIAN_HOME", "home")
        .output()
        .unwrap();
    let run = home.transcript(&["key", "show", "--json"], &output).exits(0);
    assert!(
        run.json()["key_file"]
            .as_str()
            .unwrap()
            .starts_with("[DIR]/home/"),
        "{}",
        run.text
    );
}

#[test]
fn without_our_variable_the_folders_are_those_of_the_system() {
    let home = Home::new();
    let arguments = ["key", "show"];
    let output = home
        .command(&arguments)
        .env_remove("OC_GUARDIAN_HOME")
        .output()
        .unwrap();
    home.transcript(&arguments, &output).is(str![[r#"
$ oc-guardian key show
--- stderr
error: there is no operator identity at [DIR]/.config/oc-guardian/operator.json
hint: Make one with: oc-guardian init (or, from a backup: oc-guardian init --restore --scheme SCHEME)
--- exit 1

"#]]);
}

#[test]
fn reading_the_identity_needs_no_writable_folder() {
    let home = Home::with_identity();
    let listed = home.tree();
    home.run(&["key", "show"]).exits(0);
    assert_eq!(home.tree(), listed);
    let mode = std::fs::metadata(home.path("home")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o700);
}

#[test]
fn a_file_of_another_user_needs_root() {
    if !needs("ROOT", "root", || rustix::process::geteuid().is_root()) {
        return;
    }
    let home = Home::with_identity();
    std::os::unix::fs::chown(home.path("pass.txt"), Some(54321), None).unwrap();
    home.run(&["key", "change-passphrase", "--passphrase-file", "pass.txt"])
        .is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt
--- stderr
error: pass.txt belongs to another user (uid 54321)
hint: Run as the owner, or copy it to a file of your own: pass.txt
--- exit 1

"#]]);
}

#[test]
fn a_systemd_credential_may_have_group_bits() {
    let home = Home::with_identity();
    home.write("credentials/passphrase", PASSPHRASE);
    home.chmod("credentials/passphrase", 0o440);
    home.write("short.txt", "short");
    let arguments = [
        "key",
        "change-passphrase",
        "--passphrase-file",
        "credentials/passphrase",
        "--new-passphrase-file",
        "short.txt",
    ];
    let absolute = home.path("credentials/passphrase");
    let arguments = arguments.map(|it| {
        if it == "credentials/passphrase" {
            absolute.to_str().unwrap()
        } else {
            it
        }
    });
    home.run(&arguments).is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file [DIR]/credentials/passphrase --new-passphrase-file short.txt
--- stderr
error: [DIR]/credentials/passphrase is private but has permissions 0440
hint: Run: chmod 600 [DIR]/credentials/passphrase
--- exit 1

"#]]);
    let output = home
        .command(&arguments)
        .env("CREDENTIALS_DIRECTORY", home.path("credentials"))
        .output()
        .unwrap();
    home.transcript(&arguments, &output).is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file [DIR]/credentials/passphrase --new-passphrase-file short.txt
--- stderr
Opening the key file
error: short.txt: the passphrase has 5 characters, fewer than 12
hint: Take at least 12 characters; five random words are better.
--- exit 1

"#]]);
}
