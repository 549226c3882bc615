//! `install.sh`, run as a user runs it, building with the profile of these tests.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::support::{exists, needs, starts};

/// A folder that a user would see as theirs, with a space in its name.
struct Machine {
    dir: TempDir,
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Ran {
    #[track_caller]
    fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}{}", self.stdout, self.stderr);
        self
    }

    /// Failed with this code, saying each of these.
    #[track_caller]
    fn failed(&self, code: i32, sayings: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        for saying in sayings {
            assert!(self.stderr.contains(saying), "no {saying:?} in:\n{}", self.stderr);
        }
    }
}

impl Machine {
    fn new() -> Self {
        let dir = TempDir::with_prefix("a user's ").unwrap();
        fs::create_dir(dir.path().join("home")).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let target = Path::new(env!("CARGO_BIN_EXE_oc-guardian")).ancestors().nth(2);
        let mut command = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("install.sh"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("CARGO_TARGET_DIR", target.unwrap())
            .env("CARGO_HOME", cargo_home())
            .env("RUSTUP_HOME", rustup_home())
            .env("HOME", self.path("home"))
            .env_remove("SHELL")
            .env_remove("XDG_CONFIG_HOME")
            .stdin(Stdio::null());
        command
    }

    fn install(&self, arguments: &[&str]) -> Ran {
        run(&mut self.command(&[&["--profile", "dev"], arguments].concat()))
    }

    /// A folder for PATH with what the script needs and these programs, each a shell script.
    fn only(&self, programs: &[(&str, &str)]) -> PathBuf {
        let bin = self.path("only");
        fs::create_dir(&bin).unwrap();
        for tool in [
            "sh", "basename", "cat", "chmod", "cp", "cut", "dirname", "grep", "id", "mkdir", "mktemp", "mv",
            "rm", "sed", "sort", "tail",
        ] {
            let real = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
            symlink(real.iter().find(|path| path.exists()).unwrap(), bin.join(tool)).unwrap();
        }
        for (name, script) in programs {
            fs::write(bin.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(bin.join(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        bin
    }
}

fn cargo_home() -> PathBuf {
    let home = std::env::var_os("HOME").unwrap_or_default();
    std::env::var_os("CARGO_HOME").map_or_else(|| Path::new(&home).join(".cargo"), PathBuf::from)
}

fn rustup_home() -> PathBuf {
    let home = std::env::var_os("HOME").unwrap_or_default();
    std::env::var_os("RUSTUP_HOME").map_or_else(|| Path::new(&home).join(".rustup"), PathBuf::from)
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Every file and folder below, with mode and size.
fn tree(folder: &Path) -> BTreeMap<PathBuf, (u32, u64)> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let metadata = entry.path().symlink_metadata().unwrap();
            let size = if metadata.is_dir() { 0 } else { metadata.len() };
            found.insert(entry.path(), (metadata.permissions().mode() & 0o7777, size));
            if metadata.is_dir() {
                open.push(entry.path());
            }
        }
    }
    found
}

#[test]
fn installs_twice_alike_and_uninstalls_to_nothing() {
    let machine = Machine::new();
    let before = tree(machine.dir.path());

    let first = machine.install(&[]).succeeded();
    let bin = machine.path("home/.local/bin/oc-guardian");
    let share = machine.path("home/.local/share");
    assert!(first.stderr.contains("is not in PATH"), "{}", first.stderr);
    let last = first.stdout.lines().last().unwrap();
    assert!(
        last.starts_with("Next: ") && last.ends_with("oc-guardian' init"),
        "{last}"
    );
    assert_eq!(bin.metadata().unwrap().permissions().mode() & 0o777, 0o755);
    for file in [
        "man/man1/oc-guardian.1",
        "man/man1/oc-guardian-key-show.1",
        "bash-completion/completions/oc-guardian",
        "zsh/site-functions/_oc-guardian",
        "fish/vendor_completions.d/oc-guardian.fish",
    ] {
        let metadata = share.join(file).metadata().unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, 0o644, "{file}");
    }
    if needs("MAN", "man", || starts("man", "--version")) {
        let page = run(Command::new("man")
            .arg("oc-guardian-key-show")
            .env("MANPATH", share.join("man"))
            .env("PAGER", "cat"));
        assert!(page.succeeded().stdout.contains("OC-GUARDIAN-KEY-SHOW(1)"));
    }

    let installed = tree(machine.dir.path());
    machine.install(&[]).succeeded();
    assert_eq!(tree(machine.dir.path()), installed);

    let rehearsal = machine.install(&["--uninstall", "--dry-run"]).succeeded();
    assert!(rehearsal.stdout.contains("would run: rm"), "{}", rehearsal.stdout);
    assert_eq!(tree(machine.dir.path()), installed);

    fs::create_dir_all(machine.path("home/.config/oc-guardian")).unwrap();
    let gone = machine.install(&["--uninstall"]).succeeded();
    assert!(
        gone.stdout.contains("home/.config/oc-guardian\n"),
        "{}",
        gone.stdout
    );
    assert!(gone.stdout.contains("24-word backup"), "{}", gone.stdout);
    fs::remove_dir_all(machine.path("home/.config")).unwrap();
    assert_eq!(tree(machine.dir.path()), before);
}

#[test]
fn a_dry_run_changes_nothing() {
    let machine = Machine::new();
    let ran = machine.install(&["--dry-run", "--prefix", "opt"]).succeeded();
    assert!(
        ran.stdout
            .contains("would run: cargo build --locked --profile dev"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("would install (755):"), "{}", ran.stdout);
    assert!(ran.stdout.ends_with("Nothing was changed.\n"), "{}", ran.stdout);
    assert!(!exists(&machine.path("opt")));
}

#[test]
fn a_running_program_and_other_peoples_files_survive() {
    let machine = Machine::new();
    let prefix = machine.path("opt");
    fs::create_dir_all(prefix.join("bin")).unwrap();
    fs::write(prefix.join("bin/other"), "not ours").unwrap();
    fs::copy("/bin/sleep", prefix.join("bin/oc-guardian")).unwrap();
    let mut running = Command::new(prefix.join("bin/oc-guardian"))
        .arg("600")
        .spawn()
        .unwrap();

    let ran = machine.install(&["--prefix", "opt"]);
    let survived = running.try_wait().unwrap().is_none();
    running.kill().unwrap();
    running.wait().unwrap();
    ran.succeeded();
    assert!(survived);

    machine.install(&["--uninstall", "--prefix", "opt"]).succeeded();
    let left: Vec<PathBuf> = tree(&prefix).into_keys().collect();
    assert_eq!(left, [prefix.join("bin"), prefix.join("bin/other")]);
}

#[test]
fn an_update_removes_what_the_new_version_no_longer_has() {
    let machine = Machine::new();
    machine.install(&["--prefix", "opt"]).succeeded();
    let manifest = machine.path("opt/share/doc/oc-guardian/install-manifest");
    let page = machine.path("opt/share/man/man1/oc-guardian-old.1");
    fs::write(&page, "").unwrap();
    let listed = fs::read_to_string(&manifest).unwrap();
    fs::write(
        &manifest,
        format!("{listed}file share/man/man1/oc-guardian-old.1\n"),
    )
    .unwrap();
    machine.install(&["--prefix", "opt"]).succeeded();
    assert!(!exists(&page));
    assert_eq!(fs::read_to_string(&manifest).unwrap(), listed);
}

#[test]
fn a_manifest_that_leads_elsewhere_is_refused() {
    for line in [
        "file ../precious",
        "file /etc/passwd",
        "rm -rf x",
        "dir share/../..",
    ] {
        let machine = Machine::new();
        fs::create_dir_all(machine.path("opt/share/doc/oc-guardian")).unwrap();
        fs::write(machine.path("precious"), "").unwrap();
        fs::write(
            machine.path("opt/share/doc/oc-guardian/install-manifest"),
            format!("{line}\n"),
        )
        .unwrap();
        machine
            .install(&["--uninstall", "--prefix", "opt"])
            .failed(1, &["is not a manifest that install.sh wrote"]);
        assert!(exists(&machine.path("precious")));
    }
}

#[test]
fn uninstalling_what_is_not_there_names_the_prefix() {
    Machine::new()
        .install(&["--uninstall"])
        .failed(1, &["is not installed below", "home/.local", "--prefix DIR"]);
}

#[test]
fn wrong_arguments_exit_2() {
    let machine = Machine::new();
    machine
        .install(&["--frobnicate"])
        .failed(2, &["unknown argument: --frobnicate", "--help"]);
    machine
        .install(&["--prefix"])
        .failed(2, &["--prefix needs a value"]);
    machine
        .install(&["--prefix", ""])
        .failed(2, &["value of --prefix is empty"]);
}

#[test]
fn help_goes_to_stdout() {
    let ran = Machine::new().install(&["--help"]).succeeded();
    assert!(ran.stdout.contains("--no-prerequisites") && ran.stderr.is_empty());
}

#[test]
fn without_home_a_prefix_is_needed() {
    let machine = Machine::new();
    run(machine.command(&["--dry-run"]).env_remove("HOME")).failed(1, &["HOME is not set", "--prefix DIR"]);
}

#[test]
fn a_prefix_that_cannot_be_a_folder_is_refused_before_building() {
    let machine = Machine::new();
    fs::write(machine.path("file"), "").unwrap();
    let ran = machine.install(&["--prefix", "file/below"]);
    ran.failed(
        1,
        &["cannot install below", "file is not a folder", "--prefix DIR"],
    );
    assert!(!ran.stdout.contains("Building"));
}

#[test]
fn a_prefix_without_permission_is_refused_before_building() {
    let machine = Machine::new();
    fs::create_dir(machine.path("closed")).unwrap();
    fs::set_permissions(machine.path("closed"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(machine.path("closed/probe"), "").is_ok() {
        // Root may write everywhere; only a file system can say no.
        machine
            .install(&["--prefix", "/proc/opt"])
            .failed(1, &["cannot make the folder /proc/opt", "--prefix DIR"]);
        return;
    }
    let ran = machine.install(&["--prefix", "closed/below"]);
    ran.failed(1, &["no permission to write to", "closed", "--prefix DIR"]);
    assert!(!ran.stdout.contains("Building"));
}

#[test]
fn without_rust_it_says_where_to_get_it() {
    let machine = Machine::new();
    let path = machine.only(&[]);
    run(machine
        .command(&["--dry-run"])
        .env("PATH", path)
        .env("CARGO_HOME", machine.path("none")))
    .failed(1, &["cargo is not in PATH", "https://rustup.rs"]);
}

#[test]
fn an_old_rust_is_named() {
    let machine = Machine::new();
    let path = machine.only(&[("cargo", "echo cargo 1.63.0")]);
    run(machine.command(&["--dry-run"]).env("PATH", path)).failed(
        1,
        &["cargo is 1.63, and oc-guardian needs Rust 1.", "rustup update"],
    );
}

#[test]
fn a_missing_compiler_is_announced_and_installed_with_apt() {
    let machine = Machine::new();
    let path = machine.only(&[
        ("cargo", "echo cargo 99.0.0"),
        ("apt-get", "exit 1"),
        ("sudo", "exit 1"),
    ]);
    let ran = run(machine.command(&["--dry-run"]).env("PATH", &path)).succeeded();
    assert!(ran.stdout.contains("A C compiler is missing"), "{}", ran.stdout);
    assert!(
        ran.stdout
            .contains("apt-get install --yes --no-install-recommends gcc libc6-dev\n"),
        "{}",
        ran.stdout
    );
    run(machine.command(&[]).env("PATH", &path)).failed(1, &["apt-get could not install gcc libc6-dev"]);
    run(machine.command(&["--no-prerequisites"]).env("PATH", &path))
        .failed(1, &["no working C compiler", "apt-get install gcc libc6-dev"]);
}
