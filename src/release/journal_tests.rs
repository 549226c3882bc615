use std::time::SystemTime;

use super::*;
use crate::image::Digest;

fn journal() -> Journal {
    let begin = Begin {
        operation: Operation::Upgrade,
        strategy: Strategy::Handover,
        container: CONTAINER.into(),
        engine: "unix:///var/run/docker.sock".into(),
        network: NETWORK.into(),
        old: Some(Old {
            id: "0a".repeat(32),
            restart: "unless-stopped".into(),
            was_running: true,
        }),
        new: None,
        image: Image {
            name: "ghcr.io/orangecheck/oc-guardian".into(),
            digest: Digest::of(b"image"),
            version: Some("v0.2.0".parse().unwrap()),
        },
        settle: 60,
    };
    Journal::new("00112233aabbccdd".into(), begin, SystemTime::UNIX_EPOCH)
}

#[test]
fn what_is_saved_is_loaded_until_it_is_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let place = Place::new(&state, CONTAINER);
    assert_eq!(place.load().unwrap(), None);
    let mut journal = journal();
    place.save(&journal).unwrap();
    assert_eq!(place.load().unwrap().as_ref(), Some(&journal));
    journal.step = Step::Settle;
    journal.new = Some("0b".repeat(32));
    place.save(&journal).unwrap();
    assert_eq!(place.load().unwrap().as_ref(), Some(&journal));
    assert!(Place::new(&state, "another").load().unwrap().is_none());
    // Undone: nothing of it is kept.
    place.forget(&journal).unwrap();
    assert_eq!((place.load().unwrap(), place.last().unwrap()), (None, None));
    place.forget(&journal).unwrap();
    // Done: it says what may be gone back to.
    journal.step = Step::Commit;
    place.save(&journal).unwrap();
    place.forget(&journal).unwrap();
    assert_eq!(
        (place.load().unwrap(), place.last().unwrap()),
        (None, Some(journal))
    );
    place.forget_all().unwrap();
    assert_eq!(place.last().unwrap(), None);
}

#[test]
fn the_file_is_frozen() {
    let text = serde_json::to_string(&journal()).unwrap();
    let frozen = format!(
        r#"{{"version":1,"transaction":"00112233aabbccdd","operation":"upgrade","strategy":"handover","step":"create","container":"oc-guardian","engine":"unix:///var/run/docker.sock","network":"bridge","old":{{"id":"{}","restart":"unless-stopped","was_running":true}},"new":null,"image":{{"name":"ghcr.io/orangecheck/oc-guardian","digest":"{}","version":"v0.2.0"}},"started_at":"1970-01-01T00:00:00Z","settle":60}}"#,
        "0a".repeat(32),
        Digest::of(b"image")
    );
    assert_eq!(text, frozen);
}

#[test]
fn a_damaged_journal_is_never_taken_for_none() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("state");
    let place = Place::new(&state, CONTAINER);
    place.save(&journal()).unwrap();
    let good = std::fs::read_to_string(place.path()).unwrap();
    let id = "0a".repeat(32);
    for (what, bad) in [
        ("empty", String::new()),
        ("cut", good[..good.len() / 2].to_owned()),
        ("version", good.replace("\"version\": 1,", "\"version\": 2,")),
        (
            "transaction",
            good.replace("00112233aabbccdd", "../../etc/passwd"),
        ),
        ("id", good.replace(&id, "oc-guardian")),
        ("policy", good.replace("unless-stopped", "sometimes")),
        (
            "container",
            good.replace("\"oc-guardian\"", "\"-oc/../guardian\""),
        ),
        ("time", good.replace("1970-01-01T", "then ")),
        ("operation", good.replace("\"upgrade\"", "\"run\"")),
        ("step", good.replace("\"create\"", "\"hope\"")),
        (
            "unknown member",
            good.replace("\"settle\"", "\"force\": true, \"settle\""),
        ),
    ] {
        assert_ne!(bad, good, "{what}");
        std::fs::write(place.path(), bad).unwrap();
        assert!(
            matches!(place.load(), Err(JournalError::Damaged { .. })),
            "{what}"
        );
    }
}

#[test]
fn one_process_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::new(&folder.path().join("state"), CONTAINER);
    let lock = place.lock().unwrap();
    assert!(place.lock().is_err());
    drop(lock);
    place.lock().unwrap();
}

#[test]
fn restart_policies_have_the_names_that_docker_gives_them() {
    for name in ["no", "always", "unless-stopped", "on-failure", "on-failure:3"] {
        assert_eq!(restart_name(&restart_named(name).unwrap()), name);
    }
    assert_eq!(restart_named("sometimes"), None);
    assert_eq!(restart_named("on-failure:x"), None);
}
