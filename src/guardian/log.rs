use crate::bundle::LogLevel;

/// The guardian's log: one line an event on standard error, for `docker logs`. Control characters of outside text are
/// escaped by the caller's `ui`, which hands in the function that prints.
pub struct Log {
    level: LogLevel,
    print: Box<dyn Fn(LogLevel, &str) + Send + Sync>,
}

impl Log {
    /// `print` gets what is at or above `level`.
    pub fn new(level: LogLevel, print: impl Fn(LogLevel, &str) + Send + Sync + 'static) -> Self {
        Self {
            level,
            print: Box::new(print),
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

    fn write(&self, level: LogLevel, text: &str) {
        if level <= self.level {
            (self.print)(level, text);
        }
    }
}
