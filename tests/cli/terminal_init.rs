//! `init` with somebody at the terminal.

use std::collections::BTreeMap;

use crate::support::{
    Home, IDENTITY, KEY_FILE, OPERATOR_ID, PASSPHRASE, Terminal, decrypted, payload, words,
};

const ENTER_SCREEN: &str = "\x1b[?1049h";
const LEAVE_SCREEN: &str = "\x1b[?1049l";

/// The numbered words of the backup screen, and everything that was on that screen.
fn read_backup(terminal: &mut Terminal) -> (BTreeMap<usize, String>, String) {
    terminal.see(ENTER_SCREEN);
    let shown = terminal.see("then three of them are asked for. ");
    let mut words = BTreeMap::new();
    let plain = without_escapes(&shown);
    let table = plain.split("Write them on paper").next().unwrap();
    let parts: Vec<&str> = table.split_whitespace().collect();
    for pair in parts.windows(2) {
        if let Ok(number) = pair[0].parse() {
            words.insert(number, pair[1].to_owned());
        }
    }
    assert_eq!(words.len(), 24, "{plain}");
    (words, shown)
}

fn without_escapes(text: &str) -> String {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if letter == '\x1b' {
            for letter in letters.by_ref() {
                if letter.is_ascii_alphabetic() {
                    break;
                }
            }
        } else {
            plain.push(letter);
        }
    }
    plain
}

/// Waits for the next `Word N` and says which.
fn asked_for(terminal: &mut Terminal) -> usize {
    terminal.see("Word ");
    terminal.see(":").parse().unwrap()
}

#[test]
fn makes_a_key() {
    let home = Home::new();
    let mut terminal = Terminal::start(&home, &["init", "--keystore", "file"]);
    terminal.answer("New passphrase", "short");
    terminal.see("fewer than 12");
    terminal.answer("New passphrase", PASSPHRASE);
    terminal.answer("The same again", "correct horse batery");
    terminal.see("differ");
    terminal.answer("New passphrase", PASSPHRASE);
    terminal.answer("The same again", PASSPHRASE);
    let (words, shown) = read_backup(&mut terminal);
    terminal.type_line("");
    terminal.see(LEAVE_SCREEN);
    // One wrong answer is forgiven.
    let first = asked_for(&mut terminal);
    terminal.type_line("wrong");
    terminal.see(&format!("that is not word {first}"));
    assert_eq!(asked_for(&mut terminal), first);
    terminal.type_line(&words[&first]);
    for _ in 0..2 {
        let position = asked_for(&mut terminal);
        terminal.type_line(&words[&position]);
    }
    terminal.see("The operator key is made and stored.");
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true), "{}", ended.screen);

    let line = words.values().cloned().collect::<Vec<_>>().join(" ");
    home.write("words.txt", &line);
    home.run(&["key", "verify-backup", "--from", "words.txt"])
        .exits(0);
    let elsewhere = ended.screen.replace(&shown, "");
    assert!(
        !elsewhere.contains(PASSPHRASE) && !elsewhere.contains("batery"),
        "a passphrase was shown"
    );
    for word in words.values().filter(|word| word.len() > 6) {
        assert!(
            !elsewhere.contains(word.as_str()),
            "{word} was shown outside its own screen"
        );
    }
}

#[test]
fn three_wrong_answers_store_nothing() {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    let mut terminal = Terminal::start(&home, &["init", "--passphrase-file", "pass.txt"]);
    read_backup(&mut terminal);
    terminal.type_line("");
    for _ in 0..3 {
        asked_for(&mut terminal);
        terminal.type_line("wrong");
    }
    terminal.see("was not repeated correctly");
    terminal.see("Nothing was stored.");
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (1, true), "{}", ended.screen);
    home.assert_nothing_stored();
}

#[test]
fn restores() {
    let home = Home::new();
    let mut terminal = Terminal::start(
        &home,
        &["init", "--restore", "--scheme", "bip340", "--keystore", "file"],
    );
    terminal.answer("Word  1:", &words());
    terminal.see(&format!("is {OPERATOR_ID}. Is that your operator id?"));
    terminal.press("y");
    terminal.answer("New passphrase", PASSPHRASE);
    terminal.answer("The same again", PASSPHRASE);
    terminal.see("made and stored");
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true), "{}", ended.screen);
    // The words are seen while they are typed, and leave with their screen.
    assert!(ended.screen.contains("abandon") && !ended.lasting().contains("abandon"));
    assert!(!ended.screen.contains(PASSPHRASE));
    assert_eq!(decrypted(&home.read(KEY_FILE), PASSPHRASE), Some(payload()));
}

#[test]
fn a_mistyped_word_is_asked_for_again_at_once() {
    let home = Home::new();
    let mut terminal = Terminal::start(
        &home,
        &["init", "--restore", "--scheme", "bip340", "--keystore", "file"],
    );
    terminal.answer("Word  1:", &"abandon ".repeat(22));
    terminal.answer("Word 23:", "abandom diesel");
    terminal.see("word 23 is not in the BIP-39 English list");
    terminal.answer("Word 23:", "Abandon");
    terminal.answer("Word 24:", "diesel diesel");
    terminal.see("there are 25 words");
    assert_eq!(terminal.end().code, 1);
    home.assert_nothing_stored();
}

#[test]
fn the_wrong_id_is_declined() {
    let home = Home::new();
    let mut terminal = Terminal::start(
        &home,
        &["init", "--restore", "--scheme", "ed25519", "--keystore", "file"],
    );
    terminal.answer("Word  1:", &words());
    terminal.see("Is that your operator id?");
    // Enter alone means no.
    terminal.type_line("");
    terminal.see("was not confirmed");
    assert_eq!(terminal.end().code, 1);
    home.assert_nothing_stored();
}

/// Plays `steps` (prompt, answer), then presses Ctrl-C at `prompt`.
fn interrupted_at(arguments: &[&str], steps: &[(&str, &str)], prompt: &str) {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    let mut terminal = Terminal::start(&home, arguments);
    for (prompt, answer) in steps {
        terminal.answer(prompt, answer);
    }
    terminal.see(prompt);
    terminal.press_control('c');
    let ended = terminal.end();
    assert_eq!(ended.code, 130, "{prompt}: {:?}", ended.screen);
    assert!(ended.echo, "{prompt}: typing is still invisible");
    let hidden = ended.screen.rfind("\x1b[?25l");
    assert!(
        ended.screen.rfind("\x1b[?25h") >= hidden,
        "{prompt}: the cursor is still hidden"
    );
    assert_eq!(
        ended.screen.matches(ENTER_SCREEN).count(),
        ended.screen.matches(LEAVE_SCREEN).count(),
        "{prompt}: the backup is still on the screen"
    );
    assert_eq!(
        ended.screen.matches("interrupted").count(),
        1,
        "{prompt}: {:?}",
        ended.screen
    );
    assert!(!home.path(IDENTITY).exists());
    home.assert_nothing_stored();
}

#[test]
fn control_c_at_the_passphrase() {
    interrupted_at(&["init", "--keystore", "file"], &[], "New passphrase");
}

#[test]
fn control_c_at_the_repeated_passphrase() {
    interrupted_at(
        &["init", "--keystore", "file"],
        &[("New passphrase", PASSPHRASE)],
        "The same again",
    );
}

#[test]
fn control_c_at_the_backup() {
    interrupted_at(&["init", "--passphrase-file", "pass.txt"], &[], "asked for. ");
}

#[test]
fn control_c_at_the_repeated_word() {
    interrupted_at(
        &["init", "--passphrase-file", "pass.txt"],
        &[("asked for. ", "")],
        "Word ",
    );
}

#[test]
fn control_c_at_the_words() {
    interrupted_at(&["init", "--restore", "--scheme", "bip340"], &[], "Word  1:");
}

#[test]
fn control_c_at_the_id() {
    interrupted_at(
        &["init", "--restore", "--scheme", "bip340"],
        &[("Word  1:", &words())],
        "Is that your operator id?",
    );
}

#[test]
fn control_c_at_the_words_file() {
    interrupted_at(
        &[
            "init",
            "--passphrase-file",
            "pass.txt",
            "--words-file",
            "words.txt",
        ],
        &[],
        "Will you move them",
    );
}

#[test]
fn the_end_of_input_at_the_backup_is_an_interruption() {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    let mut terminal = Terminal::start(&home, &["init", "--passphrase-file", "pass.txt"]);
    terminal.see("asked for. ");
    terminal.press_control('d');
    terminal.see(LEAVE_SCREEN);
    assert_eq!(terminal.end().code, 130);
    home.assert_nothing_stored();
}
