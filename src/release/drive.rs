//! Carries an operation out: each step is in the journal before it is done, and what fails before the commit is undone.

use super::journal::{Journal, JournalError};
use super::plan::{self, Action, Recovery};
use super::seen::Seen;
use super::step::Step;

/// What the driver needs of the world: the engine, or a simulated one.
#[allow(async_fn_in_trait, reason = "one thread drives")]
pub trait Host {
    /// Why something failed.
    type Error: From<JournalError> + std::fmt::Display;

    /// Writes the journal, durably.
    ///
    /// # Errors
    /// When it is not written.
    fn save(&mut self, journal: &Journal) -> Result<(), Self::Error>;

    /// What the engine says now.
    ///
    /// # Errors
    /// When it says nothing.
    async fn look(&mut self, journal: &Journal) -> Result<Seen, Self::Error>;

    /// Changes one thing. The container that is created is put into the journal.
    ///
    /// # Errors
    /// When it was not changed, or is not known to be.
    async fn perform(&mut self, journal: &mut Journal, action: &Action) -> Result<(), Self::Error>;

    /// Waits for what the step is for: the new one is warm, has taken over, has proved itself.
    ///
    /// # Errors
    /// When it does not come.
    async fn wait(&mut self, journal: &Journal) -> Result<(), Self::Error>;

    /// A step begins.
    fn begins(&mut self, journal: &Journal);
}

/// How an operation ended.
#[derive(Debug)]
pub enum Outcome<E> {
    /// The new container serves.
    NewServes,
    /// The new container serves, and not all that is left of the operation could be put away. A later one does.
    NewServesUntidily(E),
    /// The new container did not prove itself; all is as before.
    OldServes(E),
    /// Nor could all be put back. A later call goes on with that.
    Stuck {
        /// Why it was to be undone.
        cause: E,
        /// Why it could not be.
        undo: E,
    },
}

/// Carries the operation out from the step that the journal names.
pub async fn forward<H: Host>(host: &mut H, journal: &mut Journal) -> Outcome<H::Error> {
    let path = Step::path(journal.operation, journal.strategy);
    let from = path.iter().position(|step| *step == journal.step).unwrap_or(0);
    for step in &path[from..] {
        journal.step = *step;
        let done = match host.save(journal) {
            Ok(()) => carry_out(host, journal).await,
            Err(error) => Err(error),
        };
        match done {
            Ok(()) => {}
            Err(error) if *step == Step::Commit => return Outcome::NewServesUntidily(error),
            Err(cause) => return undo(host, journal, cause).await,
        }
    }
    Outcome::NewServes
}

/// Gives the old container everything back.
pub async fn undo<H: Host>(host: &mut H, journal: &mut Journal, cause: H::Error) -> Outcome<H::Error> {
    journal.step = Step::Undo;
    // Where the journal cannot be written (the disk is full), what is in it still leads to an undo.
    let _ = host.save(journal);
    match carry_out(host, journal).await {
        Ok(()) => Outcome::OldServes(cause),
        Err(undo) => Outcome::Stuck { cause, undo },
    }
}

/// What became of an operation that was found interrupted.
#[derive(Debug)]
pub enum Recovered<E> {
    /// It went on to its end, or was undone.
    Ended(Outcome<E>),
    /// It was undone.
    Undone,
    /// Both containers are gone.
    Lost,
}

/// Finishes or undoes an operation that was interrupted.
///
/// # Errors
/// When the engine does not say how things are, or something could not be changed. The journal stays.
pub async fn recover<H: Host>(host: &mut H, journal: &mut Journal) -> Result<Recovered<H::Error>, H::Error> {
    let seen = host.look(journal).await?;
    match plan::recover(journal, &seen) {
        Recovery::Finish => journal.step = Step::Commit,
        // Where the old one is gone, the new one gets what it still lacks.
        Recovery::Resume if seen.old.is_none() => journal.step = Step::HandOverNetwork,
        Recovery::Resume => journal.step = Step::Settle,
        Recovery::Undo => {
            journal.step = Step::Undo;
            host.save(journal)?;
            carry_out(host, journal).await?;
            return Ok(Recovered::Undone);
        }
        Recovery::Lost => {
            journal.step = Step::Undo;
            carry_out(host, journal).await?;
            return Ok(Recovered::Lost);
        }
    }
    Ok(Recovered::Ended(forward(host, journal).await))
}

async fn carry_out<H: Host>(host: &mut H, journal: &mut Journal) -> Result<(), H::Error> {
    host.begins(journal);
    let seen = host.look(journal).await?;
    for action in plan::left(journal, &seen) {
        // That something was begun is forgotten only when the old one serves again.
        if journal.step == Step::Undo && action == Action::Forget {
            host.wait(journal).await?;
        }
        host.perform(journal, &action).await?;
    }
    if matches!(journal.step, Step::Undo | Step::Commit) {
        return Ok(());
    }
    host.wait(journal).await
}
