use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use serde_json::{Map, Value, json};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::bundle::{self, Bundle, LogLevel};
use crate::cli::context::Context;
use crate::guardian::{self, Control, DELEGATION, Guardian, Log, RPC_IDLE, Settings};
use crate::store;
use crate::ui::{self, Exit, Failure, Report, Wish, printable};

/// Where the container has its bundle.
const DEFAULT_CONFIG: &str = "/etc/oc-guardian/config.json";
/// Set by `oc-guardian run`: the verified index digest of the image.
const IMAGE_DIGEST: &str = "OC_GUARDIAN_IMAGE_DIGEST";

#[derive(Args)]
pub(super) struct Run {
    /// The config bundle
    #[arg(long, value_name = "FILE", default_value = DEFAULT_CONFIG)]
    config: PathBuf,
    /// Where health and status are served
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9000")]
    api_listen: SocketAddr,
    /// Where other guardians are answered
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9001")]
    p2p_listen: SocketAddr,
    /// Time between two health envelopes; the board takes a guardian for dead after 120 s
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = humantime::parse_duration)]
    attest_interval: Duration,
    /// For tests: how long the operator's word for the transport key is asked for
    #[arg(long, hide = true, value_name = "TIME", value_parser = humantime::parse_duration)]
    delegation: Option<Duration>,
    /// For tests: how long a kit on the RPC may send nothing
    #[arg(long, hide = true, value_name = "TIME", value_parser = humantime::parse_duration)]
    rpc_idle: Option<Duration>,
}

impl Run {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let bundle = read_bundle(&self.config)?;
        if self.attest_interval < Duration::from_millis(100)
            || self.attest_interval > Duration::from_secs(3600)
        {
            return Err(Failure::usage("--attest-interval: not between 100ms and 1h"));
        }
        let image_digest = image_digest(&bundle)?;
        let log = Log::new(bundle.log_level, log_line);
        let settings = Settings {
            bundle,
            api_listen: self.api_listen,
            p2p_listen: self.p2p_listen,
            attest_interval: self.attest_interval,
            image_digest,
            // Shorter, never longer.
            delegation: self.delegation.map_or(DELEGATION, |it| it.min(DELEGATION)),
            rpc_idle: self.rpc_idle.map_or(RPC_IDLE, |it| it.min(RPC_IDLE)),
        };
        // One thread: a guardian is idle nearly all the time, and what blocks has threads of its own that end by themselves.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .thread_keep_alive(Duration::from_secs(2))
            .build()
            .map_err(|error| Failure::new("internal", format!("no runtime: {error}")))?;
        runtime.block_on(async {
            let guardian = Guardian::open(settings, log).await?;
            let controls = controls()?;
            context.ui.started(&Started {
                api: guardian.api_address(),
                p2p: guardian.p2p_address(),
            })?;
            guardian.run(controls).await;
            Ok::<_, Failure>(())
        })?;
        // A portal that does not answer is not waited for.
        runtime.shutdown_background();
        context.ui.result(&Ended)?;
        Ok(Exit::Done)
    }
}

struct Started {
    api: SocketAddr,
    p2p: SocketAddr,
}

impl Report for Started {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("event".into(), json!("serving")),
            ("version".into(), json!(guardian::version())),
            ("pid".into(), json!(std::process::id())),
            ("api".into(), json!(self.api.to_string())),
            ("p2p".into(), json!(self.p2p.to_string())),
        ])
    }

    fn human(&self) -> String {
        format!(
            "oc-guardian {}: health on {}, other guardians on {}\n",
            guardian::version(),
            self.api,
            self.p2p
        )
    }
}

struct Ended;

impl Report for Ended {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([("event".into(), json!("stopped"))])
    }

    fn human(&self) -> String {
        "Stopped.\n".into()
    }
}

/// The bundle, or everything that is wrong with it in one error.
pub(super) fn read_bundle(path: &Path) -> Result<Bundle, Failure> {
    let bytes = store::read(path, bundle::MAX_BYTES)?;
    let checked = bundle::check(&bytes, None);
    if let Some(bundle) = checked.bundle() {
        return Ok(bundle.clone());
    }
    let name = path.display().to_string();
    let found: Vec<String> = checked
        .findings()
        .iter()
        .filter(|finding| finding.is_error())
        .take(5)
        .map(|finding| {
            format!(
                "line {}, column {}: {}",
                finding.line, finding.column, finding.message
            )
        })
        .collect();
    let failure = Failure::bad_bundle(&name, &checked);
    let reason = failure.reason();
    Err(Failure::new(
        reason,
        format!("config schema mismatch: {name}: {}", found.join("; ")),
    )
    .hint("Write the bundle anew with: oc-guardian config gen, or look with: oc-guardian config check FILE"))
}

/// What `run` passed in must be a digest, and the one that the bundle pins.
fn image_digest(bundle: &Bundle) -> Result<Option<String>, Failure> {
    let Some(digest) = std::env::var_os(IMAGE_DIGEST).filter(|it| !it.is_empty()) else {
        return Ok(None);
    };
    let text = digest.to_string_lossy().into_owned();
    let digits = text.strip_prefix("sha256:");
    if !digits.is_some_and(|digits| digits.len() == 64 && store::hex::is_lower_hex(digits)) {
        return Err(Failure::new(
            "bad-image-digest",
            format!("{IMAGE_DIGEST} is not sha256: and 64 hex digits"),
        )
        .hint("Start the container with: oc-guardian run, which sets it; or leave it away."));
    }
    if bundle.image_digest.as_ref().is_some_and(|pinned| *pinned != text) {
        return Err(Failure::new(
            "image-not-pinned",
            format!("this image is {text}, and the config bundle pins another one"),
        )
        .hint("Run the pinned image, or pin this one: oc-guardian config gen --image-digest DIGEST"));
    }
    Ok(Some(text))
}

fn log_line(level: LogLevel, text: &str) {
    ui::log_line(level.as_str(), &printable(text));
}

/// SIGTERM and SIGINT end it, SIGUSR1 has it stand by, SIGUSR2 serve again.
fn controls() -> Result<mpsc::Receiver<Control>, Failure> {
    let (sender, controls) = mpsc::channel(8);
    let stop = sender.clone();
    ui::take_signals(move |wish| {
        if wish == Wish::Stop {
            let _ = stop.try_send(Control::Stop);
        }
    });
    for (kind, control) in [
        (SignalKind::user_defined1(), Control::StandBy),
        (SignalKind::user_defined2(), Control::Activate),
    ] {
        let mut signals =
            signal(kind).map_err(|error| Failure::new("internal", format!("no signal handler: {error}")))?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while signals.recv().await.is_some() {
                let _ = sender.send(control).await;
            }
        });
    }
    Ok(controls)
}
