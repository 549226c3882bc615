//! `docs/signing-api.md` says what happens: its commands are run with a real curl.

use std::process::Command;

use crate::support::signer::{OPEN_POLICY, POLICY, SigningServer};
use crate::support::{Home, needs, starts};

/// Commands with what must come out, in order.
fn examples(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    for block in page.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                found.push((command.to_owned(), String::new()));
            } else if let Some(more) = line.strip_prefix("> ") {
                let command = &mut found.last_mut().unwrap().0;
                *command += "\n";
                *command += more;
            } else {
                let expected = &mut found.last_mut().unwrap().1;
                if !expected.is_empty() {
                    *expected += "\n";
                }
                *expected += line;
            }
        }
    }
    found
}

/// Whether a text has these pieces, in order, from its beginning to its end.
fn fits(text: &str, pattern: &str) -> bool {
    let mut pieces = pattern.split('…');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap()) else {
        return false;
    };
    let mut last = None;
    for piece in pieces {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
        last = Some(piece);
    }
    rest.is_empty() || last.is_some_and(str::is_empty) || last.is_some_and(|last| text.ends_with(last))
}

#[test]
fn every_example_of_the_page_is_true() {
    if !needs("CURL", "curl", || starts("curl", "--version")) {
        return;
    }
    let path = format!("{}/docs/signing-api.md", env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(path).unwrap();
    let setting = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let examples = examples(&page);
    assert!(examples.len() > 15);
    // One shell for all: later ones use what earlier ones set.
    let mut script = format!("set -u\nLISTEN=127.0.0.1:{}\n{setting}\n", server.port());
    for (at, (command, _)) in examples.iter().enumerate() {
        script += &format!("{{ {command}\n}} > out.{at} 2>&1\n");
    }
    let shell = Command::new("sh")
        .args(["-c", &script])
        .current_dir(home.path(""))
        .output()
        .unwrap();
    assert!(
        shell.status.success(),
        "{}",
        String::from_utf8_lossy(&shell.stderr)
    );
    for (at, (command, expected)) in examples.iter().enumerate() {
        let printed = home.text(&format!("out.{at}"));
        assert!(
            fits(printed.trim_end(), expected),
            "$ {command}\n{printed}\nshould be\n{expected}"
        );
    }
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn the_comparison_notices_differences() {
    assert!(fits("abc", "abc") && fits("abc", "a…c") && fits("abc", "a…") && fits("a1b2c", "a…b…c"));
    assert!(!fits("abc", "abd") && !fits("abcd", "abc") && !fits("xabc", "a…c") && !fits("ac", "a…b…c"));
}
