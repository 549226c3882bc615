use std::time::{SystemTime, UNIX_EPOCH};

/// Unix seconds; 0 for a clock before 1970, with which nothing fresh can be made.
pub(super) fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_secs())
}
