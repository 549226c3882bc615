//! What `config check` is given: files that are no bundle at all, and where it looks.

use std::fs;

use snapbox::str;

use super::config_check::GOOD;
use crate::support::{Home, Transcript};

fn check(content: impl AsRef<[u8]>) -> Transcript {
    let home = Home::new();
    home.write("bundle", content);
    home.run(&["config", "check", "bundle", "--quiet"])
}

#[test]
fn empty_file() {
    check("").is(str![[r#"
$ oc-guardian config check bundle --quiet
error[empty]: there is nothing in it
--> bundle:1:1
 = help: Write one with `oc-guardian config gen`.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
    check("\n // nothing\n").is(str![[r#"
$ oc-guardian config check bundle --quiet
error[empty]: there is nothing in it
 --> bundle:1:1
  |
1 |
  | ^
  |
  = help: Write one with `oc-guardian config gen`.

error[comment]: a comment: JSON has none
 --> bundle:2:2
  |
2 |  // nothing
  |  ^^^^^^^^^^
  |
  = help: Remove it; `oc-guardian config schema` describes the fields.

bundle has 2 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn no_object() {
    check("[]").is(str![[r#"
$ oc-guardian config check bundle --quiet
error[not-an-object]: a config bundle is one JSON object, and this is an array
 --> bundle:1:1
  |
1 | []
  | ^^
  |
  = allowed: { … }

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn not_json() {
    check("operator_id = 5\n").is(str![[r#"
$ oc-guardian config check bundle --quiet
error[syntax]: a word stands where a value should be
 --> bundle:1:1
  |
1 | operator_id = 5
  | ^^^^^^^^^^^
  |
  = help: Put it in double quotes.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn byte_order_mark() {
    check(format!("\u{feff}{GOOD}")).is(str![[r#"
$ oc-guardian config check bundle --quiet
error[byte-order-mark]: there is a byte order mark at the start
 --> bundle:1:1
  |
1 |    {
  | ^
  |
  = help: Save the file as UTF-8 without a byte order mark.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn not_utf8() {
    let mut bytes = GOOD.as_bytes().to_vec();
    let at = GOOD.find("me-v1").unwrap();
    bytes[at] = 0xff;
    check(bytes).is(str![[r#"
$ oc-guardian config check bundle --quiet
error[bad-value]: federation_slug has '?' in it
 --> bundle:4:22
  |
4 |   "federation_slug": "oc-?e-v1",
  |                      ^^^^^^^^^^
  |
  = allowed: 1 to 64 of a-z 0-9 -

error[not-utf8]: byte 177 of the file is not UTF-8
 --> bundle:4:26
  |
4 |   "federation_slug": "oc-?e-v1",
  |                          ^
  |
  = help: Save the file as UTF-8.

bundle has 2 errors.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn utf16() {
    let bytes: Vec<u8> = format!("\u{feff}{GOOD}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check(bytes).is(str![[r#"
$ oc-guardian config check bundle --quiet
error[not-utf8]: byte 1 of the file is not UTF-8
--> bundle:1:1
 = help: It looks like UTF-16: save the file as UTF-8.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn deep_nesting() {
    check("[".repeat(50_000)).is(str![[r#"
$ oc-guardian config check bundle --quiet
error[too-deep]: brackets are nested more than 8 deep
 --> bundle:1:9
  |
 ::: 
1 | [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[…
  |         ^
  |
  = help: A config bundle is one flat object of strings.

bundle has 1 error.
Correct what the findings name, or write the bundle anew with: oc-guardian config gen --force
--- exit 1

"#]]);
}

#[test]
fn ten_megabytes() {
    check(vec![b' '; 10_000_000]).is(str![[r#"
$ oc-guardian config check bundle --quiet
--- stderr
error: bundle is larger than 65536 bytes
hint: Check that this is the right file: a genuine one is far smaller.
--- exit 1

"#]]);
    let piped = Home::new().run_with_input(&["config", "check", "-"], &vec![b' '; 10_000_000]);
    piped.is(str![[r#"
$ oc-guardian config check -
--- stderr
error: standard input is larger than 65536 bytes
hint: Check that this is the right file: a genuine one is far smaller.
--- exit 1

"#]]);
}

#[test]
fn many_findings_are_cut_off() {
    let shown = check(format!("{{{}}}", "\"a\":1,".repeat(10_000)));
    assert_eq!(shown.code, Some(1));
    assert_eq!(shown.stdout.matches("error[").count(), 101);
    assert!(shown.stdout.contains("more findings"));
}

#[test]
fn missing_file() {
    let home = Home::new();
    home.run(&["config", "check", "nowhere"]).is(str![[r#"
$ oc-guardian config check nowhere
--- stderr
error: nowhere does not exist
hint: Check the path.
--- exit 1

"#]]);
    home.run(&["config", "check", "--config", "nowhere", "--json"])
        .is(str![[r#"
$ oc-guardian config check --config nowhere --json
{"ok":false,"reason":"not-found","detail":"nowhere does not exist","hint":"Check the path."}
--- exit 1

"#]]);
}

#[test]
fn a_folder() {
    let home = Home::new();
    fs::create_dir(home.path("folder")).unwrap();
    home.run(&["config", "check", "folder"]).is(str![[r#"
$ oc-guardian config check folder
--- stderr
error: folder is not a regular file
hint: Put a regular file there, or name another one.
--- exit 1

"#]]);
}

#[test]
fn none_anywhere() {
    Home::new().run(&["config", "check"]).is(str![[r#"
$ oc-guardian config check
--- stderr
error: there is no config bundle at [DIR]/home/config/oc-guardian.config or /etc/oc-guardian/oc-guardian.config
hint: Write one with: oc-guardian config gen
--- exit 1

"#]]);
}

#[test]
fn from_standard_input() {
    let home = Home::with_identity();
    home.run_with_input(&["config", "check", "-"], GOOD.as_bytes())
        .is(str![[r#"
$ oc-guardian config check -
<stdin> is a good config bundle (no errors).

Next: oc-guardian status
--- exit 0

"#]]);
}

#[test]
fn file_and_config_exclude_each_other() {
    let refused = Home::new().run(&["config", "check", "a", "--config", "b"]);
    assert_eq!(refused.code, Some(2), "{}", refused.text);
}
