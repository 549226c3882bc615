//! `audit verify --export`: what anybody can prove with the public key.

use crate::audit_support::home_with_log;
use crate::support::Home;
use crate::support::signer::PUBKEY_HEX;

const EXPORT: &str = "audit-export.jsonl";

/// A log that was exported, and the lines of the export.
fn exported() -> (Home, Vec<String>) {
    let home = home_with_log();
    home.run(&[
        "audit",
        "export",
        "--out",
        EXPORT,
        "--passphrase-file",
        "pass.txt",
    ])
    .exits(0);
    let lines = home.text(EXPORT).lines().map(str::to_owned).collect();
    (home, lines)
}

/// Reasons that are told of these lines.
#[track_caller]
fn found(home: &Home, lines: &[String]) -> Vec<String> {
    home.write(EXPORT, lines.join("\n") + "\n");
    let run = home
        .run(&["audit", "verify", "--export", EXPORT, "--json"])
        .exits(1);
    let told: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["ok"], false);
    let findings = told["findings"].as_array().unwrap().iter();
    findings
        .map(|it| it["reason"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn whole_without_key_and_state_folder() {
    let (home, lines) = exported();
    let elsewhere = Home::new();
    elsewhere.write(EXPORT, lines.join("\n") + "\n");
    let run = elsewhere
        .run(&["audit", "verify", "--export", EXPORT, "--pubkey", PUBKEY_HEX])
        .exits(0);
    assert!(run.stdout.contains("The export is whole."), "{}", run.text);
    assert!(run.stdout.contains("3 verified"), "{}", run.text);
    // Without a key of its own to compare with, it has to be told whose export it should be.
    elsewhere.run(&["audit", "verify", "--export", EXPORT]).exits(1);
    let other = "22".repeat(32);
    let run = elsewhere.run(&["audit", "verify", "--export", EXPORT, "--pubkey", &other]);
    assert!(run.exits(1).stderr.contains("is the export of op-"));
    home.run(&["audit", "verify", "--export", EXPORT]).exits(0);
    let head = format!("3:{}", "ab".repeat(32));
    home.run(&["audit", "verify", "--export", EXPORT, "--head", &head])
        .exits(1);
}

#[test]
fn edited() {
    let (home, mut lines) = exported();
    lines[4] = lines[4].replace("to somebody", "to somebudy");
    assert_eq!(found(&home, &lines), ["edited"]);
}

#[test]
fn edited_where_a_signature_is() {
    let (home, mut lines) = exported();
    lines[3] = lines[3].replace("alert-publish", "alert-removal");
    assert_eq!(found(&home, &lines), ["bad-signature", "edited"]);
}

#[test]
fn cut_at_the_end() {
    let (home, mut lines) = exported();
    let end = lines.pop().unwrap();
    assert_eq!(found(&home, &lines), ["cut-tail"]);
    lines.pop();
    lines.push(end);
    assert_eq!(found(&home, &lines), ["head-mismatch", "edited"]);
}

#[test]
fn cut_in_the_middle() {
    let (home, mut lines) = exported();
    lines.remove(4);
    assert_eq!(found(&home, &lines), ["removed", "edited"]);
}

#[test]
fn reordered() {
    let (home, mut lines) = exported();
    lines.swap(2, 4);
    let reasons = found(&home, &lines);
    assert!(
        reasons.contains(&"reordered".into()) && reasons.contains(&"edited".into()),
        "{reasons:?}"
    );
}

#[test]
fn more_after_the_end() {
    let (home, mut lines) = exported();
    lines.push(lines[2].clone());
    assert_eq!(found(&home, &lines), ["inserted"]);
}

#[test]
fn signed_by_another() {
    let (home, mut lines) = exported();
    let end = lines.last_mut().unwrap();
    let at = end.len() - 10;
    let digit = if end.as_bytes()[at] == b'0' { "1" } else { "0" };
    end.replace_range(at..=at, digit);
    assert_eq!(found(&home, &lines), ["bad-signature"]);
}

#[test]
fn hostile_files_end_soon() {
    let (home, lines) = exported();
    // A record that no chain has: its number is as high as can be.
    let mut high = lines.clone();
    high[4] = high[4].replace("\"seq\":4", "\"seq\":18446744073709551615");
    assert!(found(&home, &high).contains(&"malformed".into()));
    let mut many = vec![lines[0].clone()];
    many.extend(std::iter::repeat_n("x".to_owned(), 300_000));
    many.extend(std::iter::repeat_n(lines[3].clone(), 5_000));
    assert_eq!(found(&home, &many).len(), 1000);
    home.write(EXPORT, "x".repeat(3 << 20));
    home.run(&["audit", "verify", "--export", EXPORT]).exits(1);
    home.run(&["audit", "verify", "--export", "/dev/zero"]).exits(1);
}
