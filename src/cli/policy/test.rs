use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;
use serde_json::{Map, Value, json};

use super::{examples, load};
use crate::cli::context::Context;
use crate::cli::input::{STDIN, read_stdin};
use crate::signer::{self, Caller, Effect, Facts, ImageCheck, MAX_REQUEST, Request, Trial};
use crate::store;
use crate::ui::{BAD, Exit, Failure, GOOD, Lines, Report, WARNING, paint};
use crate::vault;

/// Try a request: which rule decides, and what would happen
///
/// Nothing is signed and nothing is remembered. Rates are taken as unused, and the request as one that has just come in.
/// Where this machine has an operator identity, the rules that no policy lifts are tried as well.
#[derive(Args)]
#[command(after_help = examples::POLICY_TEST)]
pub(super) struct Test {
    /// The request, as POST /v1/sign takes it; `-` is standard input
    #[arg(value_name = "REQUEST")]
    request: PathBuf,
    /// The policy [default: policy.toml in the config folder]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Test {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        let found = load(context, self.policy.as_deref())?;
        let bytes = if self.request == Path::new(STDIN) {
            read_stdin(MAX_REQUEST)?
        } else {
            store::read(&self.request, MAX_REQUEST)?
        };
        let request = Request::parse(&bytes).map_err(|error| Failure::from(error).in_file(&self.request))?;
        let identity = vault::load_identity(&context.folders()?)?;
        let operator_id = identity.as_ref().map(crate::operator::Identity::operator_id);
        let now_ms = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .ok()
            .and_then(|since| u64::try_from(since.as_millis()).ok())
            .unwrap_or_default();
        let facts = identity
            .as_ref()
            .zip(operator_id.as_ref())
            .map(|(identity, operator_id)| Facts {
                public: &identity.public,
                operator_id,
                caller: &Caller::Operator,
                now_ms,
                image: ImageCheck::Claimed,
                memberships: &[],
                federation: None,
                ask_only: false,
            });
        context.ui.result(&Tried {
            file: found.path.display().to_string(),
            summary: request.summary(),
            trial: signer::trial(&request, &found.policy, facts.as_ref()),
        })?;
        Ok(Exit::Done)
    }
}

struct Tried {
    file: String,
    summary: String,
    trial: Trial,
}

impl Report for Tried {
    fn fields(&self) -> Map<String, Value> {
        let rule = self.trial.rule.as_ref();
        let timeout = match self.trial.effect {
            Effect::Ask { timeout } => Some(timeout),
            Effect::Sign | Effect::Refuse => None,
        };
        Map::from_iter([
            ("policy".into(), json!(self.file)),
            ("summary".into(), json!(self.summary)),
            ("effect".into(), json!(self.trial.effect.as_str())),
            ("timeout".into(), json!(timeout)),
            ("rule".into(), json!(rule.map(|(name, _)| name))),
            (
                "description".into(),
                json!(rule.map(|(_, description)| description)),
            ),
            ("always_asked".into(), json!(self.trial.always_asked)),
            ("obstacle".into(), json!(self.trial.obstacle)),
        ])
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.field("request", &self.summary);
        match &self.trial.rule {
            Some((name, description)) => lines.field("decided by", format!("{name}: {description}")),
            None => lines.field("decided by", "no rule matches"),
        };
        let effect = match self.trial.effect {
            Effect::Sign => paint(GOOD, "it is signed without a question"),
            Effect::Ask { timeout } => paint(
                WARNING,
                &format!("a person is asked, and has {} to answer", signer::span(timeout)),
            ),
            Effect::Refuse => paint(BAD, "it is refused"),
        };
        lines.field("effect", effect);
        if self.trial.always_asked {
            lines.field(
                "because",
                "a person is always asked for this, whatever a rule allows",
            );
        }
        if let Some(obstacle) = &self.trial.obstacle {
            lines.field("because", crate::ui::escaped(obstacle));
        }
        lines.finish()
    }
}
