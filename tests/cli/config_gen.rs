use std::fs;
use std::os::unix::fs::PermissionsExt;

use snapbox::str;

use crate::support::{Home, exists};

const GEN: [&str; 4] = ["config", "gen", "--federation", "oc-me-v1"];

fn generate(home: &Home, more: &[&str]) -> crate::support::Transcript {
    home.run(&[&GEN, more].concat())
}

#[test]
fn writes_the_five_fields_and_says_where() {
    let home = Home::with_identity();
    generate(&home, &[]).is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1
The config bundle is written.
file           [DIR]/home/config/oc-guardian.config
secrets        none in it: it may be copied and mounted as it is

Next: oc-guardian config check
--- exit 0

"#]]);
    let path = home.path("home/config/oc-guardian.config");
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\n  \"operator_id\": \"op-132f39a98c31baaddba6525f5d43f295\",\n  \
         \"operator_pubkey_hex\": \"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798\",\n  \
         \"federation_slug\": \"oc-me-v1\",\n  \
         \"attestation_post_url\": \"https://me.ochk.io/api/operator/attestation\",\n  \
         \"log_level\": \"info\"\n}\n"
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o644);
    assert_eq!(home.run(&["config", "check"]).code, Some(0));
}

#[test]
fn the_same_again_changes_nothing() {
    let home = Home::with_identity();
    generate(&home, &[]);
    generate(&home, &[]).is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1
The config bundle is there already, unchanged.
file           [DIR]/home/config/oc-guardian.config
secrets        none in it: it may be copied and mounted as it is

Next: oc-guardian config check
--- exit 0

"#]]);
    let json = generate(&home, &["--json"]).json();
    assert_eq!((&json["ok"], &json["changed"]), (&true.into(), &false.into()));
}

#[test]
fn a_different_one_is_replaced_only_by_force() {
    let home = Home::with_identity();
    let path = home.path("home/config/oc-guardian.config");
    generate(&home, &[]);
    let before = fs::read(&path).unwrap();
    generate(&home, &["--log-level", "debug"]).is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1 --log-level debug
--- stderr
error: [DIR]/home/config/oc-guardian.config exists already, and differs
hint: Replace it with --force, or name another file with --out PATH.
--- exit 1

"#]]);
    assert_eq!(fs::read(&path).unwrap(), before);
    let forced = generate(&home, &["--log-level", "debug", "--force", "--json"]);
    forced.is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1 --log-level debug --force --json
{"ok":true,"path":"[DIR]/home/config/oc-guardian.config","changed":true,"bundle":{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","operator_pubkey_hex":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","federation_slug":"oc-me-v1","attestation_post_url":"https://me.ochk.io/api/operator/attestation","log_level":"debug"},"next":"oc-guardian config check"}
--- exit 0

"#]]);
    assert_eq!(
        forced.json()["bundle"],
        serde_json::from_slice::<serde_json::Value>(&fs::read(&path).unwrap()).unwrap()
    );
}

#[test]
fn without_a_terminal_the_federation_must_be_given() {
    Home::with_identity().run(&["config", "gen"]).is(str![[r#"
$ oc-guardian config gen
--- stderr
error: nobody can be asked (no terminal, or --no-input): Name of the federation
hint: Answer with --federation SLUG.
--- exit 2

"#]]);
}

#[test]
fn at_a_terminal_the_federation_is_asked_for() {
    let home = Home::with_identity();
    let mut command = home.command(&["config", "gen"]);
    command.env("TERM", "xterm").stdin(std::process::Stdio::inherit());
    let mut session = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
    session.exp_string("Name of the federation").unwrap();
    session.send_line("Not A Slug").unwrap();
    session.exp_string("1 to 64 of a-z 0-9 -").unwrap();
    session.exp_string("oc-me-v1").unwrap();
    session.send_line("").unwrap();
    session.exp_string("The config bundle is written.").unwrap();
    session.exp_eof().unwrap();
    assert!(exists(&home.path("home/config/oc-guardian.config")));
}

#[test]
fn to_standard_output_goes_the_bundle_and_nothing_else() {
    let home = Home::with_identity();
    let printed = generate(
        &home,
        &["--out", "-", "--data-dir", "/data", "--log-level", "info"],
    );
    printed.is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1 --out - --data-dir /data --log-level info
{
  "operator_id": "op-132f39a98c31baaddba6525f5d43f295",
  "operator_pubkey_hex": "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
  "federation_slug": "oc-me-v1",
  "attestation_post_url": "https://me.ochk.io/api/operator/attestation",
  "log_level": "info",
  "data_dir": "/data"
}
--- exit 0

"#]]);
    assert!(!exists(&home.path("home/config/oc-guardian.config")));
    let checked = home.run_with_input(&["config", "check", "-"], printed.stdout.as_bytes());
    assert_eq!(checked.code, Some(0), "{}", checked.text);
}

#[test]
fn every_optional_field_has_its_flag() {
    let home = Home::with_identity();
    let digest = format!("sha256:{}", "0f".repeat(32));
    let flags = [
        ("--attestation-url", "https://portal.example/a"),
        ("--directory-url", "https://portal.example/d"),
        ("--public-host", "guardian.example"),
        ("--extra-ca-file", "/ca.pem"),
        ("--image-digest", &digest),
        ("--signer-url", "http://127.0.0.1:9100"),
        ("--signer-token-file", "/token"),
        ("--data-dir", "/data"),
        ("--out", "my bundle"),
    ];
    let arguments: Vec<&str> = flags.iter().flat_map(|(flag, value)| [*flag, *value]).collect();
    generate(&home, &arguments).is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1 --attestation-url https://portal.example/a --directory-url https://portal.example/d --public-host guardian.example --extra-ca-file /ca.pem --image-digest sha256:0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f0f --signer-url http://127.0.0.1:9100 --signer-token-file /token --data-dir /data --out my bundle
The config bundle is written.
file           my bundle
secrets        none in it: it may be copied and mounted as it is

Next: oc-guardian config check 'my bundle'
--- exit 0

"#]]);
    let json = home.run(&["config", "check", "my bundle", "--json"]).json();
    assert_eq!(json["findings"], serde_json::json!([]));
}

#[test]
fn a_bad_value_is_wrong_usage_and_names_its_flag() {
    let home = Home::with_identity();
    home.run(&[
        "config",
        "gen",
        "--federation",
        "My Fed",
        "--log-level",
        "verbose",
        "--data-dir",
        "data",
    ])
    .is(str![[r#"
$ oc-guardian config gen --federation My Fed --log-level verbose --data-dir data
--- stderr
error: --federation: federation_slug has 'M' in it; --log-level: log_level is not one of the known values; --data-dir: data_dir is not an absolute path
hint: Give 1 to 64 of a-z 0-9 -.
--- exit 2

"#]]);
    for (flag, value) in [
        ("--attestation-url", "http://me.ochk.io/"),
        ("--attestation-url", "https://user:pw@me.ochk.io/"),
        ("--directory-url", "me.ochk.io"),
        ("--public-host", "guardian.example:9001"),
        ("--extra-ca-file", "ca.pem"),
        ("--image-digest", "latest"),
        ("--signer-url", "http://10.0.0.1:9100"),
        ("--signer-token-file", "/token"),
    ] {
        let refused = generate(&home, &[flag, value]);
        assert_eq!(refused.code, Some(2), "{}", refused.text);
        assert!(refused.stderr.contains(flag), "{}", refused.text);
    }
    generate(&home, &["--signer-url", "http://127.0.0.1:9100"]).is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1 --signer-url http://127.0.0.1:9100
--- stderr
error: --signer-token-file: a signing server on http needs signer_token_file
hint: Name the file with its access token, or use a Unix socket (unix:/PATH).
--- exit 2

"#]]);
    assert!(!exists(&home.path("home/config/oc-guardian.config")));
}

#[test]
fn a_secret_in_a_flag_is_refused_and_not_repeated() {
    let home = Home::with_identity();
    let refused = generate(&home, &["--public-host", crate::support::SECRET_HEX, "--json"]);
    assert_eq!(refused.code, Some(2));
    assert_eq!(refused.json()["reason"], "secret-in-config");
    assert!(
        !refused.stdout.contains(crate::support::SECRET_HEX),
        "{}",
        refused.stdout
    );
}

#[test]
fn without_an_identity_there_is_nothing_to_write() {
    generate(&Home::new(), &[]).is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1
--- stderr
error: there is no operator identity at [DIR]/home/config/operator.json
hint: Make one with: oc-guardian init (or, from a backup: oc-guardian init --restore --scheme SCHEME)
--- exit 1

"#]]);
}

#[test]
fn where_nothing_can_be_written_it_says_so() {
    let home = Home::with_identity();
    let refused = generate(&home, &["--out", "no/such/folder/bundle"]);
    assert_eq!(refused.code, Some(1));
    assert!(
        refused.stderr.contains("cannot write no/such/folder/bundle"),
        "{}",
        refused.text
    );
    assert!(
        refused.stderr.ends_with("hint: Make the folder first.\n"),
        "{}",
        refused.text
    );
    fs::create_dir(home.path("folder")).unwrap();
    generate(&home, &["--out", "folder"]).is(str![[r#"
$ oc-guardian config gen --federation oc-me-v1 --out folder
--- stderr
error: folder is not a regular file
hint: Put a regular file there, or name another one.
--- exit 1

"#]]);
    // Not even root writes here.
    let refused = generate(&home, &["--out", "/sys/bundle", "--json"]);
    assert_eq!(refused.json()["reason"], "write-failed");
    assert_eq!(refused.code, Some(1));
}

#[test]
fn an_ed25519_identity_has_its_scheme_in_the_bundle() {
    let home = Home::new();
    home.write("home/config/operator.json", ED25519);
    home.run(&["config", "gen", "--federation", "a", "--out", "-"])
        .is(str![[r#"
$ oc-guardian config gen --federation a --out -
{
  "operator_id": "op-4a67330b803d5c88757afb9328615344",
  "operator_pubkey_hex": "4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29",
  "federation_slug": "a",
  "attestation_post_url": "https://me.ochk.io/api/operator/attestation",
  "log_level": "info",
  "scheme": "ed25519"
}
--- exit 0

"#]]);
}

const ED25519: &str = r#"{
  "version": 1,
  "scheme": "ed25519",
  "operator_id": "op-4a67330b803d5c88757afb9328615344",
  "operator_pubkey_hex": "4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29",
  "keystore": { "kind": "keychain" },
  "origin": "generated",
  "created_at": "2026-11-23T02:07:50Z"
}"#;
