//! Running the real binary in a home of its own, and comparing what it printed.

mod answering;
mod browser;
mod clock;
pub mod devnet;
pub mod docker_image;
pub mod faults;
pub mod federation;
pub mod guardian;
pub mod in_docker;
mod keyring;
mod namespace;
mod nginx;
pub mod operated;
pub mod portal;
pub mod registry;
pub mod release_image;
mod require;
pub mod running;
pub mod signer;
#[allow(unreachable_pub, missing_docs, clippy::pedantic)]
pub mod sigstore;
pub mod sshd;
mod terminal;
pub mod tls_relay;
mod transcript;
pub mod tuf;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use tempfile::TempDir;

pub use answering::Answering;
pub use browser::Browser;
pub use clock::WrongClock;
pub use keyring::Keyring;
pub use namespace::Namespace;
pub use nginx::{AUTHORITY, Nginx};
pub use require::{needs, starts};
pub use terminal::Terminal;
pub use transcript::{Transcript, replace_times};

/// Passphrase of the identity that [`Home::with_identity`] has.
pub const PASSPHRASE: &str = "correct horse battery";
/// Its secret, words and operator id: the vectors of the format page.
pub const SECRET_HEX: &str = "0000000000000000000000000000000000000000000000000000000000000001";
pub const OPERATOR_ID: &str = "op-132f39a98c31baaddba6525f5d43f295";
/// Operator id of the same secret as an ed25519 key.
pub const ED25519_ID: &str = "op-4a67330b803d5c88757afb9328615344";
/// Where the kit keeps its files, below the folder of a [`Home`].
pub const IDENTITY: &str = "home/config/operator.json";
pub const KEY_FILE: &str = "home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age";

/// Its 24 words.
pub fn words() -> String {
    format!("{}diesel", "abandon ".repeat(23))
}

/// What the key file of [`Home::with_identity`] holds.
pub fn payload() -> String {
    format!(r#"{{"version":1,"scheme":"bip340","secret_hex":"{SECRET_HEX}"}}"#)
}

/// A key file as the kit writes it, but of any content and work factor. Small ones spare a test the second that a real
/// one takes.
pub fn encrypted(plain: &str, passphrase: &str, work_factor: u8) -> Vec<u8> {
    let mut recipient = age::scrypt::Recipient::new(passphrase.to_owned().into());
    recipient.set_work_factor(work_factor);
    age::encrypt(&recipient, plain.as_bytes()).unwrap()
}

/// What a key file holds; `None` where the passphrase does not open it.
pub fn decrypted(file: &[u8], passphrase: &str) -> Option<String> {
    let identity = age::scrypt::Identity::new(passphrase.to_owned().into());
    Some(String::from_utf8(age::decrypt(&identity, file).ok()?).unwrap())
}

/// A process that ends with the value.
pub struct Killed(pub std::process::Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder with `OC_GUARDIAN_HOME` below it, removed at the end of the test.
pub struct Home {
    dir: TempDir,
    /// The D-Bus session; nowhere, unless a [`Keyring`] was started.
    bus: String,
}

impl Home {
    /// Nothing in it.
    pub fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
            bus: "unix:path=/nonexistent/bus".into(),
        }
    }

    /// Nothing in it, but in the session of another one.
    pub fn beside(other: &Self) -> Self {
        Self {
            bus: other.bus.clone(),
            ..Self::new()
        }
    }

    /// With the bip340 identity of [`SECRET_HEX`] in a key file under [`PASSPHRASE`], which is also in `pass.txt`. Its
    /// work factor is 2: unlocking takes no time.
    pub fn with_identity() -> Self {
        // Made once by the program itself, then copied: key paths are relative.
        static TEMPLATE: OnceLock<Home> = OnceLock::new();
        let template = TEMPLATE.get_or_init(|| {
            let home = Self::new();
            home.write("pass.txt", PASSPHRASE);
            home.write("key.hex", SECRET_HEX);
            let made = home.run(&[
                "init",
                "--import-hex",
                "--scheme",
                "bip340",
                "--from",
                "key.hex",
                "--passphrase-file",
                "pass.txt",
                "--yes",
            ]);
            assert_eq!(made.code, Some(0), "{}", made.text);
            fs::remove_file(home.path("key.hex")).unwrap();
            home.write(KEY_FILE, encrypted(&payload(), PASSPHRASE, 2));
            home
        });
        let home = Self::new();
        let copied = Command::new("cp")
            .arg("-a")
            .arg(template.path("home"))
            .arg(template.path("pass.txt"))
            .arg(home.dir.path())
            .status()
            .unwrap();
        assert!(copied.success());
        home
    }

    /// A path below the folder. The kit's own folders are below `home`.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a private file below the folder.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.chmod(name, 0o600);
        path
    }

    /// The bytes of a file below the folder.
    pub fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// A file below the folder, as text.
    pub fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// As [`Self::text`]; empty where there is no such file.
    pub fn text_or_empty(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Permission bits below the folder.
    pub fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.path(name)).unwrap().permissions().mode() & 0o7777
    }

    /// Paths of everything below the folder, sorted, folders with a slash at the end.
    pub fn tree(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut open = vec![self.dir.path().to_owned()];
        while let Some(folder) = open.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.strip_prefix(self.dir.path()).unwrap().display().to_string();
                if fs::symlink_metadata(&path).unwrap().is_dir() {
                    found.push(name + "/");
                    open.push(path);
                } else {
                    found.push(name);
                }
            }
        }
        found.sort();
        found
    }

    /// Fails where a key, an identity, a journal or a temporary file is below the folder.
    #[track_caller]
    pub fn assert_nothing_stored(&self) {
        for name in self.tree() {
            assert!(
                ![".age", ".json", ".tmp"].iter().any(|end| name.ends_with(end)),
                "left behind: {name}"
            );
        }
    }

    /// Changes permissions below the folder.
    pub fn chmod(&self, name: &str, mode: u32) {
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The binary, in this folder, without a terminal, a keychain or anything else of the caller's environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_oc-guardian"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env_clear()
            .stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
            .env("OC_GUARDIAN_HOME", self.path("home"))
            .env("HOME", self.dir.path());
        // zbus would otherwise look for the bus of whoever runs the tests.
        command.env("DBUS_SESSION_BUS_ADDRESS", &self.bus);
        command
    }

    /// Runs the binary.
    pub fn run(&self, arguments: &[&str]) -> Transcript {
        self.transcript(arguments, &self.command(arguments).output().unwrap())
    }

    /// Runs the binary with arguments that hold no spaces.
    pub fn run_line(&self, arguments: &str) -> Transcript {
        self.run(&arguments.split(' ').collect::<Vec<_>>())
    }

    /// Runs the binary with `input` on standard input.
    pub fn run_with_input(&self, arguments: &[&str], input: &[u8]) -> Transcript {
        use std::io::Write;
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // The program may end without reading all of it.
        let _ = child.stdin.take().unwrap().write_all(input);
        self.transcript(arguments, &child.wait_with_output().unwrap())
    }

    /// Runs the binary as the last argument of another program.
    pub fn run_under(&self, wrapper: &[&str], arguments: &[&str]) -> Transcript {
        let command = self.command(arguments);
        let mut outer = Command::new(wrapper[0]);
        outer
            .args(&wrapper[1..])
            .arg(command.get_program())
            .args(arguments);
        outer
            .current_dir(self.dir.path())
            .env_clear()
            .stdin(Stdio::null());
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                outer.env(name, value);
            }
        }
        self.transcript(arguments, &outer.output().unwrap())
    }

    /// What a run printed, with what differs from run to run replaced.
    pub fn transcript(&self, arguments: &[&str], output: &Output) -> Transcript {
        let stdout = self.normalise(&String::from_utf8_lossy(&output.stdout));
        let stderr = self.normalise(&String::from_utf8_lossy(&output.stderr));
        let arguments = self.normalise(&arguments.join(" "));
        let mut text = format!("$ oc-guardian {arguments}\n{stdout}");
        if !stderr.is_empty() {
            text += &format!("--- stderr\n{stderr}");
        }
        let code = output.status.code();
        text += &match code {
            Some(code) => format!("--- exit {code}\n"),
            None => format!("--- {}\n", output.status),
        };
        Transcript {
            text,
            stdout,
            stderr,
            code,
        }
    }

    fn normalise(&self, text: &str) -> String {
        let text = text.replace(&self.dir.path().display().to_string(), "[DIR]");
        transcript::replace_times(&text)
    }
}

/// Whether anything is at this path, be it a dangling link.
pub fn exists(path: &std::path::Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
