//! The completions and manual pages in the repository are those of the command tree.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::support::{Home, needs, starts};

const MEND: &str = "Regenerate them:
  rm -f completions/* man/*
  cargo run --locked -- man --out-dir man && for shell in bash zsh fish; do cargo run --locked -- completions $shell --out-dir completions; done";

fn files(folder: &Path) -> BTreeMap<String, String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect()
}

#[track_caller]
fn assert_current(folder: &str, generated: &Path) {
    let committed = files(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let generated = files(generated);
    let stale: Vec<&String> = committed
        .keys()
        .chain(generated.keys())
        .filter(|name| committed.get(*name) != generated.get(*name))
        .collect();
    assert!(
        stale.is_empty(),
        "not as the command tree says in {folder}/: {stale:?}\n{MEND}"
    );
}

fn repository(path: &str) -> String {
    format!("{}/{path}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn committed_completions_are_current() {
    let home = Home::new();
    fs::create_dir(home.path("completions")).unwrap();
    for shell in ["bash", "zsh", "fish"] {
        let run = home.run(&["completions", shell, "--out-dir", "completions"]);
        assert_eq!(run.code, Some(0), "{}", run.text);
    }
    assert_current("completions", &home.path("completions"));
}

#[test]
fn committed_manual_pages_are_current() {
    let home = Home::new();
    fs::create_dir(home.path("man")).unwrap();
    let run = home.run(&["man", "--out-dir", "man"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    assert_current("man", &home.path("man"));
}

/// What a shell prints, which must be without complaint.
#[track_caller]
fn shell(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && stderr.is_empty(),
        "{program}: {stderr}"
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn bash_completes_commands_and_options() {
    if !needs("SHELLS", "bash", || starts("bash", "--version")) {
        return;
    }
    let complete = |words: &str| {
        let script = format!(
            "source '{}'\nCOMP_WORDS=({words})\nCOMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))\n\
             _oc__guardian oc-guardian \"${{COMP_WORDS[-1]}}\" \"${{COMP_WORDS[-2]}}\"\necho \"${{COMPREPLY[@]}}\"",
            repository("completions/oc-guardian.bash")
        );
        shell("bash", &["--norc", "-c", &script])
    };
    assert!(complete("oc-guardian ''").contains(" init key "));
    assert!(complete("oc-guardian key ''").contains(" show verify-backup "));
    assert_eq!(complete("oc-guardian init --keystore ''"), "keychain file\n");
}

#[test]
fn zsh_and_fish_accept_their_completions() {
    if needs("SHELLS", "zsh", || starts("zsh", "--version")) {
        shell("zsh", &["-n", &repository("completions/_oc-guardian")]);
    }
    if needs("SHELLS", "fish", || starts("fish", "--version")) {
        let script = repository("completions/oc-guardian.fish");
        let found = shell(
            "fish",
            &[
                "--no-config",
                "-c",
                &format!("source '{script}'; complete -C 'oc-guardian key sh'"),
            ],
        );
        assert!(found.starts_with("show\t"), "{found}");
    }
}

#[test]
fn manual_pages_are_clean() {
    if !needs("MANDOC", "mandoc", || starts("mandoc", "-h")) {
        return;
    }
    for name in files(Path::new(&repository("man"))).into_keys() {
        let page = repository(&format!("man/{name}"));
        let output = Command::new("mandoc")
            .args(["-T", "lint", "-W", "warning", &page])
            .output()
            .unwrap();
        let complaints: Vec<String> = String::from_utf8_lossy(&output.stdout)
            .lines()
            // Pages have no date, so that the same tree always gives the same page.
            .filter(|line| !line.contains("missing date"))
            .map(str::to_owned)
            .collect();
        assert!(complaints.is_empty(), "{complaints:#?}");
    }
}

#[test]
fn manual_pages_say_nothing_of_what_is_hidden() {
    let pages = files(Path::new(&repository("man")));
    let is_named = |name: &str, text: &str| pages[name].contains(text);
    assert!(is_named("oc-guardian-guardian.1", r"attest\-interval"));
    assert!(!is_named("oc-guardian-guardian.1", r"\-\-delegation"));
    assert!(is_named("oc-guardian-devnet.1", r"devnet\-pin"));
    assert!(!is_named("oc-guardian-devnet.1", r"devnet\-child"));
}
