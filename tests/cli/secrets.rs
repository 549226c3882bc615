//! No secret in anything that the program prints or writes, but where it was told to put it; and none in a core dump.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Home, IDENTITY, KEY_FILE, PASSPHRASE, Transcript, decrypted, needs, starts};

const NEW: &str = "battery horse correct";

/// What a whole life of a key prints, in text and JSON, with everything that goes wrong on the way.
fn life(home: &Home) -> Vec<Transcript> {
    home.write("pass.txt", PASSPHRASE);
    home.write("new.txt", NEW);
    let mut runs = Vec::new();
    let mut run = |line: &str| {
        let arguments: Vec<&str> = line.split(' ').collect();
        runs.push(home.run(&arguments));
        runs.push(home.run(&[&arguments[..], &["--json"]].concat()));
    };
    run("init --passphrase-file pass.txt --words-file words.txt --yes -v");
    let id = home.run(&["key", "show", "--json"]).json()["operator_id"]
        .as_str()
        .unwrap()
        .to_owned();
    run("key show -v");
    run("key verify-backup --from words.txt -v");
    run("key verify-backup --from pass.txt -v");
    run("key change-passphrase --passphrase-file new.txt --new-passphrase-file new.txt -v");
    run("key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt -v");
    run(&format!(
        "key export --confirm {id} --passphrase-file new.txt --out key.hex -v"
    ));
    run("key migrate --to keychain --passphrase-file new.txt -v");
    run("init --import-hex --scheme bip340 --from words.txt --yes --passphrase-file pass.txt");
    fs::rename(home.path(IDENTITY), home.path("operator.json")).unwrap();
    fs::rename(home.path("home/data/keys"), home.path("keys")).unwrap();
    // The words and the digits where they do not belong.
    run("init --import-hex --scheme bip340 --from words.txt --yes --passphrase-file pass.txt");
    run("init --restore --scheme bip340 --from key.hex --yes --passphrase-file pass.txt");
    run("init --restore --scheme bip340 --from words.txt --yes --passphrase-file words.txt -v");
    runs
}

#[test]
fn none_in_anything_printed_or_written() {
    let home = Home::new();
    let runs = life(&home);
    let hex = home.text("key.hex").trim().to_owned();
    let words = home.text("words.txt").trim().to_owned();
    let upper = hex.to_uppercase();
    let base64ish: String = words.split(' ').take(3).collect::<Vec<_>>().join(" ");
    let secrets = [
        hex.as_str(),
        &upper,
        &hex[..32],
        &hex[32..],
        &words,
        &base64ish,
        PASSPHRASE,
        NEW,
    ];
    for run in &runs {
        for secret in secrets {
            assert!(!run.text.contains(secret), "{}", run.text);
        }
    }
    let given = ["pass.txt", "new.txt", "words.txt", "key.hex"];
    let mut looked_at = 0;
    for name in home.tree() {
        if name.ends_with('/') || given.contains(&name.as_str()) {
            continue;
        }
        looked_at += 1;
        let content = home.read(&name);
        let content = String::from_utf8_lossy(&content);
        for secret in secrets {
            assert!(!content.contains(secret), "{name}");
        }
    }
    assert!(looked_at >= 3, "{:?}", home.tree());
    println!("{} runs and {looked_at} files hold no secret", runs.len());
}

#[test]
fn a_wrong_passphrase_is_not_repeated() {
    let home = Home::with_identity();
    home.write("wrong.txt", "a passphrase of something else");
    let run = home
        .run(&["key", "change-passphrase", "--passphrase-file", "wrong.txt", "-v"])
        .exits(1);
    assert!(!run.text.contains("something else"), "{}", run.text);
    assert!(decrypted(&home.read(KEY_FILE), PASSPHRASE).is_some());
}

#[test]
fn a_waiting_process_leaves_no_core_and_lets_nobody_look_needs_setpriv() {
    if !needs("SETPRIV", "setpriv as root", || {
        starts("setpriv", "--version") && rustix::process::geteuid().is_root()
    }) {
        return;
    }
    // As another user: root owns the files in its own /proc folders anyway.
    const USER: u32 = 54321;
    let home = Home::with_identity();
    let program = home.path("oc-guardian");
    fs::copy(env!("CARGO_BIN_EXE_oc-guardian"), &program).unwrap();
    let chown = Command::new("chown")
        .args(["-R", &USER.to_string()])
        .arg(home.path(""))
        .status()
        .unwrap();
    assert!(chown.success());
    let mut child = Command::new("setpriv")
        .args(["--reuid", &USER.to_string(), "--clear-groups"])
        .arg(&program)
        .args(["key", "change-passphrase", "--passphrase-file", "-"])
        .env_clear()
        .env("OC_GUARDIAN_HOME", home.path("home"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pid = child.id();
    let lock = home.path("home/config/operator.lock");
    while fs::read_to_string(&lock).unwrap_or_default() != format!("{pid}\n") {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::sleep(Duration::from_millis(5));
    }
    let limits = fs::read_to_string(format!("/proc/{pid}/limits")).unwrap();
    let core: Vec<&str> = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap()
        .split_whitespace()
        .collect();
    let memory = format!("/proc/{pid}/mem");
    let owner = fs::metadata(&memory).unwrap().uid();
    let peek = Command::new("setpriv")
        .args([
            "--reuid",
            &USER.to_string(),
            "--clear-groups",
            "cat",
            &format!("/proc/{pid}/environ"),
        ])
        .output()
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(core[4..6], ["0", "0"], "{limits}");
    assert_eq!(owner, 0, "the process is dumpable: its user owns {memory}");
    assert!(!peek.status.success(), "the same user may look into the process");
}
