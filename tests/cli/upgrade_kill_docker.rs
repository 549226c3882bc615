//! An upgrade that is killed right before each of its changes, and what the next command makes of it: exactly one guardian
//! serves, of one of the two releases, and nothing is left over.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::support::docker_image::can_docker;
use crate::support::in_docker::docker;
use crate::support::operated::{Operated, last};
use crate::support::release_image::ReleaseImage;

/// With `OC_GUARDIAN_UPGRADE_KILLS=all` every change with each way to recover; else each change with one of them.
fn ways(at: usize) -> Vec<Way> {
    let all = [Way::Upgrade, Way::Rollback, Way::Stop];
    match std::env::var("OC_GUARDIAN_UPGRADE_KILLS").as_deref() {
        Ok("all") => all.to_vec(),
        _ => vec![all[at % all.len()]],
    }
}

/// What the operator runs next.
#[derive(Clone, Copy, Debug)]
enum Way {
    Upgrade,
    Rollback,
    Stop,
}

struct Killed {
    /// Before which change.
    change: String,
    step: String,
    /// Whether it came to its end before.
    ended: bool,
}

/// Upgrades, and sends SIGKILL as soon as the change of this number is announced.
fn kill_at(it: &Operated, image: &str, number: usize) -> Killed {
    let arguments = ["upgrade", "--yes", "--settle", "1s", "--image", image];
    let mut child = it
        .command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut seen, mut step) = (0, String::new());
    let mut killed = Killed {
        change: "-".into(),
        step: "-".into(),
        ended: true,
    };
    for line in lines.map_while(Result::ok) {
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["event"] == "step" && event["state"] == "started" {
            event["step"].as_str().unwrap().clone_into(&mut step);
        }
        if event["event"] == "change" {
            if seen == number {
                child.kill().unwrap();
                killed = Killed {
                    change: event["change"].as_str().unwrap().to_owned(),
                    step: step.clone(),
                    ended: false,
                };
                break;
            }
            seen += 1;
        }
    }
    child.wait().unwrap();
    killed
}

fn recover(it: &Operated, way: Way, image: &str) -> String {
    let arguments: &[&str] = match way {
        Way::Upgrade => &["upgrade", "--yes", "--settle", "1s", "--image", image],
        Way::Rollback => &["rollback", "--yes", "--settle", "1s"],
        Way::Stop => &["stop"],
    };
    let output = it.command(arguments).output().unwrap();
    let answer = last(&output);
    let code = output.status.code();
    // Where the upgrade was undone there is nothing to roll back to.
    assert!(
        code == Some(0) || answer["reason"] == "nothing-to-roll-back-to",
        "{way:?}: {answer}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    format!("{way:?}: {}", code.unwrap_or(-1))
}

/// Exactly one serves, of one of these, and nothing is left of what was interrupted.
#[track_caller]
fn check(it: &Operated, releases: [&ReleaseImage; 2], context: &str) -> String {
    let health = it.health();
    assert_eq!(health["state"], "active", "{context}: {health}");
    let names = it.names();
    assert!(
        names
            .iter()
            .all(|name| ["", "-prev", "-undone"].contains(&name.as_str())),
        "{context}: {names:?}"
    );
    let filter = format!("name=^/{}", it.name);
    let running = docker(&["ps", "-q", "--no-trunc", "--filter", &filter]);
    assert_eq!(running, it.id(), "{context}: exactly one runs");
    let image = docker(&["inspect", "-f", "{{.Image}}", &it.name]);
    assert!(
        releases.iter().any(|release| release.config.to_string() == image),
        "{context}: {image} is none of the two"
    );
    let networks = docker(&[
        "network",
        "ls",
        "-q",
        "--filter",
        &format!("name=^{}-stage$", it.name),
    ]);
    assert_eq!(networks, "", "{context}: the stage network is left");
    let journal = it.home.path(&format!("home/state/upgrade-{}.json", it.name));
    assert!(!journal.exists(), "{context}: the journal is left");
    let policy = docker(&["inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", &it.name]);
    assert_eq!(policy, "unless-stopped", "{context}");
    health["version"].as_str().unwrap().to_owned()
}

#[test]
fn killed_before_each_change_exactly_one_serves_afterwards_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::new();
    let (first, second) = (it.release("0.2.0"), it.release("0.3.0"));
    println!(
        "{:>3}  {:18} {:34} {:14} serves",
        "n", "step", "killed before", "then"
    );
    for number in 0.. {
        let mut ended = false;
        for way in ways(number) {
            it.ok(&["run", "--settle", "0s", "--image", &first.reference]);
            let killed = kill_at(&it, &second.reference, number);
            let context = format!(
                "killed before change {number} ({}, {}), then {way:?}",
                killed.step, killed.change
            );
            ended = killed.ended;
            let then = if ended {
                "-".into()
            } else {
                recover(&it, way, &second.reference)
            };
            if matches!(way, Way::Stop) && !ended {
                let serving = docker(&["inspect", "-f", "{{.Image}}", &it.name]);
                let image = if serving == first.config.to_string() {
                    &first
                } else {
                    &second
                };
                it.ok(&["run", "--image", &image.reference, "--allow-downgrade"]);
            }
            let serves = check(&it, [&first, &second], &context);
            println!(
                "{number:>3}  {:18} {:34} {then:14} {serves}",
                killed.step, killed.change
            );
            it.ok(&["uninstall", "--yes", "--volumes"]);
            // Else the first one would be a downgrade the next time.
            std::fs::remove_file(it.home.path("home/state/verified.json")).unwrap();
        }
        if ended {
            break;
        }
    }
}
