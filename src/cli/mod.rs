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
mod logs;
mod man;
mod policy;
mod portal;
mod rollback;
mod run;
mod sign;
mod start;
mod status;
mod stop;
mod swap;
mod tree;
mod trust;
mod uninstall;
mod upgrade;
mod verify;

pub use start::main;
pub use tree::command;
