use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::release::{Action, Journal, Operation, Step, Strategy, Watch};
use crate::ui::{self, Steps, Wish};

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
}

/// The operator's screen during an operation.
pub(in crate::cli) struct Screen<'a> {
    steps: &'a Steps<'a>,
    interrupt: Interrupt,
}

impl<'a> Screen<'a> {
    pub(in crate::cli) fn new(steps: &'a Steps<'a>, interrupt: &Interrupt) -> Self {
        Self {
            steps,
            interrupt: interrupt.clone(),
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
        self.interrupt.is_pressed()
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
