use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::bundle::LogLevel;

type Print = Box<dyn Fn(LogLevel, &str) + Send + Sync>;

/// The guardian's log: one line an event on standard error, for `docker logs`. Control characters of outside text are
/// escaped by the caller's `ui`, which hands in the function that prints.
pub struct Log {
    level: LogLevel,
    print: Print,
    /// What lasts, by subject.
    troubles: Mutex<HashMap<&'static str, String>>,
}

impl Log {
    /// `print` gets what is at or above `level`.
    pub fn new(level: LogLevel, print: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        Self {
            level,
            print: Box::new(print),
            troubles: Mutex::default(),
        }
    }

    pub(super) fn warn(&self, text: &str) {
        self.write(LogLevel::Warn, text);
    }

    pub(super) fn info(&self, text: &str) {
        self.write(LogLevel::Info, text);
    }

    pub(super) fn debug(&self, text: &str) {
        self.write(LogLevel::Debug, text);
    }

    /// Warns of something that may last, once: an hour without the portal is one line, not sixty.
    pub(super) fn trouble(&self, subject: &'static str, text: &str) {
        let last = self.troubles().insert(subject, text.to_owned());
        if last.as_deref() == Some(text) {
            self.debug(&format!("{subject}: still {text}"));
        } else {
            self.warn(&format!("{subject}: {text}"));
        }
    }

    /// The trouble is over, if there was any.
    pub(super) fn well(&self, subject: &'static str) {
        if self.troubles().remove(subject).is_some() {
            self.info(&format!("{subject}: well again"));
        }
    }

    fn troubles(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, String>> {
        self.troubles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, level: LogLevel, text: &str) {
        if level <= self.level {
            (self.print)(level, text);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_lasts_is_told_once_and_its_end_too() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        let log = Log::new(LogLevel::Info, move |_, text| {
            kept.lock().unwrap().push(text.to_owned());
        });
        log.well("portal");
        for _ in 0..60 {
            log.trouble("portal", "down");
        }
        log.trouble("portal", "slow");
        log.trouble("signer", "down");
        log.well("portal");
        log.well("portal");
        assert_eq!(
            *lines.lock().unwrap(),
            [
                "portal: down",
                "portal: slow",
                "signer: down",
                "portal: well again"
            ]
        );
    }
}
