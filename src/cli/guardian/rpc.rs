use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use clap::Args;

use super::run::read_bundle;
use crate::cli::context::Context;
use crate::cli::examples;
use crate::guardian::rpc_socket;
use crate::ui::{Exit, Failure};

/// Bridge the guardian's RPC socket to standard input and output, for a kit that reaches the container by exec
#[derive(Args)]
#[command(after_help = examples::GUARDIAN_RPC)]
pub(super) struct Rpc {
    /// The guardian's config bundle, which names its data folder
    #[arg(long, value_name = "FILE", default_value = "/etc/oc-guardian/config.json")]
    config: PathBuf,
}

impl Rpc {
    pub(super) fn run(self, _context: &Context) -> Result<Exit, Failure> {
        let path = rpc_socket(&read_bundle(&self.config)?);
        let failed = |error: io::Error| {
            Failure::new(
                "no-rpc",
                format!("the guardian's RPC at {} cannot be used: {error}", path.display()),
            )
            .hint("See that a guardian serves here and is not standing by: oc-guardian guardian healthcheck")
        };
        let socket = connect(&path).map_err(failed)?;
        let mut to_guardian = socket.try_clone().map_err(failed)?;
        std::thread::spawn(move || {
            let _ = copy(&mut io::stdin().lock(), &mut to_guardian);
            // The kit has ended: so does the conversation.
            let _ = to_guardian.shutdown(std::net::Shutdown::Both);
        });
        // The guardian's end: nothing is left to bridge.
        let _ = copy(&mut &socket, &mut io::stdout().lock());
        Ok(Exit::Done)
    }
}

/// Connects to a guardian of this container, or of this machine where there is none. During an upgrade two containers
/// share the data folder: behind its socket may be the other one, which runs another image than the kit has checked here.
fn connect(path: &Path) -> io::Result<UnixStream> {
    // Only for the other side's credentials, which the standard library does not give.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()?;
    let socket = runtime.block_on(tokio::net::UnixStream::connect(path))?;
    // The kernel's word for a process that this namespace does not have.
    if socket.peer_cred()?.pid() == Some(0) {
        return Err(io::Error::other("the guardian of another container serves there"));
    }
    let _in_runtime = runtime.enter();
    let socket = socket.into_std()?;
    socket.set_nonblocking(false)?;
    Ok(socket)
}

/// As `io::copy`, but each piece is passed on at once.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..read])?;
        to.flush()?;
    }
}
