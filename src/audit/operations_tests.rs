use std::fs;
use std::io::Write;

use super::*;

fn entry(number: u64) -> Entry {
    Entry::new(
        1_764_000_000 + number,
        Event::Operation,
        format!("operation {number}"),
    )
}

fn home() -> (tempfile::TempDir, Folders) {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::under(home.path());
    append(&folders, &entry(1)).unwrap();
    append(&folders, &entry(2)).unwrap();
    (home, folders)
}

#[test]
fn many_at_once_make_one_chain() {
    let (_home, folders) = home();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let folders = &folders;
            scope.spawn(move || {
                for number in 0..10 {
                    append(folders, &entry(100 * thread + number)).unwrap();
                }
            });
        }
    });
    assert_eq!(head(&folders).unwrap().seq, 42);
    let mut findings = Findings::default();
    let records = verify_on(
        &super::super::disk::RealDisk,
        &Layout::of(&folders),
        vec![],
        &mut findings,
    )
    .unwrap();
    assert_eq!((records, findings.total), (42, 0));
}

#[test]
fn a_torn_last_line_is_cut_off() {
    let (_home, folders) = home();
    let path = folders.state.join(FILE);
    let whole = fs::read_to_string(&path).unwrap();
    fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"{\"seq\":3,")
        .unwrap();
    assert_eq!(head(&folders).unwrap().seq, 2);
    assert_eq!(append(&folders, &entry(3)).unwrap().seq, 3);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with(&whole) && text.lines().count() == 3);
}

#[test]
fn a_last_line_that_was_changed_is_refused() {
    let (_home, folders) = home();
    let path = folders.state.join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    for changed in [text.replace("operation 2", "operation 3"), format!("{text}x\n")] {
        fs::write(&path, &changed).unwrap();
        assert!(matches!(
            append(&folders, &entry(3)),
            Err(AuditError::Damaged { .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), changed);
    }
}
