//! The command line: one file per verb, holding its arguments and one function.

mod audit;
mod charter;
mod completions;
mod config;
mod context;
mod devnet;
mod examples;
mod federation;
mod guardian;
mod incident;
mod init;
mod input;
mod key;
mod man;
mod policy;
mod portal;
mod sign;
mod start;
mod status;
mod tree;
mod trust;
mod verify;

pub use start::main;
pub use tree::command;
