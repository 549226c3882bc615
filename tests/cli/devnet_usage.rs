//! What `devnet` refuses before it starts anything.

use snapbox::str;

use crate::support::Home;
use crate::support::devnet::folders;

#[test]
fn what_cannot_be_is_a_usage_error() {
    let home = Home::new();
    let place = home.path("").display().to_string();
    for (flags, says) in [
        (
            ["--guardians", "3"],
            "--guardians is 3, and a federation has 4 to 32",
        ),
        (
            ["--threshold", "2"],
            "--threshold is 2, and for 4 guardians it must be from 3 to 4",
        ),
        (
            ["--attest-interval", "500ms"],
            "--attest-interval is 500ms, and must be from 1s to 1h",
        ),
        (["--stale-after", "19s"], "at least twice --attest-interval (10s)"),
        (
            ["--image-digest", "sha256:ab"],
            "--image-digest is not sha256: and 64 digits 0-9 a-f",
        ),
        (["--port", "0"], "'--port <PORT>'"),
    ] {
        let mut arguments = vec!["devnet", "--json", "--home", &place];
        arguments.extend(flags);
        let failed = home.run(&arguments).exits(2).json();
        let detail = failed["detail"].as_str().unwrap();
        assert!(detail.contains(says), "{detail}");
    }
    assert_eq!(folders(&home.path("")), [""; 0]);
}

#[test]
fn a_port_that_is_taken() {
    let home = Home::new();
    let place = home.path("").display().to_string();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    home.run(&["devnet", "--home", &place, "--port", &port])
        .replacing(&port, "[PORT]")
        .is(str![[r#"
$ oc-guardian devnet --home [DIR]/ --port [PORT]
--- stderr
error: port [PORT] cannot be had on 127.0.0.1: Address already in use (os error 98)
hint: Choose another with --port, or leave it out to take a free one.
--- exit 1

"#]]);
    assert_eq!(folders(&home.path("")), [""; 0]);
}

#[test]
fn a_folder_that_is_too_deep_or_not_there() {
    let home = Home::new();
    let deep = home.path(&"d".repeat(60));
    std::fs::create_dir(&deep).unwrap();
    let failed = home.run(&["devnet", "--json", "--home", &deep.display().to_string()]);
    assert_eq!(failed.exits(1).json()["reason"], "path-too-long");
    let failed = home
        .run(&["devnet", "--json", "--home", "nowhere"])
        .exits(1)
        .json();
    assert!(failed["detail"].as_str().unwrap().contains("nowhere"), "{failed}");
}

#[test]
fn pins_are_digests() {
    let home = Home::new();
    let place = home.path("").display().to_string();
    home.run(&["devnet", "pin", "none", "--home", &place])
        .is(str![[r#"
$ oc-guardian devnet pin none --home [DIR]/
--- stderr
error: no devnet runs in [DIR]/
hint: Start one with oc-guardian devnet, or say with --home where it is.
--- exit 1

"#]]);
}

#[test]
fn only_a_devnet_starts_its_processes() {
    let home = Home::new();
    let failed = home.run(&["devnet", "child", "--parent", "1", "--json", "--", "status"]);
    assert_eq!(failed.exits(1).json()["reason"], "no-parent");
}
