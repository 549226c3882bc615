//! Command lines that mean nothing: exit code 2, and JSON where that was asked for.

use snapbox::str;

use crate::support::{Home, Transcript};

fn run(line: &str) -> Transcript {
    Home::new().run(&line.split(' ').collect::<Vec<_>>())
}

#[test]
fn an_unknown_option() {
    run("init --sheme bip340").is(str![[r#"
$ oc-guardian init --sheme bip340
--- stderr
error: unexpected argument '--sheme' found

  tip: a similar argument exists: '--scheme'

Usage: oc-guardian init --scheme <SCHEME>

For more information, try '--help'.
--- exit 2

"#]]);
    run("init --sheme bip340 --json").is(str![[r#"
$ oc-guardian init --sheme bip340 --json
{"ok":false,"reason":"usage","detail":"unexpected argument '--sheme' found","hint":"Run the command with --help for its options and examples."}
--- exit 2

"#]]);
}

#[test]
fn an_unknown_verb() {
    run("key exprot").is(str![[r#"
$ oc-guardian key exprot
--- stderr
error: unrecognized subcommand 'exprot'

  tip: a similar subcommand exists: 'export'

Usage: oc-guardian key [OPTIONS] <COMMAND>

For more information, try '--help'.
--- exit 2

"#]]);
    run("--json key exprot").is(str![[r#"
$ oc-guardian --json key exprot
{"ok":false,"reason":"usage","detail":"unrecognized subcommand 'exprot'","hint":"Run the command with --help for its options and examples."}
--- exit 2

"#]]);
}

#[test]
fn an_unknown_scheme() {
    run("init --scheme rsa").is(str![[r#"
$ oc-guardian init --scheme rsa
--- stderr
error: invalid value 'rsa' for '--scheme <SCHEME>': unknown scheme (allowed: bip340, ed25519)

For more information, try '--help'.
--- exit 2

"#]]);
    run("init --scheme rsa --json").is(str![[r#"
$ oc-guardian init --scheme rsa --json
{"ok":false,"reason":"usage","detail":"invalid value 'rsa' for '--scheme <SCHEME>': unknown scheme (allowed: bip340, ed25519)","hint":"Run the command with --help for its options and examples."}
--- exit 2

"#]]);
}

#[test]
fn restoring_without_a_scheme() {
    run("init --restore").is(str![[r#"
$ oc-guardian init --restore
--- stderr
error: the following required arguments were not provided:
  --scheme <SCHEME>

Usage: oc-guardian init --scheme <SCHEME> --restore

For more information, try '--help'.
--- exit 2

"#]]);
    run("init --restore --json").is(str![[r#"
$ oc-guardian init --restore --json
{"ok":false,"reason":"usage","detail":"the following required arguments were not provided: --scheme <SCHEME>","hint":"Run the command with --help for its options and examples."}
--- exit 2

"#]]);
}

#[test]
fn options_that_exclude_each_other() {
    run("init --restore --import-hex --scheme bip340").is(str![[r#"
$ oc-guardian init --restore --import-hex --scheme bip340
--- stderr
error: the argument '--restore' cannot be used with '--import-hex'

Usage: oc-guardian init --restore --scheme <SCHEME>

For more information, try '--help'.
--- exit 2

"#]]);
    run("init --import-hex --scheme bip340 --words-file w --json").is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --words-file w --json
{"ok":false,"reason":"usage","detail":"the argument '--words-file <FILE>' cannot be used with: --restore --import-hex","hint":"Run the command with --help for its options and examples."}
--- exit 2

"#]]);
    run("key show -q -v").is(str![[r#"
$ oc-guardian key show -q -v
--- stderr
error: the argument '--quiet' cannot be used with '--verbose'

Usage: oc-guardian key show --quiet

For more information, try '--help'.
--- exit 2

"#]]);
}

#[test]
fn no_verb() {
    run("--json").is(str![[r#"
$ oc-guardian --json
{"ok":false,"reason":"usage","detail":"'oc-guardian' requires a subcommand but one was not provided [subcommands: init, key, config, verify, trust, run, upgrade, rollback, stop, logs, uninstall, federation, charter, guardian, sign, policy, audit, status, portal, incident, devnet, completions, man]","hint":"Run the command with --help for its options and examples."}
--- exit 2

"#]]);
    run("key --json").is(str![[r#"
$ oc-guardian key --json
{"ok":false,"reason":"usage","detail":"'oc-guardian key' requires a subcommand but one was not provided [subcommands: show, verify-backup, change-passphrase, migrate, export]","hint":"Run the command with --help for its options and examples."}
--- exit 2

"#]]);
    run("key").exits(2);
}

#[test]
fn json_after_two_dashes_is_no_option() {
    run("key show -- --json").is(str![[r#"
$ oc-guardian key show -- --json
--- stderr
error: unexpected argument '--json' found

Usage: oc-guardian key show [OPTIONS]

For more information, try '--help'.
--- exit 2

"#]]);
}

#[test]
fn help_and_version_go_to_standard_output() {
    let version = run("--version").exits(0);
    assert!(version.stdout.starts_with("oc-guardian ") && version.stderr.is_empty());
    for line in ["--help", "init --help", "key --help", "key export -h"] {
        let help = run(line).exits(0);
        assert!(
            help.stdout.contains("Usage:") && help.stderr.is_empty(),
            "{}",
            help.text
        );
    }
}
