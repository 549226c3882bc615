//! An old copy of the state folder looks good to itself: others have to be asked.

use std::path::Path;
use std::time::Duration;

use tokio::runtime::Runtime;

use super::Serving;
use super::running::Core;
use crate::cli::context::Context;
use crate::cli::input;
use crate::doctor::find_bundle;
use crate::guardian::rpc_socket;
use crate::signer::Guardian;
use crate::store::Folders;
use crate::ui::Failure;

/// How long a guardian may take to say what it remembers.
const REMEMBER_TIME: Duration = Duration::from_secs(5);

/// The guardian that `--guardian` names.
pub(super) fn named(options: &Serving, core: &Core) -> Result<Option<Guardian>, Failure> {
    match options.guardian.as_deref() {
        Some(path) if path != Path::new("none") => {
            let path = input::absolute(path)?;
            Ok(Some(Guardian::at(&path, core.identity.operator_id())))
        }
        _ => Ok(None),
    }
}

/// As [`check`], before one thing is signed: with the guardian that is named, else with the one that keeps its data where
/// the config bundle says.
pub(super) fn check_for_one(
    context: &Context,
    runtime: &Runtime,
    folders: &Folders,
    options: &Serving,
    core: &Core,
) -> Result<(), Failure> {
    if let Some(guardian) = named(options, core)? {
        return check(context, runtime, &guardian, core);
    }
    let bundle = find_bundle(folders, None, Some(&core.identity.public)).ok();
    let bundle = bundle.as_ref().and_then(|file| file.checked.bundle());
    match bundle.map(rpc_socket).filter(|_| options.guardian.is_none()) {
        Some(path) if path.exists() => {
            let guardian = Guardian::at(&path, core.identity.operator_id());
            check(context, runtime, &guardian, core)
        }
        _ => {
            unchecked(context, "no guardian is here to be asked");
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
    core: &Core,
) -> Result<(), Failure> {
    let progress = context.ui.progress("Asking the guardian what it remembers");
    let asked = runtime.block_on(async {
        tokio::time::timeout(REMEMBER_TIME, guardian.remembered(core.engine.public())).await
    });
    drop(progress);
    let remembered = match asked {
        Ok(Ok(remembered)) => remembered,
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
