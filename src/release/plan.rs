//! What is left to do in a step, by what the engine says now: pure. Doing it twice does nothing the second time, so that an
//! operation that was interrupted anywhere goes on with what is missing.

use super::journal::Journal;
use super::names::Names;
use super::seen::{Instance, Mode, Seen};
use super::step::{Operation, Step, Strategy};
use crate::engine::Restart;

/// Which container.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that served before.
    Old,
    /// The one that takes over.
    New,
    /// The one kept from the operation before.
    Prev,
    /// The one kept from a rollback.
    Undone,
}

/// One change on the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The network in which the new one is warmed.
    CreateStage,
    /// The new container, from the verified image.
    Create,
    /// Start its process.
    Start(Which),
    /// SIGTERM, and SIGKILL after the grace.
    Stop(Which),
    /// Remove it, but no volume.
    Remove(Which),
    /// Give it another name.
    Rename(Which, String),
    /// To the network with the published ports.
    Attach(Which),
    /// From it.
    Detach(Which),
    /// To the stage network.
    AttachStage(Which),
    /// From it.
    DetachStage(Which),
    /// When to start it again by itself.
    SetRestart(Which, Restart),
    /// Have its guardian leave the data folder.
    StandBy(Which),
    /// Have its guardian take the data folder again.
    Activate(Which),
    /// Remove the stage network.
    RemoveStage,
    /// From now on no older version is accepted.
    RaiseFloor,
    /// The operation has ended.
    Forget,
}

/// What to do about an operation that was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The new one serves and has proved itself: put the rest away.
    Finish,
    /// The new one has everything but has not proved itself yet: let it.
    Resume,
    /// The old one gets everything back.
    Undo,
    /// Both containers are gone, by another hand than ours: nothing is left to decide.
    Lost,
}

/// By what the engine says now, not by what the journal hopes.
pub fn recover(journal: &Journal, seen: &Seen) -> Recovery {
    let serves = |it: &Instance| it.running && it.attached && it.name == journal.container;
    match (journal.step, &seen.old, &seen.new) {
        (_, None, None) if journal.operation != Operation::Run => Recovery::Lost,
        (Step::Commit, _, Some(_)) => Recovery::Finish,
        (Step::Settle, _, Some(new)) if serves(new) => Recovery::Resume,
        // There is no way back, somebody removed it.
        (_, None, Some(_)) if journal.operation != Operation::Run => Recovery::Resume,
        _ => Recovery::Undo,
    }
}

/// What is left to do in the step that the journal names, in this order.
pub fn left(journal: &Journal, seen: &Seen) -> Vec<Action> {
    let mut plan = Plan {
        journal,
        names: Names::of(&journal.container),
        seen,
        actions: Vec::new(),
    };
    match journal.step {
        Step::Create => plan.create(),
        Step::Warm => plan.start(Which::New),
        Step::HandOverData => plan.hand_over_data(),
        Step::HandOverNetwork => plan.hand_over_network(),
        Step::Settle => {}
        Step::Commit => plan.commit(),
        Step::Undo => plan.undo(),
    }
    plan.actions
}

struct Plan<'a> {
    journal: &'a Journal,
    names: Names,
    seen: &'a Seen,
    actions: Vec<Action>,
}

impl Plan<'_> {
    fn now(&self, which: Which) -> Option<&Instance> {
        match which {
            Which::Old => self.seen.old.as_ref(),
            Which::New => self.seen.new.as_ref(),
            Which::Prev => self.seen.prev.as_ref(),
            Which::Undone => self.seen.undone.as_ref(),
        }
    }

    /// Adds the action where the container is there and needs it.
    fn when(&mut self, which: Which, needs: impl Fn(&Instance) -> bool, action: Action) {
        if self.now(which).is_some_and(needs) {
            self.actions.push(action);
        }
    }

    fn start(&mut self, which: Which) {
        self.when(which, |it| !it.running, Action::Start(which));
    }

    fn rename(&mut self, which: Which, name: String) {
        let is = name.clone();
        self.when(which, move |it| it.name != is, Action::Rename(which, name));
    }

    fn attach(&mut self, which: Which) {
        self.when(which, |it| !it.attached, Action::Attach(which));
    }

    fn detach(&mut self, which: Which) {
        self.when(which, |it| it.attached, Action::Detach(which));
    }

    fn set_restart(&mut self, which: Which, restart: Restart) {
        let is = restart.clone();
        self.when(
            which,
            move |it| it.restart != is,
            Action::SetRestart(which, restart),
        );
    }

    fn create(&mut self) {
        let warm = self.journal.strategy == Strategy::Handover && self.journal.operation != Operation::Run;
        if warm && !self.seen.stage {
            self.actions.push(Action::CreateStage);
        }
        if self.journal.operation != Operation::Rollback {
            if self.seen.new.is_none() {
                self.actions.push(Action::Create);
            }
            return;
        }
        // It is there, stopped, as the operation before left it. The name says to others that it is being warmed.
        self.rename(Which::New, self.names.next());
        if warm {
            self.when(Which::New, |it| !it.staged, Action::AttachStage(Which::New));
            self.detach(Which::New);
        }
    }

    fn hand_over_data(&mut self) {
        let is_active = |it: &Instance| it.running && it.mode != Some(Mode::Standby);
        self.when(Which::Old, is_active, Action::StandBy(Which::Old));
    }

    /// Names first: between detaching and attaching nobody answers.
    fn hand_over_network(&mut self) {
        let policy = self
            .journal
            .old
            .as_ref()
            .and_then(|old| super::restart_named(&old.restart))
            // A container of one's own that was started for once would not come back after a power cut.
            .filter(|policy| *policy != Restart::No)
            .unwrap_or(Restart::UnlessStopped);
        if self.journal.operation == Operation::Run {
            self.start(Which::New);
            self.set_restart(Which::New, policy);
            return;
        }
        let is_restart = self.journal.strategy == Strategy::Restart;
        if is_restart {
            self.when(Which::Old, |it| it.running, Action::Stop(Which::Old));
        }
        self.rename(Which::Old, self.names.old(&self.journal.transaction));
        self.rename(Which::New, self.names.main().to_owned());
        if is_restart {
            self.attach(Which::New);
            self.start(Which::New);
        } else {
            self.detach(Which::Old);
            self.attach(Which::New);
            // Only after an engine was restarted, or the old one was removed by hand.
            self.start(Which::New);
        }
        // The old one first: an engine that is restarted in between must not start both, of which the old one could take the
        // data folder while the new one has the ports.
        self.set_restart(Which::Old, Restart::No);
        self.set_restart(Which::New, policy);
    }

    fn commit(&mut self) {
        self.when(Which::Old, |it| it.running, Action::Stop(Which::Old));
        self.set_restart(Which::Old, Restart::No);
        self.when(Which::New, |it| it.staged, Action::DetachStage(Which::New));
        if self.journal.operation != Operation::Run {
            // One that runs is no one's leftover, whatever it is called.
            self.when(Which::Undone, |it| !it.running, Action::Remove(Which::Undone));
            self.when(Which::Prev, |it| !it.running, Action::Remove(Which::Prev));
            let kept = if self.journal.operation == Operation::Rollback {
                self.names.undone()
            } else {
                self.names.prev()
            };
            self.rename(Which::Old, kept);
        }
        if self.seen.stage {
            self.actions.push(Action::RemoveStage);
        }
        if self.journal.operation != Operation::Rollback {
            self.actions.push(Action::RaiseFloor);
        }
        self.actions.push(Action::Forget);
    }

    /// Ports and name first: whoever asks for health is answered before the data folder changes hands.
    fn undo(&mut self) {
        let keeps_new = self.journal.operation == Operation::Rollback;
        // First this: an engine hands the ports of a container that leaves one network to another one that it is in.
        self.when(Which::New, |it| it.staged, Action::DetachStage(Which::New));
        if self.seen.old.is_some() {
            self.detach(Which::New);
            self.when(
                Which::New,
                |it| it.name == self.journal.container,
                Action::Rename(Which::New, self.names.next()),
            );
            self.rename(Which::Old, self.names.main().to_owned());
            // A stopped container is attached when it is started.
            self.attach(Which::Old);
        }
        if self.seen.old.is_none() && self.journal.operation != Operation::Run {
            // Somebody removed the old one: the new one is the only one left.
            self.actions.push(Action::Forget);
            return;
        }
        self.set_restart(Which::New, Restart::No);
        self.when(Which::New, |it| it.running, Action::Stop(Which::New));
        if let Some(old) = &self.journal.old {
            let policy = super::restart_named(&old.restart).unwrap_or(Restart::UnlessStopped);
            self.set_restart(Which::Old, policy);
            if old.was_running {
                self.start(Which::Old);
                let is_idle = |it: &Instance| it.running && it.mode == Some(Mode::Standby);
                self.when(Which::Old, is_idle, Action::Activate(Which::Old));
            }
        }
        if keeps_new {
            self.rename(Which::New, self.names.prev());
        } else {
            self.when(Which::New, |_| true, Action::Remove(Which::New));
        }
        if self.seen.stage {
            self.actions.push(Action::RemoveStage);
        }
        self.actions.push(Action::Forget);
    }
}
