//! `upgrade.json`: whatever is in it, a journal or an error; a journal names containers by whole ids, and is written as it
//! is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::release::{Journal, Names, parse, restart_named};

fuzz_target!(|bytes: &[u8]| {
    let Ok(journal) = parse(bytes) else { return };
    let is_id = |id: &str| id.len() == 64 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    assert!(journal.new.as_deref().is_none_or(is_id));
    if let Some(old) = &journal.old {
        assert!(is_id(&old.id) && restart_named(&old.restart).is_some());
    }
    assert_eq!(journal.transaction.len(), 16);
    assert!(Names::of(&journal.container).old(&journal.transaction).is_ascii());
    let again = serde_json::to_vec(&journal).expect("what was read can be written");
    let again: Journal = parse(&again).expect("what is written can be read");
    assert_eq!(again, journal);
});
