//! Questions to a guardian in a container, by the program that runs there: an address of the stage network cannot be
//! reached through ssh, tcp or a rootless engine.

use std::time::Duration;

use super::pause::Health;
use crate::engine::{Container, Engine};

const ASK: Duration = Duration::from_secs(5);
/// Sessions are given 10 s to end.
const SWITCH: Duration = Duration::from_secs(20);
/// Longest text of a container in a message, in characters.
const LONGEST: usize = 300;

/// The guardian's program in its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program(String);

impl Program {
    /// What the container's entrypoint runs: of an image that was verified, or of a container that was adopted.
    pub fn of(container: &Container) -> Self {
        let first = container.process.entrypoint.first().cloned();
        Self(first.unwrap_or_else(|| "/oc-guardian".into()))
    }

    /// A command line of it.
    pub fn command<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let mut command = vec![self.0.as_str()];
        command.extend_from_slice(arguments);
        command
    }
}

/// Asks for its health; an error says why there is no answer.
///
/// # Errors
/// A text, from outside, bounded.
pub async fn ask(engine: &Engine, id: &str, program: &Program) -> Result<Health, String> {
    let command = program.command(&["guardian", "healthcheck", "--json"]);
    let output = engine
        .exec(id, &command, ASK)
        .await
        .map_err(|error| bounded(&error.to_string()))?;
    Health::read(&output.stdout).ok_or_else(|| said(&output))
}

/// `guardian standby` or `guardian activate`.
///
/// # Errors
/// What it said, bounded.
pub async fn switch(engine: &Engine, id: &str, program: &Program, verb: &str) -> Result<(), String> {
    let command = program.command(&["guardian", verb, "--json"]);
    let output = engine
        .exec(id, &command, SWITCH)
        .await
        .map_err(|error| bounded(&error.to_string()))?;
    if output.code == 0 {
        return Ok(());
    }
    Err(said(&output))
}

fn said(output: &crate::engine::Output) -> String {
    #[derive(serde::Deserialize)]
    struct Failure {
        detail: Option<String>,
    }
    let detail = serde_json::from_slice::<Failure>(&output.stdout)
        .ok()
        .and_then(|it| it.detail);
    let text = detail.unwrap_or_else(|| String::from_utf8_lossy(&output.stderr).trim().to_owned());
    if text.is_empty() {
        return format!("it ended with code {}", output.code);
    }
    bounded(&text)
}

/// In one line, and bounded: it comes from a container.
pub(super) fn bounded(text: &str) -> String {
    let plain = |letter: char| if letter.is_control() { ' ' } else { letter };
    text.chars().take(LONGEST).map(plain).collect()
}
