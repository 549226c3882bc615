//! Key files that must not open. Never a panic, never half a key.

use std::fs;

use snapbox::str;

use crate::support::{Home, KEY_FILE, PASSPHRASE, SECRET_HEX, Transcript, encrypted, payload};

const EXPORT: [&str; 8] = [
    "key",
    "export",
    "--out",
    "key.hex",
    "--confirm",
    crate::support::OPERATOR_ID,
    "--passphrase-file",
    "pass.txt",
];

fn export(home: &Home) -> Transcript {
    let run = home.run(&EXPORT);
    assert!(!home.path("key.hex").exists(), "a key came out of a bad file");
    let shown = home.run(&["key", "show", "--json"]).json();
    assert_eq!(shown["exported"], false, "marked as exported, though nothing was");
    run
}

fn export_of(key_file: &[u8]) -> Transcript {
    let home = Home::with_identity();
    home.write(KEY_FILE, key_file);
    export(&home)
}

fn good() -> Vec<u8> {
    encrypted(&payload(), PASSPHRASE, 2)
}

#[test]
fn truncated_in_its_header() {
    export_of(&good()[..60]).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it is not an age file, or its beginning is damaged
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn truncated_in_its_content() {
    let good = good();
    export_of(&good[..good.len() - 1]).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it was damaged or tampered with
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn tampered_with() {
    let mut bad = good();
    *bad.last_mut().unwrap() ^= 1;
    export_of(&bad).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it was damaged or tampered with
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn empty() {
    export_of(b"").is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it is not an age file, or its beginning is damaged
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn something_else() {
    export_of(b"%PDF-1.7").is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it is not an age file, or its beginning is damaged
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn too_large() {
    export_of(&vec![b'x'; 16 * 1024 + 1]).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it is a folder, or larger than any key file
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn encrypted_to_a_recipient() {
    let recipient = age::x25519::Identity::generate().to_public();
    export_of(&age::encrypt(&recipient, payload().as_bytes()).unwrap()).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it is an age file, but not one encrypted with a passphrase
hint: Restore the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).
--- exit 1

"#]]);
}

#[test]
fn another_passphrase() {
    export_of(&encrypted(&payload(), "another passphrase", 2)).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: wrong passphrase
hint: Try again. If the passphrase is lost, restore the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).
--- exit 1

"#]]);
}

#[test]
fn another_key() {
    let other = payload().replace(SECRET_HEX, &SECRET_HEX.replace('1', "2"));
    export_of(&encrypted(&other, PASSPHRASE, 2)).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the stored key belongs to op-0135da2f8acf7b9e3090939432e47684, not to op-132f39a98c31baaddba6525f5d43f295 of operator.json
hint: operator.json and the stored key do not belong together: put the right one of the two back from a backup.
--- exit 1

"#]]);
}

#[test]
fn the_same_secret_under_another_scheme() {
    export_of(&encrypted(&payload().replace("bip340", "ed25519"), PASSPHRASE, 2)).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the stored key belongs to op-4a67330b803d5c88757afb9328615344, not to op-132f39a98c31baaddba6525f5d43f295 of operator.json
hint: operator.json and the stored key do not belong together: put the right one of the two back from a backup.
--- exit 1

"#]]);
}

#[test]
fn no_key_inside() {
    export_of(&encrypted("my shopping list", PASSPHRASE, 2)).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it opens, but what is inside is no operator key: not the JSON object {"version":1,"scheme":…,"secret_hex":…}
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn a_work_factor_that_would_take_hours() {
    let text = good();
    let end = text
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(1)
        .unwrap()
        .0;
    let mut greedy = text[..end - 1].to_vec();
    greedy.extend_from_slice(b"40");
    greedy.extend_from_slice(&text[end..]);
    export_of(&greedy).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it demands scrypt work factor 40, above the accepted 22
hint: Restore the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).
--- exit 1

"#]]);
}

#[test]
fn gone() {
    let home = Home::with_identity();
    fs::remove_file(home.path(KEY_FILE)).unwrap();
    export(&home).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it does not exist
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME).
--- exit 1

"#]]);
}

#[test]
fn a_folder() {
    let home = Home::with_identity();
    fs::remove_file(home.path(KEY_FILE)).unwrap();
    fs::create_dir(home.path(KEY_FILE)).unwrap();
    export(&home).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it is a folder, or larger than any key file
hint: Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised.
--- exit 1

"#]]);
}

#[test]
fn open_to_others() {
    let home = Home::with_identity();
    home.chmod(KEY_FILE, 0o644);
    export(&home).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
Opening the key file
error: [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age is private but has permissions 0644
hint: Run: chmod 600 [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age
--- exit 1

"#]]);
}

#[test]
fn in_a_folder_that_is_open_to_others() {
    let home = Home::with_identity();
    home.chmod("home/data/keys", 0o755);
    export(&home).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt
--- stderr
error: [DIR]/home/data/keys is private but has permissions 0755
hint: Run: chmod 700 [DIR]/home/data/keys
--- exit 1

"#]]);
}

#[test]
fn every_truncation_is_refused() {
    let home = Home::with_identity();
    let good = good();
    for length in (0..good.len()).step_by(23) {
        home.write(KEY_FILE, &good[..length]);
        let run = export(&home).exits(1);
        assert!(
            run.stderr.contains("error: the key file "),
            "{length}: {}",
            run.text
        );
    }
}

#[test]
fn as_json() {
    let home = Home::with_identity();
    home.write(KEY_FILE, b"");
    home.run(&[&EXPORT[..], &["--json"]].concat()).is(str![[r#"
$ oc-guardian key export --out key.hex --confirm op-132f39a98c31baaddba6525f5d43f295 --passphrase-file pass.txt --json
{"ok":false,"reason":"key-file-damaged","detail":"the key file [DIR]/home/data/keys/op-132f39a98c31baaddba6525f5d43f295.age cannot be opened: it is not an age file, or its beginning is damaged","hint":"Restore the file from a backup, or the key with the 24 words (OC_GUARDIAN_HOME=NEW-FOLDER oc-guardian init --restore --scheme SCHEME). If nobody should have touched it, treat this machine as compromised."}
--- stderr
Opening the key file
--- exit 1

"#]]);
}
