//! Questions. Each names the flag that answers it where nobody can be asked.

use dialoguer::console::Term;
use dialoguer::{Confirm, Input, Password};
use zeroize::Zeroizing;

use super::{Failure, Ui};
use crate::vault::Passphrase;

impl Ui {
    fn need_terminal(&self, what: &str, flag: &str) -> Result<Term, Failure> {
        if self.interactive {
            Ok(Term::stderr())
        } else {
            Err(Failure::needs_terminal(what, flag))
        }
    }

    /// Asks for a secret line without showing it.
    ///
    /// # Errors
    /// `no-terminal` naming `flag`; `interrupted`.
    pub fn ask_secret(&self, question: &str, flag: &str) -> Result<Zeroizing<String>, Failure> {
        let term = self.need_terminal(question, flag)?;
        let answer = Password::new()
            .with_prompt(question)
            .allow_empty_password(true)
            .report(false);
        answer
            .interact_on(&term)
            .map(Zeroizing::new)
            .map_err(Failure::prompt)
    }

    /// Asks for the passphrase of an encrypted key.
    ///
    /// # Errors
    /// As [`Ui::ask_secret`], and an empty or malformed passphrase.
    pub fn ask_passphrase(&self, question: &str, flag: &str) -> Result<Passphrase, Failure> {
        Ok(Passphrase::new(&self.ask_secret(question, flag)?)?)
    }

    /// Asks for a new passphrase twice, until it is acceptable and both agree.
    ///
    /// # Errors
    /// As [`Ui::ask_secret`].
    pub fn ask_new_passphrase(&self, question: &str, flag: &str) -> Result<Passphrase, Failure> {
        loop {
            let first = match self.ask_passphrase(question, flag) {
                Err(failure) if failure.reason() == "passphrase-unacceptable" => {
                    self.refuse(&failure);
                    continue;
                }
                other => other?,
            };
            if let Err(error) = first.check_strength() {
                self.refuse(&error.into());
                continue;
            }
            let again = self.ask_secret("The same again", flag)?;
            if Passphrase::new(&again).is_ok_and(|second| first.matches(&second)) {
                return Ok(first);
            }
            self.warn("the two passphrases differ; once more");
        }
    }

    /// Says why an answer is not taken, before asking again.
    pub fn refuse(&self, failure: &Failure) {
        self.warn(&match failure.remedy() {
            Some(hint) => format!("{}. {hint}", failure.detail()),
            None => failure.detail().to_owned(),
        });
    }

    /// Asks for a line of text, until `check` takes it.
    ///
    /// # Errors
    /// As [`Ui::ask_secret`].
    pub fn ask_text<T>(
        &self,
        question: &str,
        default: Option<&str>,
        flag: &str,
        check: impl Fn(&str) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let term = self.need_terminal(question, flag)?;
        loop {
            let mut input = Input::<String>::new().with_prompt(question).report(true);
            input = match default {
                Some(default) => input.default(default.to_owned()),
                None => input.allow_empty(true),
            };
            let answer = input.interact_text_on(&term).map_err(Failure::prompt)?;
            match check(answer.trim()) {
                Ok(value) => return Ok(value),
                Err(failure) => self.refuse(&failure),
            }
        }
    }

    /// Asks yes or no; no is the default.
    ///
    /// # Errors
    /// As [`Ui::ask_secret`].
    pub fn confirm(&self, question: &str, flag: &str) -> Result<bool, Failure> {
        let term = self.need_terminal(question, flag)?;
        Confirm::new()
            .with_prompt(question)
            .default(false)
            .interact_on(&term)
            .map_err(Failure::prompt)
    }
}
