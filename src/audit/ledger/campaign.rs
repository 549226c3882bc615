//! Thousands of random histories with faults: what was acknowledged is there afterwards, in order, and the chain is whole.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::faulty::{Fault, Faulty, Random};
use super::{Ledger, Limits, Replay};
use crate::audit::layout::Layout;
use crate::audit::{AuditError, ChainKey, Entry, Event, Hash, Head, Record, Ticket};
use crate::operator::{Scheme, SecretKey};
use crate::store::Folders;

pub(super) const SMALL: Limits = Limits {
    segment_bytes: 2500,
    epoch_records: 8,
    head_records: 8,
    head_seconds: 3600,
    retry: Duration::from_millis(1),
};

pub(super) fn key() -> ChainKey {
    ChainKey::derive(&SecretKey::from_bytes(Scheme::Bip340, &[7; 32]).unwrap())
}

pub(super) fn layout() -> Layout {
    Layout::of(&Folders::under(Path::new("/home")))
}

/// What a caller knows: the numbers of records that it was told are durable.
#[derive(Default)]
struct Caller {
    acknowledged: BTreeMap<u64, String>,
    appended: u64,
    faults: BTreeMap<&'static str, u64>,
}

/// What a start replays, checked against the chain once more and put together with what a checkpoint stands for.
#[derive(Default)]
struct Memory {
    summaries: BTreeMap<u64, String>,
    last: Option<(u64, Hash)>,
}

impl Replay for Memory {
    fn checkpoint(&mut self, bytes: &[u8]) -> bool {
        self.summaries = serde_json::from_slice(bytes).unwrap();
        true
    }

    fn record(&mut self, record: &Record) {
        if let Some((seq, hash)) = self.last {
            assert_eq!((record.seq, record.prev), (seq + 1, hash));
        }
        self.last = Some((record.seq, record.hash));
        let before = self.summaries.insert(record.seq, record.entry.summary.clone());
        assert_eq!(
            before, None,
            "record {} is replayed although a checkpoint stands for it",
            record.seq
        );
    }
}

impl Caller {
    fn append(&mut self, ledger: &Ledger, random: &mut Random) -> Result<(Ticket, String), AuditError> {
        self.appended += 1;
        let summary = format!("entry {} {}", self.appended, "x".repeat(random.below(90)));
        let entry = Entry::new(1_764_000_000 + self.appended, Event::Signed, summary.clone());
        Ok((ledger.append(entry)?, summary))
    }

    fn settle(&mut self, waiting: &mut Vec<(Ticket, String)>) {
        for (ticket, summary) in waiting.drain(..) {
            match ticket.wait() {
                Ok(seq) => {
                    let before = self.acknowledged.insert(seq, summary);
                    assert_eq!(before, None, "record {seq} was acknowledged twice");
                }
                Err(error) => *self.faults.entry(name(&error)).or_default() += 1,
            }
        }
    }

    /// One run of a server, until it stops, fails or loses power.
    fn serve(&mut self, disk: &Faulty, random: &mut Random) {
        let mut memory = Memory::default();
        let (ledger, opened) =
            match Ledger::open_on(Arc::new(disk.clone()), layout(), key(), SMALL, &mut memory) {
                Ok(opened) => opened,
                // A fault hit the opening itself; it must not be taken for an attack.
                Err(error @ (AuditError::Store(_) | AuditError::Read { .. })) => {
                    *self.faults.entry(name(&error)).or_default() += 1;
                    return;
                }
                Err(error) => panic!("{error}"),
            };
        for (seq, summary) in &self.acknowledged {
            assert_eq!(memory.summaries.get(seq), Some(summary), "record {seq}");
        }
        let numbers: Vec<u64> = memory.summaries.keys().copied().collect();
        assert_eq!(numbers, (1..=opened.head.seq).collect::<Vec<_>>());
        let mut waiting = Vec::new();
        for _ in 0..random.below(30) {
            if random.chance(4) {
                disk.set_room(Some(random.below(600)));
            } else if random.chance(10) {
                disk.set_room(None);
            }
            match self.append(&ledger, random) {
                Ok(handed_over) => waiting.push(handed_over),
                Err(error) => {
                    assert!(matches!(error, AuditError::Poisoned { .. }), "{error}");
                    break;
                }
            }
            if random.chance(40) {
                self.settle(&mut waiting);
            }
            if random.chance(6) {
                self.settle(&mut waiting);
                self.checkpoint(&ledger, &mut memory);
            }
        }
        if random.chance(70) {
            self.settle(&mut waiting);
        }
        let poisoned = matches!(ledger.healthy(), Err(AuditError::Poisoned { .. }));
        let _ = ledger.close();
        self.settle(&mut waiting);
        assert!(poisoned || disk.is_dead() || ledger.head().seq >= opened.head.seq);
    }

    /// The caller's memory of every durable record, as a server keeps it.
    fn checkpoint(&mut self, ledger: &Ledger, memory: &mut Memory) {
        let Head { seq, .. } = ledger.head();
        memory.summaries.retain(|known, _| *known <= seq);
        memory.summaries.extend(self.acknowledged.clone());
        if memory.summaries.len() as u64 != seq {
            return; // Records of the ledger's own are not known here.
        }
        let bytes = serde_json::to_vec(&memory.summaries).unwrap();
        if let Ok(ticket) = ledger.checkpoint(bytes)
            && let Err(error) = ticket.wait()
        {
            *self.faults.entry(name(&error)).or_default() += 1;
        }
    }
}

fn name(error: &AuditError) -> &'static str {
    match error {
        AuditError::Full { .. } => "full",
        AuditError::Poisoned { .. } => "poisoned",
        AuditError::Closed => "closed",
        _ => "failed to open or to write a checkpoint",
    }
}

/// `OC_GUARDIAN_HISTORIES` runs more.
fn histories() -> u64 {
    std::env::var("OC_GUARDIAN_HISTORIES").map_or(2000, |count| count.parse().unwrap())
}

#[test]
fn what_was_acknowledged_survives_whatever_the_disk_does() {
    let (mut acknowledged, mut appended, mut cuts) = (0, 0, 0);
    let mut faults: BTreeMap<&str, u64> = BTreeMap::new();
    let only = std::env::var("SEED").ok().map(|s| s.parse::<u64>().unwrap());
    for seed in only.map_or(0..histories(), |s| s..s + 1) {
        let disk = Faulty::new(seed);
        let mut random = Random::new(seed + 1_000_000);
        let mut caller = Caller::default();
        let lives = 2 + random.below(4);
        let run = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            for _ in 0..lives {
                let fault = if random.chance(70) {
                    Fault::PowerCut
                } else {
                    Fault::Broken
                };
                disk.plan(1 + random.below(60), fault);
                caller.serve(&disk, &mut random);
                cuts += u64::from(disk.is_dead());
                disk.power_up();
            }
            // The last one is without a fault.
            caller.serve(&disk, &mut random);
        }));
        if let Err(panic) = run {
            println!("seed {seed}");
            disk.dump();
            std::panic::resume_unwind(panic);
        }
        acknowledged += caller.acknowledged.len();
        appended += caller.appended;
        for (name, count) in caller.faults {
            *faults.entry(name).or_default() += count;
        }
    }
    println!(
        "{} histories, {cuts} power cuts: {acknowledged} of {appended} records acknowledged, none lost; {faults:?}",
        histories()
    );
    assert!(cuts > histories() / 2 && acknowledged > 0 && faults.contains_key("full"));
}
