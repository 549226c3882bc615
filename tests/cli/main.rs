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
mod audit_export_verify;
mod audit_head;
mod audit_log;
mod audit_support;
mod audit_verify;
mod board_browser;
mod charter_sign;
mod config_check;
mod config_forms;
mod config_gen;
mod config_input;
mod config_schema;
mod config_secrets;
mod config_show;
mod config_values;
mod crash_init;
mod crash_key;
mod devnet_browser;
mod devnet_faults;
mod devnet_start;
mod devnet_usage;
mod disk_faults;
mod engine_docker;
mod engine_pull;
mod engine_scene;
mod environment;
mod federation;
mod fuzz_corpus;
mod fuzz_corpus_signer;
mod generated;
mod guardian_clock;
mod guardian_docker;
mod guardian_exchange;
mod guardian_http;
mod guardian_image;
mod guardian_limits;
mod guardian_peers;
mod guardian_rpc;
mod guardian_signing;
mod guardian_standby;
mod guardian_start;
mod identity_file;
mod incident_publish;
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
mod main_job_docker;
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
mod registry_faults;
mod registry_fetch;
mod registry_helper;
mod registry_itself;
mod registry_login;
mod registry_proxy;
mod registry_redirect;
mod release_images;
mod secrets;
mod sign_ask;
mod sign_client;
mod sign_disk;
mod sign_docs;
mod sign_doors;
mod sign_end_to_end;
mod sign_engine_docker;
mod sign_engine_ssh_docker;
mod sign_kill;
mod sign_limits;
mod sign_pull;
mod sign_serve;
mod sign_terminal;
mod signer_mutants;
mod status;
mod terminal_init;
mod terminal_key;
mod threat_model;
mod trust_scene;
mod trust_show;
mod trust_update;
mod trust_update_hostile;
mod two_at_once;
mod upgrade_docker;
mod upgrade_guards_docker;
mod upgrade_kill_docker;
mod usage;
mod verify_attacks;
mod verify_bundle_file;
mod verify_bundle_hostile;
mod verify_bundle_scene;
mod verify_cosign;
mod verify_images;
mod verify_key;
mod verify_library;
mod verify_mutants;
mod verify_quoted;
mod verify_refusals;
mod verify_scene;
mod verify_strangers;
