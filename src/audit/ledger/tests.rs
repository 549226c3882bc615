use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::campaign::{SMALL, key, layout};
use super::faulty::{Fault, Faulty};
use super::{Ledger, Opened, Replay};
use crate::audit::{AuditError, ChainKey, Entry, Event, Head, Record};
use crate::operator::{Scheme, SecretKey};
use crate::store::Folders;

fn entry(number: u64) -> Entry {
    Entry::new(1_764_000_000 + number, Event::Signed, format!("entry {number}"))
}

fn open(disk: &Faulty) -> Result<(Ledger, Opened), AuditError> {
    Ledger::open_on(Arc::new(disk.clone()), layout(), key(), SMALL, &mut ())
}

fn add(ledger: &Ledger, numbers: std::ops::Range<u64>) {
    for number in numbers {
        ledger.append(entry(number)).unwrap().wait().unwrap();
    }
}

/// Waits until the ledger is well again.
fn wait_until_healthy(ledger: &Ledger) {
    let start = Instant::now();
    while ledger.healthy().is_err() {
        assert!(start.elapsed() < Duration::from_secs(10), "never well again");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[derive(Default)]
struct Seen {
    checkpoint: Option<Vec<u8>>,
    refuse: bool,
    seqs: Vec<u64>,
}

impl Replay for Seen {
    fn checkpoint(&mut self, bytes: &[u8]) -> bool {
        self.checkpoint = Some(bytes.to_vec());
        !self.refuse
    }

    fn record(&mut self, record: &Record) {
        self.seqs.push(record.seq);
    }
}

fn replayed(disk: &Faulty, refuse: bool) -> (Seen, Opened) {
    let mut seen = Seen {
        refuse,
        ..Seen::default()
    };
    let (_, opened) = Ledger::open_on(Arc::new(disk.clone()), layout(), key(), SMALL, &mut seen).unwrap();
    (seen, opened)
}

#[test]
fn a_full_disk_promises_nothing_and_is_well_again_when_there_is_room() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..4);
    disk.set_room(Some(100));
    let error = ledger.append(entry(4)).unwrap().wait().unwrap_err();
    assert!(matches!(error, AuditError::Full { .. }), "{error}");
    assert!(matches!(ledger.healthy(), Err(AuditError::Full { .. })));
    assert_eq!(ledger.head().seq, 3);
    disk.set_room(None);
    wait_until_healthy(&ledger);
    assert_eq!(ledger.append(entry(4)).unwrap().wait().unwrap(), 4);
    ledger.close().unwrap();
    assert_eq!(replayed(&disk, false).0.seqs, [1, 2, 3, 4]);
}

#[test]
fn room_for_the_next_record_ends_it_too_before_anybody_looked() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..2);
    disk.set_room(Some(10));
    ledger.append(entry(2)).unwrap().wait().unwrap_err();
    disk.set_room(None);
    assert_eq!(ledger.append(entry(2)).unwrap().wait().unwrap(), 2);
    ledger.healthy().unwrap();
}

#[test]
fn after_a_failed_sync_nothing_more_is_taken_until_it_is_opened_anew() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..4);
    // Its write is the first step, unless that is short.
    disk.plan(2, Fault::Broken);
    let error = ledger.append(entry(4)).unwrap().wait().unwrap_err();
    assert!(matches!(error, AuditError::Poisoned { .. }), "{error}");
    assert!(matches!(
        ledger.append(entry(5)),
        Err(AuditError::Poisoned { .. })
    ));
    assert!(matches!(ledger.healthy(), Err(AuditError::Poisoned { .. })));
    drop(ledger);
    let (ledger, opened) = open(&disk).unwrap();
    assert!(opened.head.seq >= 3);
    add(&ledger, 5..6);
    ledger.healthy().unwrap();
}

#[test]
fn an_older_copy_of_the_state_folder_is_noticed() {
    let disk = Faulty::new(1);
    let state = Path::new("/home/state");
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..4);
    ledger.close().unwrap();
    let copy = disk.copy(state);
    // One start is enough, however it ends: here nothing but its first record is written.
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 4..5);
    std::mem::forget(ledger);
    disk.put_back(state, &copy);
    match open(&disk).err().unwrap() {
        AuditError::StateOlder { found, expected, .. } => assert_eq!((found, expected), (3, 4)),
        other => panic!("{other}"),
    }
    // A state folder that is gone is an older copy too.
    disk.put_back(state, &[]);
    assert!(matches!(
        open(&disk).err().unwrap(),
        AuditError::StateOlder {
            found: 0,
            expected: 4,
            ..
        }
    ));
}

#[test]
fn an_older_copy_that_was_used_further_is_noticed() {
    let disk = Faulty::new(1);
    let (state, data) = (Path::new("/home/state"), Path::new("/home/data"));
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..4);
    ledger.close().unwrap();
    let (state_copy, data_copy) = (disk.copy(state), disk.copy(data));
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 4..10);
    ledger.close().unwrap();
    let newer = disk.copy(data);
    disk.put_back(state, &state_copy);
    disk.put_back(data, &data_copy);
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 104..120);
    ledger.close().unwrap();
    disk.put_back(data, &newer);
    let error = open(&disk).err().unwrap();
    assert!(matches!(error, AuditError::StateForked { seq: 9, .. }), "{error}");
}

#[test]
fn a_missing_epoch_file_is_made_anew_and_that_is_recorded() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..4);
    ledger.close().unwrap();
    disk.put_back(Path::new("/home/data"), &[]);
    let (ledger, opened) = open(&disk).unwrap();
    assert!(
        opened.notes[0].contains("the epoch file was missing"),
        "{:?}",
        opened.notes
    );
    add(&ledger, 5..6);
    assert_eq!(ledger.head().seq, 5);
    ledger.close().unwrap();
    assert!(open(&disk).unwrap().1.notes.is_empty());
}

#[test]
fn a_start_reads_what_no_checkpoint_stands_for() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    let mut written = 0;
    while !ledger.checkpoint_due() {
        written += 1;
        add(&ledger, written..written + 1);
    }
    assert_eq!(
        ledger.checkpoint(b"history".to_vec()).unwrap().wait().unwrap(),
        written
    );
    assert!(!ledger.checkpoint_due());
    add(&ledger, written + 1..written + 3);
    ledger.close().unwrap();
    let (seen, opened) = replayed(&disk, false);
    assert_eq!(seen.checkpoint.as_deref(), Some(&b"history"[..]));
    assert_eq!(seen.seqs, [written + 1, written + 2]);
    assert_eq!(opened.head.seq, written + 2);
    // One that is of no use to the caller, or was changed, costs time only.
    assert_eq!(
        replayed(&disk, true).0.seqs,
        (1..=written + 2).collect::<Vec<_>>()
    );
    let mut copy = disk.copy(Path::new("/home/state"));
    for (path, bytes) in &mut copy {
        if path.ends_with("audit.checkpoint") {
            *bytes.last_mut().unwrap() ^= 1;
        }
    }
    disk.put_back(Path::new("/home/state"), &copy);
    let (seen, opened) = replayed(&disk, false);
    assert_eq!((seen.checkpoint, seen.seqs.len() as u64), (None, written + 2));
    assert!(opened.notes[0].contains("checkpoint"), "{:?}", opened.notes);
}

/// What a power cut can leave of the first record of a segment is all but its newline.
#[test]
fn a_first_record_without_its_newline_does_not_hide_those_before_it() {
    let disk = Faulty::new(1);
    let state = Path::new("/home/state");
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..4);
    ledger.checkpoint(b"three".to_vec()).unwrap().wait().unwrap();
    let epoch = disk.copy(Path::new("/home/data"));
    add(&ledger, 4..5);
    ledger.close().unwrap();
    let mut copy = disk.copy(state);
    for (path, bytes) in &mut copy {
        if path.ends_with("audit.jsonl") {
            assert_eq!(bytes.pop(), Some(b'\n'));
        }
    }
    disk.put_back(state, &copy);
    disk.put_back(Path::new("/home/data"), &epoch);
    let (seen, opened) = replayed(&disk, false);
    assert_eq!(
        (seen.checkpoint.as_deref(), seen.seqs.len()),
        (Some(&b"three"[..]), 0)
    );
    assert_eq!(opened.head.seq, 3);
    assert!(
        opened.notes[0].contains("write of record 4"),
        "{:?}",
        opened.notes
    );
}

#[test]
fn segments_end_by_themselves_where_nobody_makes_checkpoints() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    add(&ledger, 1..40);
    ledger.close().unwrap();
    let closed = disk.copy(Path::new("/home/state")).len() - 1;
    assert!(closed >= 3, "{closed}");
    assert_eq!(replayed(&disk, false).0.seqs, (1..40).collect::<Vec<_>>());
}

#[test]
fn a_head_is_due_after_an_hour_or_some_records() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    assert!(!ledger.head_due(1_764_000_000), "nothing to sign");
    add(&ledger, 1..2);
    assert!(ledger.head_due(1_764_000_001));
    let signed = Entry {
        event: Event::Head,
        ..entry(2)
    };
    ledger.append(signed).unwrap().wait().unwrap();
    assert!(!ledger.head_due(1_764_900_000), "nothing new");
    add(&ledger, 3..4);
    assert!(!ledger.head_due(1_764_003_601));
    assert!(ledger.head_due(1_764_003_602));
    add(&ledger, 4..11);
    assert!(ledger.head_due(1_764_000_010));
}

fn real() -> (tempfile::TempDir, Folders) {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::under(home.path());
    let (ledger, _) = Ledger::open(&folders, key(), &mut ()).unwrap();
    add(&ledger, 1..4);
    ledger.close().unwrap();
    (home, folders)
}

fn reopen(folders: &Folders) -> Result<(Ledger, Opened), AuditError> {
    Ledger::open(folders, key(), &mut ())
}

#[test]
fn a_torn_last_line_is_cut_off_and_that_is_recorded() {
    for torn in [
        &b"{\"seq\":4,\"at\":\"20"[..],
        &[0; 5000],
        b"{\"se\0\0\0\0}\n{\"seq\":5}\n",
    ] {
        let (_home, folders) = real();
        let path = folders.state.join("audit.jsonl");
        fs::OpenOptions::new()
            .append(true)
            .open(&path)
            .unwrap()
            .write_all(torn)
            .unwrap();
        let (ledger, opened) = reopen(&folders).unwrap();
        assert_eq!(opened.head.seq, 3);
        let note = format!(
            "{} bytes that an interrupted write of record 4 left were cut off",
            torn.len()
        );
        assert!(opened.notes[0].ends_with(&note), "{:?}", opened.notes);
        add(&ledger, 5..6);
        ledger.close().unwrap();
        let text = fs::read_to_string(&path).unwrap();
        let cut = Record::parse(text.lines().nth(3).unwrap().as_bytes()).unwrap();
        assert_eq!((cut.seq, cut.entry.kind.as_deref()), (4, Some("tail-cut")));
        assert_eq!(reopen(&folders).unwrap().1.head.seq, 5);
    }
}

#[test]
fn what_is_not_torn_is_not_cut_off() {
    let change = |change: &dyn Fn(&str) -> String| {
        let (_home, folders) = real();
        let path = folders.state.join("audit.jsonl");
        let text = fs::read_to_string(&path).unwrap();
        let changed = change(&text);
        assert_ne!(changed, text);
        fs::write(&path, &changed).unwrap();
        let error = reopen(&folders).err().unwrap();
        assert_eq!(
            fs::read_to_string(&path).unwrap(),
            changed,
            "it was left as it is"
        );
        error.to_string()
    };
    let edited = change(&|text| text.replace("entry 3", "entry 4"));
    assert!(
        edited.ends_with("at line 3: it was changed, or written under another operator key"),
        "{edited}"
    );
    let edited = change(&|text| text.replace("entry 2", "entry 4"));
    assert!(edited.contains("at line 2"), "{edited}");
    let more = change(&|text| format!("{text}{{}}\n"));
    assert!(more.ends_with("at line 4: it is not a record"), "{more}");
    let twice = change(&|text| format!("{text}{text}"));
    assert!(
        twice.ends_with("at line 4: it is record 1, but record 4 comes next"),
        "{twice}"
    );
    let without = change(&|text| text.split_inclusive('\n').skip(1).collect());
    assert!(
        without.ends_with("at line 1: it is record 2: the records before it are missing"),
        "{without}"
    );
    // Whole records that are cut off are known to the epoch file.
    let cut = change(&|text| text.split_inclusive('\n').take(2).collect());
    assert!(
        cut.contains("ends at record 2, but this identity has written record 3"),
        "{cut}"
    );
}

#[test]
fn another_key_and_a_changed_epoch_file_are_refused() {
    let (_home, folders) = real();
    let other = ChainKey::derive(&SecretKey::from_bytes(Scheme::Ed25519, &[8; 32]).unwrap());
    let error = Ledger::open(&folders, other, &mut ()).err().unwrap();
    assert!(matches!(error, AuditError::Epoch { .. }), "{error}");
    let path = folders.data.join("audit.epoch");
    let text = fs::read_to_string(&path).unwrap();
    for bad in [
        text.replace("\"seq\":3", "\"seq\":2"),
        String::new(),
        "x".repeat(5000),
    ] {
        fs::write(&path, bad).unwrap();
        let error = reopen(&folders).err().unwrap();
        assert!(matches!(error, AuditError::Epoch { .. }), "{error}");
    }
}

#[test]
fn a_log_that_is_changed_while_it_is_open_takes_no_more() {
    for change in [
        &(|path: &Path| fs::write(path, "x").unwrap()) as &dyn Fn(&Path),
        &|path| fs::remove_file(path).unwrap(),
        &|path| {
            let text = fs::read(path).unwrap();
            fs::remove_file(path).unwrap();
            fs::write(path, text).unwrap();
        },
    ] {
        let (_home, folders) = real();
        let (ledger, _) = reopen(&folders).unwrap();
        add(&ledger, 4..5);
        change(&folders.state.join("audit.jsonl"));
        let error = ledger.append(entry(5)).unwrap().wait().unwrap_err();
        assert!(matches!(error, AuditError::Poisoned { .. }), "{error}");
    }
}

#[test]
fn a_log_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let (_home, folders) = real();
    let path = folders.state.join("audit.jsonl");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let error = reopen(&folders).err().unwrap().to_string();
    assert!(error.contains("is private but has permissions 0644"), "{error}");
}

#[test]
fn one_sync_serves_all_who_wait() {
    let (_home, folders) = real();
    let (ledger, _) = reopen(&folders).unwrap();
    let tickets: Vec<_> = (0..2000)
        .map(|number| ledger.append(entry(number)).unwrap())
        .collect();
    // Handed over in one order, durable in the same.
    for (seq, ticket) in (4..).zip(tickets) {
        assert_eq!(ticket.wait().unwrap(), seq);
    }
    assert_eq!(ledger.head().seq, 2003);
}

#[test]
fn a_ticket_can_be_awaited() {
    let (_home, folders) = real();
    let (ledger, _) = reopen(&folders).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    let seqs = runtime.block_on(async {
        let (a, b) = (ledger.append(entry(4)).unwrap(), ledger.append(entry(5)).unwrap());
        (b.await.unwrap(), a.await.unwrap())
    });
    assert_eq!(seqs, (5, 4));
}

#[test]
fn a_closed_ledger_says_so_and_leaves_nobody_waiting() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    let waiting = ledger.append(entry(1)).unwrap();
    ledger.close().unwrap();
    assert_eq!(waiting.wait().unwrap(), 1);
    assert!(matches!(ledger.append(entry(2)), Err(AuditError::Closed)));
    assert_eq!(
        ledger.head(),
        Head {
            seq: 1,
            ..ledger.head()
        }
    );
    ledger.close().unwrap();
}

#[test]
fn more_than_the_disk_keeps_up_with_is_refused() {
    let disk = Faulty::new(1);
    let (ledger, _) = open(&disk).unwrap();
    // The writer waits for this lock, as for a slow disk.
    let held = disk.hold();
    let mut big = entry(1);
    big.payload = Some("x".repeat(crate::audit::MAX_PAYLOAD_BYTES));
    let mut tickets = Vec::new();
    let refused = (0..2000).find_map(|_| match ledger.append(big.clone()) {
        Ok(ticket) => {
            tickets.push(ticket);
            None
        }
        Err(error) => Some(error),
    });
    assert!(matches!(refused, Some(AuditError::Backlog)), "{refused:?}");
    drop(held);
    for ticket in tickets {
        ticket.wait().unwrap();
    }
}
