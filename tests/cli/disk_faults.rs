//! Full and read-only file systems.

use snapbox::str;

use crate::support::{Home, IDENTITY, KEY_FILE, Namespace, OPERATOR_ID, PASSPHRASE, SECRET_HEX};

const INIT: [&str; 6] = [
    "init",
    "--passphrase-file",
    "pass.txt",
    "--words-file",
    "words.txt",
    "--yes",
];
const CHANGE: [&str; 6] = [
    "key",
    "change-passphrase",
    "--passphrase-file",
    "pass.txt",
    "--new-passphrase-file",
    "new.txt",
];
const EXPORT: [&str; 8] = [
    "key",
    "export",
    "--out",
    "usb/key.hex",
    "--confirm",
    OPERATOR_ID,
    "--passphrase-file",
    "pass.txt",
];

/// What is left of the kit's own files.
const LIST: &str = "cd home && find . -type f ! -name '*.lock'";

#[test]
fn init_on_a_full_disk_stores_nothing_needs_namespaces() {
    let Some(small) = Namespace::with("mkdir home; mount -t tmpfs -o size=$SIZE,mode=700 none home") else {
        return;
    };
    let mut failed = 0;
    // Each file takes a page: with each further one, init comes a step further.
    for pages in 1..=8 {
        let home = Home::new();
        home.write("pass.txt", PASSPHRASE);
        let (run, left) = small.run(&home, &format!("{}k", 4 * pages), &INIT, LIST);
        if run.code == Some(0) {
            assert!(home.path("words.txt").exists());
            assert!(left.contains("operator.json") && left.contains(".age"), "{left}");
            break;
        }
        failed += 1;
        assert_eq!(run.code, Some(1), "{}", run.text);
        assert!(run.stderr.contains("No space left on device"), "{}", run.text);
        assert!(
            run.stderr.contains("hint: Make room on this file system"),
            "{}",
            run.text
        );
        assert_eq!(left, "", "{pages} pages: {}", run.text);
        assert!(!home.path("words.txt").exists());
        home.assert_nothing_stored();
    }
    assert!((2..8).contains(&failed), "{failed} sizes were too small");
}

#[test]
fn init_without_inodes_needs_namespaces() {
    let Some(small) = Namespace::with(
        "mkdir home; mount -t tmpfs -o nr_inodes=6,mode=700 none home; umask 077; mkdir -p home/data/keys home/config",
    ) else {
        return;
    };
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    home.write("key.hex", SECRET_HEX);
    let import = [
        "init",
        "--import-hex",
        "--scheme",
        "bip340",
        "--from",
        "key.hex",
        "--yes",
        "--passphrase-file",
        "pass.txt",
    ];
    let (run, left) = small.run(&home, "", &import, LIST);
    run.is(str![[r#"
$ oc-guardian init --import-hex --scheme bip340 --from key.hex --yes --passphrase-file pass.txt
--- stderr
Encrypting the key
error: cannot write [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age: No space left on device (os error 28)
hint: Make room on this file system, then run this again.
--- exit 1

"#]]);
    assert_eq!(left, "");
}

#[test]
fn a_words_file_on_a_full_stick_needs_namespaces() {
    let Some(small) = Namespace::with("mkdir usb; mount -t tmpfs -o size=4k none usb; echo full >usb/x")
    else {
        return;
    };
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    let init = INIT.map(|it| if it == "words.txt" { "usb/words.txt" } else { it });
    let (run, left) = small.run(&home, "", &init, "ls -A usb");
    run.is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file usb/words.txt --yes
--- stderr
A bip340 key can hold a federation share and sign everything this kit signs; whether the portal's public pages accept its signatures is not established.
Encrypting the key
error: cannot write [DIR]/usb/words.txt: No space left on device (os error 28)
hint: Make room on this file system, then run this again.
--- exit 1

"#]]);
    assert_eq!(left, "x\n");
    home.assert_nothing_stored();
}

#[test]
fn a_passphrase_on_a_full_disk_stays_the_old_one_needs_namespaces() {
    let Some(small) = Namespace::with(
        "mv home old; mkdir home; mount -t tmpfs -o size=16k,mode=700 none home; cp -a old/. home; cat /dev/zero >home/fill 2>/dev/null || true",
    ) else {
        return;
    };
    let home = Home::with_identity();
    let before = home.read(KEY_FILE);
    home.write("new.txt", "battery horse correct");
    let (run, left) = small.run(
        &home,
        "",
        &CHANGE,
        &format!("{LIST}; cp data/keys/*.age ../key.age"),
    );
    run.is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt
--- stderr
Opening the key file
Encrypting the key
error: cannot write [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age: No space left on device (os error 28)
hint: Make room on this file system, then run this again.
--- exit 1

"#]]);
    assert!(!left.contains(".tmp"), "{left}");
    assert_eq!(home.read("key.age"), before);
}

#[test]
fn an_export_to_a_full_stick_leaves_no_piece_of_the_key_needs_namespaces() {
    let Some(small) = Namespace::with("mkdir usb; mount -t tmpfs -o size=4k none usb; echo full >usb/x")
    else {
        return;
    };
    let home = Home::with_identity();
    let (run, left) = small.run(&home, "", &EXPORT, "ls -A usb");
    run.is(str![[r#"
$ oc-guardian key export --out usb/key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: cannot write [DIR]/usb/key.hex: No space left on device (os error 28)
hint: Make room on this file system, then run this again.
--- exit 1

"#]]);
    assert_eq!(left, "x\n");
}

#[test]
fn a_read_only_disk_needs_namespaces() {
    let Some(read_only) = Namespace::with("mount --bind home home; mount -o remount,bind,ro home") else {
        return;
    };
    let home = Home::with_identity();
    let before = (home.read(IDENTITY), home.read(KEY_FILE));
    home.write("new.txt", "battery horse correct");
    home.write("words.txt", crate::support::words());
    read_only.run(&home, "", &CHANGE, "").0.is(str![[r#"
$ oc-guardian key change-passphrase --passphrase-file pass.txt --new-passphrase-file new.txt
--- stderr
error: cannot write [DIR]/home/config/operator.lock: Read-only file system (os error 30)
hint: Mount the file system writable, or set OC_GUARDIAN_HOME to a folder that is.
--- exit 1

"#]]);
    read_only.run(&home, "", &["key", "show"], "").0.exits(0);
    read_only
        .run(&home, "", &["key", "verify-backup", "--from", "words.txt"], "")
        .0
        .exits(0);
    std::fs::create_dir(home.path("usb")).unwrap();
    read_only.run(&home, "", &EXPORT, "").0.exits(1);
    assert!(
        !home.path("usb/key.hex").exists(),
        "exported without being marked"
    );
    assert_eq!((home.read(IDENTITY), home.read(KEY_FILE)), before);
}

#[test]
fn init_on_a_read_only_disk_needs_namespaces() {
    let Some(read_only) = Namespace::with("mkdir home; mount -t tmpfs -o ro none home") else {
        return;
    };
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    read_only.run(&home, "", &INIT, "").0.is(str![[r#"
$ oc-guardian init --passphrase-file pass.txt --words-file words.txt --yes
--- stderr
error: cannot write [DIR]/home/config: Read-only file system (os error 30)
hint: Mount the file system writable, or set OC_GUARDIAN_HOME to a folder that is.
--- exit 1

"#]]);
    home.assert_nothing_stored();
}
