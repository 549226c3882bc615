//! `key …` with somebody at the terminal.

use crate::support::{
    Home, KEY_FILE, OPERATOR_ID, PASSPHRASE, SECRET_HEX, Terminal, decrypted, payload, words,
};

#[test]
fn exports_to_whoever_types_the_id() {
    let home = Home::with_identity();
    let mut terminal = Terminal::start(&home, &["key", "export"]);
    terminal.see("whoever sees the private key signs as you");
    terminal.answer("Type the operator id", OPERATOR_ID);
    terminal.answer("Passphrase of the key file", PASSPHRASE);
    terminal.see(SECRET_HEX);
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true), "{}", ended.screen);
    assert!(!ended.screen.contains(PASSPHRASE));
    assert_eq!(home.run(&["key", "show", "--json"]).json()["exported"], true);
}

#[test]
fn exports_nothing_to_whoever_types_something_else() {
    let home = Home::with_identity();
    let mut terminal = Terminal::start(&home, &["key", "export"]);
    terminal.answer("Type the operator id", "yes");
    terminal.see("Nothing was exported.");
    assert_eq!(terminal.end().code, 1);
    assert_eq!(home.run(&["key", "show", "--json"]).json()["exported"], false);
}

#[test]
fn a_wrong_passphrase() {
    let home = Home::with_identity();
    let mut terminal = Terminal::start(&home, &["key", "export", "--confirm", OPERATOR_ID]);
    terminal.answer("Passphrase of the key file", "correct horse batteri");
    terminal.see("wrong passphrase");
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (1, true));
    assert!(!ended.screen.contains("batteri") && !ended.screen.contains(SECRET_HEX));
}

#[test]
fn an_empty_passphrase() {
    let home = Home::with_identity();
    let mut terminal = Terminal::start(&home, &["key", "export", "--confirm", OPERATOR_ID]);
    terminal.answer("Passphrase of the key file", "");
    terminal.see("the passphrase is empty");
    assert_eq!(terminal.end().code, 1);
}

#[test]
fn changes_the_passphrase() {
    let home = Home::with_identity();
    let mut terminal = Terminal::start(&home, &["key", "change-passphrase"]);
    terminal.answer("Passphrase of the key file", PASSPHRASE);
    terminal.answer("New passphrase", "battery horse correct");
    terminal.answer("The same again", "battery horse correct");
    terminal.see("is changed");
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true));
    assert!(!ended.screen.contains("horse"));
    assert_eq!(
        decrypted(&home.read(KEY_FILE), "battery horse correct"),
        Some(payload())
    );
}

#[test]
fn verifies_a_backup() {
    let home = Home::with_identity();
    let mut terminal = Terminal::start(&home, &["key", "verify-backup"]);
    terminal.answer("Word  1:", &words());
    terminal.see(&format!("These words are the backup of {OPERATOR_ID}."));
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true));
    assert!(ended.screen.contains("abandon") && !ended.lasting().contains("abandon"));
}

#[test]
fn control_c_changes_nothing() {
    for (arguments, steps, prompt) in [
        (&["key", "verify-backup"][..], &[][..], "Word  1:"),
        (&["key", "export"], &[], "Type the operator id"),
        (
            &["key", "export", "--confirm", OPERATOR_ID],
            &[],
            "Passphrase of the key file",
        ),
        (&["key", "change-passphrase"], &[], "Passphrase of the key file"),
        (
            &["key", "change-passphrase"],
            &[("Passphrase of the key file", PASSPHRASE)],
            "New passphrase",
        ),
    ] {
        let home = Home::with_identity();
        let before = (home.tree(), home.read(KEY_FILE));
        let mut terminal = Terminal::start(&home, arguments);
        for (prompt, answer) in steps {
            terminal.answer(prompt, answer);
        }
        terminal.see(prompt);
        terminal.press_control('c');
        let ended = terminal.end();
        assert_eq!(
            (ended.code, ended.echo),
            (130, true),
            "{arguments:?} {prompt}: {:?}",
            ended.screen
        );
        assert!(
            ended.screen.rfind("\x1b[?25h") >= ended.screen.rfind("\x1b[?25l"),
            "the cursor is hidden"
        );
        let tree: Vec<String> = home
            .tree()
            .into_iter()
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        let before_tree: Vec<String> = before
            .0
            .into_iter()
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        assert_eq!((tree, home.read(KEY_FILE)), (before_tree, before.1));
    }
}

#[test]
fn no_input_asks_nothing_even_at_a_terminal() {
    let home = Home::with_identity();
    let mut terminal = Terminal::start(&home, &["key", "verify-backup", "--no-input"]);
    terminal.see("nobody can be asked (no terminal, or --no-input)");
    assert_eq!(terminal.end().code, 2);
}

#[test]
fn colours_at_a_terminal_unless_unwanted() {
    let home = Home::with_identity();
    let coloured = Terminal::start(&home, &["key", "show"]).end().screen;
    assert!(coloured.contains("\x1b[36m"), "{coloured:?}");
    let plain = Terminal::start(&home, &["key", "show", "--color", "never"])
        .end()
        .screen;
    assert!(!plain.contains("\x1b["), "{plain:?}");
    let mut command = home.command(&["key", "show"]);
    command.env("NO_COLOR", "1");
    let plain = Terminal::start_command(&command).end().screen;
    assert!(!plain.contains("\x1b["), "{plain:?}");
}
