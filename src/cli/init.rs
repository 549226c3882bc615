use std::path::PathBuf;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use serde_json::{Map, json};

use super::context::Context;
use super::{examples, input};
use crate::operator::{Identity, OperatorId, Origin, Scheme, SecretKey, WORD_COUNT, Words};
use crate::store::{self, Folders};
use crate::ui::{EMPHASIS, Exit, Failure, GOOD, Lines, Report, paint};
use crate::vault::{self, Changed, Destination};

/// Make the operator key, or restore one, and store it
///
/// The key goes into the operating system's keychain where a test entry proves that usable, else into a file encrypted
/// with a passphrase. Its 24-word backup is shown once. Interrupted at any moment, init leaves either nothing or a
/// complete identity; an existing identity is never overwritten.
///
/// Without a terminal, give --words-file, --yes and, for the encrypted file, --passphrase-file.
#[derive(Args)]
#[command(after_help = examples::INIT)]
pub(super) struct Init {
    /// Signature scheme of the key; must be stated for --restore and --import-hex [default: bip340]
    #[arg(long, value_name = "SCHEME", value_parser = parse_scheme)]
    scheme: Option<Scheme>,
    /// Where to keep the key [default: keychain if it works, else file]
    #[arg(long, value_name = "WHERE")]
    keystore: Option<KeystoreKind>,
    /// Restore the key from its 24 words
    #[arg(long, group = "existing", requires = "scheme")]
    restore: bool,
    /// Import the key from 64 hex digits, as the portal exports it
    #[arg(long, group = "existing", requires = "scheme")]
    import_hex: bool,
    /// Read the words or hex digits from this file (0600), or from standard input for "-"
    #[arg(long, value_name = "FILE", requires = "existing")]
    from: Option<PathBuf>,
    /// Refuse unless the restored or imported key has this operator id
    #[arg(long, value_name = "ID", requires = "existing")]
    expect_id: Option<OperatorId>,
    /// Take the passphrase of the encrypted file from FILE (0600, one line), or from standard input for "-"
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Write the 24 words to this new file (0600) instead of showing them
    #[arg(long, value_name = "FILE", conflicts_with = "existing")]
    words_file: Option<PathBuf>,
    /// Do not ask for confirmation
    #[arg(long, short)]
    yes: bool,
}

/// The `--keystore` and `--to` choices.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum KeystoreKind {
    /// The operating system's keychain
    Keychain,
    /// A file encrypted with a passphrase (age format)
    File,
}

fn parse_scheme(name: &str) -> Result<Scheme, crate::operator::UnknownScheme> {
    name.parse()
}

impl Init {
    pub(super) fn run(self, context: &Context) -> Result<Exit, Failure> {
        self.check_usage()?;
        let words_file = self.words_file.as_deref().map(input::absolute).transpose()?;
        let folders = context.folders()?;
        let home = context.lock(&folders)?;
        home.check_vacant()?;
        if let Some(path) = &words_file {
            store::check_creatable(path)?;
        }
        let scheme = self.scheme.unwrap_or(Scheme::Bip340);
        let (key, origin) = self.obtain_key(context, scheme)?;
        input::keep_in_memory(context, &key);
        if origin == Origin::Generated {
            context.ui.note(scheme.abilities());
        }
        let destination = self.destination(context)?;
        if origin == Origin::Generated {
            self.back_up(context, &key)?;
        }
        let created_at = humantime::format_rfc3339_seconds(SystemTime::now()).to_string();
        let progress = context.ui.progress(match destination {
            Destination::Keychain => "Storing the key in the keychain",
            Destination::File(_) | Destination::DangerouslyFastFile(_) => "Encrypting the key",
        });
        let Changed { identity, notes } =
            home.create(&key, &destination, origin, created_at, words_file.as_deref())?;
        drop(progress);
        context.warn_all(&notes);
        context.ui.result(&Created {
            identity,
            folders,
            words_file,
        })?;
        Ok(Exit::Done)
    }

    /// What the parser cannot see.
    fn check_usage(&self) -> Result<(), Failure> {
        if self.keystore == Some(KeystoreKind::Keychain) && self.passphrase_file.is_some() {
            return Err(Failure::usage("--passphrase-file belongs to --keystore file")
                .hint("Leave one of the two out."));
        }
        input::check_stdin_is_used_once(
            ("--from", self.from.as_deref()),
            ("--passphrase-file", self.passphrase_file.as_deref()),
        )
    }

    fn obtain_key(&self, context: &Context, scheme: Scheme) -> Result<(SecretKey, Origin), Failure> {
        if !self.restore && !self.import_hex {
            return Ok((vault::generate(scheme)?, Origin::Generated));
        }
        let origin = if self.restore {
            Origin::Restored
        } else {
            Origin::Imported
        };
        let text = match &self.from {
            Some(path) => input::read_secret_text(context, path)?,
            None if self.restore => context.ui.ask_words("--from FILE")?,
            None => context.ui.ask_secret("The 64 hex digits", "--from FILE")?,
        };
        let key = if self.restore {
            Words::to_secret(scheme, &text)?
        } else {
            SecretKey::from_hex(scheme, text.trim())?
        };
        self.check_id(context, &key)?;
        Ok((key, origin))
    }

    /// A wrong scheme or another person's words give a valid key too: only its id tells.
    fn check_id(&self, context: &Context, key: &SecretKey) -> Result<(), Failure> {
        let id = key.public().operator_id();
        match &self.expect_id {
            Some(expected) if *expected != id => Err(Failure::new(
                "id-mismatch",
                format!("this key is {id}, not {expected}"),
            )
            .hint("Check --scheme and that these are the right words or digits; nothing was stored.")),
            None if !self.yes => {
                let question = format!("This {} key is {id}. Is that your operator id?", key.scheme());
                if context.ui.confirm(&question, "--expect-id ID (or --yes)")? {
                    return Ok(());
                }
                Err(Failure::new("id-mismatch", format!("{id} was not confirmed"))
                    .hint("Check --scheme and that these are the right words or digits; nothing was stored."))
            }
            _ => Ok(()),
        }
    }

    fn destination(&self, context: &Context) -> Result<Destination, Failure> {
        let flag = "--passphrase-file FILE";
        let file = || {
            Ok(Destination::File(input::new_passphrase(
                context,
                self.passphrase_file.as_deref(),
                flag,
            )?))
        };
        match self.keystore {
            Some(KeystoreKind::File) => file(),
            Some(KeystoreKind::Keychain) => {
                probe(context)?;
                Ok(Destination::Keychain)
            }
            None if self.passphrase_file.is_some() => file(),
            None => match probe(context) {
                Ok(()) => Ok(Destination::Keychain),
                Err(failure) => {
                    context.ui.note(&format!(
                        "Keeping the key in an encrypted file: {}.",
                        failure.detail()
                    ));
                    file()
                }
            },
        }
    }

    fn back_up(&self, context: &Context, key: &SecretKey) -> Result<(), Failure> {
        let words = key.to_words();
        if let Some(path) = &self.words_file {
            if self.yes {
                return Ok(());
            }
            let question = format!(
                "The 24 words will be written, readable, to {}. Will you move them to a safe place off this machine?",
                path.display()
            );
            return if context.ui.confirm(&question, "--yes")? {
                Ok(())
            } else {
                Err(Failure::new("backup-not-confirmed", "the backup was declined")
                    .hint("Nothing was stored."))
            };
        }
        context.ui.show_words(&words, "--words-file FILE --yes")?;
        if self.yes {
            return Ok(());
        }
        context
            .ui
            .ask_words_back(&words, &three_positions()?, "--words-file FILE --yes")
    }
}

fn probe(context: &Context) -> Result<(), Failure> {
    let _progress = context.ui.progress("Testing the keychain");
    Ok(vault::probe_keychain()?)
}

/// Three different positions from 1 to 24, in order.
fn three_positions() -> Result<Vec<usize>, Failure> {
    let mut positions = Vec::with_capacity(3);
    while positions.len() < 3 {
        let mut byte = [0];
        getrandom::fill(&mut byte)
            .map_err(|error| Failure::new("internal", format!("no randomness: {error}")))?;
        // 240 is a multiple of 24: no position is likelier than another.
        let position = usize::from(byte[0]) % WORD_COUNT + 1;
        if byte[0] < 240 && !positions.contains(&position) {
            positions.push(position);
        }
    }
    positions.sort_unstable();
    Ok(positions)
}

struct Created {
    identity: Identity,
    folders: Folders,
    words_file: Option<PathBuf>,
}

impl Created {
    fn next(&self) -> &'static str {
        "oc-guardian config gen"
    }
}

impl Report for Created {
    fn fields(&self) -> Map<String, serde_json::Value> {
        let mut fields = super::key::identity_fields(&self.identity, &self.folders);
        fields.insert(
            "words_file".into(),
            json!(self.words_file.as_ref().map(|path| path.display().to_string())),
        );
        fields.insert("next".into(), json!(self.next()));
        fields
    }

    fn human(&self) -> String {
        let mut lines = Lines::default();
        lines.line(paint(GOOD, "The operator key is made and stored."));
        lines.field(
            "operator id",
            paint(EMPHASIS, self.identity.operator_id().as_str()),
        );
        super::key::identity_lines(&mut lines, &self.identity, &self.folders);
        if let Some(path) = &self.words_file {
            lines.field(
                "24 words",
                format!("{} (move them to a safe place off this machine)", path.display()),
            );
        }
        lines.next(self.next()).finish()
    }
}
