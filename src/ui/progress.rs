use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Something under way; gone from the screen when dropped. Without a terminal: one line when it starts.
pub struct Progress(Option<ProgressBar>);

impl Progress {
    pub(super) fn start(what: &str, live: bool, quiet: bool) -> Self {
        if live {
            let bar = ProgressBar::new_spinner();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {elapsed:>4}") {
                bar.set_style(style);
            }
            bar.set_message(what.to_owned());
            bar.enable_steady_tick(Duration::from_millis(120));
            return Self(Some(bar));
        }
        if !quiet {
            super::stderr_line(what);
        }
        Self(None)
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
