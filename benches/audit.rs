//! Growth of the audit log: appending, starting, and `audit verify`, with a million records.
//!
//! `cargo bench --bench audit -- [RECORDS] [FOLDER]`; the folder, by default the system's for temporary files, decides which
//! disk is measured.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::time::{Duration, Instant};

use oc_guardian::audit::{self, ChainKey, Entry, Event, Ledger, NotedHead, Record, Replay, SignatureCheck};
use oc_guardian::envelope::{self, Tag};
use oc_guardian::operator::{Scheme, SecretKey};
use oc_guardian::store::Folders;

/// Requests that wait at the same time.
const CLIENTS: usize = 64;
/// Unix seconds of the first record.
const START: u64 = 1_764_000_000;

fn main() {
    // `cargo bench` and `cargo test --benches` add flags of their own.
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|text| !text.starts_with("--"))
        .collect();
    let records: u64 = arguments.first().map_or(1_000_000, |text| text.parse().unwrap());
    let parent = arguments.get(1).map_or_else(std::env::temp_dir, Into::into);
    println!("{records} records, {CLIENTS} clients, below {}", parent.display());
    for scheme in Scheme::ALL {
        let home = tempfile::tempdir_in(&parent).unwrap();
        measure(scheme, records, &Folders::under(home.path()));
    }
    println!("{:<34} {:>8} KiB", "most memory resident at once", peak_memory());
}

fn measure(scheme: Scheme, records: u64, folders: &Folders) {
    let secret = SecretKey::from_bytes(scheme, &[7; 32]).unwrap();
    let public = secret.public();
    let key = || ChainKey::derive(&secret);
    println!("{scheme}");

    let entry = signed(&secret);
    let (ledger, _) = Ledger::open(folders, key(), &mut ()).unwrap();
    let start = Instant::now();
    let mut waiting = std::collections::VecDeque::with_capacity(CLIENTS);
    for number in 0..records {
        if waiting.len() == CLIENTS {
            let ticket: audit::Ticket = waiting.pop_front().unwrap();
            ticket.wait().unwrap();
        }
        let entry = Entry {
            at: START + number / 1000,
            ..entry.clone()
        };
        waiting.push_back(ledger.append(entry).unwrap());
        if ledger.checkpoint_due() {
            ledger.checkpoint(vec![b'x'; 64 * 1024]).unwrap().wait().unwrap();
        }
    }
    for ticket in waiting {
        ticket.wait().unwrap();
    }
    rate("append, durable", records, start.elapsed());
    let head = ledger.head();
    ledger.close().unwrap();
    drop(ledger);
    println!(
        "  {:<32} {:>8} MiB",
        "size of the log",
        size(&folders.state) >> 20
    );

    let start = Instant::now();
    let mut count = Count(0);
    drop(Ledger::open(folders, key(), &mut count).unwrap());
    let elapsed = start.elapsed();
    println!("  {:<32} {elapsed:>8.2?}   {} records read", "start", count.0);
    let start = Instant::now();
    let mut count = Everything(0);
    drop(Ledger::open(folders, key(), &mut count).unwrap());
    rate("start without a checkpoint", count.0, start.elapsed());

    let noted = [NotedHead::elsewhere(head.seq, head.hash)];
    let verify = |check: &(dyn Fn(&Record) -> SignatureCheck + Sync)| {
        let start = Instant::now();
        let report = audit::verify(folders, &key(), &noted, check).unwrap();
        assert_eq!((report.total, report.records), (0, records));
        start.elapsed()
    };
    rate(
        "audit verify, chain alone",
        records,
        verify(&|_| SignatureCheck::Unverified),
    );
    let signatures = verify(&|record| envelope::check_recorded(&public, record));
    rate("audit verify, with signatures", records, signatures);
}

/// One signature for all: verifying it takes as long each time.
fn signed(secret: &SecretKey) -> Entry {
    let payload = r#"{"action":"alert-publish","params":{"severity":"info","tag":"upgrade","title":"upgraded to 1.2.3"},"nonce":1764000000000,"expires_at":1764086400,"federation":"oc-me-v1"}"#;
    let mut entry = Entry::new(START, Event::Signed, "alert-publish for oc-me-v1").about("action");
    entry.request_id = Some("00112233445566778899aabbccddeeff".into());
    entry.scheme = Some(secret.scheme().as_str().into());
    entry.payload = Some(payload.into());
    entry.rule = Some("rule 2 (line 8)".into());
    entry.signature = Some(Tag::Action.sign(secret, payload.as_bytes()).to_hex());
    entry
}

fn rate(what: &str, records: u64, elapsed: Duration) {
    #[allow(clippy::cast_precision_loss, reason = "shown with no decimals")]
    let rate = records as f64 / elapsed.as_secs_f64();
    println!("  {what:<32} {elapsed:>8.2?}   {rate:.0} records/s");
}

struct Count(u64);

impl Replay for Count {
    fn checkpoint(&mut self, _bytes: &[u8]) -> bool {
        true
    }

    fn record(&mut self, _record: &Record) {
        self.0 += 1;
    }
}

struct Everything(u64);

impl Replay for Everything {
    fn checkpoint(&mut self, _bytes: &[u8]) -> bool {
        false
    }

    fn record(&mut self, _record: &Record) {
        self.0 += 1;
    }
}

fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap();
    entries
        .map(|entry| entry.unwrap().metadata().unwrap().len())
        .sum()
}

/// Of this process so far, in KiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
        .unwrap_or(0)
}
