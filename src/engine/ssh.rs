//! An engine behind ssh: `ssh HOST docker system dial-stdio`, as Docker's own client does it.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

/// Most that is kept of what ssh says, in bytes.
const MAX_SAID: usize = 2048;

/// The last words of ssh or of the program on the other side.
#[derive(Clone, Default)]
pub(super) struct Said(Arc<Mutex<Vec<u8>>>);

impl Said {
    pub(super) fn text(&self) -> String {
        let said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&said).into_owned()
    }

    fn add(&self, bytes: &[u8]) {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        said.extend_from_slice(bytes);
        let surplus = said.len().saturating_sub(MAX_SAID);
        said.drain(..surplus);
    }
}

/// A running ssh; it ends with the value.
pub(super) struct Ssh {
    stdin: Option<ChildStdin>,
    stdout: ChildStdout,
    _child: Child,
}

/// Starts ssh to `[USER@]HOST[:PORT]`, which [`Endpoint`](super::Endpoint) has checked.
pub(super) fn open(destination: &str) -> io::Result<(Ssh, Said)> {
    open_by("ssh".as_ref(), destination)
}

fn open_by(program: &Path, destination: &str) -> io::Result<(Ssh, Said)> {
    let mut child = Command::new(program)
        .args(arguments(destination))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let missing = || io::Error::other("no pipe");
    let stdin = child.stdin.take().ok_or_else(missing)?;
    let stdout = child.stdout.take().ok_or_else(missing)?;
    let said = Said::default();
    if let Some(stderr) = child.stderr.take() {
        tokio::spawn(listen(stderr, said.clone()));
    }
    let ssh = Ssh {
        stdin: Some(stdin),
        stdout,
        _child: child,
    };
    Ok((ssh, said))
}

async fn listen(mut stderr: ChildStderr, said: Said) {
    let mut buffer = [0; 512];
    while let Ok(read @ 1..) = stderr.read(&mut buffer).await {
        said.add(&buffer[..read]);
    }
}

/// Keys, known hosts and aliases are the operator's; nothing is asked (a question would be lost among several connections), and
/// nothing but this one program is reached.
fn arguments(destination: &str) -> Vec<String> {
    let (user, rest) = match destination.split_once('@') {
        Some((user, rest)) => (Some(user), rest),
        None => (None, destination),
    };
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => match rest.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (rest, None),
        },
    };
    let mut arguments: Vec<String> = [
        "-T",
        "-oBatchMode=yes",
        "-oConnectTimeout=15",
        "-oServerAliveInterval=15",
        "-oServerAliveCountMax=3",
        "-oForwardAgent=no",
        "-oForwardX11=no",
        "-oClearAllForwardings=yes",
        "-oPermitLocalCommand=no",
        "-oRemoteCommand=none",
    ]
    .map(str::to_owned)
    .to_vec();
    if let Some(user) = user {
        arguments.extend(["-l".into(), user.into()]);
    }
    if let Some(port) = port {
        arguments.extend(["-p".into(), port.into()]);
    }
    arguments.extend(["--", host, "docker", "system", "dial-stdio"].map(str::to_owned));
    arguments
}

impl AsyncRead for Ssh {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stdout).poll_read(context, buffer)
    }
}

impl Ssh {
    fn input(&mut self) -> io::Result<Pin<&mut ChildStdin>> {
        let ended = || io::Error::from(io::ErrorKind::BrokenPipe);
        self.stdin.as_mut().map(Pin::new).ok_or_else(ended)
    }
}

impl AsyncWrite for Ssh {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.input()?.poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input()?.poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The other side sees the end of a pipe only when the pipe is closed.
        self.stdin = None;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    /// A shell script in the place of ssh.
    async fn talk(script: &str) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("ssh");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        let (mut ssh, said) = open_by(&program, "me@host").unwrap();
        let _ = ssh.write_all(b"hello").await;
        ssh.shutdown().await.unwrap();
        let mut answer = String::new();
        ssh.read_to_string(&mut answer).await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
        (answer, said.text())
    }

    #[tokio::test]
    async fn what_is_written_arrives_and_has_an_end() {
        let (answer, said) = talk("cat; echo \" $*\" | tail -c 33").await;
        assert_eq!(answer, "hello-- host docker system dial-stdio\n");
        assert_eq!(said, "");
    }

    #[tokio::test]
    async fn what_ssh_complains_of_is_kept() {
        let (answer, said) = talk("echo 'Host key verification failed.' >&2; exit 255").await;
        assert_eq!(
            (answer.as_str(), said.as_str()),
            ("", "Host key verification failed.\n")
        );
    }

    #[test]
    fn ssh_is_told_who_where_and_nothing_else() {
        let tail = |destination: &str| arguments(destination)[10..].join(" ");
        assert_eq!(tail("host"), "-- host docker system dial-stdio");
        assert_eq!(
            tail("me@host:2222"),
            "-l me -p 2222 -- host docker system dial-stdio"
        );
        assert_eq!(tail("[fe80::1]:22"), "-p 22 -- fe80::1 docker system dial-stdio");
        let options = arguments("host")[..10].join(" ");
        assert!(options.contains("BatchMode=yes") && !options.contains("StrictHostKeyChecking"));
    }

    #[test]
    fn the_last_words_are_kept_and_bounded() {
        let said = Said::default();
        said.add(&[b'x'; 5000]);
        said.add(b"Permission denied");
        assert_eq!(said.text().len(), MAX_SAID);
        assert!(said.text().ends_with("xPermission denied"));
    }
}
