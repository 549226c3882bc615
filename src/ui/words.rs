//! Showing a backup once, and asking for a part of it back.

use std::io::{self, BufRead, Read, Write};

use zeroize::Zeroizing;

use super::interrupt::AlternateScreen;
use super::style::{FAINT, HEADING, paint};
use super::{Failure, Ui};
use crate::operator::{WORD_COUNT, Words};

const ROWS: usize = WORD_COUNT / COLUMNS;
const COLUMNS: usize = 4;
/// Bytes of one line of answers.
const LINE: usize = 1024;

impl Ui {
    /// Shows the words on a screen of their own, until Enter is pressed.
    ///
    /// # Errors
    /// `no-terminal`; a terminal that fails.
    pub fn show_words(&self, words: &Words, flag: &str) -> Result<(), Failure> {
        if !self.interactive {
            return Err(Failure::needs_terminal("a place for the 24-word backup", flag));
        }
        let failed = |error: io::Error| Failure::prompt(error.into());
        let _screen = AlternateScreen::enter().map_err(failed)?;
        let mut err = anstream::stderr();
        let all: Vec<&str> = words.iter().collect();
        writeln!(err, "{}\n", paint(HEADING, "Your 24-word backup")).map_err(failed)?;
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                let at = column * ROWS + row;
                let number = paint(FAINT, &format!("{:>2}", at + 1));
                write!(err, "  {number} {:<10}", all[at]).map_err(failed)?;
            }
            writeln!(err).map_err(failed)?;
        }
        write!(
            err,
            "\nWrite them on paper, in this order. They are the key itself: whoever has them signs as you, and\n\
             without them a lost machine is a lost key. They are shown only this once.\n\n\
             Press Enter when you have written them down; then three of them are asked for. "
        )
        .and_then(|()| err.flush())
        .map_err(failed)?;
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line) {
            Ok(0) => Err(Failure::interrupted()),
            Ok(_) => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Asks for all words, one by one or several at once, on a screen of their own. Visible, since nobody types 24 words
    /// blindly; each is checked against the list at once.
    ///
    /// # Errors
    /// `no-terminal` naming `flag`; `interrupted` at the end of input.
    pub fn ask_words(&self, flag: &str) -> Result<Zeroizing<String>, Failure> {
        if !self.interactive {
            return Err(Failure::needs_terminal("the 24-word backup", flag));
        }
        let failed = |error: io::Error| Failure::prompt(error.into());
        let _screen = AlternateScreen::enter().map_err(failed)?;
        let mut err = anstream::stderr();
        writeln!(err, "{}\n", paint(HEADING, "Your 24-word backup")).map_err(failed)?;
        writeln!(
            err,
            "Type the words in order, one or several at a time. Ctrl-C stops.\n"
        )
        .map_err(failed)?;
        // Room for the longest words, so that growing leaves no copy behind.
        let mut all = Zeroizing::new(String::with_capacity(WORD_COUNT * 9));
        let mut line = Zeroizing::new(String::with_capacity(LINE));
        let mut count = 0;
        while count < WORD_COUNT {
            write!(err, "{} ", paint(FAINT, &format!("Word {:>2}:", count + 1)))
                .and_then(|()| err.flush())
                .map_err(failed)?;
            line.clear();
            let read = io::stdin()
                .lock()
                .take(LINE as u64)
                .read_line(&mut line)
                .map_err(failed)?;
            if read == 0 {
                return Err(Failure::interrupted());
            }
            for word in line.split_whitespace() {
                // Words beyond the last are kept, so that their number is refused and not silently cut.
                if count < WORD_COUNT && !Words::is_known(word) {
                    let position = count + 1;
                    writeln!(
                        err,
                        "  word {position} is not in the BIP-39 English list; again from there"
                    )
                    .map_err(failed)?;
                    break;
                }
                all.push_str(word);
                all.push(' ');
                count += 1;
            }
        }
        Ok(all)
    }

    /// Asks for the words at these positions (from 1), three tries each.
    ///
    /// # Errors
    /// `backup-not-confirmed` after three wrong answers.
    pub fn ask_words_back(&self, words: &Words, positions: &[usize], flag: &str) -> Result<(), Failure> {
        for position in positions {
            let expected = words.iter().nth(position - 1).unwrap_or_default();
            let mut tries = 3;
            loop {
                let answer = self.ask_secret(&format!("Word {position}"), flag)?;
                if answer.trim().eq_ignore_ascii_case(expected) {
                    break;
                }
                tries -= 1;
                if tries == 0 {
                    return Err(Failure::new(
                        "backup-not-confirmed",
                        format!("word {position} of the backup was not repeated correctly"),
                    )
                    .hint("Nothing was stored. Run init again and write down the new words."));
                }
                self.warn(&format!("that is not word {position}; look at your paper"));
            }
        }
        Ok(())
    }
}
