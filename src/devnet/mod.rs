//! A federation and its portal on one machine, for trying out and for tests.

pub mod portal;
