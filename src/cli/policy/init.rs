use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use super::examples;
use crate::cli::context::Context;
use crate::doctor;
use crate::signer::policy::MAX_POLICY;
use crate::signer::{self, policy_path};
use crate::store::{self, Access, StoreError};
use crate::ui::{Exit, Failure, GOOD, Lines, Report, paint};
use crate::vault;

/// Write the usual policy: routine requests of one federation are signed, everything else is asked
///
/// An existing policy that differs is replaced only with --force.
#[derive(Args)]
#[command(after_help = examples::POLICY_INIT)]
pub(super) struct Init {
    /// Name of the federation [default: the one in the config bundle]
    #[arg(long, value_name = "SLUG")]
    federation: Option<String>,
    /// Replace an existing policy that differs
    #[arg(long)]
    force: bool,
}

impl Init {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let folders = context.folders()?;
        let federation = match self.federation {
            Some(slug) if signer::is_federation_name(&slug) => slug,
            Some(slug) => {
                return Err(
                    Failure::usage(format!("--federation: {slug:?} is not a federation's name"))
                        .hint("Give 1 to 64 of a-z 0-9 -."),
                );
            }
            None => {
                let identity = vault::load_identity(&folders)?;
                let key = identity.as_ref().map(|identity| &identity.public);
                let found = doctor::find_bundle(&folders, None, key)?;
                let file = found.path.display().to_string();
                let Some(bundle) = found.checked.bundle() else {
                    return Err(Failure::bad_bundle(&file, &found.checked).hint_check(&file));
                };
                bundle.federation_slug.clone()
            }
        };
        let path = policy_path(&folders);
        let text = signer::Policy::default_for(&federation);
        let changed = match store::read(&path, MAX_POLICY) {
            Ok(existing) if existing == text.as_bytes() => false,
            Err(StoreError::NotFound { .. }) => {
                store::create_dir_private(&folders.config)?;
                store::create_new(&path, text.as_bytes(), Access::Public)?;
                true
            }
            Ok(_) | Err(StoreError::TooLarge { .. }) => {
                let question = format!("{} exists and differs. Replace it?", path.display());
                let replace = self.force
                    || (context.ui.is_interactive() && context.ui.confirm(&question, "--force")?);
                if !replace {
                    return Err(Failure::new(
                        "exists",
                        format!("{} exists already, and differs", path.display()),
                    )
                    .hint(
                        "Replace it with --force, or edit it; `oc-guardian policy check` says what it does.",
                    ));
                }
                store::replace(&path, text.as_bytes(), Access::Public)?;
                true
            }
            Err(error) => return Err(error.into()),
        };
        context.ui.result(&Written {
            path,
            federation,
            changed,
        })?;
        Ok(Exit::Done)
    }
}

struct Written {
    path: PathBuf,
    federation: String,
    changed: bool,
}

impl Report for Written {
    fn fields(&self) -> Map<String, Value> {
        Map::from_iter([
            ("path".into(), json!(self.path.display().to_string())),
            ("federation".into(), json!(self.federation)),
            ("changed".into(), json!(self.changed)),
        ])
    }

    fn human(&self) -> String {
        let done = if self.changed {
            "The policy is written."
        } else {
            "The policy is there already, unchanged."
        };
        let mut lines = Lines::default();
        lines.line(paint(GOOD, done));
        lines.field("file", self.path.display().to_string());
        lines.field("federation", &self.federation);
        lines.field(
            "signs",
            "health envelopes, transport keys, upgrade notices; asks for the rest",
        );
        lines.next("oc-guardian policy check").finish()
    }
}
