use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use super::Session;
use crate::bundle::{Bundle, Signer};
use crate::cli::verify::{ImageArgs, Verified};
use crate::engine::{Container, Endpoint, LocalImage, Port, Restart};
use crate::image::{Platform, Reference, VerifiedImage};
use crate::release::{self, Adopt, Bind, Expected, Journal, Making, Names, compare, labels};
use crate::signer::guardian_socket;
use crate::store::Folders;
use crate::ui::{Exit, Failure, Steps};

/// How long a guardian that is started again may take to become healthy.
const START: Duration = Duration::from_secs(60);

/// Verifies the image for the engine's platform, and says what is to be said of it.
pub(in crate::cli) fn verify(
    session: &Session<'_>,
    steps: &Steps<'_>,
    which: &ImageArgs,
    reference: &Reference,
) -> Result<Verified, Failure> {
    let about = session.runtime.block_on(session.engine.about())?;
    let platform: Option<Platform> = format!("{}/{}", about.os, about.architecture).parse().ok();
    let pin = which.pin(&session.folders)?;
    steps.begin("verify", format!("Verify {reference}"));
    let verified = which.verify(
        session.context,
        &session.folders,
        reference,
        pin.as_ref(),
        platform,
    )?;
    steps.done(verified.image.version().map(ToString::to_string).as_deref());
    for warning in verified.warnings() {
        steps.warn(&warning);
    }
    Ok(verified)
}

/// Pulls the verified image by its digest, unless the engine has it.
pub(in crate::cli) fn pull(
    session: &Session<'_>,
    steps: &Steps<'_>,
    image: &VerifiedImage,
) -> Result<(), Failure> {
    steps.begin("pull", format!("Pull {}", image.pinned()));
    let pulled = session.runtime.block_on(async {
        if session.engine.image(image).await?.is_some() {
            return Ok::<_, Failure>(Some("the engine has it"));
        }
        let login = session.context.login(image.reference())?;
        let mut progress = |pull: crate::engine::Pull| {
            steps.layer(&pull.layer, pull.phase.as_str(), pull.done, pull.total);
        };
        // The engine leaves off when nobody listens any more.
        tokio::select! {
            pulled = session.engine.pull(image, login, &mut progress) => pulled?,
            () = session.interrupt.pressed() => return Err(Failure::interrupted()),
        };
        Ok(None)
    })?;
    steps.done(pulled);
    Ok(())
}

/// The container's user is another one, and reads the bundle as one of the others.
pub(in crate::cli) fn check_bundle_is_readable(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let metadata = std::fs::metadata(path).map_err(|error| {
        Failure::new("bundle-unreadable", format!("{shown}: {error}"))
            .hint("Check the path of the config bundle.")
    })?;
    if metadata.permissions().mode() & 0o004 != 0 {
        return Ok(());
    }
    Err(Failure::new(
        "bundle-unreadable",
        format!("{shown}: the guardian in its container runs as another user, who may not read it"),
    )
    .hint(format!(
        "There is no secret in it: chmod 644 {}",
        crate::ui::shell_quoted(path)
    )))
}

/// The folder of our guardian socket, where the bundle names one: what the bundle names is its place in the container.
pub(in crate::cli) fn signer_folder(folders: &Folders, bundle: &Bundle) -> Option<Bind> {
    let Some(Signer::Unix(socket)) = &bundle.signer else {
        return None;
    };
    let ours = guardian_socket(folders);
    Some(Bind {
        host: ours.parent()?.to_str()?.to_owned(),
        target: socket.parent()?.to_str()?.to_owned(),
    })
}

impl Session<'_> {
    /// For which operation, and from which image, a container is made. Name and network are the driver's.
    pub(in crate::cli) fn making<'b>(&'b self, journal: &'b Journal) -> Making<'b> {
        Making {
            name: &self.name,
            network: &journal.network,
            transaction: &journal.transaction,
            image: &journal.image,
        }
    }

    /// Where the health port is published, if that can be reached from here.
    pub(in crate::cli) fn health_port(&self, ports: &[Port]) -> Option<(String, u16)> {
        let port = ports
            .iter()
            .find(|it| it.container == 9000 && it.protocol == "tcp" && it.host != 0)?;
        let host = self.engine.endpoint().published_host()?;
        let is_here = matches!(self.engine.endpoint(), Endpoint::Unix(_));
        match port.host_ip {
            Some(ip) if !ip.is_unspecified() && is_here => Some((ip.to_string(), port.host)),
            Some(ip) if ip.is_loopback() => None,
            _ => Some((host, port.host)),
        }
    }

    /// Whether the container was made from exactly this image.
    pub(in crate::cli) fn is_of(&self, container: &Container, image: &VerifiedImage) -> bool {
        // Which of the three it is depends on where the engine keeps its images.
        [image.config_digest(), image.manifest_digest(), image.digest()]
            .iter()
            .any(|digest| digest.to_string() == container.image_id)
    }

    /// The image that a container was made from; an empty one where the engine has it no more.
    pub(in crate::cli) fn image_of(&self, container: &Container) -> Result<LocalImage, Failure> {
        let found = self
            .runtime
            .block_on(self.engine.local_image(&container.image_id))?;
        Ok(found.unwrap_or_default())
    }

    /// Where the bundle of this machine, if there is one, has the guardian's things.
    pub(in crate::cli) fn expected(&self, bundle: Option<&Bundle>) -> Expected {
        bundle.map_or_else(Expected::usual, Expected::of)
    }

    /// A container that nobody changed by hand in a way that matters, but for what the operator names.
    pub(in crate::cli) fn check_sound(&self, container: &Container, adopt: &[Adopt]) -> Result<(), Failure> {
        let image = self.image_of(container)?;
        let bundle = self.bundle()?;
        let names = Names::of(&self.name);
        let adoption = compare(container, &image, &self.expected(bundle.as_ref()), &names, adopt);
        let found: Vec<String> = adoption
            .obstacles()
            .map(|it| format!("{it} ({})", it.why))
            .collect();
        if found.is_empty() {
            return Ok(());
        }
        Err(Failure::differences(&container.name, &found))
    }

    /// The config bundle of this machine, if there is a good one.
    pub(in crate::cli) fn bundle(&self) -> Result<Option<Bundle>, Failure> {
        match crate::doctor::find_bundle(&self.folders, None, None) {
            Ok(file) => Ok(file.checked.bundle().cloned()),
            Err(crate::doctor::BundleFileError::Absent(..)) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it is a guardian's: made by this kit, or by hand with a config bundle where guardians have it.
    pub(in crate::cli) fn is_guardian(container: &Container) -> bool {
        container.labels.contains_key(labels::ROLE)
            || container
                .mounts
                .iter()
                .any(|it| it.target == release::BUNDLE_TARGET)
    }

    /// Starts a container that was stopped, and waits until it is healthy.
    pub(in crate::cli) fn start_again(&self, container: &Container) -> Result<(), Failure> {
        let engine = &self.engine;
        self.runtime.block_on(async {
            if container.restart == Restart::No {
                engine.set_restart(&container.id, &Restart::UnlessStopped).await?;
            }
            engine.start(&container.id).await?;
            Ok::<_, Failure>(())
        })?;
        self.wait_until_healthy(container)
    }

    /// Waits until a container that runs says that it is healthy.
    pub(in crate::cli) fn wait_until_healthy(&self, container: &Container) -> Result<(), Failure> {
        let engine = &self.engine;
        self.runtime.block_on(async {
            let program = release::Program::of(container);
            let end = Instant::now() + START;
            loop {
                self.check_interrupt()?;
                let said = release::ask(engine, &container.id, &program).await;
                if said.as_ref().is_ok_and(|it| it.ok) {
                    return Ok(());
                }
                if Instant::now() > end {
                    let why = said
                        .err()
                        .unwrap_or_else(|| "it says that it is not healthy".into());
                    return Err(Failure::new(
                        "not-healthy",
                        format!(
                            "{} is not healthy after {} s: {why}",
                            container.name,
                            START.as_secs()
                        ),
                    )
                    .hint("Look at what it says: oc-guardian logs")
                    .with_exit(Exit::CheckFailed));
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        })
    }
}
