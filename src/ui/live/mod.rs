//! The screen of a server that runs: one line for each thing that happens, a count of the routine ones, and questions that
//! stand out.

mod keys;
mod lines;
mod question;

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::{FAINT, Ui, paint, printable};
use crate::signer::{Notice, Question, Scope};
use keys::Keyboard;
use question::{Asking, Step};

pub use question::text as question_text;

/// How often the screen looks at the clock and the keyboard.
const TICK: Duration = Duration::from_millis(200);
/// Lines about refusals in a while: whoever sends nothing but bad requests must not push a question off the screen.
const REFUSALS: u32 = 20;
const REFUSALS_IN: Duration = Duration::from_secs(10);
/// Notices that are shown between two looks at the keyboard.
const AT_ONCE: usize = 1024;
/// Without a terminal, how often the count of the routine ones is told.
const COUNT_EVERY: Duration = Duration::from_secs(600);

/// After the end of a question, what is typed at the next one in this time may still be meant for the last.
const PAUSE: Duration = Duration::from_secs(1);

/// What a screen that has lost notices looks up.
pub struct Standing {
    /// The questions that wait.
    pub questions: Vec<Question>,
    /// Why no signature can leave.
    pub stopped: Option<String>,
}

/// What somebody at the terminal said.
pub struct Verdict {
    /// The question.
    pub question: Question,
    /// `None`: no.
    pub approved: Option<Scope>,
}

/// The running screen.
pub struct Live<'a> {
    ui: &'a Ui,
    notices: Receiver<Notice>,
    /// Has a status line at the bottom, which is drawn over.
    terminal: bool,
    routine: u64,
    refusals: Refusals,
    told: (u64, Instant),
    drawn: String,
    /// Ids of the questions that were told, and are open as far as is known.
    open: HashSet<String>,
    waiting: Vec<Question>,
    asking: Option<Asking>,
    /// When the last question left the screen.
    ended: Option<Instant>,
    stopped: Option<String>,
    /// Notices were, and what they said is to be looked up.
    lost: bool,
}

/// Counts refusals, those that are shown and those that are not.
struct Refusals {
    since: Instant,
    shown: u32,
    left_out: u64,
}

impl Refusals {
    fn has_room(&mut self) -> bool {
        if self.shown < REFUSALS {
            self.shown += 1;
            return true;
        }
        self.left_out += 1;
        false
    }

    /// When the while is over: starts the next one, and says how many were left out.
    fn left_out(&mut self) -> Option<u64> {
        if self.since.elapsed() < REFUSALS_IN {
            return None;
        }
        self.since = Instant::now();
        self.shown = 0;
        Some(std::mem::take(&mut self.left_out)).filter(|count| *count > 0)
    }
}

impl<'a> Live<'a> {
    /// Shows these notices; questions only where somebody can answer.
    pub fn new(ui: &'a Ui, notices: Receiver<Notice>) -> Self {
        Self {
            ui,
            notices,
            terminal: ui.live && !ui.is_json() && !ui.options.quiet,
            routine: 0,
            refusals: Refusals {
                since: Instant::now(),
                shown: 0,
                left_out: 0,
            },
            told: (0, Instant::now()),
            drawn: String::new(),
            open: HashSet::new(),
            waiting: Vec::new(),
            asking: None,
            ended: None,
            stopped: None,
            lost: false,
        }
    }

    /// Shows until the server is gone; `decide` gets what somebody says, `look` says how things stand.
    pub fn run(mut self, decide: impl Fn(Verdict), look: impl Fn() -> Standing) {
        loop {
            let more = if self.asking.is_some() {
                self.keyboard(&decide);
                self.waiting_notices()
            } else {
                self.notices
                    .recv_timeout(TICK)
                    .map_err(|error| error == RecvTimeoutError::Timeout)
            };
            match more {
                Ok(notice) => self.show(notice),
                Err(true) => {}
                Err(false) => break,
            }
            if std::mem::take(&mut self.lost) {
                self.catch_up(look());
            }
            // What is held back while somebody reads a question is told after it.
            if self.asking.is_none()
                && let Some(count) = self.refusals.left_out()
            {
                self.line(&lines::left_out(count));
            }
            self.ask_next();
            self.draw();
        }
        self.asking = None;
        self.clear();
        if self.routine > self.told.0 {
            self.ui.note(&lines::routine(self.routine));
        }
    }

    /// All but the last of what has come since the last look at the keyboard is shown; a flood must not hold back the end
    /// of a question, or the end of the server.
    fn waiting_notices(&mut self) -> Result<Notice, bool> {
        let mut last = None;
        for _ in 0..AT_ONCE {
            match self.notices.try_recv() {
                Ok(notice) => {
                    if let Some(earlier) = last.replace(notice) {
                        self.show(earlier);
                    }
                }
                Err(error) => return last.ok_or(error == TryRecvError::Empty),
            }
        }
        // More keeps coming: the keyboard has its turn.
        last.ok_or(true)
    }

    /// Tells what the lost notices would have told.
    fn catch_up(&mut self, standing: Standing) {
        if standing.stopped.is_some() != self.stopped.is_some() {
            self.show(Notice::Stopped(standing.stopped));
        }
        let gone: Vec<String> = {
            let waits = |id: &String| standing.questions.iter().any(|question| question.id == *id);
            self.open.iter().filter(|id| !waits(id)).cloned().collect()
        };
        for id in gone {
            self.show(Notice::Settled { id, how: "answered" });
        }
        for question in standing.questions {
            self.show(Notice::Asked(Box::new(question)));
        }
    }

    /// Whether this was told already, when others were lost.
    fn is_known(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::Asked(question) => !self.open.insert(question.id.clone()),
            Notice::Stopped(reason) => std::mem::replace(&mut self.stopped, reason.clone()) == *reason,
            Notice::Settled { id, .. } => {
                self.open.remove(id);
                false
            }
            Notice::Lost(_) => {
                self.lost = true;
                false
            }
            _ => false,
        }
    }

    fn show(&mut self, notice: Notice) {
        if self.is_known(&notice) {
            return;
        }
        if self.ui.is_json() {
            // Somebody else reads the lines; if not, nothing is lost but they.
            let _ = self.ui.raw(&format!("{}\n", lines::json(&notice)));
        }
        match notice {
            Notice::Signed { routine: true, .. } => self.routine += 1,
            Notice::Asked(question) => {
                if self.ui.is_interactive() && !self.ui.is_json() {
                    self.waiting.push(*question);
                } else {
                    self.line(&lines::asked(&question));
                }
            }
            Notice::Settled { id, how } => {
                self.waiting.retain(|question| question.id != id);
                if self
                    .asking
                    .as_ref()
                    .is_some_and(|asking| asking.question.id == id)
                {
                    self.end_question();
                }
                self.line(&lines::settled(&id, how));
            }
            // Whoever is asked reads and types in peace.
            Notice::Refused { .. } if self.asking.is_some() => self.refusals.left_out += 1,
            Notice::Refused { .. } if !self.refusals.has_room() => {}
            ref stopped @ Notice::Stopped(Some(_)) if self.ui.options.quiet => {
                self.ui.warn(&lines::line(stopped));
            }
            other => self.line(&lines::line(&other)),
        }
    }

    /// A lasting line above the status line.
    fn line(&mut self, text: &str) {
        if self.ui.is_json() || self.ui.options.quiet {
            return;
        }
        self.clear();
        if self.terminal {
            self.ui.note(&format!("{} {text}", paint(FAINT, &clock_time())));
        } else {
            self.ui.note(text);
        }
    }

    fn ask_next(&mut self) {
        let now = unix_now();
        self.waiting.retain(|question| question.expires_at > now);
        if self.asking.is_some() || self.waiting.is_empty() {
            return;
        }
        let question = self.waiting.remove(0);
        self.clear();
        let mut err = anstream::stderr().lock();
        let _ = err.write_all(question::text(&question).as_bytes());
        match Keyboard::take() {
            Ok(keyboard) => {
                let now = Instant::now();
                let pause = self
                    .ended
                    .filter(|ended| now < *ended + PAUSE)
                    .map_or(Duration::ZERO, |_| PAUSE);
                self.asking = Some(Asking::new(question, keyboard, now + pause));
            }
            Err(error) => self.ui.warn(&format!(
                "the keyboard cannot be read ({error}); answer with --approve"
            )),
        }
    }

    fn keyboard(&mut self, decide: &impl Fn(Verdict)) {
        let Some(asking) = &mut self.asking else {
            return;
        };
        let approved = match asking.step(TICK, unix_now()) {
            Step::Waits => return,
            Step::Yes(scope) => Some(scope),
            Step::No => None,
            Step::Over => {
                self.end_question();
                return;
            }
        };
        if let Some(asking) = self.end_question() {
            // Told again, if nothing comes of it.
            self.open.remove(&asking.question.id);
            decide(Verdict {
                question: asking.question,
                approved,
            });
        }
    }

    fn end_question(&mut self) -> Option<Asking> {
        self.ended = Some(Instant::now());
        self.clear();
        self.asking.take()
    }

    fn draw(&mut self) {
        if !self.terminal {
            if self.routine > self.told.0 && self.told.1.elapsed() > COUNT_EVERY {
                self.told = (self.routine, Instant::now());
                self.line(&lines::routine(self.routine));
            }
            return;
        }
        let status = match &self.asking {
            Some(asking) => asking.prompt(unix_now(), self.waiting.len()),
            None if self.routine > 0 => paint(FAINT, &lines::routine(self.routine)),
            None => return,
        };
        if status != self.drawn {
            self.clear();
            let mut err = anstream::stderr().lock();
            let _ = write!(err, "{status}").and_then(|()| err.flush());
            self.drawn = status;
        }
    }

    fn clear(&mut self) {
        if !std::mem::take(&mut self.drawn).is_empty() {
            let _ = io::stderr().write_all(b"\r\x1b[2K");
        }
    }
}

fn unix_now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// UTC, as all times of the kit are.
fn clock_time() -> String {
    let text = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
    text.get(11..20).unwrap_or_default().to_owned()
}

/// Outside text in a line of the log.
fn shown(text: &str) -> String {
    printable(text)
}
