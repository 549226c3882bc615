//! OpenSSH's `ssh-agent` through its own protocol (draft-ietf-sshm-ssh-agent): one SIGN_REQUEST an answer.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::load::Client;

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;

/// A running agent with one Ed25519 key, ended when dropped.
pub(crate) struct Agent {
    child: Child,
    socket: PathBuf,
    key_blob: Vec<u8>,
    _folder: TempDir,
}

impl Agent {
    /// `None` where OpenSSH is not installed.
    pub(crate) fn start() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("agent");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdout(Stdio::null())
            .spawn()
            .ok()?;
        let mut agent = Self {
            child,
            socket,
            key_blob: Vec::new(),
            _folder: folder,
        };
        for _ in 0..200 {
            if agent.socket.exists() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let key = agent.socket.with_file_name("key");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(&key)
            .status()
            .ok()?;
        let added = Command::new("ssh-add")
            .arg("-q")
            .arg(&key)
            .env("SSH_AUTH_SOCK", &agent.socket)
            .stderr(Stdio::null())
            .status()
            .ok()?;
        assert!(made.success() && added.success());
        let mut stream = UnixStream::connect(&agent.socket).unwrap();
        let answer = exchange(&mut stream, &[REQUEST_IDENTITIES]);
        // byte type, uint32 count, string key blob, string comment
        assert_eq!((answer[0], &answer[1..5]), (IDENTITIES_ANSWER, &[0, 0, 0, 1][..]));
        let length = u32::from_be_bytes(answer[5..9].try_into().unwrap()) as usize;
        agent.key_blob = answer[9..9 + length].to_vec();
        Some(agent)
    }

    pub(crate) fn client(&self) -> AgentClient {
        // As many bytes as an attestation has.
        let mut request = vec![SIGN_REQUEST];
        string(&mut request, &self.key_blob);
        string(&mut request, &[b'x'; 400]);
        request.extend([0; 4]);
        AgentClient {
            stream: UnixStream::connect(&self.socket).unwrap(),
            request,
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) struct AgentClient {
    stream: UnixStream,
    request: Vec<u8>,
}

impl Client for AgentClient {
    fn ask(&mut self) {
        let answer = exchange(&mut self.stream, &self.request);
        assert_eq!(answer[0], SIGN_RESPONSE);
    }
}

fn string(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend(u32::try_from(bytes.len()).unwrap().to_be_bytes());
    into.extend(bytes);
}

fn exchange(stream: &mut UnixStream, request: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(request.len() + 4);
    string(&mut framed, request);
    stream.write_all(&framed).unwrap();
    let mut length = [0; 4];
    stream.read_exact(&mut length).unwrap();
    let mut answer = vec![0; u32::from_be_bytes(length) as usize];
    stream.read_exact(&mut answer).unwrap();
    answer
}
