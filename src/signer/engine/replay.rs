use crate::audit::{Record, Replay};
use crate::signer::History;

/// Learns the history from the log.
#[derive(Default)]
pub(super) struct Rebuild {
    history: History,
}

impl Rebuild {
    pub(super) fn into_history(self) -> History {
        self.history
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
        self.history.apply(&record.entry);
    }
}
