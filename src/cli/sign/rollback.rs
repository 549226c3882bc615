//! An old copy of the state folder looks good to itself: others have to be asked.

use std::time::Duration;

use tokio::runtime::Runtime;

use super::running::Core;
use super::{Serving, guardian};
use crate::cli::context::Context;
use crate::doctor::find_bundle;
use crate::guardian::rpc_socket;
use crate::signer::Guardian;
use crate::store::Folders;
use crate::ui::Failure;

/// How long a guardian may take to say what it remembers; its image may have to be verified for that.
const REMEMBER_TIME: Duration = Duration::from_secs(20);
/// Why it could not be checked.
const NOBODY: &str = "no guardian is here to be asked";

/// As [`check`], before one thing is signed: with the guardian that is named, else with the one that keeps its data where
/// the config bundle says, or with the runbook's container.
pub(super) fn check_for_one(
    context: &Context,
    runtime: &Runtime,
    folders: &Folders,
    options: &Serving,
    core: &Core,
) -> Result<(), Failure> {
    let operator = core.identity.operator_id();
    let bundle = find_bundle(folders, None, Some(&core.identity.public)).ok();
    let bundle = bundle.as_ref().and_then(|file| file.checked.bundle());
    let socket = bundle.map(rpc_socket).filter(|path| path.exists());
    let guardian = match socket.filter(|_| options.guardian.is_none()) {
        Some(path) => Some(Guardian::at(&path, operator)),
        None => guardian::to_ask(context, options, operator)?,
    };
    match guardian {
        Some(guardian) => check(context, runtime, &guardian, options, core),
        None => {
            unchecked(context, NOBODY);
            Ok(())
        }
    }
}

fn unchecked(context: &Context, why: &str) {
    context.ui.warn(&format!(
        "whether the state folder is an older copy could not be checked: {why}"
    ));
}

/// Asks the guardian what it can prove that was signed; without an answer there is a warning.
pub(super) fn check(
    context: &Context,
    runtime: &Runtime,
    guardian: &Guardian,
    options: &Serving,
    core: &Core,
) -> Result<(), Failure> {
    let progress = context.ui.progress("Asking the guardian what it remembers");
    let asked = runtime.block_on(async {
        tokio::time::timeout(REMEMBER_TIME, guardian.remembered(core.engine.public())).await
    });
    drop(progress);
    let remembered = match asked {
        Ok(Ok(remembered)) => remembered,
        // Nobody has said that there is one.
        Ok(Err(error)) if options.guardian.is_none() && error.is_absence() => {
            unchecked(context, NOBODY);
            context.ui.detail(&error.to_string());
            return Ok(());
        }
        Ok(Err(error)) => {
            unchecked(context, &error.to_string());
            return Ok(());
        }
        Err(_) => {
            unchecked(context, "no answer in time");
            return Ok(());
        }
    };
    for ignored in &remembered.ignored {
        context
            .ui
            .warn(&format!("the guardian remembers {ignored}: not counted"));
    }
    for note in core.engine.compare(&remembered)? {
        context.ui.warn(&note);
    }
    Ok(())
}
