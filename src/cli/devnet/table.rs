//! A devnet as lines for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::devnet::{GuardianRow, Life, Snapshot};
use crate::portal::Color;
use crate::ui::{BAD, FAINT, GOOD, HEADING, WARNING, paint, printable};

/// The live table. Every line has less than 80 characters.
pub(super) fn lines(snapshot: &Snapshot, now: u64) -> Vec<String> {
    let mut lines = vec![paint(
        HEADING,
        &format!(
            "{:<13}{:<10}{:>7}  {:<10}{:>7}  {:<19}{}",
            "guardian", "state", "pid", "signer", "pid", "board", "attested"
        ),
    )];
    for row in &snapshot.guardians {
        let (state, signer) = (state(row), signer(row));
        let board = match (row.color, &row.cause) {
            (None, _) => (FAINT, "portal down".to_owned()),
            (Some(Color::Green), _) => (GOOD, "green".into()),
            (Some(Color::Grey), _) => (FAINT, "grey, never heard".into()),
            (Some(Color::Red), cause) => (
                BAD,
                cause.as_ref().map_or("red".into(), |it| format!("red, {it}")),
            ),
        };
        let attested = row.attested_at.map_or("never".into(), |at| {
            let age = now.saturating_sub(at);
            format!("{age} s ago")
        });
        lines.push(format!(
            "{:<13}{}{:>7}  {}{:>7}  {}{attested}",
            row.name,
            column(state, 10),
            pid(&row.guardian),
            column(signer, 10),
            pid(&row.signer),
            column(board, 19),
        ));
    }
    let ended = snapshot
        .guardians
        .iter()
        .flat_map(|row| {
            [
                ("guardian", &row.guardian, &row.name),
                ("signer", &row.signer, &row.name),
            ]
        })
        .filter_map(|(what, life, name)| Some(format!("{what} of {name}: {}", life.ended.as_ref()?)))
        .chain(snapshot.portal.ended.iter().map(|why| format!("portal: {why}")));
    for why in ended {
        lines.push(paint(FAINT, &cut(&printable(&why), 78)));
    }
    lines.push(String::new());
    let portal = match snapshot.portal.pid {
        Some(pid) => format!("portal, pid {pid}"),
        None => paint(BAD, "portal down"),
    };
    let accepted = match snapshot.pins.as_slice() {
        [] => "any image accepted".to_owned(),
        [one] => format!("accepted image {}…", one.chars().take(19).collect::<String>()),
        more => format!("{} images accepted", more.len()),
    };
    lines.push(format!("{portal}; {accepted}; {}", paint(FAINT, "Ctrl-C stops")));
    lines
}

fn state(row: &GuardianRow) -> (anstyle::Style, String) {
    match (&row.guardian.pid, &row.state) {
        (None, _) => (BAD, "down".into()),
        (Some(_), None) => (WARNING, "starting".into()),
        (Some(_), Some(state)) if state == "active" => (GOOD, state.clone()),
        (Some(_), Some(state)) => (WARNING, printable(state)),
    }
}

fn signer(row: &GuardianRow) -> (anstyle::Style, String) {
    match row.signer.pid {
        None => (BAD, "down".into()),
        Some(_) if row.connected => (GOOD, "answers".into()),
        Some(_) => (WARNING, "waiting".into()),
    }
}

fn pid(life: &Life) -> String {
    life.pid.map_or("-".into(), |pid| pid.to_string())
}

/// Padded before it is painted: escape codes have no width.
fn column((style, text): (anstyle::Style, String), width: usize) -> String {
    let text = cut(&text, width - 1);
    paint(style, &format!("{text:<width$}"))
}

fn cut(text: &str, most: usize) -> String {
    text.chars().take(most).collect()
}

/// What is worth a line of its own when it changes: all but the time of the last attestation.
pub(super) fn news(row: &GuardianRow) -> GuardianRow {
    GuardianRow {
        attested_at: None,
        ..row.clone()
    }
}

/// One change, where nothing can be drawn over.
pub(super) fn line(row: &GuardianRow) -> String {
    let color = row.color.map_or("unknown", Color::as_str);
    let cause = row.cause.as_deref().unwrap_or("portal down");
    let mut line = format!(
        "{}: {}, signer {}, board {color} ({})",
        row.name,
        state(row).1,
        signer(row).1,
        printable(cause)
    );
    for (what, life) in [("guardian", &row.guardian), ("signer", &row.signer)] {
        if let Some(why) = &life.ended {
            let _ = write!(line, "; {what} ended: {}", printable(why));
        }
    }
    line
}

/// One change, for programs.
pub(super) fn json(row: &GuardianRow) -> Value {
    json!({
        "event": "guardian",
        "name": row.name,
        "operator_id": row.operator_id,
        "api_url": row.api_url,
        "guardian": life(&row.guardian),
        "signer": life(&row.signer),
        "state": row.state,
        "connected": row.connected,
        "color": row.color.map(Color::as_str),
        "cause": row.cause,
    })
}

/// A process, for programs.
pub(super) fn life(life: &Life) -> Value {
    json!({ "pid": life.pid, "restarts": life.restarts, "ended": life.ended })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::{Scheme, SecretKey};

    fn row(number: u8) -> GuardianRow {
        let key = SecretKey::from_bytes(Scheme::Bip340, &[number; 32]).unwrap();
        GuardianRow {
            name: format!("guardian-{number}"),
            operator_id: key.public().operator_id(),
            api_url: "http://127.0.0.1:20001".into(),
            guardian: Life {
                pid: Some(4_194_303),
                ..Life::default()
            },
            signer: Life {
                pid: Some(4_194_304),
                ..Life::default()
            },
            state: Some("active".into()),
            connected: true,
            color: Some(Color::Green),
            cause: Some("fresh".into()),
            attested_at: Some(1_000),
        }
    }

    fn plain(snapshot: &Snapshot) -> Vec<String> {
        lines(snapshot, 1_007)
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string())
            .collect()
    }

    #[test]
    fn a_table_that_fits_a_terminal() {
        let mut dead = row(32);
        dead.guardian = Life {
            pid: None,
            restarts: 2,
            ended: Some(format!("signal: 9 (SIGKILL): {}\u{1b}[2J", "x".repeat(200))),
        };
        dead.state = None;
        dead.connected = false;
        (dead.color, dead.cause) = (Some(Color::Red), Some("wrong-image".into()));
        let snapshot = Snapshot {
            portal: Life {
                pid: Some(7),
                ..Life::default()
            },
            pins: vec![format!("sha256:{}", "a".repeat(64))],
            guardians: vec![row(1), dead],
        };
        let lines = plain(&snapshot);
        assert!(lines.iter().all(|line| line.chars().count() < 80), "{lines:#?}");
        assert_eq!(
            lines[1],
            "guardian-1   active    4194303  answers   4194304  green              7 s ago"
        );
        assert_eq!(
            lines[2],
            "guardian-32  down            -  waiting   4194304  red, wrong-image   7 s ago"
        );
        assert!(lines[3].starts_with("guardian of guardian-32: signal: 9"));
        assert!(!lines.iter().any(|line| line.contains('\u{1b}')));
    }

    #[test]
    fn an_attestation_alone_is_no_news() {
        let mut later = row(1);
        later.attested_at = Some(2_000);
        assert_eq!(news(&row(1)), news(&later));
        later.color = None;
        assert_ne!(news(&row(1)), news(&later));
    }
}
