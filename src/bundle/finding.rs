use std::ops::Range;

use super::field::Name;

/// Whether a finding makes the bundle unusable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The bundle is refused.
    Error,
    /// Accepted, but worth knowing.
    Note,
}

impl Severity {
    /// The name in JSON output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Note => "note",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $slug:literal,)*) => {
        /// What kind of thing was found.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Stable slug for programs.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }
        }
    };
}

codes! {
    /// Larger than 64 KiB.
    TooLarge = "too-large",
    /// Nothing in it.
    Empty = "empty",
    /// Bytes that are not UTF-8.
    NotUtf8 = "not-utf8",
    /// A byte order mark at the start.
    ByteOrderMark = "byte-order-mark",
    /// Nested deeper than 8.
    TooDeep = "too-deep",
    /// Not JSON, even when read leniently.
    Syntax = "syntax",
    /// `//` or `/* */`.
    Comment = "comment",
    /// A comma before a closing bracket.
    TrailingComma = "trailing-comma",
    /// No comma between two members.
    MissingComma = "missing-comma",
    /// A string in single quotes.
    SingleQuotes = "single-quotes",
    /// A field name without quotes.
    UnquotedName = "unquoted-name",
    /// A number that JSON does not have.
    BadNumber = "bad-number",
    /// An escape or a control character that a JSON string does not have.
    BadString = "bad-string",
    /// Space that JSON does not know.
    BadSpace = "bad-space",
    /// The file is not one JSON object.
    NotAnObject = "not-an-object",
    /// A field that is there already.
    DuplicateField = "duplicate-field",
    /// No field of the bundle.
    UnknownField = "unknown-field",
    /// A required field is not there.
    MissingField = "missing-field",
    /// Not a string.
    WrongType = "wrong-type",
    /// A value that the field does not take.
    BadValue = "bad-value",
    /// Two fields exclude each other.
    Conflict = "conflict",
    /// `operator_pubkey_hex` is no public key.
    NotAKey = "not-a-key",
    /// `operator_id` is not the id of the key.
    IdMismatch = "id-mismatch",
    /// The 8-byte form of the id.
    ShortId = "short-id",
    /// The operator identity beside the bundle is another one.
    IdentityMismatch = "identity-mismatch",
    /// A secret.
    Secret = "secret",
    /// The private key of the very operator that the bundle names.
    OwnSecret = "own-secret",
    /// More than is worth listing.
    MoreFindings = "more-findings",
}

/// One thing that was found, with its place in the file.
///
/// None of its texts ever quotes a secret. They may hold characters that a terminal would obey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of thing.
    pub code: Code,
    /// Whether it makes the bundle unusable.
    pub severity: Severity,
    /// Bytes of the file.
    pub span: Range<usize>,
    /// Line of the start, from 1.
    pub line: usize,
    /// Character in the line, from 1.
    pub column: usize,
    /// The field that it is about.
    pub field: Option<Name>,
    /// What is wrong, as a sentence fragment in lower case.
    pub message: String,
    /// What is there.
    pub found: Option<String>,
    /// What may be there.
    pub allowed: Option<String>,
    /// What to do, as a full sentence.
    pub help: Option<String>,
}

impl Finding {
    pub(super) fn error(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            span,
            line: 1,
            column: 1,
            field: None,
            message: message.into(),
            found: None,
            allowed: None,
            help: None,
        }
    }

    pub(super) fn note(code: Code, span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Note,
            ..Self::error(code, span, message)
        }
    }

    pub(super) fn field(mut self, field: Name) -> Self {
        self.field = Some(field);
        self
    }

    pub(super) fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    pub(super) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Whether it makes the bundle unusable.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Whether a secret was found.
    pub fn is_secret(&self) -> bool {
        matches!(self.code, Code::Secret | Code::OwnSecret)
    }
}
