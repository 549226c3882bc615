use std::collections::HashMap;

use crate::audit::{Event, Record, Replay};
use crate::signer::{History, Kind, RequestId};

/// Learns the history from the log.
#[derive(Default)]
pub(super) struct Rebuild {
    history: History,
    kinds: HashMap<RequestId, Kind>,
}

impl Rebuild {
    /// The history, and the requests that persons were asked about and nobody will be any more.
    pub(super) fn finish(self) -> (History, Vec<(RequestId, Kind)>) {
        let kind = |id| self.kinds.get(&id).copied().unwrap_or(Kind::Action);
        let asked = self.history.asked().map(|(id, _)| (id, kind(id))).collect();
        (self.history, asked)
    }
}

impl Replay for Rebuild {
    fn checkpoint(&mut self, bytes: &[u8]) -> bool {
        match History::from_json(bytes) {
            Ok(history) => {
                self.history = history;
                true
            }
            // Of a release that wrote it otherwise: then every record is read.
            Err(_) => false,
        }
    }

    fn record(&mut self, record: &Record) {
        let entry = &record.entry;
        self.history.apply(entry);
        if entry.event == Event::Asked
            && let Some(id) = entry.request_id.as_deref().and_then(|id| id.parse().ok())
            && let Some(kind) = entry.kind.as_deref().and_then(Kind::named)
        {
            self.kinds.retain(|id, _| self.history.outcome(*id).is_none());
            self.kinds.insert(id, kind);
        }
    }
}
