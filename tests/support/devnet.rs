//! A devnet in the background, and what can be seen of it.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::Value;

use super::Home;

/// How long things may take on two cores that other tests use, too.
const PATIENCE: Duration = Duration::from_secs(60);

/// One that runs; ends with the value.
pub struct Devnet {
    pub child: Child,
    /// The first of its lines.
    pub started: Value,
    lines: Arc<Mutex<Vec<Value>>>,
    agent: ureq::Agent,
}

impl Devnet {
    /// In the folder of this home, with `--json` and these flags.
    #[track_caller]
    pub fn start(home: &Home, flags: &[&str]) -> Self {
        let errors = std::fs::File::create(home.path("devnet.err")).unwrap();
        let place = home.path("").display().to_string();
        let mut command = home.command(&["devnet", "--json", "--home", &place]);
        command.args(flags).stdout(Stdio::piped()).stderr(errors);
        Self::start_command(command).unwrap_or_else(|| panic!("{}", home.text("devnet.err")))
    }

    /// `None` where it ends without a line.
    pub fn start_command(mut command: Command) -> Option<Self> {
        let mut child = command.spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        output.read_line(&mut first).unwrap();
        let Ok(started) = serde_json::from_str::<Value>(&first) else {
            child.wait().unwrap();
            return None;
        };
        let lines = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&lines);
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(Duration::from_secs(5)));
        Some(Self {
            child,
            started,
            lines,
            agent: agent.build().into(),
        })
    }

    pub fn folder(&self) -> PathBuf {
        self.text("folder").into()
    }

    /// A field of the first line.
    #[track_caller]
    pub fn text(&self, name: &str) -> &str {
        self.started[name].as_str().unwrap()
    }

    /// All lines after the first.
    pub fn lines(&self) -> Vec<Value> {
        self.lines.lock().unwrap().clone()
    }

    /// The newest line about each guardian, by its number from 1.
    pub fn guardian(&self, number: usize) -> Option<Value> {
        let name = format!("guardian-{number}");
        let lines = self.lines();
        lines
            .into_iter()
            .rev()
            .find(|line| line["event"] == "guardian" && line["name"] == *name)
    }

    /// The last line about a guardian; the first one may come after the board is green.
    #[track_caller]
    pub fn the_guardian(&self, number: usize) -> Value {
        self.until("a line about it", |it| it.guardian(number).is_some());
        self.guardian(number).expect("there was a line about it")
    }

    /// The operator of a guardian, by its number from 1.
    #[track_caller]
    pub fn guardian_id(&self, number: usize) -> String {
        let line = self.the_guardian(number);
        line["operator_id"].as_str().unwrap().to_owned()
    }

    /// The portal's process.
    pub fn portal(&self) -> Option<i32> {
        let lines = self.lines();
        let line = lines.iter().rev().find(|line| line["event"] == "portal")?;
        pid_of(&line["portal"])
    }

    /// Ids of all its processes, as it last said.
    pub fn processes(&self) -> Vec<i32> {
        let mut newest: HashMap<String, Vec<i32>> = HashMap::new();
        for line in self.lines() {
            let parts = ["portal", "guardian", "signer"];
            let pids = parts.iter().filter_map(|part| pid_of(&line[*part])).collect();
            let about = format!("{}{}", line["event"], line["name"]);
            newest.insert(about, pids);
        }
        newest.into_values().flatten().collect()
    }

    /// A document of the portal; `None` where it does not answer.
    pub fn get(&self, path: &str) -> Option<Value> {
        let url = format!("{}{path}", self.text("portal"));
        let mut answer = self.agent.get(url).call().ok()?;
        serde_json::from_str(&answer.body_mut().read_to_string().ok()?).ok()
    }

    /// The rows of the board.
    pub fn board(&self) -> Option<Vec<Value>> {
        let board = self.get("/api/operator/attestation?federation=oc-devnet")?;
        Some(board["operators"].as_array()?.clone())
    }

    /// The colours and causes on the board.
    pub fn colours(&self) -> Vec<String> {
        let rows = self.board().unwrap_or_default();
        rows.iter()
            .map(|row| {
                format!(
                    "{} {}",
                    row["color"].as_str().unwrap(),
                    row["cause"].as_str().unwrap()
                )
            })
            .collect()
    }

    /// Waits until that is so; says how long it took.
    #[track_caller]
    pub fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) -> Duration {
        let start = Instant::now();
        while !is_so(self) {
            assert!(
                start.elapsed() < PATIENCE,
                "never: {what}; the board: {:?}; the last lines: {:#?}",
                self.colours(),
                self.lines().iter().rev().take(8).collect::<Vec<_>>()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        start.elapsed()
    }

    /// Waits until all are green.
    #[track_caller]
    pub fn until_green(&self) -> Duration {
        self.until("all green", |it| {
            let colours = it.colours();
            !colours.is_empty() && colours.iter().all(|colour| colour == "green fresh")
        })
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end; returns the exit code.
    #[track_caller]
    pub fn end(&mut self) -> Option<i32> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(start.elapsed() < Duration::from_secs(20), "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        // It cleans up after itself, if it still can.
        if self.child.try_wait().unwrap().is_none() {
            self.signal(Signal::TERM);
            let start = Instant::now();
            while self.child.try_wait().unwrap().is_none() && start.elapsed() < Duration::from_secs(10) {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The process of a part, where it runs.
pub fn pid_of(life: &Value) -> Option<i32> {
    i32::try_from(life["pid"].as_i64()?).ok()
}

/// Signals a process of a devnet.
pub fn signal(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// Whether a process with this id is there.
pub fn is_there(pid: i32) -> bool {
    test_kill_process(Pid::from_raw(pid).unwrap()).is_ok()
}

/// Folders of devnets in this folder, finished or not.
pub fn folders(place: &Path) -> Vec<String> {
    std::fs::read_dir(place)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("oc-devnet-"))
        .collect()
}
