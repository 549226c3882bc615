//! Ctrl-C and `kill`: leave the terminal as it was found.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP};
use signal_hook::iterator::Signals;

use super::Failure;

/// Whether the alternate screen is up, with something on it that must not stay.
static ALTERNATE_SCREEN: AtomicBool = AtomicBool::new(false);
/// Whether somebody is ending the process already.
static ENDING: AtomicBool = AtomicBool::new(false);
/// How the terminal was found.
static ORIGINAL: OnceLock<Termios> = OnceLock::new();
/// Who decides about signals instead.
static TAKEN: Mutex<Option<Box<dyn Fn(Wish) + Send>>> = Mutex::new(None);

/// What a signal asks a server for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wish {
    /// SIGINT or SIGTERM: finish what is under way, and end.
    Stop,
    /// SIGHUP: read the settings again.
    Reload,
}

/// From now on `handler` gets what SIGINT, SIGTERM and SIGHUP ask for, and the process goes on. Who asks to stop twice is
/// not kept waiting: the second time, the process ends as it would have without this.
pub fn take_signals(handler: impl Fn(Wish) + Send + 'static) {
    *TAKEN.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(handler));
}

/// Whether the handler has taken the signal.
fn is_taken(signal: i32) -> bool {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(handler) = taken.as_ref() else {
        return false;
    };
    match signal {
        // A terminal that is gone takes what runs in it with it.
        SIGHUP if ORIGINAL.get().is_none() || tcgetattr(io::stdin()).is_ok() => handler(Wish::Reload),
        SIGINT | SIGTERM | SIGHUP => {
            handler(Wish::Stop);
            *taken = None;
        }
        _ => return false,
    }
    true
}

/// From now on SIGINT ends the process with exit code 130, and SIGTERM, SIGHUP and SIGQUIT with 128 and their number, with the terminal's echo, cursor and
/// screen restored. Nothing else needs to be done: what is on disk is whole at every moment.
///
/// # Errors
/// When the system allows no more threads or handlers.
pub fn exit_cleanly_on_signals(json: bool) -> io::Result<()> {
    if let Ok(original) = tcgetattr(io::stdin()) {
        let _ = ORIGINAL.set(original);
    }
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP])?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            // While words are on the screen Ctrl-Z would leave them there: then it does nothing.
            let ends = |signal: &i32| {
                if *signal != SIGTSTP {
                    return !is_taken(*signal);
                }
                if !ALTERNATE_SCREEN.load(Ordering::SeqCst) {
                    let _ = signal_hook::low_level::emulate_default_handler(SIGTSTP);
                }
                false
            };
            let Some(signal) = signals.forever().find(ends) else {
                return;
            };
            take_the_end();
            restore_terminal();
            let failure = Failure::interrupted();
            if json {
                let _ = io::stdout().write_all(failure.json_line().as_bytes());
            } else {
                let _ = anstream::stderr().write_all(failure.human().as_bytes());
            }
            std::process::exit(128 + signal);
        })?;
    Ok(())
}

/// Ctrl-C in a prompt reaches us twice, as the prompt's error and as a signal. Returns to whoever comes first; the other
/// one waits here for the end of the process.
pub(super) fn take_the_end() {
    while ENDING.swap(true, Ordering::SeqCst) {
        std::thread::park();
    }
}

pub(super) fn restore_terminal() {
    if let Some(original) = ORIGINAL.get() {
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, original);
        let mut err = io::stderr();
        if err.is_terminal() {
            if ALTERNATE_SCREEN.swap(false, Ordering::SeqCst) {
                let _ = err.write_all(LEAVE.as_bytes());
            }
            // Prompts hide the cursor and leave it in the middle of a line.
            let _ = err.write_all(b"\x1b[?25h\n");
        }
    }
}

const ENTER: &str = "\x1b[?1049h\x1b[2J\x1b[H";
/// Clears first, for terminals without an alternate screen.
const LEAVE: &str = "\x1b[2J\x1b[H\x1b[?1049l";

/// The terminal's alternate screen: what is on it does not stay in the scroll-back.
pub(super) struct AlternateScreen;

impl AlternateScreen {
    pub(super) fn enter() -> io::Result<Self> {
        ALTERNATE_SCREEN.store(true, Ordering::SeqCst);
        io::stderr().write_all(ENTER.as_bytes())?;
        Ok(Self)
    }
}

impl Drop for AlternateScreen {
    fn drop(&mut self) {
        let _ = io::stderr().write_all(LEAVE.as_bytes());
        ALTERNATE_SCREEN.store(false, Ordering::SeqCst);
    }
}
