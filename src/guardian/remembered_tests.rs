use super::*;
use crate::federation::test_support::key;
use crate::guardian::peers::test_support::{NOW, head, notice, signed};

fn raw(text: impl Into<String>) -> Box<RawValue> {
    RawValue::from_string(text.into()).unwrap()
}

fn action(by: u8, nonce: u64) -> Box<RawValue> {
    raw(signed(&key(by), &notice(nonce)))
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// As a process that starts.
    fn open(&self) -> Remembered {
        let remembered = Remembered::new(self.0.path(), key(1).public());
        remembered.load().unwrap();
        remembered
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(FILE)
    }
}

fn known(remembered: &Remembered, of: &str) -> Option<String> {
    remembered.known(of).map(|it| it.get().to_owned())
}

#[test]
fn it_is_remembered_over_a_restart() {
    let folder = Folder::new();
    let first = folder.open();
    assert_eq!(known(&first, "audit"), None);
    assert!(first.learn_head(&raw(head(&key(1), 5))).unwrap());
    assert!(first.learn_action(&action(1, 7)).unwrap());
    let second = folder.open();
    assert_eq!(known(&second, "audit"), Some(head(&key(1), 5)));
    assert_eq!(known(&second, "alert-publish"), Some(action(1, 7).get().into()));
    assert_eq!(known(&second, "charter-sign"), None);
    assert_eq!(known(&second, "nonsense"), None);
}

#[test]
fn only_forward() {
    let folder = Folder::new();
    let remembered = folder.open();
    for (seq, kept) in [(5, 5), (4, 5), (5, 5), (6, 6)] {
        assert!(remembered.learn_head(&raw(head(&key(1), seq))).unwrap());
        assert_eq!(known(&remembered, "audit"), Some(head(&key(1), kept)));
    }
    for (nonce, kept) in [(5, 5), (4, 5), (6, 6)] {
        assert!(remembered.learn_action(&action(1, nonce)).unwrap());
        assert_eq!(
            known(&remembered, "alert-publish"),
            Some(action(1, kept).get().into())
        );
    }
}

#[test]
fn only_what_our_operator_signed() {
    let folder = Folder::new();
    let remembered = folder.open();
    assert!(!remembered.learn_head(&raw(head(&key(2), 5))).unwrap());
    assert!(!remembered.learn_action(&action(2, 5)).unwrap());
    for text in ["null", "{}", "[]", "\"x\"", "{\"head\":{}}"] {
        assert!(!remembered.learn_head(&raw(text)).unwrap());
        assert!(!remembered.learn_action(&raw(text)).unwrap());
    }
    // One that is signed, about something else.
    assert!(!remembered.learn_head(&action(1, 5)).unwrap());
    assert!(!folder.file().exists());
}

#[test]
fn the_file_is_frozen() {
    let folder = Folder::new();
    let remembered = folder.open();
    remembered.learn_head(&raw(head(&key(1), 5))).unwrap();
    remembered.learn_action(&action(1, 7)).unwrap();
    let expected = format!(
        r#"{{"version":1,"audit":{},"actions":{{"alert-publish":{}}}}}"#,
        head(&key(1), 5),
        action(1, 7)
    );
    assert_eq!(std::fs::read_to_string(folder.file()).unwrap(), expected);
}

#[test]
fn a_damaged_file_counts_as_empty_and_is_written_anew() {
    for damaged in [
        "",
        "{",
        "null",
        "{\"version\":1}",
        "\u{0}",
        &"x".repeat(MAX_BYTES + 1),
    ] {
        let folder = Folder::new();
        std::fs::write(folder.file(), damaged).unwrap();
        let remembered = folder.open();
        assert_eq!(known(&remembered, "audit"), None);
        assert!(remembered.learn_head(&raw(head(&key(1), 1))).unwrap());
        assert_eq!(known(&folder.open(), "audit"), Some(head(&key(1), 1)));
    }
}

#[test]
fn what_does_not_verify_is_dropped_and_the_rest_is_kept() {
    let folder = Folder::new();
    let text = format!(
        r#"{{"version":1,"audit":{},"actions":{{"alert-publish":{},"charter-sign":{}}}}}"#,
        head(&key(2), 9),
        action(1, 7),
        action(3, 8)
    );
    std::fs::write(folder.file(), text).unwrap();
    let remembered = folder.open();
    assert_eq!(known(&remembered, "audit"), None);
    assert_eq!(
        known(&remembered, "alert-publish"),
        Some(action(1, 7).get().into())
    );
    assert_eq!(known(&remembered, "charter-sign"), None);
}

#[test]
fn what_cannot_be_written_is_told_and_still_known() {
    let folder = Folder::new();
    let remembered = folder.open();
    std::fs::remove_dir(folder.0.path()).unwrap();
    assert!(remembered.learn_head(&raw(head(&key(1), NOW))).is_err());
    assert!(known(&remembered, "audit").is_some());
    std::fs::create_dir(folder.0.path()).unwrap();
    // The same head again is not news, but must be durable before it is called so.
    assert!(remembered.learn_head(&raw(head(&key(1), NOW))).unwrap());
    assert!(folder.file().exists());
}
