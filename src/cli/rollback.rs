use std::time::{Duration, Instant, SystemTime};

use clap::Args;

use super::context::Context;
use super::examples;
use super::swap::{Named, Session, Swapped, ended, settle_time};
use crate::engine::Container;
use crate::release::{
    self, Adopt, Begin, Expect, Image, Journal, Names, Old, Operation, Strategy, labels, transaction_id,
};
use crate::ui::{Exit, Failure, printable};

/// Go back to the container that served before the last upgrade
///
/// It was kept, stopped, for this. Data and ports are handed over as in an upgrade, and the one that is rolled back from is
/// kept, stopped, under the name with "-undone" until the next upgrade, for a look at its log. Refused where the newer
/// guardian may have written data that the older one cannot read.
#[derive(Args)]
#[command(after_help = examples::ROLLBACK)]
pub(super) struct Rollback {
    /// How long the guardian has to prove itself
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = settle_time)]
    settle: Duration,
    /// Roll back although the container from before has this, one by one as KIND=VALUE; "none" for all of it
    #[arg(long, value_name = "KIND=VALUE")]
    adopt: Vec<Adopt>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    container: Named,
}

impl Rollback {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let start = Instant::now();
        let session = Session::open(context, &self.container.name)?;
        let names = Names::of(&session.name);
        let serving = session
            .container()?
            .ok_or_else(|| Failure::no_container(&session.name))?;
        let prev = session
            .runtime
            .block_on(session.engine.container(&names.prev()))?
            .filter(|it| it.name == names.prev())
            .ok_or_else(|| {
                Failure::new(
                    "nothing-to-roll-back-to",
                    format!("there is no container {}", names.prev()),
                )
                .hint(
                    "Only an upgrade keeps one; go to another image with: oc-guardian upgrade --image IMAGE",
                )
                .with_exit(Exit::CheckFailed)
            })?;
        let last = session.place.last()?;
        // Anybody on the engine can give a container that name.
        let is_the_one = last
            .as_ref()
            .and_then(|it| it.old.as_ref())
            .is_some_and(|old| old.id == prev.id);
        if !is_the_one {
            return Err(Failure::new(
                "not-the-previous",
                format!(
                    "{} is not the container that served before the last upgrade",
                    prev.name
                ),
            )
            .hint("Somebody made it since; go to another image with: oc-guardian upgrade --image IMAGE")
            .with_exit(Exit::CheckFailed));
        }
        session.check_interrupt()?;
        session.check_no_other(&names)?;
        check_data(&session, &serving, &prev)?;
        session.check_sound(&prev, &self.adopt)?;
        if !prev.labels.contains_key(labels::TRANSACTION) {
            // It was adopted: its image was the operator's choice, before there was this kit.
            let what = "the image of the container from before was never verified by this kit";
            context.ui.warn(what);
            session.record("rollback", what);
        }
        let to = prev.labels.get(labels::VERSION).cloned();
        let from = serving.labels.get(labels::VERSION).cloned();
        if !self.yes {
            let to = printable(to.as_deref().unwrap_or("the image from before"));
            if !context
                .ui
                .confirm(&format!("Roll {} back to {to}?", session.name), "--yes")?
            {
                return Err(Failure::new("declined", "nothing was changed").with_exit(Exit::Refused));
            }
        }
        let steps = context.ui.steps();
        let mut journal = self.journal(&session, &serving, &prev)?;
        let program = release::Program::of(&serving);
        let before = session
            .runtime
            .block_on(release::ask(&session.engine, &serving.id, &program))
            .ok();
        let mut host = session.host(&steps);
        host.expect = Expect {
            federation: before.as_ref().and_then(|it| it.federation_slug.clone()),
            version: to.as_ref().map(|it| it.trim_start_matches('v').to_owned()),
        };
        host.health_port = session.health_port(&prev.ports);
        host.observe_before(before);
        let outcome = session
            .runtime
            .block_on(release::forward(&mut host, &mut journal));
        let (measured, last_words) = (host.measured.clone(), host.last_words.take());
        drop(host);
        steps.done(None);
        drop(steps);
        let swapped = Swapped {
            operation: "rollback",
            container: session.name.clone(),
            image: journal.image.name.clone(),
            digest: journal.image.digest.to_string(),
            version: to,
            from: Some(from.unwrap_or_else(|| "of no known version".into())),
            strategy: journal.strategy.as_str(),
            measured,
            took: start.elapsed(),
            next: None,
        };
        ended(&session, outcome, last_words, &swapped)
    }

    fn journal(
        &self,
        session: &Session<'_>,
        serving: &Container,
        prev: &Container,
    ) -> Result<Journal, Failure> {
        let label = |name: &str| prev.labels.get(name).cloned();
        // A container that was adopted has no labels: then its image's id is all that is known of it.
        let digest = label(labels::DIGEST).unwrap_or_else(|| prev.image_id.clone());
        let image = Image {
            name: label(labels::IMAGE).unwrap_or_else(|| prev.image_name.clone()),
            digest: digest.parse().map_err(|error| {
                Failure::new(
                    "bad-label",
                    format!("{}: label {}: {error}", prev.name, labels::DIGEST),
                )
                .hint("Go to another image with: oc-guardian upgrade --image IMAGE")
            })?,
            version: label(labels::VERSION).and_then(|it| it.parse().ok()),
        };
        let strategy = if serving.state.running {
            Strategy::Handover
        } else {
            Strategy::Restart
        };
        let transaction =
            transaction_id().map_err(|error| Failure::new("internal", format!("no randomness: {error}")))?;
        let begin = Begin {
            operation: Operation::Rollback,
            strategy,
            container: session.name.clone(),
            engine: session.engine.endpoint().to_string(),
            network: network_of(session, serving),
            old: Some(Old {
                id: serving.id.clone(),
                restart: release::restart_name(&serving.restart),
                was_running: serving.state.running,
            }),
            new: Some(prev.id.clone()),
            image,
            settle: self.settle.as_secs(),
        };
        Ok(Journal::new(transaction, begin, SystemTime::now()))
    }
}

fn network_of(session: &Session<'_>, serving: &Container) -> String {
    let stage = Names::of(&session.name).stage();
    serving
        .networks
        .keys()
        .find(|it| **it != stage)
        .cloned()
        .unwrap_or_else(|| release::NETWORK.to_owned())
}

fn check_data(session: &Session<'_>, serving: &Container, prev: &Container) -> Result<(), Failure> {
    let version = |container: &Container| -> Result<u64, Failure> {
        let image = session.image_of(container)?;
        labels::data_version(&image.labels).map_err(|error| {
            Failure::new("data-version-unknown", error.to_string())
                .hint("Go to another image with: oc-guardian upgrade --image IMAGE")
                .with_exit(Exit::CheckFailed)
        })
    };
    labels::may_take_data(version(serving)?, version(prev)?).map_err(|error| {
        Failure::new("data-too-new", error.to_string())
            .hint("Upgrade to an image that reads this data: oc-guardian upgrade --image IMAGE")
            .with_exit(Exit::CheckFailed)
    })
}
