//! There is a container of that name already.

use std::time::{Instant, SystemTime};

use super::Run;
use crate::cli::swap::{Session, Swapped, verify};
use crate::engine::Container;
use crate::image::{Digest, Known, Reference};
use crate::release::{self, Names, Strategy, labels};
use crate::ui::{Exit, Failure, Steps};

/// The image of a container, as far as it is trusted.
struct Trusted {
    name: String,
    digest: Digest,
    version: Option<String>,
}

impl Run {
    /// Starts it again if its image is trusted, and the one that is asked for where one is. One that runs is only asked how
    /// it is.
    pub(super) fn again(
        &self,
        session: &Session<'_>,
        container: &Container,
        given: Option<Reference>,
        start: Instant,
    ) -> Result<Exit, Failure> {
        if !Session::is_guardian(container) {
            return Err(Failure::not_a_guardian(&container.name));
        }
        session.check_no_other(&Names::of(&session.name))?;
        let steps = session.context.ui.steps();
        let image = match given {
            None => match self.known(session, container)? {
                Some(image) => image,
                None => self.verified(session, &steps, container, &own_image(container)?)?,
            },
            Some(reference) => self.verified(session, &steps, container, &reference)?,
        };
        session.check_sound(container, &self.adopt)?;
        if container.state.running {
            steps.begin("look", format!("Ask {} how it is", session.name));
            session.wait_until_healthy(container)?;
            steps.done(Some("it runs already"));
        } else {
            steps.begin("start", format!("Start {} again", session.name));
            session.start_again(container)?;
            steps.done(None);
            session.record("run", &format!("{} started again", session.name));
        }
        drop(steps);
        session.context.ui.result(&Swapped {
            operation: "run",
            container: session.name.clone(),
            image: image.name,
            digest: image.digest.to_string(),
            version: image.version,
            from: None,
            strategy: Strategy::Restart.as_str(),
            measured: release::Measured::default(),
            took: start.elapsed(),
            next: None,
        })?;
        Ok(Exit::Done)
    }

    /// By what this machine has verified before, under the same policy and trust root: after a power cut the registry may be
    /// out of reach, and the guardian has to come back all the same.
    fn known(&self, session: &Session<'_>, container: &Container) -> Result<Option<Trusted>, Failure> {
        let Ok(id) = container.image_id.parse::<Digest>() else {
            return Ok(None);
        };
        let policy = self.which.signer.policy()?;
        let now = SystemTime::now();
        let root = self.which.trust.root(session.context, &session.folders, now)?;
        let known = Known::load(&session.folders.state)?;
        let Some(verdict) = known.find_by_image_id(&id, &policy, &root) else {
            return Ok(None);
        };
        let label = |name: &str| container.labels.get(name).cloned();
        let digest = *verdict.digest();
        // Labels only name what is trusted already.
        let is_labelled = label(labels::DIGEST).is_some_and(|it| it == digest.to_string());
        Ok(Some(Trusted {
            name: label(labels::IMAGE).unwrap_or_else(|| container.image_name.clone()),
            digest,
            version: label(labels::VERSION).filter(|_| is_labelled),
        }))
    }

    fn verified(
        &self,
        session: &Session<'_>,
        steps: &Steps<'_>,
        container: &Container,
        reference: &Reference,
    ) -> Result<Trusted, Failure> {
        let image = verify(session, steps, &self.which, reference)?.image;
        if !session.is_of(container, &image) {
            return Err(Failure::new(
                "already-there",
                format!("there is a container {} already, of another image", session.name),
            )
            .hint("Use oc-guardian upgrade, which keeps the old one until the new one has proved itself."));
        }
        Ok(Trusted {
            name: image.reference().name(),
            digest: *image.digest(),
            version: image.version().map(ToString::to_string),
        })
    }
}

/// Where the signature of the image is looked for: by its digest where the container has that in a label.
fn own_image(container: &Container) -> Result<Reference, Failure> {
    let label = |name: &str| container.labels.get(name);
    let text = match (label(labels::IMAGE), label(labels::DIGEST)) {
        (Some(name), Some(digest)) => format!("{name}@{digest}"),
        _ => container.image_name.clone(),
    };
    Ok(text.parse()?)
}
