mod check;
mod gate;

use std::time::{Duration, Instant, SystemTime};

use clap::{Args, ValueEnum};

use self::check::Available;
use super::context::Context;
use super::examples;
use super::swap::{Named, Session, Swapped, ended, pull, settle_time, verify};
use super::verify::{ImageArgs, Verified};
use crate::engine::{Container, LocalImage};
use crate::image::{DEFAULT_IMAGE, Reference};
use crate::release::{
    self, Adopt, Begin, Expect, Image, Journal, Names, Old, Operation, Outcome, ReleaseError, Strategy,
    Wanted, compare, labels, transaction_id,
};
use crate::ui::{Exit, Failure, Steps, printable};

/// Replace the guardian's container by one of a newer image, or put all back
///
/// Verifies the new image, warms it up beside the serving one, hands data and ports over, watches it, and keeps the old
/// container, stopped, for "oc-guardian rollback". What fails before the end is undone, and the old guardian serves on (exit
/// code 4). Interrupted at any moment, by Ctrl-C, a crash or a power cut, the next command finishes or undoes it.
///
/// With a trusted federation it does not begin unless enough other guardians are healthy to sign without this one, and it
/// tells them before.
#[derive(Args)]
#[command(after_help = examples::UPGRADE)]
pub(super) struct Upgrade {
    /// The new image, by tag or digest [default: that of the container, under its tag or "latest"]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Only say what is available: exits 0 where the newest runs already, else 4
    #[arg(long)]
    check: bool,
    /// How the new container takes over
    #[arg(long, value_name = "HOW", default_value = "auto")]
    strategy: How,
    /// How long the new guardian has to prove itself
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = settle_time)]
    settle: Duration,
    /// Carry over what sets the container apart, one by one as KIND=VALUE; "none" leaves the rest behind
    #[arg(long, value_name = "KIND=VALUE")]
    adopt: Vec<Adopt>,
    /// Upgrade though too few other guardians are healthy, or one of them upgrades now
    #[arg(long)]
    force: bool,
    /// Do not begin without a signed notice to the other guardians
    #[arg(long)]
    require_notice: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    container: Named,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    which: ImageArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum How {
    /// Handover; restart where an image does not know how to stand by
    Auto,
    /// The new one is warm before the old one lets go
    Handover,
    /// Stop the old one, then start the new one: a pause of seconds
    Restart,
}

/// An upgrade that may begin.
struct Prepared {
    old: Container,
    verified: Verified,
    wanted: Wanted,
    from: Option<String>,
    federation: Option<String>,
    before: Option<release::pause::Health>,
}

impl Upgrade {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let start = Instant::now();
        let session = Session::open(context, &self.container.name)?;
        let old = session
            .container()?
            .ok_or_else(|| Failure::no_container(&session.name))?;
        let reference = self.reference(&old)?;
        let steps = context.ui.steps();
        let verified = verify(&session, &steps, &self.which, &reference)?;
        let from = running(&old);
        let is_of = session.is_of(&old, &verified.image);
        // One of this image that is stopped, or that somebody changed, does not run it.
        let runs_it = is_of && old.state.running && session.check_sound(&old, &self.adopt).is_ok();
        if runs_it || self.check {
            drop(steps);
            return Available::new(&session, &old, &verified, from).tell(context, self.check);
        }
        if is_of && !old.state.running {
            return Err(Failure::stopped_already_of(&session.name));
        }
        let prepared = self.prepare(&session, old, verified, from)?;
        let gate = gate::Gate::pass(&session, &steps, &prepared.old, self.require_notice, self.force)?;
        if !self.yes {
            let what = question(&session.name, &prepared);
            if !steps.pause(|| context.ui.confirm(&what, "--yes"))? {
                return Err(Failure::new("declined", "nothing was changed").with_exit(Exit::Refused));
            }
        }
        session.check_interrupt()?;
        pull(&session, &steps, &prepared.verified.image)?;
        self.check_data(&session, &prepared, &steps)?;
        let notice = gate.announce(&session, &steps, &prepared, self.require_notice, self.force)?;
        let outcome = self.swap(&session, &steps, &prepared, start);
        notice.close(&session);
        outcome
    }

    fn reference(&self, old: &Container) -> Result<Reference, Failure> {
        if let Some(image) = &self.image {
            return Ok(image.parse()?);
        }
        // The label has no tag; the name that a container was made with by hand has the one that its operator follows.
        let labelled = old.labels.get(labels::IMAGE).map(|name| format!("{name}:latest"));
        let named = labelled.unwrap_or_else(|| old.image_name.clone());
        let by_hand = named
            .parse::<Reference>()
            .ok()
            .filter(|it| !named.starts_with("sha256:") && it.digest().is_none());
        Ok(match by_hand {
            Some(reference) => reference,
            None => DEFAULT_IMAGE.parse()?,
        })
    }

    /// What can be refused before anything is asked or changed.
    fn prepare(
        &self,
        session: &Session<'_>,
        old: Container,
        verified: Verified,
        from: Option<String>,
    ) -> Result<Prepared, Failure> {
        if !Session::is_guardian(&old) {
            return Err(Failure::not_a_guardian(&session.name));
        }
        let names = Names::of(&session.name);
        session.check_no_other(&names)?;
        let bundle = match &self.which.config {
            Some(path) => crate::doctor::find_bundle(&session.folders, Some(path), None)?
                .checked
                .bundle()
                .cloned(),
            None => session.bundle()?,
        };
        let image = session.image_of(&old)?;
        let adoption = compare(
            &old,
            &image,
            &session.expected(bundle.as_ref()),
            &names,
            &self.adopt,
        );
        let obstacles: Vec<String> = adoption
            .obstacles()
            .map(|it| format!("{it} ({})", it.why))
            .collect();
        if !obstacles.is_empty() {
            return Err(Failure::differences(&session.name, &obstacles));
        }
        for difference in &adoption.differences {
            session
                .context
                .ui
                .note(&format!("{difference}: {}", difference.why));
        }
        for word in &adoption.unmatched {
            session
                .context
                .ui
                .warn(&format!("--adopt {word}: the container has no such difference"));
        }
        let before = if old.state.running {
            let program = release::Program::of(&old);
            session
                .runtime
                .block_on(release::ask(&session.engine, &old.id, &program))
                .ok()
        } else {
            None
        };
        let federation = bundle
            .map(|it| it.federation_slug)
            .or_else(|| before.as_ref().and_then(|it| it.federation_slug.clone()));
        Ok(Prepared {
            old,
            verified,
            wanted: adoption.carried,
            from,
            federation,
            before,
        })
    }

    /// Said before the swap, not when it is needed at three in the morning.
    fn check_data(
        &self,
        session: &Session<'_>,
        prepared: &Prepared,
        steps: &Steps<'_>,
    ) -> Result<(), Failure> {
        let new = session
            .runtime
            .block_on(session.engine.image(&prepared.verified.image))?
            .unwrap_or_default();
        let old = session.image_of(&prepared.old)?;
        let (reads, writes) = (data_version(&old)?, data_version(&new)?);
        labels::may_take_data(reads, writes).map_err(|error| {
            Failure::new("data-too-new", error.to_string())
                .hint("Upgrade to an image that reads the data which this guardian wrote.")
                .with_exit(Exit::CheckFailed)
        })?;
        if labels::may_take_data(writes, reads).is_err() {
            steps.warn(&format!(
                "the new image writes data of format {writes}, which the old one ({reads}) cannot read: after this upgrade \
                 there is no rollback"
            ));
        }
        Ok(())
    }

    fn swap(
        &self,
        session: &Session<'_>,
        steps: &Steps<'_>,
        prepared: &Prepared,
        start: Instant,
    ) -> Result<Exit, Failure> {
        let first = match self.strategy {
            // There is nothing to hand over.
            _ if !prepared.old.state.running => Strategy::Restart,
            How::Restart => Strategy::Restart,
            How::Auto | How::Handover => Strategy::Handover,
        };
        let mut attempt = self.attempt(session, steps, prepared, first)?;
        let retry = match &attempt.outcome {
            Outcome::OldServes(ReleaseError::Gate(gate)) => {
                self.strategy == How::Auto
                    && first == Strategy::Handover
                    && gate.wants_restart()
                    && !attempt.handed_over
            }
            _ => false,
        };
        let mut strategy = first;
        if retry {
            steps.warn(
                "the handover did not work, and is undone; now the old one is stopped before the new one is started: \
                 expect a pause of some seconds",
            );
            strategy = Strategy::Restart;
            attempt = self.attempt(session, steps, prepared, strategy)?;
        }
        steps.done(None);
        let image = Image::of(&prepared.verified.image);
        let swapped = Swapped {
            operation: "upgrade",
            container: session.name.clone(),
            image: image.name,
            digest: image.digest.to_string(),
            version: image.version.as_ref().map(ToString::to_string),
            from: Some(
                prepared
                    .from
                    .clone()
                    .unwrap_or_else(|| "of no known version".into()),
            ),
            strategy: strategy.as_str(),
            measured: attempt.measured,
            took: start.elapsed(),
            next: None,
        };
        ended(session, attempt.outcome, attempt.last_words, &swapped)
    }

    fn attempt(
        &self,
        session: &Session<'_>,
        steps: &Steps<'_>,
        prepared: &Prepared,
        strategy: Strategy,
    ) -> Result<Attempt, Failure> {
        let transaction =
            transaction_id().map_err(|error| Failure::new("internal", format!("no randomness: {error}")))?;
        let begin = Begin {
            operation: Operation::Upgrade,
            strategy,
            container: session.name.clone(),
            engine: session.engine.endpoint().to_string(),
            network: prepared.wanted.network.clone(),
            old: Some(Old {
                id: prepared.old.id.clone(),
                restart: release::restart_name(&prepared.old.restart),
                was_running: prepared.old.state.running,
            }),
            new: None,
            image: Image::of(&prepared.verified.image),
            settle: self.settle.as_secs(),
        };
        let mut journal = Journal::new(transaction, begin, SystemTime::now());
        let mut host = session.host(steps);
        host.spec = Some(prepared.wanted.spec(&session.making(&journal)));
        host.image = Some(&prepared.verified.image);
        host.expect = Expect {
            federation: prepared.federation.clone(),
            version: prepared
                .verified
                .image
                .version()
                .map(|it| it.without_v().to_owned()),
        };
        host.health_port = session.health_port(&prepared.wanted.ports);
        host.observe_before(prepared.before.clone());
        let outcome = session
            .runtime
            .block_on(release::forward(&mut host, &mut journal));
        Ok(Attempt {
            outcome,
            handed_over: host.handed_over(),
            measured: host.measured.clone(),
            last_words: host.last_words.take(),
        })
    }
}

struct Attempt {
    outcome: Outcome<ReleaseError>,
    handed_over: bool,
    measured: release::Measured,
    last_words: Option<String>,
}

/// What runs now, as its label says; only told.
fn running(container: &Container) -> Option<String> {
    container.labels.get(labels::VERSION).cloned()
}

fn data_version(image: &LocalImage) -> Result<u64, Failure> {
    labels::data_version(&image.labels).map_err(|error| {
        Failure::new("data-version-unknown", error.to_string())
            .hint("Do not run this image: its data format cannot be told.")
            .with_exit(Exit::CheckFailed)
    })
}

fn question(name: &str, prepared: &Prepared) -> String {
    let to = prepared
        .verified
        .image
        .version()
        .map_or_else(|| "the new image".to_owned(), ToString::to_string);
    match &prepared.from {
        Some(from) => format!("Upgrade {name} from {} to {to}?", printable(from)),
        None => format!("Upgrade {name} to {to}?"),
    }
}
