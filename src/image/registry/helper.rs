//! Credential helpers: `docker-credential-NAME get`, the registry on standard input, JSON on standard output.
//!
//! Source: <https://github.com/docker/docker-credential-helpers>. The crate `docker_credential` waits for a helper for
//! ever and reads whatever it prints; a helper that asks a locked keychain does hang.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use secrecy::ExposeSecret as _;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::docker_config::{Credential, Hidden};

/// Most that a helper may print, in bytes.
const MAX_OUTPUT: usize = 64 << 10;
const MAX_NAME: usize = 64;
/// After this, people are told what is waited for: it may be a prompt that they do not see.
pub(super) const SLOW: Duration = Duration::from_secs(2);
/// What helpers print, with a status that is not 0, where they have nothing for this registry.
const NOTHING: &str = "credentials not found in native keychain";
/// User name that says: the secret is a refresh token.
const TOKEN_USER: &str = "<token>";

/// Why a helper does not help.
#[derive(Debug, thiserror::Error)]
pub enum HelperError {
    /// The name is more than a name.
    #[error("not the name of a credential helper")]
    Name,
    /// It is nowhere on the search path.
    #[error("the credential helper is not installed")]
    Missing,
    /// It cannot be run.
    #[error("the credential helper does not start ({0})")]
    Start(io::Error),
    /// It did not end in time, and was stopped.
    #[error("the credential helper did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// It said that it failed.
    #[error("the credential helper failed ({0})")]
    Failed(ExitStatus),
    /// It printed too much, or not what helpers print. Never quoted: it may be a secret.
    #[error("the credential helper printed nonsense")]
    Nonsense,
}

#[derive(Deserialize)]
struct Printed {
    #[serde(rename = "Username")]
    user: String,
    #[serde(rename = "Secret")]
    secret: Hidden,
}

/// Asks a helper for the credentials of a registry; `None` where it has none.
///
/// `search_path` as in the variable PATH; only absolute folders in it count. `slow` is called once where it takes longer than
/// [`SLOW`].
pub(super) fn ask(
    name: &str,
    registry: &str,
    search_path: &OsStr,
    patience: Duration,
    slow: &dyn Fn(),
) -> Result<Option<Credential>, HelperError> {
    if !is_name(name) {
        return Err(HelperError::Name);
    }
    let program = find(&program_name(name), search_path).ok_or(HelperError::Missing)?;
    let (status, output) = run(&program, registry, patience, slow)?;
    if !status.success() {
        return match std::str::from_utf8(&output) {
            Ok(text) if text.trim() == NOTHING => Ok(None),
            _ => Err(HelperError::Failed(status)),
        };
    }
    let printed: Printed = serde_json::from_slice(&output).map_err(|_| HelperError::Nonsense)?;
    let secret = printed.secret.0;
    Ok(match printed.user.as_str() {
        _ if secret.expose_secret().is_empty() => None,
        TOKEN_USER => Some(Credential::RefreshToken(secret)),
        // A colon would end the user name early (RFC 7617).
        user if user.contains(':') => return Err(HelperError::Nonsense),
        _ => Some(Credential::Password {
            user: printed.user,
            password: secret,
        }),
    })
}

/// File name of a helper.
pub(super) fn program_name(name: &str) -> String {
    format!("docker-credential-{name}")
}

/// No path and nothing that begins like an option: it becomes a part of a file name.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(plain)
}

fn find(program: &str, search_path: &OsStr) -> Option<PathBuf> {
    let is_program = |path: &PathBuf| {
        path.metadata()
            .is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(search_path)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(program))
        .find(is_program)
}

fn run(
    program: &Path,
    input: &str,
    patience: Duration,
    slow: &dyn Fn(),
) -> Result<(ExitStatus, Zeroizing<Vec<u8>>), HelperError> {
    let deadline = Instant::now() + patience;
    let child = Command::new(program)
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(HelperError::Start)?;
    let mut running = Running(child);
    let (stdin, stdout) = (running.0.stdin.take(), running.0.stdout.take());
    // Small enough for any pipe; a helper that does not read it is not waited for.
    if let Some(mut stdin) = stdin {
        let _ = stdin.write_all(input.as_bytes());
    }
    // Read elsewhere: what the helper has started may hold its output open for ever.
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        // Reserved whole, so that growing does not leave pieces of the secret in freed memory.
        let mut output = Zeroizing::new(Vec::with_capacity(MAX_OUTPUT + 1));
        let read = stdout.map(|it| it.take(MAX_OUTPUT as u64 + 1).read_to_end(&mut output));
        let _ = sender.send(read.is_some_and(|it| it.is_ok()).then_some(output));
    });
    let rest = || deadline.saturating_duration_since(Instant::now());
    let mut answer = receiver.recv_timeout(SLOW.min(rest()));
    if matches!(answer, Err(RecvTimeoutError::Timeout)) && !rest().is_zero() {
        slow();
        answer = receiver.recv_timeout(rest());
    }
    let output = answer
        .map_err(|_| HelperError::TimedOut(patience))?
        .filter(|output| output.len() <= MAX_OUTPUT)
        .ok_or(HelperError::Nonsense)?;
    // It has closed its output: it ends now, or it is stopped.
    loop {
        if let Some(status) = running.0.try_wait().map_err(HelperError::Start)? {
            return Ok((status, output));
        }
        if Instant::now() >= deadline {
            return Err(HelperError::TimedOut(patience));
        }
        thread::sleep(Duration::from_millis(2));
    }
}

/// Stops the helper, whatever happens. It stays in our process group, so that Ctrl-C reaches it and what it has started,
/// and so that it can ask at the terminal.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if !matches!(self.0.try_wait(), Ok(Some(_))) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }
}
