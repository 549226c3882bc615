use clap::Args;
use serde_json::{Map, Value, json};

use super::{Place, shown};
use crate::cli::context::Context;
use crate::cli::examples;
use crate::devnet::{self, parse_pin, write_pins};
use crate::ui::{Exit, FAINT, Failure, Lines, Report, paint};

/// Show or change which images the devnet's portal accepts: guardians with another one turn red
#[derive(Args)]
#[command(after_help = examples::DEVNET_PIN)]
pub(super) struct Pin {
    /// Digests (sha256:…) to accept, "own" for what the devnet's guardians say they run, or "none" to accept any image
    /// [default: only show]
    #[arg(value_name = "DIGEST")]
    digests: Vec<String>,
    #[command(flatten)]
    place: Place,
}

impl Pin {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folder = self.place.running()?.path;
        if !self.digests.is_empty() {
            let own = devnet::note_of(&folder).map(|note| note.image_digest);
            let pins = pins(&self.digests, own.as_deref())?;
            write_pins(&folder, &pins)?;
        }
        context.ui.result(&Pinned {
            folder: shown(&folder),
            pins: devnet::pins_of(&folder)?,
        })?;
        Ok(Exit::Done)
    }
}

fn pins(digests: &[String], own: Option<&str>) -> Result<Vec<String>, Failure> {
    if digests == ["none"] {
        return Ok(Vec::new());
    }
    digests
        .iter()
        .map(|digest| match (digest.as_str(), own) {
            ("own", Some(own)) => Ok(own.to_owned()),
            ("own", None) => Err(Failure::new("starting", "the devnet is still starting")
                .hint("Repeat the command in a few seconds.")),
            _ => parse_pin(digest).ok_or_else(|| {
                Failure::usage("DIGEST is not sha256: and 64 digits 0-9 a-f, nor own, nor none by itself")
            }),
        })
        .collect()
}

struct Pinned {
    folder: String,
    pins: Vec<String>,
}

impl Report for Pinned {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("pins".into(), json!(self.pins)),
            ("folder".into(), json!(self.folder)),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        if self.pins.is_empty() {
            lines.field("accepted", paint(FAINT, "any image"));
        }
        for (index, pin) in self.pins.iter().enumerate() {
            lines.field(if index == 0 { "accepted" } else { "" }, pin);
        }
        lines.finish()
    }
}
