//! An SSH server on loopback, with keys and a configuration of its own, and a client that knows it.

use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::signer::eventually;
use super::{Home, needs, starts};

const SSHD: &str = "/usr/sbin/sshd";

/// Whether a server can be started at all; see [`needs`].
#[track_caller]
pub fn can_ssh() -> bool {
    needs("SSHD", "an OpenSSH server and client", || {
        std::path::Path::new(SSHD).exists() && starts("ssh", "-V") && starts("ssh-keygen", "-?")
    })
}

/// A running server; ends with the value.
pub struct Sshd {
    child: Child,
    port: u16,
    user: String,
    /// Its side: host key, who may log in.
    _dir: TempDir,
}

impl Sshd {
    /// Lets in the key that the home gets, as the user who runs the test. The home also gets `bin/ssh`, which knows the
    /// server: ssh itself takes the home of the user, whatever HOME says.
    pub fn start(home: &Home) -> Self {
        let dir = TempDir::new().unwrap();
        let path = |name: &str| dir.path().join(name).display().to_string();
        key(&path("host"));
        let own = home.path(".ssh/id").display().to_string();
        home.write(".ssh/config", "");
        home.chmod(".ssh", 0o700);
        key(&own);
        std::fs::copy(format!("{own}.pub"), path("authorized")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let config = format!(
            "ListenAddress 127.0.0.1\nPort {port}\nHostKey {}\nAuthorizedKeysFile {}\nPidFile none\nUsePAM no\n\
             StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n\
             PermitRootLogin prohibit-password\nMaxStartups 100\n",
            path("host"),
            path("authorized"),
        );
        std::fs::write(path("config"), config).unwrap();
        // Where Debian's server leaves its privileges; a unit makes it otherwise.
        let _ = std::fs::create_dir("/run/sshd");
        let child = Command::new(SSHD)
            .args(["-D", "-e", "-f", &path("config")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(home.path("sshd.err")).unwrap())
            .spawn()
            .unwrap();
        let host_key = std::fs::read_to_string(path("host.pub")).unwrap();
        home.write(".ssh/known_hosts", format!("[127.0.0.1]:{port} {host_key}"));
        home.write(
            ".ssh/config",
            format!(
                "IdentityFile {own}\nIdentitiesOnly yes\nUserKnownHostsFile {}\nGlobalKnownHostsFile /dev/null\n\
                 StrictHostKeyChecking yes\n",
                home.path(".ssh/known_hosts").display()
            ),
        );
        let wrapper = format!(
            "#!/bin/sh\nexec /usr/bin/ssh -F '{}' \"$@\"\n",
            home.path(".ssh/config").display()
        );
        let wrapper = home.write("bin/ssh", wrapper);
        std::fs::set_permissions(&wrapper, std::fs::Permissions::from_mode(0o755)).unwrap();
        let up = eventually(|| TcpStream::connect(("127.0.0.1", port)).ok());
        assert!(up.is_some(), "{}", home.text("sshd.err"));
        let user = Command::new("id").arg("-un").output().unwrap();
        Self {
            child,
            port,
            user: String::from_utf8(user.stdout).unwrap().trim().to_owned(),
            _dir: dir,
        }
    }

    /// For `DOCKER_HOST`.
    pub fn engine(&self) -> String {
        format!("ssh://{}@127.0.0.1:{}", self.user, self.port)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key pair without a passphrase.
fn key(path: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f", path])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
