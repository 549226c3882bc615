//! The images that the devnet's portal accepts: a file with one digest a line, which the portal reads again when it changes.

use std::path::{Path, PathBuf};

use crate::store::{self, Access, StoreError, hex};

/// Most that are accepted at once.
const MOST: usize = 16;
const MAX_BYTES: usize = MOST * 80;

pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("pins")
}

/// A digest as it is written: `sha256:` and 64 lower-case hex digits.
pub fn parse_pin(text: &str) -> Option<String> {
    let digits = text.strip_prefix("sha256:")?;
    (digits.len() == 64 && hex::is_lower_hex(digits)).then(|| text.to_owned())
}

/// The accepted images of the devnet in this folder; none means any.
///
/// # Errors
/// When the file cannot be read. Lines that are no digest do not count.
pub fn pins_of(folder: &Path) -> Result<Vec<String>, StoreError> {
    read(&file(folder))
}

pub(super) fn read(file: &Path) -> Result<Vec<String>, StoreError> {
    let text = store::read(file, MAX_BYTES)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text
        .lines()
        .filter_map(|line| parse_pin(line.trim()))
        .take(MOST)
        .collect())
}

/// Has the portal of the devnet in this folder accept these images; none means any.
///
/// # Errors
/// When the file cannot be written.
pub fn write_pins(folder: &Path, pins: &[String]) -> Result<(), StoreError> {
    let mut text = pins.join("\n");
    text.push('\n');
    store::replace(&file(folder), text.as_bytes(), Access::Private)
}
