use crate::audit::{Record, Replay};
use crate::signer::History;

/// Learns the history from the log.
#[derive(Default)]
pub(super) struct Rebuild(pub(super) History);

impl Replay for Rebuild {
    fn checkpoint(&mut self, bytes: &[u8]) -> bool {
        match History::from_json(bytes) {
            Ok(history) => {
                self.0 = history;
                true
            }
            // Of a release that wrote it otherwise: then every record is read.
            Err(_) => false,
        }
    }

    fn record(&mut self, record: &Record) {
        self.0.apply(&record.entry);
    }
}
