//! Operator's kit for a guardian of an m-of-n Bitcoin federation.
//!
//! The binary `oc-guardian` is the product; this library holds all of it but the entry point. Modules import downwards
//! in this order: `cli`, `ui`, `devnet`, `doctor`, `guardian`, `release`, `signer`, `form`, `engine`, `image`, `portal`,
//! `federation`, `envelope`, `bundle`, `audit`, `vault`, `operator`, `store`.

pub mod audit;
pub mod bundle;
pub mod cli;
pub mod devnet;
pub mod doctor;
pub mod engine;
pub mod envelope;
pub mod federation;
pub mod form;
pub mod guardian;
pub mod image;
pub mod operator;
pub mod portal;
pub mod release;
pub mod signer;
pub mod store;
pub mod ui;
pub mod vault;
