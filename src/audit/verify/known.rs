//! What somebody knows of the records: heads noted elsewhere, and heads that the log itself has signed.

use std::collections::VecDeque;

use super::NotedHead;
use super::finding::{Findings, Reason};
use super::trace::Place;
use crate::audit::{Event, Hash, Head, Record};

/// Recent hashes that are kept, to compare signed heads with. More than ever wait between a head and its record.
const RECENT: usize = 16 * 1024;

pub(super) struct Known {
    recent: VecDeque<(u64, Hash)>,
    /// With whether its record was seen.
    noted: Vec<(NotedHead, bool)>,
}

impl Known {
    pub(super) fn new(noted: Vec<NotedHead>) -> Self {
        Self {
            recent: VecDeque::new(),
            noted: noted.into_iter().map(|noted| (noted, false)).collect(),
        }
    }

    /// Compares a good record, wherever it stands, with the heads that were noted.
    pub(super) fn compare(&mut self, place: &Place, record: &Record, findings: &mut Findings) {
        for (noted, met) in &mut self.noted {
            if noted.seq != record.seq || *met {
                continue;
            }
            *met = true;
            if noted.hash != record.hash {
                let detail = format!("record {} is not the one {}", record.seq, noted.by);
                findings.push(place.finding(noted.mismatch, detail));
            }
        }
    }

    /// Takes a record in its place. One that signs a head names a record shortly before it.
    pub(super) fn take(&mut self, place: &Place, record: &Record, findings: &mut Findings) {
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back((record.seq, record.hash));
        if record.entry.event == Event::Head && !self.agrees(record) {
            let detail = "the head that was signed is not that of the record that it names";
            findings.push(place.finding(Reason::HeadMismatch, detail));
        }
    }

    fn agrees(&self, record: &Record) -> bool {
        let payload = record.entry.payload.as_deref().unwrap_or_default();
        Head::parse_signed_bytes(payload)
            .filter(|head| head.seq < record.seq)
            .is_some_and(|head| {
                let at = self.recent.partition_point(|(seq, _)| *seq < head.seq);
                match self.recent.get(at) {
                    Some((seq, hash)) if *seq == head.seq => *hash == head.hash,
                    // A record that is missing is told where it is missing.
                    _ => true,
                }
            })
    }

    /// Heads beyond the last record.
    pub(super) fn finish(&self, last: u64, findings: &mut Findings) {
        for (noted, met) in &self.noted {
            if *met || noted.seq <= last {
                continue;
            }
            let place = Place {
                file: noted.file.clone(),
                line: 0,
            };
            let detail = format!(
                "it ends with record {last}, but record {} is the one {}",
                noted.seq, noted.by
            );
            findings.push(place.finding(noted.beyond, detail));
        }
    }
}
