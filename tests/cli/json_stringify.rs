//! Canonical JSON beside the `JSON.stringify` that it claims to be.

use std::io::Write as _;
use std::process::{Command, Stdio};

use oc_guardian::envelope::canonical;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::support::{needs, starts};

/// What `JSON.stringify(JSON.parse(line))` makes of each line.
fn stringified(lines: &[String]) -> Vec<String> {
    const SCRIPT: &str = "const t = require('fs').readFileSync(0, 'utf8').split('\\n').filter(l => l);\
        process.stdout.write(t.map(l => JSON.stringify(JSON.parse(l))).join('\\n'));";
    let mut child = Command::new("node")
        .args(["-e", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(lines.join("\n").as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout)
        .unwrap()
        .split('\n')
        .map(str::to_owned)
        .collect()
}

fn has_node() -> bool {
    needs("NODE", "node", || starts("node", "--version"))
}

#[test]
fn every_character_is_escaped_as_json_stringify_does() {
    if !has_node() {
        return;
    }
    // Both as it is and escaped, in two strings for each block of 256.
    let mut lines = Vec::new();
    for block in (0..0x11_0000).step_by(256) {
        let letters: String = (block..block + 256).filter_map(char::from_u32).collect();
        let escaped: Vec<String> = letters
            .encode_utf16()
            .map(|unit| format!("\\u{unit:04X}"))
            .collect();
        lines.push(format!(
            "[{},\"{}\"]",
            serde_json::Value::from(letters),
            escaped.concat()
        ));
    }
    let ours: Vec<String> = lines
        .iter()
        .map(|line| {
            let value =
                canonical::parse_strict(line.as_bytes()).unwrap_or_else(|error| panic!("{line}: {error}"));
            canonical::encode(&value).unwrap()
        })
        .collect();
    assert_eq!(ours.len(), 0x1100);
    assert_eq!(ours, stringified(&lines));
}

#[test]
fn what_is_encoded_is_what_json_stringify_writes() {
    if !has_node() {
        return;
    }
    let text = "[a-z][a-z0-9_]{0,5}";
    let leaf = proptest::prop_oneof![
        proptest::prelude::any::<String>().prop_map(serde_json::Value::from),
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991).prop_map(serde_json::Value::from),
        proptest::strategy::Just(serde_json::Value::Null),
        proptest::prelude::any::<bool>().prop_map(serde_json::Value::from),
    ];
    let values = leaf.prop_recursive(5, 40, 5, |inner| {
        proptest::prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            proptest::collection::vec((text, inner), 0..5)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    let mut runner = TestRunner::deterministic();
    let mut ours = Vec::new();
    let mut loose = Vec::new();
    for _ in 0..1000 {
        let value = values.new_tree(&mut runner).unwrap().current();
        ours.push(canonical::encode(&value).unwrap());
        loose.push(serde_json::to_string_pretty(&value).unwrap().replace('\n', " "));
    }
    assert_eq!(ours, stringified(&loose));
}
