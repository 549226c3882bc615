//! What an attacker, or a failing disk, can do to a log, and what is said of it.

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::audit::{Entry, Event, Ledger, operations};
use crate::operator::{Scheme, SecretKey};

/// Nine records in three files of three; the sixth signs the head of the fifth.
struct Log {
    _home: tempfile::TempDir,
    folders: Folders,
    heads: Vec<Head>,
}

fn key() -> ChainKey {
    ChainKey::derive(&SecretKey::from_bytes(Scheme::Bip340, &[7; 32]).unwrap())
}

fn entry(number: u64) -> Entry {
    let mut entry = Entry::new(1_764_000_000 + number, Event::Signed, format!("entry {number}"));
    entry.payload = Some(format!("{number}"));
    entry.signature = Some(format!("good {number}"));
    entry
}

impl Log {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        let folders = Folders::under(home.path());
        let (ledger, _) = Ledger::open(&folders, key(), &mut ()).unwrap();
        let mut heads = vec![Head::EMPTY];
        for number in 1..=9 {
            let mut entry = entry(number);
            if number == 6 {
                entry.event = Event::Head;
                entry.payload = Some(heads[5].signed_bytes());
            }
            ledger.append(entry).unwrap().wait().unwrap();
            heads.push(ledger.head());
            if number % 3 == 0 && number < 9 {
                ledger.checkpoint(Vec::new()).unwrap().wait().unwrap();
            }
        }
        ledger.close().unwrap();
        Self {
            _home: home,
            folders,
            heads,
        }
    }

    fn file(&self, number: usize) -> PathBuf {
        let names = [
            "audit-0000000000000001.jsonl",
            "audit-0000000000000004.jsonl",
            "audit.jsonl",
        ];
        self.folders.state.join(names[number])
    }

    /// The lines of all files, changed and written back as three files of the same lengths as far as they go.
    fn change_lines(&self, file: usize, change: impl FnOnce(&mut Vec<String>)) {
        let text = fs::read_to_string(self.file(file)).unwrap();
        let mut lines: Vec<String> = text.lines().map(|line| format!("{line}\n")).collect();
        change(&mut lines);
        fs::write(self.file(file), lines.concat()).unwrap();
    }

    fn verify_with(&self, noted: &[NotedHead]) -> Report {
        let check = |record: &Record| {
            let good = format!("good {}", record.entry.at - 1_764_000_000);
            if record.entry.signature.as_ref() == Some(&good) {
                SignatureCheck::Good
            } else {
                SignatureCheck::Bad
            }
        };
        verify(&self.folders, &key(), noted, &check, &mut |_| {}).unwrap()
    }

    /// Reason, file and line of each finding.
    fn findings(&self) -> Vec<String> {
        self.findings_with(&[])
    }

    fn findings_with(&self, noted: &[NotedHead]) -> Vec<String> {
        let report = self.verify_with(noted);
        assert_eq!(report.total, report.findings.len() as u64);
        let shown = report.findings.into_iter();
        shown
            .map(|finding| {
                let number = (0..3).find(|at| self.file(*at).ends_with(&finding.file));
                let file = number.map_or(finding.file, |number| number.to_string());
                format!("{} {file}:{} {}", finding.reason, finding.line, finding.detail)
            })
            .collect()
    }

    /// As somebody with the key would: the chain from here on is made anew.
    fn rebuild(&self, change: impl Fn(&mut Entry)) {
        let mut prev = Hash::ZERO;
        let mut seq = 0;
        for file in 0..3 {
            let text = fs::read_to_string(self.file(file)).unwrap();
            let mut rebuilt = String::new();
            for line in text.lines() {
                let mut entry = Record::parse(line.as_bytes()).unwrap().entry;
                change(&mut entry);
                seq += 1;
                prev = Record::append_sealed(&mut rebuilt, seq, prev, &entry, |pieces| key().record(pieces));
            }
            fs::write(self.file(file), rebuilt).unwrap();
        }
    }

    fn without_epoch(self) -> Self {
        fs::remove_file(self.folders.data.join("audit.epoch")).unwrap();
        self
    }
}

#[test]
fn a_log_as_it_was_written_is_whole() {
    let log = Log::new();
    let noted: Vec<NotedHead> = log.heads[1..]
        .iter()
        .map(|head| NotedHead::elsewhere(head.seq, head.hash))
        .collect();
    let report = log.verify_with(&noted);
    assert_eq!(report.findings, []);
    assert_eq!((report.records, report.segments, report.signatures), (9, 3, 9));
    assert_eq!(
        (report.head, report.epoch, report.torn),
        (log.heads[9], Some(9), 0)
    );
}

#[test]
fn an_edited_record() {
    let log = Log::new();
    log.change_lines(1, |lines| lines[1] = lines[1].replace("entry 5", "entry 6"));
    assert_eq!(log.findings(), ["edited 1:2 record 5 was changed"]);
    // With a hash made up to go with it.
    let log = Log::new();
    log.change_lines(0, |lines| {
        let hash = log.heads[2].hash.to_string();
        lines[1] = lines[1]
            .replace("entry 2", "entry 3")
            .replace(&hash, &"ab".repeat(32));
    });
    assert_eq!(log.findings(), ["edited 0:2 record 2 was changed"]);
    // The last one.
    let log = Log::new();
    log.change_lines(2, |lines| lines[2] = lines[2].replace("entry 9", "entry 8"));
    assert_eq!(
        log.findings(),
        [
            "edited 2:3 record 9 was changed",
            "state-older 2:0 it ends with record 8, but record 9 is the one that the epoch file knows"
        ]
    );
}

#[test]
fn a_removed_record() {
    let log = Log::new();
    log.change_lines(1, |lines| drop(lines.remove(1)));
    assert_eq!(log.findings(), ["removed 1:2 record 5 is missing"]);
    // Two at the seam of files.
    let log = Log::new();
    log.change_lines(0, |lines| drop(lines.remove(2)));
    log.change_lines(1, |lines| drop(lines.remove(0)));
    assert_eq!(
        log.findings(),
        [
            "replaced 1:0 it begins with record 5, its name says 4",
            "removed 1:1 records 3 to 4 are missing"
        ]
    );
    // A whole file.
    let log = Log::new();
    fs::remove_file(log.file(1)).unwrap();
    assert_eq!(log.findings(), ["removed 2:1 records 4 to 6 are missing"]);
    let log = Log::new();
    fs::remove_file(log.file(0)).unwrap();
    assert_eq!(log.findings(), ["removed 1:1 records 1 to 3 are missing"]);
}

#[test]
fn a_reordered_record() {
    let log = Log::new();
    log.change_lines(1, |lines| lines.swap(1, 2));
    assert_eq!(log.findings(), ["reordered 1:3 record 5 comes after record 6"]);
    let log = Log::new();
    log.change_lines(0, |lines| lines.rotate_left(1));
    let found = log.findings();
    assert!(
        found
            .iter()
            .any(|found| found.starts_with("reordered 0:3 record 1")),
        "{found:?}"
    );
}

#[test]
fn an_inserted_record() {
    // A copy of an older one, a line made without the key, and something that is no record.
    let log = Log::new();
    log.change_lines(1, |lines| lines.insert(1, lines[0].clone()));
    assert_eq!(
        log.findings(),
        ["inserted 1:2 record 4 stands here a second time"]
    );
    let log = Log::new();
    log.change_lines(2, |lines| {
        let forged = lines[1].replace("entry 8", "entry 1");
        lines.insert(1, forged);
    });
    assert_eq!(
        log.findings(),
        ["inserted 2:2 a record 8 stands here that is not part of the chain"]
    );
    let log = Log::new();
    log.change_lines(0, |lines| lines.insert(2, "{}\n".into()));
    assert_eq!(log.findings(), ["malformed 0:3 it is not a record"]);
}

#[test]
fn a_bad_signature() {
    let log = Log::new();
    log.rebuild(|entry| {
        if entry.summary == "entry 4" {
            entry.signature = Some("bad".into());
        }
    });
    let found = log.without_epoch().findings();
    let bad: Vec<_> = found
        .iter()
        .filter(|found| found.starts_with("bad-signature"))
        .collect();
    assert_eq!(
        bad,
        ["bad-signature 1:1 the signature in record 4 does not verify"]
    );
}

#[test]
fn a_cut_tail() {
    let log = Log::new();
    log.change_lines(2, |lines| lines.truncate(1));
    let noted = [NotedHead::elsewhere(8, log.heads[8].hash)];
    assert_eq!(
        log.findings_with(&noted),
        [
            "cut-tail 2:0 it ends with record 7, but record 8 is the one that was noted",
            "state-older 2:0 it ends with record 7, but record 9 is the one that the epoch file knows"
        ]
    );
    // Without either there is nothing to tell it by.
    let log = log.without_epoch();
    assert_eq!(log.findings(), [""; 0]);
    let report = log.verify_with(&[]);
    assert_eq!(report.epoch, None);
}

#[test]
fn a_rebuilt_chain() {
    let log = Log::new();
    log.rebuild(|entry| entry.summary = entry.summary.replace("entry 7", "entry 0"));
    let noted = [NotedHead::elsewhere(8, log.heads[8].hash)];
    assert_eq!(
        log.findings_with(&noted),
        [
            "rebuilt 2:2 record 8 is not the one that was noted",
            "state-forked 2:3 record 9 is not the one that the epoch file knows"
        ]
    );
    // Before a head that was signed: that gives it away by itself.
    let log = Log::new();
    log.rebuild(|entry| entry.summary = entry.summary.replace("entry 2", "entry 0"));
    assert_eq!(
        log.without_epoch().findings(),
        ["head-mismatch 1:3 the head that was signed is not that of the record that it names"]
    );
}

#[test]
fn two_chains_in_one() {
    let (log, other) = (Log::new(), Log::new());
    other.rebuild(|entry| entry.summary = entry.summary.replace("entry", "other"));
    fs::copy(other.file(2), log.file(2)).unwrap();
    assert_eq!(
        log.without_epoch().findings(),
        ["rebuilt 2:1 record 7 was written under this key, but not after the record before it"]
    );
}

#[test]
fn a_replaced_file() {
    // By one of another key.
    let log = Log::new();
    log.change_lines(1, |lines| {
        for line in lines {
            *line = line.replace("entry", "other");
        }
    });
    assert_eq!(
        log.findings(),
        ["replaced 1:0 nothing in it was written under this operator key"]
    );
    // By an older one of the same.
    let log = Log::new();
    fs::copy(log.file(0), log.file(1)).unwrap();
    assert_eq!(
        log.findings(),
        ["replaced 1:0 it begins with record 1, its name says 4"]
    );
    let log = Log::new();
    fs::copy(log.file(2), log.file(0)).unwrap();
    let found = log.findings();
    assert!(
        found[0].starts_with("replaced 0:0 it begins with record 7"),
        "{found:?}"
    );
}

#[test]
fn an_older_copy() {
    let log = Log::new();
    fs::remove_file(log.file(2)).unwrap();
    assert_eq!(
        log.findings(),
        ["state-older 2:0 it ends with record 6, but record 9 is the one that the epoch file knows"]
    );
}

#[test]
fn what_an_interrupted_write_left_is_no_finding() {
    for torn in [&b"{\"seq\":10,"[..], b"\0\0\0\0", b"{\"se\0\0}\n{\"seq\":11}\n"] {
        let log = Log::new();
        let mut bytes = fs::read(log.file(2)).unwrap();
        bytes.extend_from_slice(torn);
        fs::write(log.file(2), bytes).unwrap();
        let report = log.verify_with(&[]);
        assert_eq!((report.findings, report.torn > 0), (vec![], true));
    }
}

#[test]
fn thousands_of_bad_lines_are_counted_but_not_kept() {
    let log = Log::new();
    log.change_lines(2, |lines| {
        for _ in 0..5000 {
            lines.insert(1, "x\n".into());
        }
    });
    let report = log.verify_with(&[]);
    assert_eq!((report.total, report.findings.len()), (5000, 1000));
    assert_eq!(report.records, 9);
}

#[test]
fn operations_are_held_to_the_heads_that_the_log_notes() {
    let log = Log::new();
    let operation = |number: u64| {
        Entry::new(
            1_764_000_000 + number,
            Event::Operation,
            format!("operation {number}"),
        )
    };
    for number in 1..=3 {
        operations::append(&log.folders, &operation(number)).unwrap();
    }
    let (ledger, _) = Ledger::open(&log.folders, key(), &mut ()).unwrap();
    let head = operations::head(&log.folders).unwrap();
    assert_eq!(head.seq, 3);
    ledger
        .append(operations::head_entry(head, 1_764_000_010))
        .unwrap()
        .wait()
        .unwrap();
    ledger.close().unwrap();
    operations::append(&log.folders, &operation(4)).unwrap();
    let report = log.verify_with(&[]);
    assert_eq!((report.findings, report.operations), (vec![], 4));
    // Anybody can make a chain of plain hashes, but not one with the head that was noted.
    let path = log.folders.state.join("operations.jsonl");
    fs::remove_file(&path).unwrap();
    for number in [1, 2, 5, 4] {
        operations::append(&log.folders, &operation(number)).unwrap();
    }
    assert_eq!(
        log.findings(),
        ["rebuilt operations.jsonl:3 record 3 is not the one that the audit log notes"]
    );
    fs::remove_file(&path).unwrap();
    assert_eq!(
        log.findings(),
        [
            "cut-tail operations.jsonl:0 it ends with record 0, but record 3 is the one that the audit log notes"
        ]
    );
}
