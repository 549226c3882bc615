//! `policy check`

use snapbox::str;

use crate::support::{Home, Transcript};

fn check(text: impl AsRef<[u8]>) -> Transcript {
    let home = Home::new();
    home.write("policy", text);
    home.run(&["policy", "check", "policy"])
}

const ASK: &str = "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"ask\"\n";

#[test]
fn everything_wrong_at_once() {
    let text = "version = 1\n\n[[rule]]\nkind = [\"atestation\", \"action\"]\nacton = \"charter-sign\"\n\
                decision = \"maybe\"\n\n[[rule]]\nkind = \"*\"\ndecision = \"deny\"\nrate = \"10/m\"\n";
    check(text).is(str![[r#"
$ oc-guardian policy check policy
error: "atestation" is no kind
 --> policy:4:9
  |
4 | kind = ["atestation", "action"]
  |         ^^^^^^^^^^^^
  |
  = help: Did you mean "attestation"?

error: a rule has no "acton"
 --> policy:5:1
  |
5 | acton = "charter-sign"
  | ^^^^^
  |
  = help: Did you mean "action"?

error: "maybe" is no decision
 --> policy:6:12
  |
6 | decision = "maybe"
  |            ^^^^^^^
  |
  = help: Known are allow, ask, deny.

error: "10/m" is no rate
  --> policy:11:8
   |
11 | rate = "10/m"
   |        ^^^^^^
   |
   = help: Write N/s, N/min or N/h with N from 1 to 1000000.

policy has 4 errors.
Correct what the findings name, or write the usual policy anew with: oc-guardian policy init --force
--- exit 1

"#]]);
    let home = Home::new();
    home.write("policy", text);
    home.run_line("policy check policy --json").is(str![[r#"
$ oc-guardian policy check policy --json
{"ok":false,"reason":"policy-invalid","detail":"policy has 4 errors","hint":"Correct what the findings name, or write the usual policy anew with: oc-guardian policy init --force","file":"policy","findings":[{"line":4,"column":9,"message":"\"atestation\" is no kind","help":"Did you mean \"attestation\"?"},{"line":5,"column":1,"message":"a rule has no \"acton\"","help":"Did you mean \"action\"?"},{"line":6,"column":12,"message":"\"maybe\" is no decision","help":"Known are allow, ask, deny."},{"line":11,"column":8,"message":"\"10/m\" is no rate","help":"Write N/s, N/min or N/h with N from 1 to 1000000."}]}
--- exit 1

"#]]);
}

#[test]
fn rules_that_can_never_decide() {
    check(format!(
        "{ASK}[[rule]]\nkind = \"attestation\"\ndecision = \"allow\"\nrate = \"120/min\"\n"
    ))
    .is(str![[r#"
$ oc-guardian policy check policy
rule 1 (line 2): everything: ask (5 min to answer)
rule 2 (line 5): attestation: allow, at most 120/min
  warning: it can never decide: rule 1 (line 2) takes all that it matches
else: refuse

policy is a policy, with 1 warning.

Next: oc-guardian policy test REQUEST.json
--- exit 0

"#]]);
    let home = Home::new();
    home.write(
        "policy",
        "version = 1\n[[rule]]\nkind = \"action\"\naction = [\"charter-sign\", \"federation-join\"]\n\
         decision = \"allow\"\n[[rule]]\nkind = \"attestation\"\ntag = \"a\"\ndecision = \"ask\"\n",
    );
    home.run_line("policy check policy --json").is(str![[r#"
$ oc-guardian policy check policy --json
{"ok":true,"file":"policy","warnings":3,"rules":[{"name":"rule 1 (line 2)","line":2,"description":"action: charter-sign or federation-join: allow","warnings":["a person is always asked for charter-sign, whatever a rule allows","it allows without a rate: nothing bounds how much is signed without a question"]},{"name":"rule 2 (line 6)","line":6,"description":"attestation, tag a: ask (5 min to answer)","warnings":["it can never match: no request has all that it asks for"]}]}
--- exit 0

"#]]);
}

#[test]
fn not_toml() {
    check("version = 1\n[[rule]\nkind = \"*\"\n").is(str![[r#"
$ oc-guardian policy check policy
error: unclosed array table, expected `]`
 --> policy:2:8
  |
2 | [[rule]
  |        ^

policy has 1 error.
Correct what the findings name, or write the usual policy anew with: oc-guardian policy init --force
--- exit 1

"#]]);
    check(b"version = 1\n# \xff\n").is(str![[r#"
$ oc-guardian policy check policy
--- stderr
error: policy is not UTF-8 text
hint: Save the file as UTF-8.
--- exit 1

"#]]);
    check("").is(str![[r#"
$ oc-guardian policy check policy
error: it has no version
--> policy:1:1
 = help: Begin the file with: version = 1

error: it has no rule, so nothing would ever be signed
--> policy:1:1
 = help: Write a fresh one with: oc-guardian policy init

policy has 2 errors.
Correct what the findings name, or write the usual policy anew with: oc-guardian policy init --force
--- exit 1

"#]]);
    check(" ".repeat(65_537)).is(str![[r#"
$ oc-guardian policy check policy
--- stderr
error: policy is larger than 65536 bytes
hint: Check that this is the right file: a genuine one is far smaller.
--- exit 1

"#]]);
}

#[test]
fn what_is_in_it_cannot_draw_on_the_terminal() {
    let shown = check(format!("{ASK}\"\\u001b[2J\\u202e\" = 1\n\"a\\rb\" = 2\n")).text;
    assert!(!shown.contains(['\u{1b}', '\u{202e}', '\r']), "{shown}");
    assert!(shown.contains("policy:5:1"), "{shown}");
    let long = check(format!("{ASK}kind = \"{}\"\n", "x".repeat(60_000)));
    assert!(
        long.text.len() < 2000 && long.code == Some(1),
        "{}",
        long.text.len()
    );
}

#[test]
fn others_must_not_be_able_to_write_it() {
    let home = Home::new();
    home.write("policy", ASK);
    home.chmod("policy", 0o664);
    home.run_line("policy check policy").is(str![[r#"
$ oc-guardian policy check policy
--- stderr
error: policy can be written by others (permissions 0664)
hint: Run: chmod go-w policy
--- exit 1

"#]]);
}

#[test]
fn there_is_none() {
    Home::new().run_line("policy check").is(str![[r#"
$ oc-guardian policy check
--- stderr
error: there is no policy at [DIR]/home/config/policy.toml
hint: Write the usual one with: oc-guardian policy init
--- exit 1

"#]]);
    Home::new().run_line("policy check nowhere --json").is(str![[r#"
$ oc-guardian policy check nowhere --json
{"ok":false,"reason":"no-policy","detail":"there is no policy at nowhere","hint":"Write the usual one with: oc-guardian policy init"}
--- exit 1

"#]]);
}

#[test]
fn from_standard_input() {
    let home = Home::new();
    home.run_with_input(&["policy", "check", "-"], ASK.as_bytes())
        .is(str![[r#"
$ oc-guardian policy check -
rule 1 (line 2): everything: ask (5 min to answer)
else: refuse

<stdin> is a good policy.

Next: oc-guardian policy test REQUEST.json
--- exit 0

"#]]);
    let bad = home.run_with_input(&["policy", "check", "-"], b"version = 2\n");
    assert_eq!(bad.code, Some(1));
    let huge = home.run_with_input(&["policy", "check", "-", "--json"], &vec![b' '; 70_000]);
    assert!(huge.stdout.contains("\"reason\":\"too-large\""), "{}", huge.text);
}
