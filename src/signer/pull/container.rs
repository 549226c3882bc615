//! A guardian in a container, reached through the engine: its RPC is bridged by an exec.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::PullError;
use super::bridge::{Bridge, Complaints};
use super::distrust::Distrust;
use super::trust::ImageTrust;
use crate::engine::{Container, Endpoint, Engine, EngineError, unsound};
use crate::image::Digest;

/// By which `run` tells a guardian which image it is.
const CLAIM: &str = "OC_GUARDIAN_IMAGE_DIGEST=";
/// Containers about which the verdict is remembered.
const VERDICTS: usize = 8;
/// How a container is called that an upgrade is warming up.
const NEXT: &str = "-next";

/// Between two looks at what the name leads to, while a handover may be under way.
const QUICK: Duration = Duration::from_millis(25);
/// The same at other times.
const GENTLE: Duration = Duration::from_secs(1);
/// Between two looks for a container that is being warmed up.
const FORESEE: Duration = Duration::from_secs(2);
/// How many times as long all of these are over ssh, where each look crosses the network.
const FAR: u32 = 4;

/// A container that is followed by its name.
pub struct Place {
    name: String,
    endpoint: Endpoint,
    /// `None`: dangerous, any image and any container will do.
    trust: Option<ImageTrust>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Kept while it works.
    engine: Option<Engine>,
    /// What the name led to at the last look.
    seen: Option<Seen>,
    /// By container id, whose configuration never changes; the oldest goes first.
    verdicts: VecDeque<(String, Verdict, Instant)>,
}

/// What a name leads to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// Empty: nothing.
    id: String,
    runs: bool,
}

/// The verified digest, where one has to be; or why the container is not served.
type Verdict = Result<Option<Digest>, Arc<Distrust>>;

/// An open way to a guardian's RPC.
pub(super) struct Opened {
    pub(super) bridge: Bridge,
    pub(super) complaints: Complaints,
    /// What its container runs, where that was verified.
    pub(super) digest: Option<Digest>,
}

impl Place {
    /// The container with this name. Without `trust`, whatever has the name is served: only for development.
    pub fn new(name: &str, endpoint: Endpoint, trust: Option<ImageTrust>) -> Self {
        Self {
            name: name.to_owned(),
            endpoint,
            trust,
            inner: Mutex::default(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Finds the container, checks it unless that was done, and has it bridge its guardian's RPC.
    pub(super) async fn open(&self) -> Result<Opened, PullError> {
        // Until the first look there is nothing that could have moved.
        self.inner().seen = None;
        let engine = self.engine().await?;
        let found = self.look(&engine).await?;
        let missing = || PullError::NoContainer {
            name: self.name.clone(),
        };
        let container = found.ok_or_else(missing)?;
        if !runs(&container) {
            return Err(PullError::Stopped {
                name: self.name.clone(),
                status: container.state.status,
            });
        }
        let digest = self.judge(&engine, &container).await?;
        let command = rpc_command(&container.process.entrypoint);
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        let stream = engine.exec_stream(&container.id, &command).await?;
        let (bridge, complaints) = Bridge::over(stream);
        Ok(Opened {
            bridge,
            complaints,
            digest,
        })
    }

    /// Returns when the name leads to another container than at the last look of [`Self::open`], or to one that now runs
    /// and did not, or the other way round. `quick`: a handover may be under way.
    pub(super) async fn moved(&self, quick: bool) {
        loop {
            self.pause(if quick { QUICK } else { GENTLE }).await;
            // Without an engine, or before the first look, there is nothing to compare with.
            let (engine, seen) = {
                let inner = self.inner();
                (inner.engine.clone(), inner.seen.clone())
            };
            let (Some(engine), Some(seen)) = (engine, seen) else {
                continue;
            };
            match engine.container(&self.name).await {
                Ok(now) if self.seen(now.as_ref()) != seen => return,
                // What fails here fails when it is opened again, and is told then.
                Ok(_) | Err(_) => {}
            }
        }
    }

    /// As [`Self::moved`] in quiet times, and checks meanwhile what an upgrade warms up, while its guardian still stands
    /// by: afterwards every moment counts.
    pub(super) async fn left(&self) {
        let foresee = async {
            loop {
                self.pause(FORESEE).await;
                self.foresee().await;
            }
        };
        tokio::select! {
            () = self.moved(false) => {}
            () = foresee => {}
        }
    }

    async fn foresee(&self) {
        let Some(engine) = self.inner().engine.clone() else {
            return;
        };
        let next = format!("{}{NEXT}", self.name);
        if let Ok(Some(container)) = engine.container(&next).await
            && container.name == next
            && runs(&container)
        {
            let _ = self.judge(&engine, &container).await;
        }
    }

    async fn pause(&self, time: Duration) {
        let far = matches!(self.endpoint, Endpoint::Ssh(_));
        tokio::time::sleep(time * if far { FAR } else { 1 }).await;
    }

    async fn engine(&self) -> Result<Engine, PullError> {
        if let Some(engine) = self.inner().engine.clone() {
            return Ok(engine);
        }
        let engine = Engine::connect(&self.endpoint).await?;
        self.inner().engine = Some(engine.clone());
        Ok(engine)
    }

    async fn look(&self, engine: &Engine) -> Result<Option<Container>, EngineError> {
        let found = engine.container(&self.name).await;
        let mut inner = self.inner();
        match found {
            Ok(found) => {
                inner.seen = Some(self.seen(found.as_ref()));
                Ok(found.filter(|it| self.is_named(it)))
            }
            Err(error) => {
                // It may be another one, or another version, when it is back.
                inner.engine = None;
                inner.seen = None;
                Err(error)
            }
        }
    }

    fn seen(&self, container: Option<&Container>) -> Seen {
        container
            .filter(|it| self.is_named(it))
            .map(|it| Seen {
                id: it.id.clone(),
                runs: runs(it),
            })
            .unwrap_or_default()
    }

    /// The engine also takes the first digits of an id for a name.
    fn is_named(&self, container: &Container) -> bool {
        container.name == self.name || container.id == self.name
    }

    async fn judge(&self, engine: &Engine, container: &Container) -> Result<Option<Digest>, PullError> {
        let Some(trust) = &self.trust else {
            return Ok(None);
        };
        let distrusted = |why| PullError::Distrusted {
            name: container.name.clone(),
            why,
        };
        let known = self
            .inner()
            .verdicts
            .iter()
            .find(|it| it.0 == container.id)
            .cloned();
        if let Some((_, verdict, at)) = known
            && verdict.as_ref().err().is_none_or(|why| why.holds(at.elapsed()))
        {
            return verdict.map_err(distrusted);
        }
        let verdict = self.weigh(trust, engine, container).await?;
        {
            let mut inner = self.inner();
            inner.verdicts.retain(|it| it.0 != container.id);
            if inner.verdicts.len() == VERDICTS {
                inner.verdicts.pop_front();
            }
            let judged = (container.id.clone(), verdict.clone(), Instant::now());
            inner.verdicts.push_back(judged);
        }
        verdict.map_err(distrusted)
    }

    async fn weigh(
        &self,
        trust: &ImageTrust,
        engine: &Engine,
        container: &Container,
    ) -> Result<Verdict, EngineError> {
        let Some(image) = engine.local_image(&container.image_id).await? else {
            return Ok(Err(Arc::new(Distrust::NoImage)));
        };
        let found = unsound(container, &image);
        if !found.is_empty() {
            return Ok(Err(Arc::new(Distrust::Unsound(found))));
        }
        let claims = container.process.environment.iter();
        let claimed = claims
            .filter_map(|it| it.strip_prefix(CLAIM))
            .find_map(|it| it.parse().ok());
        let verified = trust.verify(image, &container.image_name, claimed).await;
        Ok(verified
            .map(Some)
            .map_err(|error| Arc::new(Distrust::Image(error))))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Nothing in here panics while it holds the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn runs(container: &Container) -> bool {
    container.state.running && !container.state.restarting
}

/// The image's own program, asked to bridge.
fn rpc_command(entrypoint: &[String]) -> Vec<String> {
    let mut command = entrypoint.to_vec();
    if command.is_empty() {
        command.push("/oc-guardian".into());
    }
    if command.last().is_none_or(|word| word != "guardian") {
        command.push("guardian".into());
    }
    command.push("rpc".into());
    command
}

#[cfg(test)]
mod tests {
    use super::rpc_command;

    #[test]
    fn the_images_own_program_bridges() {
        for (entrypoint, wanted) in [
            (&["/oc-guardian", "guardian"][..], "/oc-guardian guardian rpc"),
            (&["/usr/bin/oc"], "/usr/bin/oc guardian rpc"),
            (&[], "/oc-guardian guardian rpc"),
        ] {
            let entrypoint: Vec<String> = entrypoint.iter().map(|it| (*it).to_owned()).collect();
            assert_eq!(rpc_command(&entrypoint).join(" "), wanted);
        }
    }
}
