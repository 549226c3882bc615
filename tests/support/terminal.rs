//! The binary at a terminal of its own, with somebody typing.

use std::process::Command;

use rexpect::session::{Options, PtySession, spawn_with_options};

use super::Home;

/// Echo is on before the program starts (rexpect switches it off), Ctrl-C does not end this shell, and what the program
/// left the terminal like is printed after it.
const SHELL: &str =
    r#"stty sane; echo "[session $$]"; trap : INT; "$@"; echo "[code $?]"; stty -a; echo "[end]""#;

/// A run at a terminal.
///
/// Whatever still runs there when it is dropped is killed: `sign --serve` takes the hang-up of a terminal for a wish to read
/// its policy again.
pub struct Terminal {
    session: PtySession,
    /// Process id of the shell, and so number of the session.
    leader: i32,
    /// Everything that was on the screen so far, escape codes included.
    pub screen: String,
}

/// How a run at a terminal ended.
pub struct Ended {
    pub code: i32,
    /// Whether typing shows again.
    pub echo: bool,
    /// Everything that was ever on the screen.
    pub screen: String,
}

impl Ended {
    /// What stays in the scroll-back: everything but the alternate screen.
    pub fn lasting(&self) -> String {
        let mut pieces = self.screen.split("\u{1b}[?1049h");
        let mut lasting = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            lasting += piece.split_once("\u{1b}[?1049l").map_or("", |(_, after)| after);
        }
        lasting
    }
}

impl Terminal {
    /// Starts the binary in `home`.
    pub fn start(home: &Home, arguments: &[&str]) -> Self {
        Self::start_command(&home.command(arguments))
    }

    /// Starts any command.
    pub fn start_command(command: &Command) -> Self {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", SHELL, "sh"])
            .arg(command.get_program())
            .args(command.get_args());
        if let Some(folder) = command.get_current_dir() {
            shell.current_dir(folder);
        }
        shell.env_clear().env("TERM", "xterm");
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                shell.env(name, value);
            }
        }
        let mut session = spawn_with_options(shell, Options::new().timeout_ms(Some(30_000))).unwrap();
        session.exp_string("[session ").unwrap();
        let leader = session.exp_string("]").unwrap().parse().unwrap();
        Self {
            session,
            leader,
            screen: String::new(),
        }
    }

    /// Waits until `text` is on the screen. Returns what came before it.
    #[track_caller]
    pub fn see(&mut self, text: &str) -> String {
        match self.session.exp_string(text) {
            Ok(before) => {
                self.screen.push_str(&before);
                self.screen.push_str(text);
                before
            }
            Err(error) => panic!("{text:?} did not appear: {error}\nbefore: {:?}", self.screen),
        }
    }

    /// Types a line.
    pub fn type_line(&mut self, line: &str) {
        // A prompt switches echo off after it is on the screen; no person types that fast.
        std::thread::sleep(std::time::Duration::from_millis(100));
        self.session.send_line(line).unwrap();
    }

    /// Waits for a prompt and answers it.
    #[track_caller]
    pub fn answer(&mut self, prompt: &str, line: &str) {
        self.see(prompt);
        self.type_line(line);
    }

    /// Presses keys without Enter.
    pub fn press(&mut self, keys: &str) {
        std::thread::sleep(std::time::Duration::from_millis(100));
        self.session.send(keys).unwrap();
        self.session.flush().unwrap();
    }

    /// Presses Ctrl and a letter.
    pub fn press_control(&mut self, letter: char) {
        std::thread::sleep(std::time::Duration::from_millis(100));
        self.session.send_control(letter).unwrap();
    }

    /// Waits for the end.
    #[track_caller]
    pub fn end(mut self) -> Ended {
        self.see("[code ");
        let code = self.see("]").parse().unwrap();
        let settings = self.see("[end]");
        Ended {
            code,
            echo: settings.split([' ', '\r', '\n']).any(|setting| setting == "echo"),
            screen: std::mem::take(&mut self.screen),
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        for process in processes_of(self.leader) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
    }
}

/// The processes of a session.
fn processes_of(session: i32) -> Vec<rustix::process::Pid> {
    let running = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let process: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
        // After the name, which may hold anything: state, parent, group, session.
        let after = stat.rsplit_once(") ")?.1;
        let of = after.split(' ').nth(3)?.parse::<i32>().ok()?;
        (of == session).then(|| rustix::process::Pid::from_raw(process))?
    });
    running.collect()
}
