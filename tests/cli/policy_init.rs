//! `policy init`

use snapbox::str;

use super::config_check::GOOD;
use crate::support::Home;

const POLICY: &str = "home/config/policy.toml";

#[test]
fn for_the_federation_of_the_bundle() {
    let home = Home::with_identity();
    home.write("home/config/oc-guardian.config", GOOD);
    home.run_line("policy init").is(str![[r#"
$ oc-guardian policy init
The policy is written.
file           [DIR]/home/config/policy.toml
federation     oc-me-v1
signs          health envelopes, transport keys, upgrade notices; asks for the rest

Next: oc-guardian policy check
--- exit 0

"#]]);
    assert_eq!(home.mode(POLICY) & 0o022, 0);
    home.run_line("policy check").is(str![[r#"
$ oc-guardian policy check
rule 1 (line 6): attestation or guardian-key or frost-commit, for oc-me-v1: allow, at most 120/min
rule 2 (line 13): action: alert-publish, severity info, tag upgrade, for oc-me-v1: allow, at most 4/h
rule 3 (line 22): frost-sign: heartbeat, for oc-me-v1: allow, at most 60/min
rule 4 (line 30): everything: ask (5 min to answer)
else: refuse

[DIR]/home/config/policy.toml is a good policy.

Next: oc-guardian policy test REQUEST.json
--- exit 0

"#]]);
    home.run_line("policy init --json").is(str![[r#"
$ oc-guardian policy init --json
{"ok":true,"path":"[DIR]/home/config/policy.toml","federation":"oc-me-v1","changed":false}
--- exit 0

"#]]);
}

#[test]
fn an_existing_one_is_kept() {
    let home = Home::with_identity();
    home.run_line("policy init --federation oc-me-v1 --quiet");
    let before = home.text(POLICY);
    home.run_line("policy init --federation oc-me-v2").is(str![[r#"
$ oc-guardian policy init --federation oc-me-v2
--- stderr
error: [DIR]/home/config/policy.toml exists already, and differs
hint: Replace it with --force, or edit it; `oc-guardian policy check` says what it does.
--- exit 1

"#]]);
    assert_eq!(home.text(POLICY), before);
    home.run_line("policy init --federation oc-me-v2 --force --json")
        .is(str![[r#"
$ oc-guardian policy init --federation oc-me-v2 --force --json
{"ok":true,"path":"[DIR]/home/config/policy.toml","federation":"oc-me-v2","changed":true}
--- exit 0

"#]]);
    assert!(home.text(POLICY).contains("oc-me-v2"));
}

#[test]
fn without_a_federation() {
    let home = Home::new();
    home.run_line("policy init").is(str![[r#"
$ oc-guardian policy init
--- stderr
error: there is no config bundle at [DIR]/home/config/oc-guardian.config or /etc/oc-guardian/oc-guardian.config
hint: Write one with: oc-guardian config gen
--- exit 1

"#]]);
    home.run_line("policy init --federation OC").is(str![[r#"
$ oc-guardian policy init --federation OC
--- stderr
error: --federation: "OC" is not a federation's name
hint: Give 1 to 64 of a-z 0-9 -.
--- exit 2

"#]]);
    home.assert_nothing_stored();
}

#[test]
fn a_bad_bundle_names_no_federation() {
    let home = Home::with_identity();
    home.write(
        "home/config/oc-guardian.config",
        GOOD.replace("oc-me-v1", "OC me"),
    );
    home.run_line("policy init").is(str![[r#"
$ oc-guardian policy init
--- stderr
error: [DIR]/home/config/oc-guardian.config has 1 error
hint: See them with: oc-guardian config check [DIR]/home/config/oc-guardian.config
--- exit 1

"#]]);
}
