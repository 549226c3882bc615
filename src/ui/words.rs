//! Showing a backup once, and asking for a part of it back.

use std::io::{self, BufRead, Write};

use super::interrupt::AlternateScreen;
use super::style::{FAINT, HEADING, paint};
use super::{Failure, Ui};
use crate::operator::{WORD_COUNT, Words};

const ROWS: usize = WORD_COUNT / COLUMNS;
const COLUMNS: usize = 4;

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
