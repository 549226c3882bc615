use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{Place, shown, table};
use crate::cli::context::Context;
use crate::devnet::{Devnet, GuardianRow, SLUG, Settings, Snapshot, parse_pin};
use crate::store::hex;
use crate::ui::{self, EMPHASIS, Exit, Failure, GOOD, Lines, Panel, Report, Wish, paint};

/// How often everything is looked at.
const TURN: Duration = Duration::from_millis(100);

#[derive(Args)]
pub(super) struct Run {
    /// How many guardians: 4 to 32
    #[arg(long, value_name = "N", default_value_t = 4)]
    guardians: usize,
    /// How many of them make a signature [default: more than half of them]
    #[arg(long, value_name = "M")]
    threshold: Option<usize>,
    #[command(flatten)]
    place: Place,
    /// Port of the portal on 127.0.0.1 [default: a free one]
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// Time between two health envelopes of a guardian; outside a devnet it is 60s
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = humantime::parse_duration)]
    attest_interval: Duration,
    /// After which time the board takes a guardian for dead; outside a devnet it is 120s
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    stale_after: Duration,
    /// How long a process that ended stays away before it is started anew; longer, when it ends again soon
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = humantime::parse_duration)]
    restart_after: Duration,
    /// Let the signing servers fetch requests from the guardians, instead of the guardians asking them
    #[arg(long)]
    pull: bool,
    /// Image that the guardians say they run [default: the SHA-256 of this program, in the place of an image's]
    #[arg(long, value_name = "DIGEST")]
    image_digest: Option<String>,
}

impl Run {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let start = Instant::now();
        // From here on Ctrl-C ends it in order, also in the middle of the start.
        let stop = Arc::new(AtomicBool::new(false));
        let stopping = Arc::clone(&stop);
        ui::take_signals(move |wish| {
            if wish == Wish::Stop {
                stopping.store(true, Ordering::SeqCst);
            }
        });
        let settings = self.settings()?;
        let mut devnet = {
            let mut progress = None;
            Devnet::start(settings, |doing| {
                // One at a time: the old one ends before the new one begins.
                drop(progress.take());
                progress = Some(context.ui.progress(doing));
            })?
        };
        if devnet.swept() > 0 {
            context.ui.note(&format!(
                "Removed what {} devnet(s) that were killed had left behind.",
                devnet.swept()
            ));
        }
        let snapshot = devnet.turn();
        context.ui.started(&Started {
            devnet: &devnet,
            snapshot: &snapshot,
        })?;
        let mut screen = Screen::new(context, start);
        while !stop.load(Ordering::SeqCst) {
            screen.show(&devnet.turn())?;
            std::thread::sleep(TURN);
        }
        drop(screen);
        let progress = context.ui.progress("Stopping the devnet");
        devnet.stop();
        drop(progress);
        context.ui.result(&Ended { ran: start.elapsed() })?;
        Ok(Exit::Done)
    }

    fn settings(&self) -> Result<Settings, Failure> {
        let program = std::env::current_exe().map_err(|error| {
            Failure::new(
                "internal",
                format!("this program's own file is not known: {error}"),
            )
        })?;
        let image_digest = match &self.image_digest {
            Some(digest) => parse_pin(digest)
                .ok_or_else(|| Failure::usage("--image-digest is not sha256: and 64 digits 0-9 a-f"))?,
            None => digest_of(&program)?,
        };
        Ok(Settings {
            program,
            base: self.place.base()?,
            guardians: self.guardians,
            threshold: self.threshold.unwrap_or(self.guardians / 2 + 1),
            port: self.port,
            attest_interval: self.attest_interval,
            stale_after: self.stale_after.as_secs(),
            restart_after: self.restart_after,
            pull: self.pull,
            image_digest,
        })
    }
}

fn digest_of(program: &Path) -> Result<String, Failure> {
    let hash = || -> io::Result<String> {
        let mut file = File::open(program)?;
        let mut hasher = Sha256::new();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(format!("sha256:{}", hex::encode(&hasher.finalize()))),
                read => hasher.update(&buffer[..read]),
            }
        }
    };
    hash().map_err(|error| {
        Failure::new(
            "internal",
            format!("{} cannot be read: {error}", program.display()),
        )
        .hint("Name any digest with --image-digest.")
    })
}

/// What has been shown.
struct Screen<'a> {
    context: &'a Context,
    panel: Panel<'a>,
    start: Instant,
    told: Vec<GuardianRow>,
    portal: Option<u32>,
    all_green: bool,
}

impl<'a> Screen<'a> {
    fn new(context: &'a Context, start: Instant) -> Self {
        Self {
            context,
            panel: Panel::new(&context.ui),
            start,
            told: Vec::new(),
            portal: None,
            all_green: false,
        }
    }

    fn show(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        if self.panel.is_shown() {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            self.panel.draw(table::lines(snapshot, now.as_secs()));
        } else {
            self.tell(snapshot)?;
        }
        if !self.all_green && snapshot.green() == snapshot.guardians.len() {
            self.all_green = true;
            let took = self.start.elapsed();
            if self.context.ui.is_json() {
                let took = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
                return self.event(&json!({ "event": "all-green", "after_ms": took }));
            }
            let count = snapshot.guardians.len();
            self.panel.note(&paint(
                GOOD,
                &format!(
                    "All {count} guardians are green, {:.1} s after the start.",
                    took.as_secs_f64()
                ),
            ));
        }
        Ok(())
    }

    /// A line for each change.
    fn tell(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        if self.portal != snapshot.portal.pid {
            self.portal = snapshot.portal.pid;
            if self.context.ui.is_json() {
                self.event(&json!({ "event": "portal", "portal": table::life(&snapshot.portal) }))?;
            } else if self.portal.is_none() {
                self.panel.note("portal: down");
            }
        }
        for (index, row) in snapshot.guardians.iter().enumerate() {
            let news = table::news(row);
            if self.told.get(index) == Some(&news) {
                continue;
            }
            if self.context.ui.is_json() {
                self.event(&table::json(row))?;
            } else {
                self.panel.note(&table::line(row));
            }
            if index < self.told.len() {
                self.told[index] = news;
            } else {
                self.told.push(news);
            }
        }
        Ok(())
    }

    fn event(&self, event: &Value) -> Result<(), Failure> {
        self.context.ui.raw(&format!("{event}\n"))
    }
}

struct Started<'a> {
    devnet: &'a Devnet,
    snapshot: &'a Snapshot,
}

impl Started<'_> {
    fn board(&self) -> String {
        format!(
            "{}/me/operator/attestation?federation={SLUG}",
            self.devnet.portal_url()
        )
    }

    fn page(&self) -> String {
        format!("{}/federations/{SLUG}", self.devnet.portal_url())
    }
}

impl Report for Started<'_> {
    fn fields(&self) -> Map<String, Value> {
        let note = self.devnet.note();
        let homes: Vec<String> = note.homes.iter().map(|home| shown(home)).collect();
        Map::from_iter([
            ("event".into(), json!("started")),
            ("portal".into(), json!(note.portal)),
            ("board".into(), json!(self.board())),
            ("federation_page".into(), json!(self.page())),
            ("federation".into(), json!(SLUG)),
            ("image_digest".into(), json!(note.image_digest)),
            ("folder".into(), json!(shown(self.devnet.folder()))),
            ("homes".into(), json!(homes)),
            ("swept".into(), json!(self.devnet.swept())),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        let count = self.snapshot.guardians.len();
        lines.line(paint(
            GOOD,
            &format!("A federation of {count} guardians runs on this machine; Ctrl-C stops it."),
        ));
        lines.field("board", paint(EMPHASIS, &self.board()));
        lines.field("federation", paint(EMPHASIS, &self.page()));
        lines.field("folder", shown(self.devnet.folder()));
        lines.gap();
        lines.line("To be one of its operators in another terminal:");
        if let Some(home) = self.devnet.note().homes.first() {
            lines.line(format!(
                "  export OC_GUARDIAN_HOME={} OC_PORTAL_BASE={}",
                ui::shell_quoted(home),
                self.devnet.portal_url()
            ));
        }
        lines.line("  oc-guardian portal status");
        lines.gap();
        lines.finish()
    }
}

struct Ended {
    ran: Duration,
}

impl Report for Ended {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("event".into(), json!("stopped")),
            ("ran_s".into(), json!(self.ran.as_secs())),
        ])
    }

    fn human(&self) -> String {
        format!(
            "{}\n",
            paint(GOOD, "The devnet is stopped, and nothing of it is left.")
        )
    }
}
