//! The driver's world: a real engine.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::error::{Gate, ReleaseError};
use super::health::{self, Program};
use super::pause::{Health, Prober, Reading};
use super::{
    Action, Host, Instance, Journal, Mode, Names, Operation, Place, Seen, Step, Strategy, Which, labels,
};
use crate::engine::{Container, Endpoint, Engine, EngineError, Spec};
use crate::image::{self, VerifiedImage};

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(15);
/// How long a new guardian may take to become healthy.
const WARM: Duration = Duration::from_secs(60);
/// How long the data folder may take to change hands: sessions are given 10 s.
const TAKE_OVER: Duration = Duration::from_secs(20);
/// The charter's: a threshold pause past that is undone at once.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How long nobody may answer while the new one proves itself.
const SILENCE: Duration = Duration::from_secs(5);
/// How much longer than the settle time the first attestation is waited for.
const ATTESTATION: Duration = Duration::from_secs(75);
const LOOK_AGAIN: Duration = Duration::from_millis(20);
const LAST_LINES: u32 = 20;
/// How often a port that is taken is tried again, and after what pause.
const PORT_TRIES: u32 = 10;
const PORT_PAUSE: Duration = Duration::from_millis(200);

/// What the operator's screen is told.
pub trait Watch {
    /// A step begins.
    fn step(&self, journal: &Journal);
    /// Something is about to be changed.
    fn action(&self, action: &Action);
    /// Something to know.
    fn warn(&self, text: &str);
    /// Whether Ctrl-C was pressed.
    fn interrupted(&self) -> bool;
}

/// What a new container has to be.
#[derive(Clone, Debug, Default)]
pub struct Expect {
    /// Name of the federation; `None` where nothing says it.
    pub federation: Option<String>,
    /// The certified version without the leading `v`; `None` where nothing certifies one.
    pub version: Option<String>,
}

/// What was measured of the handover.
#[derive(Clone, Debug, Default)]
pub struct Measured {
    /// The published port; `None` where it cannot be reached from here.
    pub http: Option<Reading>,
    /// From when the old guardian left off until the new one had its first signature; `None` without a signing server.
    pub signing: Option<Duration>,
}

/// A real engine.
pub struct EngineHost<'a, W> {
    /// The engine.
    pub engine: &'a Engine,
    /// The journal's.
    pub place: &'a Place,
    /// The state folder.
    pub state: &'a Path,
    /// What a new container is created from; `None` where none is created.
    pub image: Option<&'a VerifiedImage>,
    /// The container to create; its name, network and transaction label are filled in.
    pub spec: Option<Spec>,
    /// What it has to be.
    pub expect: Expect,
    /// Published port of health on the engine's machine, where it can be reached from here.
    pub health_port: Option<(String, u16)>,
    /// The operator's screen.
    pub watch: W,
    /// What was measured.
    pub measured: Measured,
    /// Last lines of a container that failed, taken before it was removed.
    pub last_words: Option<String>,
    prober: Option<Prober>,
    /// The old one as it was before.
    before: Option<Health>,
    left_off: Option<Instant>,
    /// Whether the published ports began to change hands.
    handed_over: bool,
}

impl<'a, W: Watch> EngineHost<'a, W> {
    /// Nothing is done yet.
    pub fn new(engine: &'a Engine, place: &'a Place, state: &'a Path, watch: W) -> Self {
        Self {
            engine,
            place,
            state,
            image: None,
            spec: None,
            expect: Expect::default(),
            health_port: None,
            watch,
            measured: Measured::default(),
            last_words: None,
            prober: None,
            before: None,
            left_off: None,
            handed_over: false,
        }
    }

    /// Whether the published ports began to change hands: then it was not for want of standing by that it failed.
    pub fn handed_over(&self) -> bool {
        self.handed_over
    }

    /// What the old guardian says before anything is changed; begins to ask at the published port.
    pub fn observe_before(&mut self, health: Option<Health>) {
        self.before = health;
        if let Some((host, port)) = &self.health_port {
            self.prober = Prober::start(host, *port);
        }
    }

    async fn find(&self, journal: &Journal, which: Which) -> Result<Option<Container>, ReleaseError> {
        let names = Names::of(&journal.container);
        let by_name = async |name: String| -> Result<Option<Container>, ReleaseError> {
            let found = self.engine.container(&name).await?;
            let is_ours = |it: &Container| {
                journal.old.as_ref().is_some_and(|old| old.id == it.id)
                    || journal.new.as_ref() == Some(&it.id)
            };
            Ok(found.filter(|it| it.name == name && !is_ours(it)))
        };
        match which {
            Which::Old => match &journal.old {
                Some(old) => Ok(self.engine.container(&old.id).await?),
                None => Ok(None),
            },
            Which::New => match &journal.new {
                Some(id) => Ok(self.engine.container(id).await?),
                // Created, and the kit was killed before it noted the id.
                None => {
                    let labelled = self
                        .engine
                        .labelled(labels::TRANSACTION, Some(&journal.transaction))
                        .await?;
                    Ok(labelled.into_iter().next())
                }
            },
            Which::Prev => by_name(names.prev()).await,
            Which::Undone => by_name(names.undone()).await,
        }
    }

    async fn existing(&self, journal: &Journal, which: Which) -> Result<Container, ReleaseError> {
        let name = match which {
            Which::Old => "serving",
            Which::New => "new",
            Which::Prev => "previous",
            Which::Undone => "undone",
        };
        self.find(journal, which).await?.ok_or(ReleaseError::Gone(name))
    }

    async fn instance(&self, journal: &Journal, which: Which) -> Result<Option<Instance>, ReleaseError> {
        let Some(container) = self.find(journal, which).await? else {
            return Ok(None);
        };
        // Asked only where it matters: each question costs an exec.
        let matters = which == Which::Old && matches!(journal.step, Step::HandOverData | Step::Undo);
        let mode = if matters && container.state.running {
            let said = self.ask(&container).await.ok();
            said.and_then(|it| Mode::named(it.state.as_deref()?))
        } else {
            None
        };
        let stage = Names::of(&journal.container).stage();
        Ok(Some(Instance {
            id: container.id,
            name: container.name,
            running: container.state.running,
            attached: container.networks.contains_key(&journal.network),
            staged: container.networks.contains_key(&stage),
            restart: container.restart,
            mode,
        }))
    }

    async fn ask(&self, container: &Container) -> Result<Health, String> {
        health::ask(self.engine, &container.id, &Program::of(container)).await
    }

    async fn stage_network(&self, journal: &Journal) -> Result<Option<String>, ReleaseError> {
        let name = Names::of(&journal.container).stage();
        let found = self.engine.network(&name).await?;
        Ok(found.into_iter().next().map(|network| network.id))
    }

    async fn create(&mut self, journal: &mut Journal) -> Result<(), ReleaseError> {
        let (Some(image), Some(mut spec)) = (self.image, self.spec.clone()) else {
            return Err(ReleaseError::Gone("new"));
        };
        let names = Names::of(&journal.container);
        if journal.operation == Operation::Run {
            names.main().clone_into(&mut spec.name);
        } else {
            spec.name = names.next();
        }
        let warm = journal.strategy == Strategy::Handover && journal.operation != Operation::Run;
        spec.network = if warm {
            names.stage()
        } else {
            journal.network.clone()
        };
        spec.labels
            .insert(labels::TRANSACTION.into(), journal.transaction.clone());
        journal.new = Some(self.engine.create(image, &spec).await?);
        self.save(journal)
    }

    /// Whether it still runs as it was started.
    fn alive(container: &Container) -> Result<(), ReleaseError> {
        let state = &container.state;
        if container.restart_count > 0 {
            return Err(ReleaseError::Gate(Gate::Restarted(container.restart_count)));
        }
        if !state.running || state.restarting {
            return Err(ReleaseError::Gate(Gate::Ended {
                code: state.exit_code,
                out_of_memory: state.out_of_memory,
            }));
        }
        Ok(())
    }

    fn check_interrupted(&self) -> Result<(), ReleaseError> {
        if self.watch.interrupted() {
            return Err(ReleaseError::Interrupted);
        }
        Ok(())
    }

    /// It is what it should be.
    fn fits(&self, health: &Health) -> Result<(), ReleaseError> {
        if let Some(wanted) = &self.expect.federation {
            let found = health::bounded(health.federation_slug.as_deref().unwrap_or_default());
            if found != *wanted {
                return Err(ReleaseError::Gate(Gate::Federation {
                    found,
                    wanted: wanted.clone(),
                }));
            }
        }
        if let Some(wanted) = &self.expect.version {
            let found = health::bounded(health.version.as_deref().unwrap_or_default());
            if found != *wanted {
                return Err(ReleaseError::Gate(Gate::Version {
                    found,
                    wanted: wanted.clone(),
                }));
            }
        }
        Ok(())
    }

    /// Waits until it is healthy and in one of these states.
    async fn healthy(
        &self,
        journal: &Journal,
        modes: &[Mode],
        after: Duration,
    ) -> Result<Health, ReleaseError> {
        let end = Instant::now() + after;
        let mut why = String::from("it was not asked");
        loop {
            self.check_interrupted()?;
            let container = self.existing(journal, Which::New).await?;
            Self::alive(&container)?;
            match self.ask(&container).await {
                Ok(health) if health.ok => {
                    self.fits(&health)?;
                    let mode = health.state.as_deref().and_then(Mode::named);
                    if mode.is_some_and(|mode| modes.contains(&mode)) {
                        return Ok(health);
                    }
                    why = format!("it is {}", health.state.as_deref().unwrap_or("in no known state"));
                }
                Ok(_) => "it says that it is not healthy".clone_into(&mut why),
                Err(error) => why = error,
            }
            if Instant::now() >= end {
                return Err(ReleaseError::Gate(Gate::NotHealthy { after, why }));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn takes_over(&self, journal: &Journal) -> Result<(), ReleaseError> {
        match self.healthy(journal, &[Mode::Active], TAKE_OVER).await {
            Ok(_) => Ok(()),
            Err(ReleaseError::Gate(Gate::NotHealthy { after, .. })) => {
                Err(ReleaseError::Gate(Gate::NotActive(after)))
            }
            Err(error) => Err(error),
        }
    }

    /// The published port answers, and it is the new one that does.
    async fn reachable(&mut self, journal: &Journal) -> Result<(), ReleaseError> {
        self.healthy(journal, &[Mode::Active], self.pause_left().unwrap_or(WARM))
            .await?;
        if self.prober.is_none() && journal.operation == Operation::Run {
            self.wait_for_port().await?;
        }
        let Some(prober) = &self.prober else {
            return Ok(());
        };
        let end = Instant::now() + self.pause_left().unwrap_or(LONGEST_PAUSE);
        loop {
            let reading = prober.reading();
            let is_fresh = reading.silent_for < Duration::from_millis(300) && reading.answered > 0;
            if reading.longest_pause > LONGEST_PAUSE || (!is_fresh && Instant::now() > end) {
                return Err(ReleaseError::Gate(Gate::Silent(LONGEST_PAUSE)));
            }
            if is_fresh {
                return Ok(());
            }
            self.check_interrupted()?;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// What is left of the longest pause, once the old one has left off.
    fn pause_left(&self) -> Option<Duration> {
        self.left_off
            .map(|since| LONGEST_PAUSE.saturating_sub(since.elapsed()))
    }

    /// A first container: its port answers soon after it is healthy. On another machine a firewall may keep it from us, and
    /// that is no fault of the guardian.
    async fn wait_for_port(&mut self) -> Result<(), ReleaseError> {
        let Some((host, port)) = self.health_port.clone() else {
            return Ok(());
        };
        let end = Instant::now() + SILENCE;
        while self.prober.is_none() {
            self.prober = Prober::start(&host, port);
            if self.prober.is_none() && Instant::now() > end {
                if matches!(self.engine.endpoint(), Endpoint::Unix(_)) {
                    return Err(ReleaseError::Gate(Gate::Silent(SILENCE)));
                }
                self.watch.warn(&format!(
                    "the guardian is healthy, and its port {port} cannot be reached from here: see whether others reach it"
                ));
                return Ok(());
            }
            self.check_interrupted()?;
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The new one proves itself.
    async fn settles(&mut self, journal: &Journal) -> Result<(), ReleaseError> {
        let start = Instant::now();
        let settle = Duration::from_secs(journal.settle);
        // After an interruption nothing is known of what was before.
        let was_signed = self
            .before
            .as_ref()
            .is_some_and(|it| it.signer.as_deref() == Some("connected"));
        let was_attested = was_signed
            && self
                .before
                .as_ref()
                .and_then(|it| it.attested_at)
                .is_some_and(|at| unix_now().abs_diff(at) < 150);
        let mut asked = Instant::now();
        let mut calmed = false;
        let mut last: Option<Health> = None;
        loop {
            self.check_interrupted()?;
            let container = self.existing(journal, Which::New).await?;
            Self::alive(&container)?;
            let reading = self.prober.as_ref().map(Prober::reading);
            match &reading {
                Some(reading) if reading.silent_for > SILENCE => {
                    return Err(ReleaseError::Gate(Gate::Silent(SILENCE)));
                }
                Some(reading) => last.clone_from(&reading.last),
                None if asked.elapsed() > Duration::from_secs(1) || last.is_none() => {
                    last = Some(self.healthy(journal, &[Mode::Active], SILENCE).await?);
                    asked = Instant::now();
                }
                None => {}
            }
            // An answer of the old one, given while the ports changed hands, is none of the new one.
            let of_new = last.as_ref().filter(|it| is_active(it));
            let now_signed = of_new.is_some_and(|it| it.signed_at.is_some());
            if let (Some(since), true, None) = (self.left_off, now_signed, self.measured.signing) {
                self.measured.signing = Some(since.elapsed());
            }
            if was_signed && !now_signed && self.left_off.unwrap_or(start).elapsed() > LONGEST_PAUSE {
                return Err(ReleaseError::Gate(Gate::Unsigned(LONGEST_PAUSE)));
            }
            if !calmed && start.elapsed() > Duration::from_secs(2) {
                calmed = true;
                self.calm(reading);
            }
            let attested = of_new.is_some_and(|it| it.attested_at.is_some());
            let waits_for_portal = was_attested && !attested;
            if start.elapsed() >= settle && !waits_for_portal && (!was_signed || now_signed) {
                break;
            }
            if start.elapsed() >= settle + ATTESTATION && waits_for_portal {
                let portal_is_down = of_new.is_some_and(|it| it.problems.iter().any(|it| it == "portal"));
                if !portal_is_down {
                    return Err(ReleaseError::Gate(Gate::Unattested(settle + ATTESTATION)));
                }
                self.watch.warn("the portal does not take health envelopes now: whether it takes those of the new guardian is not known");
                break;
            }
            let pace = if calmed {
                Duration::from_millis(200)
            } else {
                LOOK_AGAIN
            };
            tokio::time::sleep(pace).await;
        }
        // What runs at the end is asked itself, not only its port.
        self.healthy(journal, &[Mode::Active], SILENCE).await?;
        if !calmed {
            let reading = self.prober.as_ref().map(Prober::reading);
            self.calm(reading);
        }
        Ok(())
    }

    fn calm(&mut self, reading: Option<Reading>) {
        if self.measured.http.is_none() && self.left_off.is_some() {
            self.measured.http = reading;
        }
        if let Some(prober) = &self.prober {
            prober.calm_down();
        }
    }

    async fn stand_by(&mut self, journal: &Journal) -> Result<(), ReleaseError> {
        let old = self.existing(journal, Which::Old).await?;
        if let Some(prober) = &self.prober {
            prober.mark();
        }
        self.left_off = Some(Instant::now());
        health::switch(self.engine, &old.id, &Program::of(&old), "standby")
            .await
            .map_err(|why| ReleaseError::Gate(Gate::NoStandby(why)))
    }

    /// The old one serves again, or was not serving before.
    async fn old_is_back(&self, journal: &Journal) -> Result<(), ReleaseError> {
        let Some(old) = journal.old.as_ref().filter(|it| it.was_running) else {
            return Ok(());
        };
        let end = Instant::now() + WARM;
        loop {
            // Removed by somebody: there is nothing to wait for, and nothing more that could be given back.
            let Some(container) = self.engine.container(&old.id).await? else {
                return Ok(());
            };
            let why = match self.ask(&container).await {
                Ok(health) if health.ok && is_active(&health) => return Ok(()),
                // A release from before there was standby says nothing of its state.
                Ok(health) if health.ok && health.state.is_none() => return Ok(()),
                Ok(_) => "it does not serve".to_owned(),
                Err(why) => why,
            };
            if Instant::now() >= end {
                // It has everything back: more cannot be done here, and to try again would not help.
                self.watch.warn(&format!(
                    "the old guardian has everything back, and does not serve after {} s ({why}): look at its log",
                    WARM.as_secs()
                ));
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

impl<W: Watch> Host for EngineHost<'_, W> {
    type Error = ReleaseError;

    fn save(&mut self, journal: &Journal) -> Result<(), ReleaseError> {
        Ok(self.place.save(journal)?)
    }

    async fn look(&mut self, journal: &Journal) -> Result<Seen, ReleaseError> {
        Ok(Seen {
            old: self.instance(journal, Which::Old).await?,
            new: self.instance(journal, Which::New).await?,
            prev: self.instance(journal, Which::Prev).await?,
            undone: self.instance(journal, Which::Undone).await?,
            stage: self.stage_network(journal).await?.is_some(),
        })
    }

    async fn perform(&mut self, journal: &mut Journal, action: &Action) -> Result<(), ReleaseError> {
        if !matches!(journal.step, Step::Undo | Step::Commit) {
            self.check_interrupted()?;
        }
        self.watch.action(action);
        let names = Names::of(&journal.container);
        let engine = self.engine;
        match action {
            Action::CreateStage => {
                let labels = [(labels::TRANSACTION.to_owned(), journal.transaction.clone())].into();
                engine.create_network(&names.stage(), true, &labels).await?;
            }
            Action::Create => self.create(journal).await?,
            Action::Start(which) => {
                let id = self.existing(journal, *which).await?.id;
                patiently(async || engine.start(&id).await).await?;
            }
            Action::Stop(which) => {
                let container = self.existing(journal, *which).await?;
                if *which == Which::Old
                    && journal.strategy == Strategy::Restart
                    && journal.step != Step::Commit
                {
                    if let Some(prober) = &self.prober {
                        prober.mark();
                    }
                    self.left_off = Some(Instant::now());
                }
                if *which == Which::New && journal.step == Step::Undo {
                    self.last_words = engine.logs(&container.id, LAST_LINES).await.ok();
                }
                engine.stop(&container.id, GRACE).await?;
            }
            Action::Remove(which) => {
                let container = self.existing(journal, *which).await?;
                if *which == Which::New && self.last_words.is_none() {
                    self.last_words = engine.logs(&container.id, LAST_LINES).await.ok();
                }
                engine.remove(&container.id, true).await?;
            }
            Action::Rename(which, name) => {
                engine
                    .rename(&self.existing(journal, *which).await?.id, name)
                    .await?;
            }
            Action::Attach(which) => {
                let id = self.existing(journal, *which).await?.id;
                let attach = async || {
                    let attached = engine.attach(&journal.network, &id).await;
                    if let Err(EngineError::PortTaken { .. }) = &attached {
                        // The engine leaves half of it behind, at which the next try would fail.
                        let _ = engine.detach(&journal.network, &id).await;
                    }
                    attached
                };
                patiently(attach).await?;
            }
            Action::Detach(which) => {
                let id = self.existing(journal, *which).await?.id;
                engine.detach(&journal.network, &id).await?;
            }
            Action::AttachStage(which) => {
                let id = self.existing(journal, *which).await?.id;
                engine.attach(&names.stage(), &id).await?;
            }
            Action::DetachStage(which) => {
                let id = self.existing(journal, *which).await?.id;
                engine.detach(&names.stage(), &id).await?;
            }
            Action::SetRestart(which, restart) => {
                engine
                    .set_restart(&self.existing(journal, *which).await?.id, restart)
                    .await?;
            }
            Action::StandBy(_) => self.stand_by(journal).await?,
            Action::Activate(which) => {
                let container = self.existing(journal, *which).await?;
                // It serves again by itself, only later, if that does not work.
                if let Err(why) =
                    health::switch(engine, &container.id, &Program::of(&container), "activate").await
                {
                    self.watch
                        .warn(&format!("the old guardian was not told to serve again: {why}"));
                }
            }
            Action::RemoveStage => {
                if let Some(id) = self.stage_network(journal).await? {
                    engine.remove_network(&id).await?;
                }
            }
            Action::RaiseFloor => {
                if let Some(version) = &journal.image.version {
                    let (name, digest) = (&journal.image.name, &journal.image.digest);
                    image::raise_floor_to(self.state, name, version, digest, SystemTime::now())?;
                }
            }
            Action::Forget => self.place.forget(journal)?,
        }
        Ok(())
    }

    async fn wait(&mut self, journal: &Journal) -> Result<(), ReleaseError> {
        match journal.step {
            Step::Create | Step::Commit => Ok(()),
            Step::Warm => self
                .healthy(journal, &[Mode::Standby, Mode::Active], WARM)
                .await
                .map(drop),
            Step::HandOverData => self.takes_over(journal).await,
            Step::HandOverNetwork => self.reachable(journal).await,
            Step::Settle => self.settles(journal).await,
            Step::Undo => self.old_is_back(journal).await,
        }
    }

    fn begins(&mut self, journal: &Journal) {
        self.handed_over |= matches!(journal.step, Step::HandOverNetwork | Step::Settle);
        self.watch.step(journal);
    }
}

/// While ports change hands, a connection of somebody else may hold one for a moment.
async fn patiently(attempt: impl AsyncFn() -> Result<(), EngineError>) -> Result<(), EngineError> {
    for _ in 0..PORT_TRIES {
        match attempt().await {
            Err(EngineError::PortTaken { .. }) => tokio::time::sleep(PORT_PAUSE).await,
            other => return other,
        }
    }
    attempt().await
}

fn is_active(health: &Health) -> bool {
    health.state.as_deref() == Some("active")
}

fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |it| it.as_secs())
}
