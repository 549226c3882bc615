//! The key file and the stock `age` tool.

use std::process::Command;

use crate::support::{Home, KEY_FILE, OPERATOR_ID, PASSPHRASE, SECRET_HEX, Terminal, needs, payload, starts};

fn age(home: &Home, arguments: &[&str]) -> Option<Terminal> {
    if !needs("AGE", "age", || starts("age", "--version")) {
        return None;
    }
    let mut command = Command::new("age");
    command
        .args(arguments)
        .current_dir(home.path(""))
        .env("PATH", std::env::var_os("PATH").unwrap());
    Some(Terminal::start_command(&command))
}

#[test]
fn age_opens_our_key_file_needs_age() {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    home.write("key.hex", SECRET_HEX);
    home.run_line(&format!("init --import-hex --scheme bip340 --from key.hex --expect-id {OPERATOR_ID} --passphrase-file pass.txt"))
    .exits(0);
    let Some(mut age) = age(&home, &["--decrypt", "-o", "plain.json", KEY_FILE]) else {
        return;
    };
    age.answer("Enter passphrase", PASSPHRASE);
    assert_eq!(age.end().code, 0);
    assert_eq!(home.text("plain.json"), payload());
}

#[test]
fn a_key_file_made_by_age_opens_here_needs_age() {
    let home = Home::with_identity();
    home.write("plain.json", payload());
    std::fs::remove_file(home.path(KEY_FILE)).unwrap();
    let Some(mut age) = age(
        &home,
        &["--encrypt", "--passphrase", "-o", KEY_FILE, "plain.json"],
    ) else {
        return;
    };
    age.answer("Enter passphrase", PASSPHRASE);
    age.answer("Confirm passphrase", PASSPHRASE);
    assert_eq!(age.end().code, 0);
    home.chmod(KEY_FILE, 0o600);
    home.run_line(&format!(
        "key export --out key.hex --confirm {OPERATOR_ID} --passphrase-file pass.txt"
    ))
    .exits(0);
    assert_eq!(home.text("key.hex"), format!("{SECRET_HEX}\n"));
}
