use snapbox::str;

use super::audit_support::{CURRENT, START, edit, folders, home_with_log, ledger};
use crate::support::Home;
use oc_guardian::audit::{Entry, Event};

#[test]
fn shows_records_and_escapes_what_came_from_outside() {
    home_with_log().run(&["audit", "log"]).is(str![[r#"
$ oc-guardian audit log
      1 [TIME] started    -              oc-guardian 0.1.0
      2 [TIME] signed     attestation    attestation for oc-me-v1 [rule 1 (line 2)]
      3 [TIME] signed     action         alert: \u{1b}[2J\u{202e}gnp [rule 1 (line 2)]
      4 [TIME] denied     action         payouts-claim to somebody
      5 [TIME] head       audit-head     head at record 4
      6 [TIME] stopped    -              stopped in order
--- exit 0

"#]]);
}

#[test]
fn selects_by_event_and_number() {
    let home = home_with_log();
    let seqs = |arguments: &str| -> Vec<String> {
        let run = home.run_line(arguments).exits(0);
        let words = run
            .stdout
            .lines()
            .map(|line| line.split_whitespace().next().unwrap().to_owned());
        words.collect()
    };
    assert_eq!(seqs("audit log --event denied --event stopped"), ["4", "6"]);
    assert_eq!(seqs("audit log --limit 2"), ["5", "6"]);
    assert_eq!(seqs("audit log --limit 0"), ["1", "2", "3", "4", "5", "6"]);
    assert_eq!(seqs("audit log --event signed --limit 1"), ["3"]);
}

#[test]
fn selects_by_time() {
    let home = Home::with_identity();
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let ledger = ledger(&home);
    for ago in [7200, 1800, 60] {
        let entry = Entry::new(now - ago, Event::Denied, format!("{ago} s ago"));
        ledger.append(entry).unwrap().wait().unwrap();
    }
    let run = home.run_line("audit log --since 1h").exits(0);
    assert!(!run.stdout.contains("7200 s") && run.stdout.contains("1800 s") && run.stdout.contains(" 60 s"));
    let run = home.run_line("audit log --since 1s").exits(0);
    assert_eq!(
        (run.stdout.as_str(), run.stderr.as_str()),
        ("", "no such records\n")
    );
}

#[test]
fn json_is_the_records_as_they_are_and_a_last_line() {
    let home = home_with_log();
    let run = home.run_line("audit log --json --limit 0").exits(0);
    let text = home.text("home/state/audit-0000000000000001.jsonl") + &home.text(CURRENT);
    assert_eq!(
        run.stdout,
        text.replace(&format!("{START}"), "")
            .split_inclusive('\n')
            .map(crate::support::replace_times)
            .collect::<String>()
            + "{\"ok\":true,\"records\":6,\"damaged\":0}\n"
    );
    let run = home.run_line("audit log --json --event denied").exits(0);
    assert!(
        run.stdout
            .ends_with("{\"ok\":true,\"records\":1,\"damaged\":0}\n"),
        "{}",
        run.text
    );
}

#[test]
fn works_while_a_server_writes_and_without_a_key() {
    let home = home_with_log();
    let _lock = oc_guardian::vault::LockedHome::acquire(&folders(&home))
        .ok()
        .unwrap();
    std::fs::remove_file(home.path(crate::support::KEY_FILE)).unwrap();
    let text = home.text(CURRENT);
    home.write(CURRENT, text + "{\"seq\":7,\"at\":");
    home.run_line("audit log").exits(0);
}

#[test]
fn lines_that_are_no_records_are_counted() {
    let home = home_with_log();
    edit(&home, CURRENT, "\"event\":\"denied\"", "\"event\":\"signed!\"");
    let run = home.run_line("audit log").exits(0);
    assert_eq!(
        run.stderr,
        "warning: 1 lines are no records; audit verify says which\n"
    );
    assert_eq!(run.stdout.lines().count(), 5);
}

#[test]
fn an_empty_log_has_no_records() {
    Home::with_identity().run(&["audit", "log"]).is(str![[r#"
$ oc-guardian audit log
--- stderr
no such records
--- exit 0

"#]]);
}

#[test]
fn an_unknown_event_is_named() {
    Home::new()
        .run(&["audit", "log", "--event", "sined"])
        .is(str![[r#"
$ oc-guardian audit log --event sined
--- stderr
error: invalid value 'sined' for '--event <EVENT>'
  [possible values: signed, denied, asked, approved, expired, nonce-used, started, stopped, head, operation, forced]

  tip: a similar value exists: 'signed'

For more information, try '--help'.
--- exit 2

"#]]);
}
