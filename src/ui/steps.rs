use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::{BAD, FAINT, GOOD, Ui, WARNING, paint, printable};

/// Layers that are shown at once.
const MAX_LAYERS: usize = 12;
/// Where the times stand.
const WIDTH: usize = 58;

/// An operation of several steps, as it goes: a list with times on a terminal, a line a step without one, an event a line
/// with `--json`.
pub struct Steps<'a> {
    ui: &'a Ui,
    bars: MultiProgress,
    current: Mutex<Option<Current>>,
}

struct Current {
    name: &'static str,
    text: String,
    since: Instant,
    spinner: ProgressBar,
    layers: BTreeMap<String, ProgressBar>,
}

/// How a step ended.
#[derive(Clone, Copy)]
enum End {
    Done,
    Skipped,
    Failed,
}

impl End {
    fn word(self) -> String {
        match self {
            Self::Done => paint(GOOD, "done   "),
            Self::Skipped => paint(WARNING, "skipped"),
            Self::Failed => paint(BAD, "failed "),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

impl Ui {
    /// Shows the steps of an operation.
    pub fn steps(&self) -> Steps<'_> {
        Steps {
            ui: self,
            bars: MultiProgress::new(),
            current: Mutex::new(None),
        }
    }
}

impl Steps<'_> {
    fn current(&self) -> MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_live(&self) -> bool {
        self.ui.live && !self.ui.options.quiet && !self.ui.options.json
    }

    /// A step begins; one that goes on is done. `name` is for programs, `text` for people: what is being done.
    pub fn begin(&self, name: &'static str, text: impl Into<String>) {
        self.done(None);
        let text = text.into();
        let spinner = if self.is_live() {
            let bar = self.bars.add(ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("{spinner:<7} {msg} {elapsed:>4}") {
                bar.set_style(style);
            }
            bar.set_message(printable(&text));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        } else {
            ProgressBar::hidden()
        };
        self.event(&json!({ "event": "step", "step": name, "state": "started", "text": text }));
        *self.current() = Some(Current {
            name,
            text,
            since: Instant::now(),
            spinner,
            layers: BTreeMap::new(),
        });
    }

    /// The step that goes on is done; what came of it, in a few words.
    pub fn done(&self, came_of_it: Option<&str>) {
        self.end(End::Done, came_of_it);
    }

    /// The step that goes on was not needed, or could not be done and does not have to be.
    pub fn skipped(&self, why: &str) {
        self.end(End::Skipped, Some(why));
    }

    /// The step that goes on failed. What is done about it are steps of their own.
    pub fn failed(&self, why: &str) {
        self.end(End::Failed, Some(why));
    }

    /// A layer of an image that is being pulled; sizes in bytes.
    pub fn layer(&self, id: &str, phase: &str, done: u64, total: Option<u64>) {
        let mut current = self.current();
        let Some(current) = current.as_mut().filter(|_| self.is_live()) else {
            return;
        };
        if !current.layers.contains_key(id) {
            if current.layers.len() >= MAX_LAYERS {
                return;
            }
            let bar = self.bars.add(ProgressBar::new(total.unwrap_or(0)));
            if let Ok(style) = ProgressStyle::with_template(
                "        {prefix:12} {msg:12} {bar:24} {binary_bytes:>11}/{binary_total_bytes}",
            ) {
                bar.set_style(style);
            }
            bar.set_prefix(printable(id));
            current.layers.insert(id.to_owned(), bar);
        }
        let bar = &current.layers[id];
        bar.set_message(printable(phase));
        if let Some(total) = total {
            bar.set_length(total);
            bar.set_position(done);
        }
    }

    /// Something is about to be changed, as programs and `-v` are told.
    pub fn change(&self, what: &str) {
        self.event(&json!({ "event": "change", "change": what }));
        if !self.ui.options.json {
            self.bars.suspend(|| self.ui.detail(&format!("        {what}")));
        }
    }

    /// Takes the step that goes on off the screen while something else is shown or asked there.
    pub fn pause<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        self.bars.suspend(meanwhile)
    }

    /// Says something between steps.
    pub fn warn(&self, text: &str) {
        self.bars.suspend(|| self.ui.warn(text));
    }

    fn end(&self, how: End, why: Option<&str>) {
        let taken = self.current().take();
        let Some(current) = taken else {
            return;
        };
        for bar in current.layers.values() {
            bar.finish_and_clear();
            self.bars.remove(bar);
        }
        current.spinner.finish_and_clear();
        self.bars.remove(&current.spinner);
        let took = current.since.elapsed();
        self.event(&json!({
            "event": "step", "step": current.name, "state": how.name(),
            "ms": u64::try_from(took.as_millis()).unwrap_or(u64::MAX), "detail": why,
        }));
        let is_failure = matches!(how, End::Failed);
        if self.ui.options.json || (self.ui.options.quiet && !is_failure) {
            return;
        }
        let text = printable(&current.text);
        let detail = why.map_or_else(String::new, |why| format!("  {}", paint(FAINT, &printable(why))));
        let line = format!("{} {text:WIDTH$} {:>8}{detail}", how.word(), seconds(took));
        self.bars.suspend(|| super::stderr_line(&line));
    }

    fn event(&self, event: &Value) {
        if self.ui.options.json {
            // Whoever reads may have gone; the operation goes on.
            let _ = self.ui.raw(&format!("{event}\n"));
        }
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        let taken = self.current().take();
        if let Some(current) = taken {
            for bar in current.layers.values() {
                bar.finish_and_clear();
            }
            current.spinner.finish_and_clear();
        }
    }
}

fn seconds(time: Duration) -> String {
    if time < Duration::from_secs(10) {
        format!("{} ms", time.as_millis())
    } else {
        format!("{:.1} s", time.as_secs_f64())
    }
}
