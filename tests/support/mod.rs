//! Running the real binary in a home of its own, and comparing what it printed.

mod require;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use snapbox::IntoData as _;
use tempfile::TempDir;

pub use require::{needs, starts};

/// Passphrase of the identity that [`Home::with_identity`] has.
pub const PASSPHRASE: &str = "correct horse battery";
/// Its secret, words and operator id: the vectors of the format page.
pub const SECRET_HEX: &str = "0000000000000000000000000000000000000000000000000000000000000001";
pub const OPERATOR_ID: &str = "op-132f39a98c31baaddba6525f5d43f295";

/// Its 24 words.
pub fn words() -> String {
    format!("{}diesel", "abandon ".repeat(23))
}

/// A folder with `OC_GUARDIAN_HOME` below it, removed at the end of the test.
pub struct Home {
    dir: TempDir,
}

impl Home {
    /// Nothing in it.
    pub fn new() -> Self {
        Self {
            dir: TempDir::new().unwrap(),
        }
    }

    /// With the bip340 identity of [`SECRET_HEX`] in a key file under [`PASSPHRASE`], which is also in `pass.txt`.
    pub fn with_identity() -> Self {
        // scrypt takes a second: done once, then copied. Key paths are relative, so a home can be copied.
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
        command.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus");
        command
    }

    /// Runs the binary.
    pub fn run(&self, arguments: &[&str]) -> Transcript {
        self.transcript(arguments, &self.command(arguments).output().unwrap())
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

    /// What a run printed, with what differs from run to run replaced.
    pub fn transcript(&self, arguments: &[&str], output: &Output) -> Transcript {
        let stdout = self.normalise(&String::from_utf8_lossy(&output.stdout));
        let stderr = self.normalise(&String::from_utf8_lossy(&output.stderr));
        let mut text = format!("$ oc-guardian {}\n{stdout}", arguments.join(" "));
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
        replace_times(&text)
    }
}

/// `2026-11-23T02:07:50Z` becomes `[TIME]`.
fn replace_times(text: &str) -> String {
    const SHAPE: &str = "dddd-dd-ddTdd:dd:ddZ";
    let fits = |window: &str| {
        window.is_ascii()
            && window
                .bytes()
                .zip(SHAPE.bytes())
                .all(|(byte, shape)| match shape {
                    b'd' => byte.is_ascii_digit(),
                    other => byte == other,
                })
    };
    let mut result = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        if rest.get(..SHAPE.len()).is_some_and(fits) {
            result += "[TIME]";
            rest = &rest[SHAPE.len()..];
        } else {
            let next = rest.chars().next().unwrap();
            result.push(next);
            rest = &rest[next.len_utf8()..];
        }
    }
    result
}

/// A finished run.
pub struct Transcript {
    /// Command, standard output, standard error and exit code, as the snapshots show them.
    pub text: String,
    pub stdout: String,
    pub stderr: String,
    pub code: Option<i32>,
}

impl Transcript {
    /// Compares the whole run with a snapshot; `SNAPSHOTS=overwrite cargo test` writes it anew.
    #[track_caller]
    pub fn is(&self, expected: snapbox::data::Inline) {
        snapbox::assert_data_eq!(&self.text, expected.raw());
    }

    /// The JSON document on standard output.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }
}

/// Whether a file is there; for paths in asserts.
pub fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
