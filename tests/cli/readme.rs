//! The README's transcript, replayed in a fresh copy of the source: what a newcomer is told to type works and prints that.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

const README: &str = include_str!("../../README.md");

/// The fenced block after `<!-- marker -->`.
fn block(marker: &str) -> &'static str {
    let (_, after) = README.split_once(&format!("<!-- {marker} -->")).unwrap();
    let (_, inside) = after.split_once("```").unwrap();
    let (inside, _) = inside.split_once("```").unwrap();
    inside.split_once('\n').unwrap().1
}

/// Ids, keys and times are new in every run.
fn normalise(text: &str, dir: &Path) -> String {
    let text = crate::support::replace_times(&text.replace(&dir.display().to_string(), "/home/you"));
    let mut result = String::new();
    let mut hex = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_digit() || ('a'..='f').contains(&letter) {
            hex.push(letter);
            continue;
        }
        result += if hex.len() >= 32 { "[HEX]" } else { &hex };
        hex.clear();
        result.push(letter);
    }
    result.pop();
    result
}

#[test]
fn readme_transcript_replays_in_a_fresh_copy() {
    let dir = TempDir::new().unwrap();
    let source = dir.path().join("oc-guardian-kit");
    copy_source(&source);
    let transcript = block("transcript");
    let mut script = String::from("cd \"$HOME/oc-guardian-kit\"\n");
    for command in transcript.lines().filter_map(|line| line.strip_prefix("$ ")) {
        // `%s` keeps the command's own quotes; a failing command ends the script and shows in the comparison.
        script += &format!(
            "printf '%s\\n' '$ {}'\n{command} || exit\n",
            command.replace('\'', r"'\''")
        );
    }
    let target = Path::new(env!("CARGO_BIN_EXE_oc-guardian"))
        .ancestors()
        .nth(2)
        .unwrap();
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).stdin(Stdio::null());
    // Its release profile is apart from the binary that the other tests run.
    shell.env("HOME", dir.path()).env("CARGO_TARGET_DIR", target);
    shell
        .env_remove("OC_GUARDIAN_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_DATA_HOME");
    shell
        .env_remove("XDG_STATE_HOME")
        .env_remove("XDG_RUNTIME_DIR")
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock");
    for (variable, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
        if std::env::var_os(variable).is_none() {
            shell.env(variable, std::env::home_dir().unwrap().join(folder));
        }
    }
    let output = shell.output().unwrap();
    let printed = normalise(&String::from_utf8_lossy(&output.stdout), dir.path());
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        printed,
        normalise(transcript, dir.path()),
        "standard error was:\n{stderr}"
    );
}

/// What a clone would have, and what is not committed yet.
fn copy_source(to: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(listed.status.success(), "this test needs a git checkout");
    for name in String::from_utf8(listed.stdout)
        .unwrap()
        .split('\0')
        .filter(|name| !name.is_empty())
    {
        let target = to.join(name);
        fs::create_dir_all(target.parent().unwrap()).unwrap();
        // A file may be deleted and not yet committed as such.
        if root.join(name).is_file() {
            fs::copy(root.join(name), target).unwrap();
        }
    }
}

#[test]
fn readme_names_every_command() {
    for verb in oc_guardian::cli::command().get_subcommands() {
        assert!(
            README.contains(&format!("`{}", verb.get_name())),
            "{} is not in the README",
            verb.get_name()
        );
    }
}
