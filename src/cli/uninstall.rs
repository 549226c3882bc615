use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};

use super::context::Context;
use super::examples;
use super::swap::{Named, Session};
use crate::engine::{Container, EngineError, MountKind};
use crate::release::{DATA_DIR, Names};
use crate::ui::{EMPHASIS, Exit, Failure, GOOD, Lines, Report, paint, printable};

/// Between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(30);

/// Remove the guardian's containers and network from the engine
///
/// Keys, config bundle, logs and the data volume stay, and it is said how each is removed. An operation that was interrupted
/// is finished or undone before.
#[derive(Args)]
#[command(after_help = examples::UNINSTALL)]
pub(super) struct Uninstall {
    /// Also remove the volumes with the guardian's data: its transport key, and what it remembers of the operator
    #[arg(long)]
    volumes: bool,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
    #[command(flatten)]
    container: Named,
}

impl Uninstall {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let session = Session::open(context, &self.container.name)?;
        let names = Names::of(&session.name);
        let found = session.runtime.block_on(async {
            let mut found: Vec<Container> = Vec::new();
            for name in [names.main().to_owned(), names.prev(), names.undone()] {
                let container = session.engine.container(&name).await?;
                found.extend(container.filter(|it| it.name == name));
            }
            Ok::<_, EngineError>(found)
        })?;
        if found.is_empty() {
            return Err(Failure::no_container(&session.name));
        }
        // Whoever gives the name of a database by mistake must not lose it.
        if let Some(other) = found.iter().find(|it| !Session::is_guardian(it)) {
            return Err(Failure::not_a_guardian(&other.name));
        }
        let volumes = data_volumes(&found, &session.expected(session.bundle()?.as_ref()).data_dir);
        if !self.yes {
            let containers: Vec<&str> = found.iter().map(|it| it.name.as_str()).collect();
            let mut what = format!("Remove {}", containers.join(", "));
            if self.volumes && !volumes.is_empty() {
                what.push_str(" and the guardian's data in ");
                what.push_str(&volumes.join(", "));
            }
            what.push('?');
            if !context.ui.confirm(&what, "--yes")? {
                return Err(Failure::new("declined", "nothing was removed").with_exit(Exit::Refused));
            }
        }
        session.check_interrupt()?;
        let steps = context.ui.steps();
        steps.begin("remove", "Remove the containers");
        session.runtime.block_on(async {
            for container in &found {
                // What is removed stays removed; the same command goes on with the rest.
                session.check_interrupt()?;
                if container.state.running {
                    session.engine.stop(&container.id, GRACE).await?;
                }
                session.engine.remove(&container.id, true).await?;
            }
            for network in session.engine.network(&names.stage()).await? {
                session.engine.remove_network(&network.id).await?;
            }
            Ok::<_, Failure>(())
        })?;
        // Before the volumes: one that is in use elsewhere must not keep a way back to containers that are gone.
        session.place.forget_all()?;
        if self.volumes {
            session.runtime.block_on(async {
                for volume in &volumes {
                    session.engine.remove_volume(volume).await?;
                }
                Ok::<_, EngineError>(())
            })?;
        }
        steps.done(None);
        drop(steps);
        session.record("uninstall", &format!("{} removed", session.name));
        context.ui.result(&Removed {
            containers: found.into_iter().map(|it| it.name).collect(),
            volumes,
            without_volumes: self.volumes,
            folders: [
                &session.folders.config,
                &session.folders.data,
                &session.folders.state,
            ]
            .map(|it| it.display().to_string()),
        })?;
        Ok(Exit::Done)
    }
}

/// Those with the guardian's data; what else somebody mounted is not ours to remove.
fn data_volumes(containers: &[Container], data_dir: &str) -> Vec<String> {
    let mut volumes: Vec<String> = containers
        .iter()
        .flat_map(|it| &it.mounts)
        .filter(|it| it.kind == MountKind::Volume && !it.source.is_empty())
        .filter(|it| it.target == data_dir || it.target == DATA_DIR)
        .map(|it| it.source.clone())
        .collect();
    volumes.sort();
    volumes.dedup();
    volumes
}

struct Removed {
    containers: Vec<String>,
    volumes: Vec<String>,
    without_volumes: bool,
    folders: [String; 3],
}

impl Report for Removed {
    fn fields(&self) -> Map<String, Value> {
        let (removed, left): (&[String], &[String]) = if self.without_volumes {
            (&self.volumes, &[])
        } else {
            (&[], &self.volumes)
        };
        Map::from_iter([
            ("containers_removed".into(), json!(self.containers)),
            ("volumes_removed".into(), json!(removed)),
            ("volumes_left".into(), json!(left)),
            ("folders_left".into(), json!(self.folders)),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(GOOD, "The guardian's containers are removed."));
        for name in &self.containers {
            lines.field("removed", printable(name));
        }
        lines.gap().line("Left, and how to remove each:");
        if !self.without_volumes {
            for volume in &self.volumes {
                lines.field(
                    "data",
                    paint(EMPHASIS, &format!("docker volume rm {}", printable(volume))),
                );
            }
        }
        let [config, data, state] = &self.folders;
        for (what, folder) in [("config", config), ("keys", data), ("logs", state)] {
            lines.field(what, format!("rm -r {}", printable(folder)));
        }
        lines.line(
            "The keys are gone with their folder unless the 24 words are kept: oc-guardian key verify-backup",
        );
        lines.finish()
    }
}
