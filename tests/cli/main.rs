//! Whole-command tests: the real binary, as a user runs it.

// A test fails by panicking; snapshots are rewritten by a tool that always adds the hashes.
#![allow(
    clippy::unwrap_used,
    clippy::needless_raw_string_hashes,
    clippy::format_push_string
)]
#![allow(unreachable_pub, missing_docs)]
#![allow(clippy::too_many_lines, reason = "snapshots are long")]
#![allow(dead_code, reason = "support/ is shared with the benches")]

#[path = "../support/mod.rs"]
mod support;

mod config_check;
mod config_gen;
mod config_input;
mod config_schema;
mod config_secrets;
mod config_show;
mod config_values;
mod key_show;
