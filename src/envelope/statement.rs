use serde_json::Value;

use super::fields::{DIGEST, Fields, HASH, PayloadError, URL, is_digest, is_hash, is_url, is_word};

/// A statement that a federation can sign: the `params.statement` of a `federation-sign`. The table is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StatementType {
    /// The federation can sign, at this time.
    Heartbeat,
    /// A new directory.
    DirectoryUpdate,
    /// The image that guardians should run.
    ImagePin,
    /// A decision of the federation's members.
    Resolution,
}

impl StatementType {
    /// The whole table.
    pub const ALL: [Self; 4] = [
        Self::Heartbeat,
        Self::DirectoryUpdate,
        Self::ImagePin,
        Self::Resolution,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::DirectoryUpdate => "directory-update",
            Self::ImagePin => "image-pin",
            Self::Resolution => "resolution",
        }
    }

    /// The type of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.as_str() == name)
    }
}

/// A statement whose fields have been checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Which one.
    pub kind: StatementType,
    /// Its number among those of its type; strictly forward.
    pub seq: u64,
}

impl Statement {
    /// Checks `params`, which holds the statement and nothing else.
    ///
    /// # Errors
    /// [`PayloadError`]
    pub fn from_params(params: &Value) -> Result<Self, PayloadError> {
        let mut fields = Fields::of("params", params)?;
        let statement = Self::from_value(fields.value("statement")?)?;
        fields.finish()?;
        Ok(statement)
    }

    fn from_value(value: &Value) -> Result<Self, PayloadError> {
        let mut fields = Fields::of("statement", value)?;
        let kind = fields.parsed(
            "type",
            "heartbeat, directory-update, image-pin or resolution",
            StatementType::named,
        )?;
        let seq = fields.integer("seq")?;
        match kind {
            StatementType::Heartbeat => {
                fields.integer("at")?;
            }
            StatementType::DirectoryUpdate => {
                fields.nullable("prev", "null or 64 digits 0-9 a-f", is_hash)?;
                if !fields.value("directory")?.is_object() {
                    return Err(fields.bad("directory", "an object"));
                }
            }
            StatementType::ImagePin => {
                fields.text("image", "an image reference", |it| is_word(it, 255))?;
                fields.text("digest", DIGEST, is_digest)?;
                fields.text("min_version", "1 to 64 visible ASCII characters", |it| {
                    is_word(it, 64)
                })?;
            }
            StatementType::Resolution => {
                fields.text("title", "one line of 1 to 120 characters", |it| {
                    (1..=120).contains(&it.chars().count()) && !it.chars().any(char::is_control)
                })?;
                fields.text("body_sha256", HASH, is_hash)?;
                fields.text("url", URL, is_url)?;
            }
        }
        fields.finish()?;
        Ok(Self { kind, seq })
    }
}
