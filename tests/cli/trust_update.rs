//! `trust update` against a repository that the test signs.

use std::fs;
use std::thread;

use oc_guardian::store::Lock;
use serde_json::{Value, json};

use super::trust_scene::{Setup, root};
use crate::support::Home;
use crate::support::registry::Registry;
use crate::support::tuf::TARGET;

#[test]
fn the_root_of_a_private_sigstore_is_fetched_and_told_about() {
    let setup = Setup::new();
    let told = setup.updated();
    assert_eq!(
        told["tuf"],
        json!({"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1})
    );
    assert_eq!(told["previous_tuf"], Value::Null);
    assert_eq!(told["changed"], true);
    assert_eq!(told["added"][0]["name"], "https://log.example/1");
    // The file is what others are pointed at, and is what was published.
    let file = format!("{}/{TARGET}", setup.folder());
    assert_eq!(setup.home.read(&file), setup.tuf.target);
    assert_eq!(setup.home.mode(&file), 0o644);
    assert_eq!(setup.home.mode(&format!("{}/state.json", setup.folder())), 0o600);
    let shown = setup
        .home
        .run(&["trust", "show", "--json", "--trusted-root", &file]);
    assert_eq!(shown.code, Some(0), "{}", shown.text);
    assert!(
        shown.stdout.contains(told["digest"].as_str().unwrap()),
        "{}",
        shown.text
    );
    // Nothing of it is used where no root is named.
    let shown = setup.home.run(&["trust", "show", "--json"]);
    assert!(shown.stdout.contains(r#""origin":"embedded""#), "{}", shown.text);
}

#[test]
fn an_update_says_what_changed() {
    let mut setup = Setup::new();
    setup.updated();
    assert_eq!(setup.updated()["changed"], false);
    setup.tuf.publish_next(&root("https://log.example/2"));
    let told = setup.updated();
    assert_eq!(told["previous_tuf"]["targets"], 1);
    assert_eq!(told["tuf"]["targets"], 2);
    assert_eq!(told["added"][0]["name"], "https://log.example/2");
    assert_eq!(told["removed"][0]["name"], "https://log.example/1");
    let url = setup.tuf.url();
    let run = setup
        .home
        .run(&["trust", "update", "--mirror", &url, "--root", "root.json"]);
    assert!(
        run.stdout.starts_with("The trust root is up to date."),
        "{}",
        run.text
    );
    assert!(
        run.stdout.contains("It trusts what the one before trusted."),
        "{}",
        run.text
    );
    assert!(run.stderr.contains("Fetching the trust root"), "{}", run.text);
}

#[test]
fn a_floor_that_cannot_be_read_is_not_taken_for_none() {
    let setup = Setup::new();
    setup.updated();
    let cached = format!("{}/tuf/timestamp.json", setup.folder());
    fs::remove_file(setup.home.path(&cached)).unwrap();
    fs::create_dir(setup.home.path(&cached)).unwrap();
    setup.refused("a folder in the cache", "not-a-file", 1);
    fs::remove_dir(setup.home.path(&cached)).unwrap();
    setup.updated();
    let state = format!("{}/state.json", setup.folder());
    setup.home.write(&state, "{}");
    setup.refused("a damaged state", "trust-state-damaged", 1);
}

#[test]
fn two_updates_do_not_mix() {
    let setup = Setup::new();
    setup.updated();
    let lock = Lock::acquire(&setup.home.path(&format!("{}/lock", setup.folder()))).unwrap();
    setup.refused("locked", "update-running", 1);
    drop(lock);
    // At once: each either does it or says that another one does.
    thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| setup.update())).collect();
        let mut done = 0;
        for run in runs {
            let run = run.join().unwrap();
            match run.code {
                Some(0) => done += 1,
                _ => assert!(run.stdout.contains("update-running"), "{}", run.text),
            }
        }
        assert!(done > 0);
    });
    setup.updated();
}

#[test]
fn a_proxy_is_not_asked_for_what_is_on_this_machine() {
    let setup = Setup::new();
    let proxy = Registry::start();
    let url = setup.tuf.url();
    let arguments = ["trust", "update", "--mirror", &url, "--root", "root.json"];
    let mut command = setup.home.command(&arguments);
    for variable in [
        "ALL_PROXY",
        "all_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "HTTPS_PROXY",
        "https_proxy",
    ] {
        command.env(variable, proxy.url(""));
    }
    assert!(command.output().unwrap().status.success());
    assert!(proxy.requests().is_empty());
}

#[test]
fn the_public_sigstore_is_not_somebody_elses() {
    let setup = Setup::new();
    let url = setup.tuf.url();
    let run = setup.home.run(&["trust", "update", "--json", "--mirror", &url]);
    assert_eq!(run.code, Some(3), "{}", run.text);
    assert!(run.stdout.contains("tuf-signature-invalid"), "{}", run.text);
    // It is asked for the root after the built-in one, and for nothing before its own metadata are there.
    assert_eq!(
        setup.tuf.server.paths(),
        ["/tuf/17.root.json", "/tuf/timestamp.json"]
    );
    let shown = setup.home.run(&["trust", "show", "--json"]);
    assert!(shown.stdout.contains(r#""origin":"embedded""#), "{}", shown.text);
}

#[test]
fn a_bootstrap_must_vouch_for_itself() {
    let setup = Setup::new();
    let url = setup.tuf.url();
    let forged = setup.tuf.publish_root(&[2]);
    for (case, bytes) in [
        ("forged", forged),
        ("a trust root", root("x")),
        ("empty", Vec::new()),
    ] {
        setup.home.write("root.json", &bytes);
        let run = setup.home.run(&[
            "trust",
            "update",
            "--json",
            "--mirror",
            &url,
            "--root",
            "root.json",
        ]);
        assert_eq!(run.code, Some(1), "{case}: {}", run.text);
        assert!(run.stdout.contains("tuf-root-invalid"), "{case}: {}", run.text);
    }
    setup.home.write("root.json", vec![b' '; 600_000]);
    let run = setup.update();
    assert!(run.stdout.contains("trust-root-unreadable"), "{}", run.text);
    assert!(setup.tuf.server.paths().is_empty());
}

#[test]
fn mirrors_are_https_or_on_this_machine() {
    let home = Home::new();
    for url in [
        "http://tuf.example",
        "tuf.example",
        "https://user:word@tuf.example",
        "ftp://127.0.0.1",
    ] {
        let run = home.run(&["trust", "update", "--json", "--mirror", url]);
        assert_eq!(run.code, Some(2), "{}", run.text);
        assert!(run.stdout.contains(r#""reason":"usage""#), "{}", run.text);
    }
    let run = home.run(&["trust", "update", "--root", "root.json"]);
    assert_eq!(run.code, Some(2), "{}", run.text);
}
