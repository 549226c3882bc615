//! Answers of a portal: whatever the bytes, no reader panics, and what is believed does not contradict itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::portal::{Board, Charters, Color, Federation, FederationList, Incidents, Posted, Registry};

const SLUG: &str = "oc-me-v1";

fuzz_target!(|bytes: &[u8]| {
    if let Ok(registry) = Registry::parse(bytes) {
        for operator in &registry.operators {
            if let Some(key) = operator.key() {
                assert_eq!(key.operator_id(), operator.operator_id);
                assert_eq!(registry.find(&key), Some(operator));
            }
        }
    }
    if let Ok(board) = Board::parse(bytes, SLUG) {
        for row in &board.operators {
            assert_eq!(row.color == Color::Grey, row.attested_at.is_none());
            assert!(row.since <= board.at);
        }
    }
    let _ = FederationList::parse(bytes);
    let _ = Federation::parse(bytes, SLUG);
    let _ = Charters::parse(bytes, SLUG);
    let _ = Incidents::parse(bytes, SLUG);
    let _ = Posted::parse(bytes);
});
