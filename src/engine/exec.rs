use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use futures_util::StreamExt as _;

use super::containers::known;
use super::engine::TELL;
use super::exec_stream::ExecStream;
use super::refusal::Asked;
use super::{Engine, EngineError};

/// Most that is kept of what a command prints, in bytes, of output and of errors.
const MAX_OUTPUT: usize = 64 << 10;

/// What a command in a container printed and ended with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit code.
    pub code: i64,
    /// The first 64 KiB.
    pub stdout: Vec<u8>,
    /// The first 64 KiB.
    pub stderr: Vec<u8>,
}

impl Engine {
    /// Runs a command in a container, as its user, and waits for its end. After `time` it is waited for no longer; engines
    /// offer no way to end it.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`], [`EngineError::NoSuchContainer`], [`EngineError::Timeout`], and others. That the program is
    /// not there, engines tell by exit code 126 or 127.
    pub async fn exec(&self, id: &str, command: &[&str], time: Duration) -> Result<Output, EngineError> {
        let run = self.exec_to_end(id, command);
        match tokio::time::timeout(time, run).await {
            Ok(output) => output,
            Err(_) => Err(EngineError::Timeout {
                endpoint: self.endpoint().to_string(),
                what: format!("{} in container {id}", command.join(" ")),
                after: time,
            }),
        }
    }

    async fn exec_to_end(&self, id: &str, command: &[&str]) -> Result<Output, EngineError> {
        let asked = Asked::Container("running a command in", known(id)?);
        let (exec, started) = self.start_exec(id, command, false).await?;
        let mut output = Output::default();
        if let StartExecResults::Attached {
            output: mut stream, ..
        } = started
        {
            while let Some(part) = stream.next().await {
                match part.map_err(|error| self.refused(asked, error))? {
                    LogOutput::StdErr { message } => keep(&mut output.stderr, &message),
                    other => keep(&mut output.stdout, &other.into_bytes()),
                }
            }
        }
        // The output ends a moment before the engine has noticed that the program did.
        loop {
            let ended = self.ask(asked, TELL, self.docker.inspect_exec(&exec)).await?;
            if let Some(code) = ended.exit_code.filter(|_| ended.running != Some(true)) {
                output.code = code;
                return Ok(output);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Runs a command in a container, as its user, and connects to it. It ends when its standard input does, if it is made so.
    ///
    /// # Errors
    /// [`EngineError::NotRunning`], [`EngineError::NoSuchContainer`], and others.
    pub async fn exec_stream(&self, id: &str, command: &[&str]) -> Result<ExecStream, EngineError> {
        match self.start_exec(known(id)?, command, true).await? {
            (_, StartExecResults::Attached { output, input }) => Ok(ExecStream::new(output, input)),
            (_, StartExecResults::Detached) => Err(EngineError::Misbehaved {
                endpoint: self.endpoint().to_string(),
                what: format!("a command in container {id}"),
                detail: "it is not connected".into(),
            }),
        }
    }

    async fn start_exec(
        &self,
        id: &str,
        command: &[&str],
        stdin: bool,
    ) -> Result<(String, StartExecResults), EngineError> {
        let asked = Asked::Container("running a command in", id);
        let config = ExecConfig {
            attach_stdin: Some(stdin),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            cmd: Some(command.iter().map(|&it| it.to_owned()).collect()),
            ..ExecConfig::default()
        };
        let created = self.ask(asked, TELL, self.docker.create_exec(id, config)).await?;
        let options = Some(StartExecOptions::default());
        let started = self
            .ask(asked, TELL, self.docker.start_exec(&created.id, options))
            .await?;
        Ok((created.id, started))
    }
}

fn keep(kept: &mut Vec<u8>, more: &[u8]) {
    let room = MAX_OUTPUT.saturating_sub(kept.len());
    kept.extend_from_slice(&more[..more.len().min(room)]);
}
