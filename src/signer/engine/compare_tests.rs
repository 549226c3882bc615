use std::sync::Arc;

use super::*;
use crate::audit::Hash;
use crate::operator::{Scheme, SecretKey};
use crate::signer::bench::ALL;
use crate::signer::{Policy, Setup};
use crate::store::Folders;

const NEWER: [(Action, u64); 2] = [(Action::AlertPublish, 1_000), (Action::FederationJoin, 2_000)];

fn open(folders: &Folders, ask_only: bool, accepts_rollback: bool) -> Arc<Engine> {
    let setup = Setup {
        key: SecretKey::from_bytes(Scheme::Ed25519, &[7; 32]).unwrap(),
        policy: Policy::parse(ALL).unwrap(),
        policy_file: folders.config.join("policy.toml"),
        federation: None,
        ask_only,
        dangerously_accept_rollback: accepts_rollback,
    };
    Engine::open(folders, setup).unwrap().0
}

fn home() -> (tempfile::TempDir, Folders) {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::under(home.path());
    (home, folders)
}

fn nonces(engine: &Engine) -> [Option<u64>; 2] {
    NEWER.map(|(action, _)| engine.core().history.nonce(action))
}

const RAISED: [Option<u64>; 2] = [Some(1_000), Some(2_000)];

/// A head of a log that goes on where ours has ended.
fn beyond(engine: &Engine) -> Head {
    let ours = engine.ledger.head();
    Head {
        seq: ours.seq + 100,
        hash: Hash::from_bytes([9; 32]),
        at: ours.at,
    }
}

#[track_caller]
fn rolled_back(compared: Result<Vec<String>, CompareError>) -> RolledBack {
    match compared {
        Err(CompareError::RolledBack(rolled_back)) => rolled_back,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_proved_to_who_is_behind_by_choice_outlives_a_restart() {
    for (ask_only, accepts_rollback) in [(true, false), (false, true)] {
        let (_home, folders) = home();
        let engine = open(&folders, ask_only, accepts_rollback);
        let notes = engine.compare(&Remembered::of(None, &NEWER)).unwrap();
        assert_eq!((notes.len(), nonces(&engine)), (2, RAISED));
        engine.close().unwrap();
        // Also at a start that is behind nobody.
        let engine = open(&folders, false, false);
        assert_eq!(nonces(&engine), RAISED);
        let notes = engine.compare(&Remembered::of(None, &NEWER)).unwrap();
        assert!(notes.is_empty(), "{notes:?}");
        engine.close().unwrap();
    }
}

#[test]
fn a_higher_nonce_at_a_start_is_an_older_copy() {
    let (_home, folders) = home();
    for _ in 0..2 {
        let engine = open(&folders, false, false);
        let found = rolled_back(engine.compare(&Remembered::of(None, &NEWER)));
        assert!(
            matches!(
                found,
                RolledBack::Nonce {
                    remembered: 1_000,
                    ours: 0,
                    ..
                }
            ),
            "{found}"
        );
        assert_eq!(engine.health().status, 503);
        engine.close().unwrap();
    }
}

#[test]
fn a_higher_nonce_while_it_runs_is_another_machine() {
    let (_home, folders) = home();
    let engine = open(&folders, false, false);
    assert!(engine.compare(&Remembered::default()).unwrap().is_empty());
    let notes = engine.compare(&Remembered::of(None, &NEWER)).unwrap();
    assert!(
        notes[1].contains("alert-publish was signed with nonce 1000"),
        "{notes:?}"
    );
    assert_eq!((engine.health().status, nonces(&engine)), (200, RAISED));
    engine.close().unwrap();
    assert_eq!(nonces(&open(&folders, false, false)), RAISED);
}

#[test]
fn all_nonces_are_taken_over_before_a_head_stops_it() {
    let (_home, folders) = home();
    let engine = open(&folders, false, false);
    engine.compare(&Remembered::default()).unwrap();
    let head = beyond(&engine);
    let found = rolled_back(engine.compare(&Remembered::of(Some(head), &NEWER)));
    assert!(matches!(found, RolledBack::Record { .. }), "{found}");
    assert_eq!(engine.health().status, 503);
    engine.close().unwrap();
    assert_eq!(nonces(&open(&folders, false, false)), RAISED);
}

#[test]
fn a_head_of_another_log_is_noticed_though_it_is_below_ours() {
    let (_home, folders) = home();
    let engine = open(&folders, false, false);
    let first = engine.ledger.head();
    for _ in 0..3 {
        let entry = Entry::new(unix_now(), Event::Operation, "more");
        engine.append(entry).unwrap().wait().unwrap();
    }
    for head in [first, engine.ledger.head()] {
        engine.compare(&Remembered::of(Some(head), &[])).unwrap();
        let other = Head {
            hash: Hash::from_bytes([9; 32]),
            ..head
        };
        let found = rolled_back(engine.compare(&Remembered::of(Some(other), &[])));
        assert_eq!(found, RolledBack::Fork { seq: head.seq });
    }
}

#[test]
fn a_head_that_was_accepted_is_accepted_at_later_starts() {
    let (_home, folders) = home();
    let engine = open(&folders, false, true);
    let head = beyond(&engine);
    let notes = engine.compare(&Remembered::of(Some(head), &NEWER)).unwrap();
    assert!(notes[2].ends_with("accepted"), "{notes:?}");
    engine.close().unwrap();
    let engine = open(&folders, false, false);
    let notes = engine.compare(&Remembered::of(Some(head), &NEWER)).unwrap();
    assert!(notes.is_empty(), "{notes:?}");
    // No other is.
    let other = Head {
        seq: head.seq + 1,
        ..head
    };
    rolled_back(engine.compare(&Remembered::of(Some(other), &[])));
}

#[test]
fn a_second_machine_leaves_no_heads_and_minds_none() {
    let (_home, folders) = home();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (ask_only, leaves) in [(true, false), (false, true)] {
        let engine = open(&folders, ask_only, false);
        let heads = engine.heads();
        runtime.block_on(engine.sign_head()).unwrap();
        assert_eq!(heads.borrow().is_some(), leaves);
        let head = beyond(&engine);
        let compared = engine.compare(&Remembered::of(Some(head), &[]));
        assert_eq!(compared.is_ok(), ask_only, "{compared:?}");
        engine.close().unwrap();
    }
}

#[test]
fn what_could_not_be_recorded_counts_all_the_same_and_is_tried_again() {
    let (_home, folders) = home();
    let engine = open(&folders, true, false);
    engine.ledger.close().unwrap();
    for _ in 0..2 {
        let compared = engine.compare(&Remembered::of(None, &NEWER));
        assert!(matches!(compared, Err(CompareError::Audit(_))), "{compared:?}");
        assert_eq!((nonces(&engine), engine.core().unrecorded.len()), (RAISED, 2));
    }
}
