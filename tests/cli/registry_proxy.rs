//! A proxy in the environment: named where it is what fails, and said where it cannot be used.

use std::net::TcpListener;

use crate::support::{Home, Transcript};

fn verify(variable: &str, value: &str) -> Transcript {
    let home = Home::new();
    let arguments = ["verify", "registry.invalid/a/b:v1", "--json"];
    let mut command = home.command(&arguments);
    command.env(variable, value);
    home.transcript(&arguments, &command.output().unwrap())
}

/// A port on which nothing listens.
fn closed() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

#[test]
fn a_proxy_that_does_not_answer_is_named_without_its_password() {
    let port = closed();
    let run = verify("HTTPS_PROXY", &format!("http://user:pass-word@127.0.0.1:{port}")).exits(1);
    let document = run.json();
    assert_eq!(document["reason"], "registry-unreachable", "{}", run.text);
    let detail = document["detail"].as_str().unwrap();
    assert!(
        detail.contains(&format!("asked through the proxy 127.0.0.1:{port}")),
        "{detail}"
    );
    let hint = document["hint"].as_str().unwrap();
    assert!(
        hint.contains(&format!(
            "the proxy 127.0.0.1:{port} answers and lets registry.invalid through"
        )),
        "{hint}"
    );
    assert!(!run.text.contains("pass-word"), "{}", run.text);
}

#[test]
fn a_proxy_that_cannot_be_used_is_said() {
    let run = verify("HTTPS_PROXY", "gopher://user:pass-word@proxy.example").exits(1);
    assert!(
        run.stderr
            .contains("warning: HTTPS_PROXY is no proxy that can be used"),
        "{}",
        run.text
    );
    assert!(!run.text.contains("pass-word"), "{}", run.text);
    let unset = verify("HTTPS_PROXY", "");
    assert!(!unset.stderr.contains("no proxy"), "{}", unset.text);
}
