//! A small real portal: it verifies every envelope, keeps the attestation board, and shows it.
//!
//! It speaks the routes of the public portal that the kit uses. Everything is in memory and bounded: operators and
//! federations are fixed at the start, and what they can add has a limit each.

mod action;
mod answer;
mod attestation;
mod board;
mod body;
mod bucket;
mod clock;
mod colour;
mod config;
mod connection;
mod live;
mod page;
mod refusal;
mod route;
mod server;
mod state;
mod timeline;

pub use board::{Board, Heard, Older, Recorded, Row};
pub use bucket::Rate;
pub use clock::Clock;
pub use colour::{Cause, Colour, Standing};
pub use config::{ConfigError, Federation, Limits, Operator, PortalConfig};
pub use server::{Handle, Portal, StartError};

#[cfg(test)]
mod board_tests;
