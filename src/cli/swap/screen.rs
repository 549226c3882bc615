use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::release::{Action, Journal, Operation, Step, Strategy, Watch};
use crate::ui::{self, Steps, Wish};

const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// Whether Ctrl-C was pressed: what is under way is then undone. Pressed again, the process ends where it is.
#[derive(Clone)]
pub(in crate::cli) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// From now on.
    pub(in crate::cli) fn watch() -> Self {
        let pressed = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&pressed);
        ui::take_signals(move |wish| {
            if wish == Wish::Stop {
                told.store(true, Ordering::SeqCst);
            }
        });
        Self(pressed)
    }

    pub(in crate::cli) fn is_pressed(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    /// Comes back when it is.
    pub(in crate::cli) async fn pressed(&self) {
        while !self.is_pressed() {
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// The operator's screen during an operation.
pub(in crate::cli) struct Screen<'a> {
    steps: &'a Steps<'a>,
    interrupt: Interrupt,
    is_told: Cell<bool>,
}

impl<'a> Screen<'a> {
    pub(in crate::cli) fn new(steps: &'a Steps<'a>, interrupt: &Interrupt) -> Self {
        Self {
            steps,
            interrupt: interrupt.clone(),
            is_told: Cell::new(false),
        }
    }
}

impl Watch for Screen<'_> {
    fn step(&self, journal: &Journal) {
        if journal.step == Step::Undo {
            self.steps.failed("see below");
        }
        self.steps.begin(journal.step.as_str(), text(journal));
    }

    fn action(&self, action: &Action) {
        self.steps.change(&format!("{action:?}"));
    }

    fn warn(&self, text: &str) {
        self.steps.warn(text);
    }

    fn interrupted(&self) -> bool {
        let is_pressed = self.interrupt.is_pressed();
        if is_pressed && !self.is_told.replace(true) {
            self.steps
                .warn("interrupted: what was begun is undone. Pressed again, the next command does that");
        }
        is_pressed
    }
}

fn text(journal: &Journal) -> String {
    let version = journal.image.version.as_ref().map(ToString::to_string);
    let version = version.as_deref().unwrap_or("the new image");
    let is_restart = journal.strategy == Strategy::Restart;
    match (journal.step, journal.operation) {
        (Step::Create, Operation::Rollback) => "Take out the container from before".into(),
        (Step::Create, _) => format!("Create the container of {version}"),
        (Step::Warm, _) => format!("Warm up {version} beside the serving one"),
        (Step::HandOverData, _) => "Hand over the data folder".into(),
        (Step::HandOverNetwork, Operation::Run) => format!("Start {version}, and wait until it is healthy"),
        (Step::HandOverNetwork, _) if is_restart => format!("Stop the old one, start {version}"),
        (Step::HandOverNetwork, _) => "Hand over ports and name".into(),
        (Step::Settle, _) => format!("Watch {version} for {} s", journal.settle),
        (Step::Commit, Operation::Run) => "Note that it serves".into(),
        (Step::Commit, _) => "Put the old one away".into(),
        (Step::Undo, Operation::Run) => "Remove what was begun".into(),
        (Step::Undo, _) => "Give everything back to the old one".into(),
    }
}
