mod again;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use clap::Args;

use super::context::Context;
use super::examples;
use super::swap::{
    Named, Session, Swapped, check_bundle_is_readable, ended, pull, settle_time, signer_folder, verify,
};
use super::verify::ImageArgs;
use crate::bundle::{Bundle, Signer};
use crate::doctor::find_bundle;
use crate::engine::{Endpoint, Port};
use crate::image::{DEFAULT_IMAGE, Reference};
use crate::release::{
    self, Adopt, Begin, Bind, DATA_DIR, Data, Expect, Image, Journal, Names, Operation, Strategy, Wanted,
    transaction_id,
};
use crate::ui::{Exit, Failure};

/// Verify the guardian's image, pull it by its digest, and start it
///
/// Comes back when the guardian is healthy and has proved itself for a moment. The container is the runbook's, with a
/// read-only root, no capabilities and no new privileges: the config bundle is mounted read-only, the data is in a volume,
/// and ports 9000 (health) and 9001 (other guardians) are published.
///
/// A guardian that was stopped is started again, with the image that it has: without --image no registry is asked, if this
/// machine has verified that image before.
#[derive(Args)]
#[command(after_help = examples::RUN)]
pub(super) struct Run {
    /// The image, by tag or digest [default: the container's own, or ghcr.io/orangecheck/oc-guardian:latest]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// The config bundle on the engine's machine, where that is another one than this
    #[arg(long, value_name = "PATH")]
    bundle_path: Option<PathBuf>,
    /// Publish the health port here
    #[arg(long, value_name = "[IP:]PORT", default_value = "9000", value_parser = published)]
    health_port: Published,
    /// Publish the port for other guardians here
    #[arg(long, value_name = "[IP:]PORT", default_value = "9001", value_parser = published)]
    peer_port: Published,
    /// Volume for the guardian's data [default: the container's name and "-data"]
    #[arg(long, value_name = "NAME")]
    data_volume: Option<String>,
    /// How long the guardian has to prove itself once it is healthy
    #[arg(long, value_name = "TIME", default_value = "5s", value_parser = settle_time)]
    settle: Duration,
    /// Start a container again although it has this, one by one as KIND=VALUE; "none" for all of it
    #[arg(long, value_name = "KIND=VALUE")]
    adopt: Vec<Adopt>,
    #[command(flatten)]
    container: Named,
    // Last: its heading holds for all that follows.
    #[command(flatten)]
    which: ImageArgs,
}

#[derive(Clone, Debug)]
struct Published {
    ip: Option<IpAddr>,
    port: u16,
}

fn published(text: &str) -> Result<Published, String> {
    let wrong = || "neither PORT nor IP:PORT, such as 9000, 127.0.0.1:9000, [::1]:9000".to_owned();
    if let Ok(port) = text.parse() {
        return if port == 0 {
            Err(wrong())
        } else {
            Ok(Published { ip: None, port })
        };
    }
    let address: std::net::SocketAddr = text.parse().map_err(|_| wrong())?;
    if address.port() == 0 {
        return Err(wrong());
    }
    Ok(Published {
        ip: Some(address.ip()),
        port: address.port(),
    })
}

impl Run {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let start = Instant::now();
        let given = self.image.as_deref().map(str::parse::<Reference>).transpose()?;
        let session = Session::open(context, &self.container.name)?;
        let existing = session.container()?;
        if let Some(container) = existing {
            return self.again(&session, &container, given, start);
        }
        session.check_no_other(&Names::of(&session.name))?;
        let reference = match given {
            Some(reference) => reference,
            None => DEFAULT_IMAGE.parse()?,
        };
        let file = find_bundle(&session.folders, self.which.config.as_deref(), None)?;
        let shown = file.path.display().to_string();
        let Some(bundle) = file.checked.bundle().cloned() else {
            return Err(Failure::bad_bundle(&shown, &file.checked).hint_check(&shown));
        };
        let bundle_path = self.bundle_path(&session, &file.path)?;
        let wanted = self.wanted(&session, &bundle, bundle_path)?;
        check_targets(&shown, &wanted)?;
        let steps = context.ui.steps();
        let image = verify(&session, &steps, &self.which, &reference)?.image;
        session.check_interrupt()?;
        pull(&session, &steps, &image)?;
        let transaction =
            transaction_id().map_err(|error| Failure::new("internal", format!("no randomness: {error}")))?;
        let record = Image::of(&image);
        let begin = Begin {
            operation: Operation::Run,
            strategy: Strategy::Restart,
            container: session.name.clone(),
            engine: session.engine.endpoint().to_string(),
            network: wanted.network.clone(),
            old: None,
            new: None,
            image: record.clone(),
            settle: self.settle.as_secs(),
        };
        let mut journal = Journal::new(transaction, begin, SystemTime::now());
        let mut host = session.host(&steps);
        host.spec = Some(wanted.spec(&session.making(&journal)));
        host.image = Some(&image);
        host.expect = Expect {
            federation: Some(bundle.federation_slug.clone()),
            version: image.version().map(|it| it.without_v().to_owned()),
        };
        host.health_port = session.health_port(&wanted.ports);
        let outcome = session
            .runtime
            .block_on(release::forward(&mut host, &mut journal));
        let (measured, last_words) = (host.measured.clone(), host.last_words.take());
        drop(host);
        steps.done(None);
        drop(steps);
        let swapped = Swapped {
            operation: "run",
            container: session.name.clone(),
            image: record.name.clone(),
            digest: record.digest.to_string(),
            version: record.version.as_ref().map(ToString::to_string),
            from: None,
            strategy: Strategy::Restart.as_str(),
            measured,
            took: start.elapsed(),
            next: Some(next(&session, &bundle)),
        };
        ended(&session, outcome, last_words, &swapped)
    }

    /// Where the bundle is on the engine's machine.
    fn bundle_path(&self, session: &Session<'_>, here: &Path) -> Result<PathBuf, Failure> {
        if let Some(path) = &self.bundle_path {
            if !path.is_absolute() {
                return Err(Failure::usage("--bundle-path is not an absolute path"));
            }
            return Ok(path.clone());
        }
        if !matches!(session.engine.endpoint(), Endpoint::Unix(_)) {
            return Err(Failure::usage(format!(
                "the engine is on another machine ({}): where is the bundle there? Give --bundle-path PATH",
                session.engine.endpoint()
            )));
        }
        check_bundle_is_readable(here)?;
        here.canonicalize().map_err(|error| {
            Failure::new("bundle-unreadable", format!("{}: {error}", here.display()))
                .hint("Check the path of the config bundle.")
        })
    }

    fn wanted(&self, session: &Session<'_>, bundle: &Bundle, path: PathBuf) -> Result<Wanted, Failure> {
        let text = path
            .into_os_string()
            .into_string()
            .map_err(|_| Failure::usage("the path of the bundle is not UTF-8"))?;
        let mut wanted = Wanted::runbook(text);
        let port = |container: u16, at: &Published| Port {
            container,
            protocol: "tcp".into(),
            host_ip: at.ip,
            host: at.port,
        };
        wanted.ports = vec![port(9000, &self.health_port), port(9001, &self.peer_port)];
        wanted.data_dir = bundle.data_dir.to_string_lossy().into_owned();
        let volume = self.data_volume.clone();
        wanted.data = Some(Data::Volume(
            volume.unwrap_or_else(|| format!("{}-data", session.name)),
        ));
        wanted.signer = signer_folder(&session.folders, bundle);
        if let Some(file) = &bundle.extra_ca_file {
            let text = file.to_string_lossy().into_owned();
            // The bundle names it as the guardian sees it; on the machine it is at the same path.
            wanted.files.push(Bind {
                host: text.clone(),
                target: text,
            });
        }
        Ok(wanted)
    }
}

/// The signing server does not serve a container in which something hides files of the image: none such is made.
fn check_targets(bundle: &str, wanted: &Wanted) -> Result<(), Failure> {
    let places = wanted.unsafe_targets();
    if places.is_empty() {
        return Ok(());
    }
    Err(Failure::new(
        "unsafe-mount",
        format!(
            "{bundle}: what it wants mounted in the container at {} could hide files of the image",
            places.join(", ")
        ),
    )
    .hint(format!(
        "Mend data_dir, signer_url or extra_ca_file: {DATA_DIR}, or places below /etc/oc-guardian, /run and /tmp."
    )))
}

/// What to do when it serves.
fn next(session: &Session<'_>, bundle: &Bundle) -> String {
    let user = "65532";
    match &bundle.signer {
        Some(Signer::Unix(_)) => format!("oc-guardian sign --serve --allow-uid {user}"),
        _ if session.name == release::CONTAINER => "oc-guardian sign --serve".into(),
        _ => format!("oc-guardian sign --serve --guardian {}", session.name),
    }
}
