//! Follows a chain line by line and says what is wrong with it. Pure; its memory does not grow with the log.

use std::collections::VecDeque;
use std::sync::Arc;

use super::NotedHead;
use super::finding::{Finding, Findings, Reason};
use crate::audit::{Event, Hash, Head, Record, RecordError};

/// Recent hashes that are kept, to compare signed heads with. More than ever wait between a head and its record.
const RECENT: usize = 16 * 1024;
/// Lines in a row without a good hash that are told apart.
const MAX_RUN: usize = 1000;
/// Gaps that are watched for records that turn up later.
const MAX_GAPS: usize = 1000;

/// Where a line is.
#[derive(Clone)]
pub(in crate::audit) struct Place {
    pub(super) file: Arc<str>,
    pub(super) line: u64,
}

impl Place {
    pub(super) fn finding(&self, reason: Reason, detail: impl Into<String>) -> Finding {
        Finding {
            reason,
            file: self.file.to_string(),
            line: self.line,
            detail: detail.into(),
        }
    }
}

/// What a line is.
pub(super) enum Seen<'a> {
    /// A record with the right hash.
    Good(&'a Record),
    /// A record with a wrong hash.
    Forged(&'a Record),
    /// No record. `hole`: it has zero bytes, as pages have that the disk never got.
    Malformed { error: RecordError, hole: bool },
}

/// A line without a good hash, until the next good record tells what it was.
struct Pending {
    place: Place,
    seq: Option<u64>,
    error: Option<RecordError>,
    hole: bool,
}

/// Records that are missing, until they turn up.
struct Gap {
    from: u64,
    to: u64,
    finding: Finding,
}

/// The file that is being read.
struct File {
    name: Arc<str>,
    /// Number that its name gives its first record.
    named: Option<u64>,
    good: u64,
    lines: u64,
    /// Another segment's records under this name: they are one finding.
    foreign: bool,
}

pub(in crate::audit) struct Trace {
    /// Number of the record that comes next.
    expected: u64,
    /// Hash of the record before it; unknown after one that was changed.
    last: Option<Hash>,
    pub(super) head: Head,
    pub(in crate::audit) records: u64,
    run: Vec<Pending>,
    gaps: Vec<Gap>,
    /// The next gap belongs to a file that was replaced, which was told.
    explained: bool,
    recent: VecDeque<(u64, Hash)>,
    noted: Vec<(NotedHead, bool)>,
    file: Option<File>,
    pub(in crate::audit) findings: Findings,
}

impl Trace {
    pub(in crate::audit) fn new(noted: Vec<NotedHead>) -> Self {
        Self {
            expected: 1,
            last: Some(Hash::ZERO),
            head: Head::EMPTY,
            records: 0,
            run: Vec::new(),
            gaps: Vec::new(),
            explained: false,
            recent: VecDeque::new(),
            noted: noted.into_iter().map(|noted| (noted, false)).collect(),
            file: None,
            findings: Findings::default(),
        }
    }

    pub(in crate::audit) fn start_file(&mut self, name: Arc<str>, named: Option<u64>) {
        self.end_file();
        self.file = Some(File {
            name,
            named,
            good: 0,
            lines: 0,
            foreign: false,
        });
    }

    fn end_file(&mut self) {
        let Some(file) = self.file.take() else { return };
        if file.lines > 0 && file.good == 0 && self.run.iter().all(|pending| !pending.hole) {
            self.run.retain(|pending| pending.place.file != file.name);
            self.explained = true;
            let place = Place {
                file: file.name,
                line: 0,
            };
            self.findings.push(place.finding(
                Reason::Replaced,
                "nothing in it was written under this operator key",
            ));
        }
    }

    pub(super) fn line(&mut self, place: Place, seen: Seen<'_>) {
        if let Some(file) = &mut self.file {
            file.lines += 1;
        }
        match seen {
            Seen::Good(record) => self.good(&place, record),
            Seen::Forged(record) => self.pend(Pending {
                place,
                seq: Some(record.seq),
                error: None,
                hole: false,
            }),
            Seen::Malformed { error, hole } => self.pend(Pending {
                place,
                seq: None,
                error: Some(error),
                hole,
            }),
        }
    }

    fn pend(&mut self, pending: Pending) {
        if self.run.len() < MAX_RUN {
            self.run.push(pending);
        } else {
            self.findings.total += 1;
        }
    }

    fn good(&mut self, place: &Place, record: &Record) {
        self.records += 1;
        self.check_name(place, record);
        self.compare_noted(place, record.seq, record.hash);
        if record.seq < self.expected {
            self.settle_run(0..0);
            self.out_of_place(place, record);
            return;
        }
        let missing = self.expected..record.seq;
        if missing.is_empty() && self.last.is_some_and(|last| last != record.prev) {
            let detail = format!(
                "record {} was written under this key, but not after the record before it",
                record.seq
            );
            self.findings.push(place.finding(Reason::Rebuilt, detail));
        }
        let unexplained = self.settle_run(missing);
        if let Some((from, to)) = unexplained
            && !std::mem::take(&mut self.explained)
        {
            let detail = if from == to {
                format!("record {from} is missing")
            } else {
                format!("records {from} to {to} are missing")
            };
            let finding = place.finding(Reason::Removed, detail);
            self.findings.push(finding.clone());
            if self.gaps.len() < MAX_GAPS {
                self.gaps.push(Gap { from, to, finding });
            }
        }
        self.explained = false;
        self.expected = record.seq + 1;
        self.last = Some(record.hash);
        self.head = Head {
            seq: record.seq,
            hash: record.hash,
            at: record.entry.at,
        };
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((record.seq, record.hash));
        self.check_head(place, record);
    }

    /// The first record of a closed segment is the one that its name says.
    fn check_name(&mut self, place: &Place, record: &Record) {
        let Some(file) = &mut self.file else { return };
        file.good += 1;
        let Some(named) = file.named else { return };
        // Lines before it that were changed may have been the first.
        if file.good == 1 && file.lines == 1 && record.seq != named {
            if record.seq < named || record.seq > self.expected {
                file.foreign = true;
            }
            let detail = format!("it begins with record {}, its name says {named}", record.seq);
            let place = Place {
                file: place.file.clone(),
                line: 0,
            };
            self.findings.push(place.finding(Reason::Replaced, detail));
        }
    }

    /// A record that is behind what was read already.
    fn out_of_place(&mut self, place: &Place, record: &Record) {
        let seq = record.seq;
        if let Some(at) = self
            .gaps
            .iter()
            .position(|gap| (gap.from..=gap.to).contains(&seq))
        {
            let gap = self.gaps.remove(at);
            self.findings.retract(&gap.finding);
            self.findings.push(place.finding(
                Reason::Reordered,
                format!("record {seq} comes after record {}", self.expected - 1),
            ));
            let file = gap.finding.file.clone();
            for (from, to) in [(gap.from, seq - 1), (seq + 1, gap.to)] {
                if from <= to {
                    let finding = Finding {
                        detail: format!("records {from} to {to} are missing"),
                        file: file.clone(),
                        ..gap.finding.clone()
                    };
                    self.findings.push(finding.clone());
                    self.gaps.push(Gap { from, to, finding });
                }
            }
            return;
        }
        if self.file.as_ref().is_some_and(|file| file.foreign) {
            // Told once, for the file.
            self.explained = true;
            return;
        }
        let detail = format!("record {seq} stands here a second time");
        self.findings.push(place.finding(Reason::Inserted, detail));
    }

    /// Says what the lines without a good hash were, now that the record after them is known. `missing` are the records that
    /// should have been there; returns those that no line stands for.
    fn settle_run(&mut self, missing: std::ops::Range<u64>) -> Option<(u64, u64)> {
        let mut open: Vec<(u64, u64)> = Vec::new();
        if !missing.is_empty() {
            open.push((missing.start, missing.end - 1));
        }
        let was_missing = !missing.is_empty();
        for pending in std::mem::take(&mut self.run) {
            let claimed = pending.seq.filter(|seq| missing.contains(seq));
            let stands_for = claimed.or_else(|| {
                // A line that does not say which record it was stands for the first that is open.
                open.first()
                    .map(|(from, _)| *from)
                    .filter(|_| pending.seq.is_none())
            });
            if let Some(seq) = stands_for {
                take(&mut open, seq);
            }
            let (reason, detail) = match (&pending.error, stands_for) {
                (None, Some(seq)) => (Reason::Edited, format!("record {seq} was changed")),
                (None, None) => (
                    Reason::Inserted,
                    format!(
                        "a record {} stands here that is not part of the chain",
                        pending.seq.unwrap_or_default()
                    ),
                ),
                (Some(error), _) => (Reason::Malformed, error.to_string()),
            };
            self.findings.push(pending.place.finding(reason, detail));
        }
        if was_missing {
            self.last = None;
        }
        Some((open.first()?.0, open.last()?.1))
    }

    fn compare_noted(&mut self, place: &Place, seq: u64, hash: Hash) {
        for (noted, met) in &mut self.noted {
            if noted.seq != seq || *met {
                continue;
            }
            *met = true;
            if noted.hash != hash {
                let detail = format!("record {seq} is not the one {}", noted.by);
                self.findings.push(place.finding(noted.mismatch, detail));
            }
        }
    }

    /// A signed head in the log is one of a record shortly before it.
    fn check_head(&mut self, place: &Place, record: &Record) {
        if record.entry.event != Event::Head {
            return;
        }
        let payload = record.entry.payload.as_deref().unwrap_or_default();
        let agrees = Head::parse_signed_bytes(payload).is_some_and(|head| {
            let at = self.recent.partition_point(|(seq, _)| *seq < head.seq);
            match self.recent.get(at) {
                Some((seq, hash)) if *seq == head.seq => *hash == head.hash,
                // A record that is missing is told where it is missing.
                _ => true,
            }
        });
        if !agrees {
            let detail = "the head that was signed is not that of the record that it names";
            self.findings.push(place.finding(Reason::HeadMismatch, detail));
        }
    }

    /// Ends the chain. Returns whether what is left at its end is what an interrupted write leaves.
    pub(in crate::audit) fn finish(&mut self) -> bool {
        self.end_file();
        let torn = self.run.first().is_some_and(|pending| pending.hole);
        if torn {
            self.run.clear();
        }
        let end = self.run.iter().filter_map(|pending| pending.seq).max();
        self.settle_run(self.expected..end.map_or(self.expected, |end| end.saturating_add(1)));
        let last = self.head.seq;
        let unmet: Vec<NotedHead> = self
            .noted
            .iter()
            .filter(|(noted, met)| !met && noted.seq > last)
            .map(|(noted, _)| noted.clone())
            .collect();
        for noted in unmet {
            let place = Place {
                file: noted.file.clone(),
                line: 0,
            };
            let detail = format!(
                "it ends with record {last}, but record {} is the one {}",
                noted.seq, noted.by
            );
            self.findings.push(place.finding(noted.beyond, detail));
        }
        torn
    }
}

/// Takes a number out of ranges.
fn take(open: &mut Vec<(u64, u64)>, seq: u64) {
    if let Some(at) = open.iter().position(|(from, to)| (*from..=*to).contains(&seq)) {
        let (from, to) = open.remove(at);
        if seq < to {
            open.insert(at, (seq + 1, to));
        }
        if from < seq {
            open.insert(at, (from, seq - 1));
        }
    }
}
