//! The processes of a devnet: started, looked after, ended.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::DevnetError;
use super::backoff::Backoff;
use super::snapshot::Life;

/// A log that is longer is begun anew at the next start, in bytes.
const MAX_LOG: u64 = 1024 * 1024;
/// How much of a log's end is looked at for its last line.
const TAIL: u64 = 2048;

/// How to start a process of this program.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    pub(super) program: PathBuf,
    /// Of the verb that it runs.
    pub(super) arguments: Vec<String>,
    /// `OC_GUARDIAN_HOME`
    pub(super) home: PathBuf,
    /// Further environment variables; nothing of ours is passed on.
    pub(super) variables: Vec<(&'static str, String)>,
    /// What it prints.
    pub(super) log: PathBuf,
}

impl Recipe {
    fn spawn(&self) -> io::Result<Child> {
        if fs::metadata(&self.log).is_ok_and(|it| it.len() > MAX_LOG) {
            fs::remove_file(&self.log)?;
        }
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&self.log)?;
        let parent = std::process::id().to_string();
        Command::new(&self.program)
            // As if typed: that is how others recognise a guardian's process.
            .arg0("oc-guardian")
            .args(["devnet", "child", "--parent", &parent, "--"])
            .args(&self.arguments)
            .env_clear()
            .env("OC_GUARDIAN_HOME", &self.home)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.home)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            // Ctrl-C is for us: we end them in order, and know that they were meant to end.
            .process_group(0)
            .spawn()
    }
}

/// A process that is kept running. Must be looked after by the thread that starts it: on Linux it dies with that.
pub(super) struct Part {
    pub(super) name: String,
    recipe: Recipe,
    child: Option<Child>,
    started: Instant,
    backoff: Backoff,
    next: Option<Instant>,
    restarts: u32,
    ended: Option<String>,
}

impl Part {
    /// Starts it.
    pub(super) fn start(name: String, recipe: Recipe, restart_after: Duration) -> Result<Self, DevnetError> {
        let child = recipe.spawn().map_err(|source| DevnetError::Spawn {
            part: name.clone(),
            source,
        })?;
        Ok(Self {
            name,
            recipe,
            child: Some(child),
            started: Instant::now(),
            backoff: Backoff::new(restart_after),
            next: None,
            restarts: 0,
            ended: None,
        })
    }

    /// Sees whether it has ended, and starts it anew when that is due. Returns whether it was.
    pub(super) fn look_after(&mut self, now: Instant) -> bool {
        if let Some(child) = &mut self.child {
            // An error would mean that it is not our child, which it is.
            let Ok(Some(status)) = child.try_wait() else {
                return false;
            };
            self.ended = Some(self.last_words(status));
            self.child = None;
            self.next = Some(self.backoff.ended(self.started, now));
        }
        if self.next.is_none_or(|at| now < at) {
            return false;
        }
        self.started = now;
        match self.recipe.spawn() {
            Ok(child) => {
                self.child = Some(child);
                self.next = None;
                self.restarts += 1;
                true
            }
            Err(error) => {
                self.ended = Some(format!("it cannot be started: {error}"));
                self.next = Some(self.backoff.ended(now, now));
                false
            }
        }
    }

    /// How it ended, and the last line that it printed.
    fn last_words(&self, status: ExitStatus) -> String {
        match last_line(&self.recipe.log) {
            Some(line) => format!("{status}: {line}"),
            None => status.to_string(),
        }
    }

    /// What it last said, where it has ended.
    pub(super) fn failure(&self) -> Option<&str> {
        match self.child {
            None => self.ended.as_deref(),
            Some(_) => None,
        }
    }

    pub(super) fn life(&self) -> Life {
        Life {
            pid: self.child.as_ref().map(Child::id),
            restarts: self.restarts,
            ended: self.failure().map(str::to_owned),
        }
    }

    /// Asks it to end; it is not started anew.
    pub(super) fn ask_to_end(&mut self) {
        self.next = None;
        self.signal(Signal::TERM);
    }

    fn signal(&self, signal: Signal) {
        if let Some(child) = &self.child {
            // It may have ended by itself; its id is ours until it is waited for.
            let _ = kill_process(Pid::from_child(child), signal);
        }
    }

    /// Whether it has ended by itself by now.
    pub(super) fn has_ended(&mut self) -> bool {
        if self
            .child
            .as_mut()
            .is_some_and(|it| matches!(it.try_wait(), Ok(Some(_))))
        {
            self.child = None;
        }
        self.child.is_none()
    }

    /// Ends it now.
    pub(super) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The last line of a file that has something in it.
pub(super) fn last_line(path: &Path) -> Option<String> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL))).ok()?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    let mut lines = text.lines().rev().map(str::trim).filter(|line| !line.is_empty());
    // A hint follows the error that it is about.
    let line = lines.find(|line| !line.starts_with("hint:"))?;
    Some(line.strip_prefix("error: ").unwrap_or(line).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_the_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("log");
        assert_eq!(last_line(&path), None);
        fs::write(
            &path,
            format!(
                "{}\none\nerror: no port\nhint: Take another.\n\n",
                "x".repeat(5000)
            ),
        )
        .unwrap();
        assert_eq!(last_line(&path).as_deref(), Some("no port"));
    }

    #[test]
    fn a_process_that_ends_is_started_anew_after_its_pause() {
        let dir = tempfile::tempdir().unwrap();
        let recipe = Recipe {
            program: "/bin/false".into(),
            arguments: Vec::new(),
            home: dir.path().to_owned(),
            variables: Vec::new(),
            log: dir.path().join("log"),
        };
        let mut part = Part::start("test".into(), recipe, Duration::from_secs(5)).unwrap();
        while part.failure().is_none() {
            assert!(!part.look_after(Instant::now()));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(part.life().ended.as_deref(), Some("exit status: 1"));
        let ended = Instant::now();
        assert!(!part.look_after(ended + Duration::from_secs(4)));
        assert!(part.look_after(ended + Duration::from_secs(5)));
        assert_eq!((part.life().restarts, part.life().ended), (1, None));
    }
}
