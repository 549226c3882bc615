//! An engine of the tests' own: names are unique, a port is published by one container, the data folder has one holder, and
//! after a restart of the engine what runs follows from the restart policies.

use std::collections::BTreeMap;

use super::*;

/// Why something failed in the simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The kit was killed: nothing after that happens.
    Killed,
    /// The engine refuses, as a real one would.
    Refused(String),
    /// What was waited for does not come.
    Never(&'static str),
}

impl std::fmt::Display for Trouble {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        Self::Refused(error.to_string())
    }
}

/// How an image behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Good,
    /// Ends at once.
    Crashes,
    /// Runs, and is never healthy.
    Mute,
    /// Healthy, and dies while it is watched.
    DiesLater,
    /// Never takes the data folder.
    StaysStandby,
}

#[derive(Clone, Debug)]
pub(super) struct Container {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) running: bool,
    pub(super) stopped_by_hand: bool,
    pub(super) attached: bool,
    pub(super) staged: bool,
    /// Its ports went to the stage network when it left the other one.
    pub(super) keeps_ports: bool,
    pub(super) restart: Restart,
    /// Leaves the data folder to others.
    pub(super) yields: bool,
}

#[derive(Clone, Debug, Default)]
pub(super) struct World {
    pub(super) containers: BTreeMap<String, Container>,
    pub(super) stage: bool,
    /// Id of the container whose guardian holds the data folder.
    pub(super) holder: Option<String>,
    pub(super) journal: Option<Journal>,
    pub(super) floor_raised: bool,
    next_id: u64,
}

impl World {
    pub(super) fn add(&mut self, name: &str, kind: Kind, attached: bool) -> String {
        self.next_id += 1;
        let id = format!("{:064x}", self.next_id);
        let container = Container {
            name: name.into(),
            kind,
            running: false,
            stopped_by_hand: false,
            attached,
            staged: false,
            keeps_ports: false,
            restart: Restart::No,
            yields: false,
        };
        self.containers.insert(id.clone(), container);
        id
    }

    pub(super) fn named(&self, name: &str) -> Option<(&String, &Container)> {
        self.containers.iter().find(|(_, it)| it.name == name)
    }

    /// Who takes the data folder now.
    pub(super) fn settle_lock(&mut self) {
        let holds =
            |it: &Container| it.running && !it.yields && matches!(it.kind, Kind::Good | Kind::DiesLater);
        if self
            .holder
            .as_ref()
            .is_some_and(|id| self.containers.get(id).is_some_and(holds))
        {
            return;
        }
        self.holder = self
            .containers
            .iter()
            .find(|(_, it)| holds(it))
            .map(|(id, _)| id.clone());
    }

    pub(super) fn start(&mut self, id: &str) -> Result<(), Trouble> {
        let taken = self
            .containers
            .iter()
            .any(|(other, it)| other != id && it.running && (it.attached || it.keeps_ports));
        let container = self
            .containers
            .get_mut(id)
            .ok_or(Trouble::Refused("gone".into()))?;
        if container.attached && taken {
            return Err(Trouble::Refused("port is taken".into()));
        }
        container.stopped_by_hand = false;
        container.yields = false;
        container.running = container.kind != Kind::Crashes;
        self.settle_lock();
        Ok(())
    }

    /// All stop; those that are to come back do.
    pub(super) fn restart_engine(&mut self) {
        for container in self.containers.values_mut() {
            container.running = false;
            container.yields = false;
        }
        self.holder = None;
        let back: Vec<String> = self
            .containers
            .iter()
            .filter(|(_, it)| match it.restart {
                Restart::No | Restart::OnFailure(_) => false,
                Restart::Always => true,
                Restart::UnlessStopped => !it.stopped_by_hand,
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in back {
            let _ = self.start(&id);
        }
    }

    /// Those that answer on the published ports.
    pub(super) fn serving(&self) -> Vec<(&String, &Container)> {
        self.containers
            .iter()
            .filter(|(_, it)| it.running && it.attached)
            .collect()
    }

    fn instance(&self, id: &str) -> Option<Instance> {
        let it = self.containers.get(id)?;
        let mode = (it.running && it.kind != Kind::Mute).then(|| {
            if self.holder.as_deref() == Some(id) {
                Mode::Active
            } else {
                Mode::Standby
            }
        });
        Some(Instance {
            id: id.to_owned(),
            name: it.name.clone(),
            running: it.running,
            attached: it.attached,
            staged: it.staged,
            restart: it.restart.clone(),
            mode,
        })
    }
}

/// A kit that is killed before its n-th change.
pub(super) struct Kit<'a> {
    pub(super) world: &'a mut World,
    /// Kind of the container that it creates.
    pub(super) creates: Kind,
    /// Changes that it still makes; `None` is without end.
    pub(super) lives: Option<usize>,
    /// What it did.
    pub(super) trace: Vec<String>,
}

impl Kit<'_> {
    fn live(&mut self, what: String) -> Result<(), Trouble> {
        match &mut self.lives {
            Some(0) => return Err(Trouble::Killed),
            Some(left) => *left -= 1,
            None => {}
        }
        self.trace.push(what);
        Ok(())
    }

    fn id(&self, journal: &Journal, which: Which) -> Option<String> {
        let names = Names::of(&journal.container);
        let free = |name: String| {
            let (id, _) = self.world.named(&name)?;
            let taken =
                journal.old.as_ref().is_some_and(|old| old.id == *id) || journal.new.as_ref() == Some(id);
            (!taken).then(|| id.clone())
        };
        match which {
            Which::Old => journal.old.as_ref().map(|old| old.id.clone()),
            Which::New => journal
                .new
                .clone()
                // As the label of the transaction finds it.
                .or_else(|| {
                    free(if journal.operation == Operation::Run {
                        names.main().to_owned()
                    } else {
                        names.next()
                    })
                }),
            Which::Prev => free(names.prev()),
            Which::Undone => free(names.undone()),
        }
    }
}

impl Host for Kit<'_> {
    type Error = Trouble;

    fn save(&mut self, journal: &Journal) -> Result<(), Trouble> {
        self.live(format!("journal {}", journal.step.as_str()))?;
        self.world.journal = Some(journal.clone());
        Ok(())
    }

    async fn look(&mut self, journal: &Journal) -> Result<Seen, Trouble> {
        let instance = |which| self.id(journal, which).and_then(|id| self.world.instance(&id));
        Ok(Seen {
            old: instance(Which::Old),
            new: instance(Which::New),
            prev: instance(Which::Prev),
            undone: instance(Which::Undone),
            stage: self.world.stage,
        })
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each action")]
    async fn perform(&mut self, journal: &mut Journal, action: &Action) -> Result<(), Trouble> {
        self.live(format!("{action:?}"))?;
        let refused = |why: &str| Trouble::Refused(why.into());
        let id = |kit: &Self, which| kit.id(journal, which).ok_or(refused("no such container"));
        match action {
            Action::CreateStage => self.world.stage = true,
            Action::Create => {
                let names = Names::of(&journal.container);
                let is_first = journal.operation == Operation::Run;
                let name = if is_first {
                    names.main().to_owned()
                } else {
                    names.next()
                };
                if self.world.named(&name).is_some() {
                    return Err(refused("name is taken"));
                }
                let warm = journal.strategy == Strategy::Handover && !is_first;
                let made = self.world.add(&name, self.creates, !warm);
                self.world.containers.get_mut(&made).unwrap().staged = warm;
                // Killed here, the journal does not have the id.
                self.live("note the id".into())?;
                journal.new = Some(made);
                self.world.journal = Some(journal.clone());
            }
            Action::Start(which) => {
                let id = id(self, *which)?;
                self.world.start(&id)?;
            }
            Action::Stop(which) => {
                let id = id(self, *which)?;
                let it = self.world.containers.get_mut(&id).ok_or(refused("gone"))?;
                (it.running, it.stopped_by_hand) = (false, true);
                self.world.settle_lock();
            }
            Action::Remove(which) => {
                let id = id(self, *which)?;
                if self.world.containers[&id].running {
                    return Err(refused("it runs"));
                }
                self.world.containers.remove(&id);
            }
            Action::Rename(which, name) => {
                if self.world.named(name).is_some() {
                    return Err(refused("name is taken"));
                }
                let id = id(self, *which)?;
                self.world.containers.get_mut(&id).unwrap().name.clone_from(name);
            }
            Action::Attach(which) => {
                let id = id(self, *which)?;
                let runs = self.world.containers[&id].running;
                let holds = |it: &Container| it.running && (it.attached || it.keeps_ports);
                let mut others = self.world.containers.iter().filter(|(other, _)| **other != id);
                if runs && others.any(|(_, it)| holds(it)) {
                    return Err(refused("port is taken"));
                }
                self.world.containers.get_mut(&id).unwrap().attached = true;
            }
            Action::Detach(which) => {
                let id = id(self, *which)?;
                let it = self.world.containers.get_mut(&id).unwrap();
                it.attached = false;
                it.keeps_ports = it.running && it.staged;
            }
            Action::AttachStage(which) => {
                let id = id(self, *which)?;
                self.world.containers.get_mut(&id).unwrap().staged = true;
            }
            Action::DetachStage(which) => {
                let id = id(self, *which)?;
                let it = self.world.containers.get_mut(&id).unwrap();
                (it.staged, it.keeps_ports) = (false, false);
            }
            Action::SetRestart(which, restart) => {
                let id = id(self, *which)?;
                self.world.containers.get_mut(&id).unwrap().restart = restart.clone();
            }
            Action::StandBy(which) => {
                let id = id(self, *which)?;
                self.world.containers.get_mut(&id).unwrap().yields = true;
                self.world.settle_lock();
            }
            Action::Activate(which) => {
                let id = id(self, *which)?;
                self.world.containers.get_mut(&id).unwrap().yields = false;
                self.world.settle_lock();
            }
            Action::RemoveStage => {
                if self.world.containers.values().any(|it| it.staged && it.running) {
                    return Err(refused("network in use"));
                }
                self.world.stage = false;
                for it in self.world.containers.values_mut() {
                    it.staged = false;
                }
            }
            Action::RaiseFloor => self.world.floor_raised = true,
            Action::Forget => self.world.journal = None,
        }
        Ok(())
    }

    async fn wait(&mut self, journal: &Journal) -> Result<(), Trouble> {
        // Half a minute later a guardian that yielded contends again.
        if journal.step == Step::Undo {
            for it in self.world.containers.values_mut() {
                it.yields = false;
            }
            self.world.settle_lock();
        }
        let new = self.id(journal, Which::New);
        let is = |want: Kind| {
            new.as_ref()
                .is_some_and(|id| self.world.containers[id].kind == want)
        };
        let active = self.world.holder.is_some() && self.world.holder == new;
        match journal.step {
            Step::Undo => {
                let old = journal.old.as_ref().filter(|it| it.was_running);
                match old {
                    Some(old) if self.world.holder.as_ref() != Some(&old.id) => {
                        Err(Trouble::Never("old serves"))
                    }
                    _ => Ok(()),
                }
            }
            Step::Warm if is(Kind::Mute) || is(Kind::Crashes) => Err(Trouble::Never("healthy")),
            Step::HandOverData | Step::HandOverNetwork if !active => Err(Trouble::Never("active")),
            Step::Settle if is(Kind::DiesLater) || !active => Err(Trouble::Never("stays alive")),
            _ => Ok(()),
        }
    }

    fn begins(&mut self, _: &Journal) {}
}
