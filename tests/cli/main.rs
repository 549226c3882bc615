//! Whole-command tests: the real binary, as a user runs it.

// A test fails by panicking; snapshots are rewritten by a tool that always adds the hashes.
#![allow(
    clippy::unwrap_used,
    clippy::needless_raw_string_hashes,
    clippy::format_push_string,
    clippy::too_many_lines,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::case_sensitive_file_extension_comparisons,
    unreachable_pub,
    missing_docs
)]
#![allow(dead_code, reason = "support/ is shared with the benches")]

#[path = "../support/mod.rs"]
mod support;

mod age_tool;
mod board_browser;
mod config_check;
mod config_gen;
mod config_input;
mod config_schema;
mod config_secrets;
mod config_show;
mod config_values;
mod crash_init;
mod crash_key;
mod disk_faults;
mod environment;
mod federation;
mod fuzz_corpus;
mod generated;
mod guardian_docker;
mod guardian_http;
mod guardian_peers;
mod guardian_rpc;
mod guardian_signing;
mod guardian_standby;
mod guardian_start;
mod identity_file;
mod init;
mod init_hex;
mod init_refusals;
mod init_words;
mod install;
mod json_stringify;
mod key_export;
mod key_file;
mod key_show;
mod keychain;
mod keychain_crash;
mod keychain_trouble;
mod output;
mod passphrase;
mod passphrase_file;
mod policy_check;
mod policy_init;
mod policy_test;
mod portal_client;
mod portal_server;
mod portal_status;
mod readme;
mod secrets;
mod sign_ask;
mod sign_disk;
mod sign_docs;
mod sign_doors;
mod sign_end_to_end;
mod sign_kill;
mod sign_limits;
mod sign_pull;
mod sign_serve;
mod sign_terminal;
mod status;
mod terminal_init;
mod terminal_key;
mod two_at_once;
mod usage;
