//! What the verbs share that work on the guardian's container.

use std::time::Duration;

use clap::Args;
use tokio::runtime::Runtime;

use crate::cli::context::Context;
use crate::engine::{Endpoint, Engine};
use crate::release::Names;
use crate::ui::Failure;

/// Longest time to prove itself: meanwhile no other command changes the container.
const LONGEST_SETTLE: Duration = Duration::from_secs(3600);

/// Which container.
#[derive(Args)]
pub(in crate::cli) struct Named {
    /// Name of the guardian's container; others that belong to it are named after it
    #[arg(long, value_name = "NAME", default_value = "oc-guardian", value_parser = name)]
    pub(in crate::cli) name: String,
}

/// Docker's rule, and room for what is put behind it.
fn name(text: &str) -> Result<String, String> {
    const LONGEST: usize = 64;
    let good = text.len() <= LONGEST
        && text.starts_with(|it: char| it.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, '_' | '.' | '-'));
    if !good {
        return Err(format!(
            "a name is 1 to {LONGEST} of a-z A-Z 0-9 _ . -, and begins with a letter or digit"
        ));
    }
    if Names::is_taken_by_others(text) {
        return Err(
            "a name that ends in -next, -prev, -undone, -stage or .last, or has -old- in it, would be taken for what belongs \
             to another guardian's container"
                .into(),
        );
    }
    Ok(text.to_owned())
}

/// How long a new guardian proves itself.
pub(in crate::cli) fn settle_time(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    if time > LONGEST_SETTLE {
        return Err("at most 1h".into());
    }
    Ok(time)
}

/// The verb's own thread waits for the engine; there is nothing else to do.
pub(in crate::cli) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new("internal", format!("no runtime: {error}")))
}

/// Connects to the engine that the environment names.
pub(in crate::cli) fn connect(context: &Context, runtime: &Runtime) -> Result<Engine, Failure> {
    let endpoint = Endpoint::discover(&context.engine())?;
    let progress = context.ui.progress(&format!("Connecting to {endpoint}"));
    let engine = runtime.block_on(Engine::connect(&endpoint));
    drop(progress);
    Ok(engine?)
}
