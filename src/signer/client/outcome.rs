use serde::Deserialize;
use serde_json::value::RawValue;

use super::ClientError;

/// What the server says to a request.
#[derive(Debug)]
pub enum Outcome {
    /// A signature.
    Signed(Signed),
    /// A person has to answer; ask with [`Client::outcome`].
    Waiting {
        /// When the question is taken for answered with no, in Unix seconds.
        expires_at: u64,
    },
    /// No.
    Refused(Refused),
}

/// A signature and what was signed. Not verified here: whoever uses it knows the key.
#[derive(Debug, Deserialize)]
pub struct Signed {
    /// Of the request.
    pub id: String,
    /// The whole signed envelope, byte for byte as it is to be passed on.
    pub envelope: Box<RawValue>,
    /// 128 hex digits.
    pub signature_hex: String,
}

/// Why there is no signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// Stable slug.
    pub reason: String,
    /// For people; from the server, and so from outside.
    pub detail: String,
    /// The policy rule that decided.
    pub rule: Option<String>,
}

#[derive(Deserialize)]
struct WaitingBody {
    expires_at: u64,
}

#[derive(Deserialize)]
struct RefusedBody {
    reason: String,
    detail: String,
    #[serde(default)]
    rule: Option<String>,
}

/// What the server's answer to a request means.
///
/// # Errors
/// [`ClientError::Answer`] where it is none.
pub fn read_outcome(status: u16, body: &[u8]) -> Result<Outcome, ClientError> {
    let shape = |error: serde_json::Error| ClientError::Answer(error.to_string());
    Ok(match status {
        200 => Outcome::Signed(serde_json::from_slice(body).map_err(shape)?),
        202 => {
            let WaitingBody { expires_at } = serde_json::from_slice(body).map_err(shape)?;
            Outcome::Waiting { expires_at }
        }
        _ => Outcome::Refused(refused(status, body)?),
    })
}

pub(super) fn refused(status: u16, body: &[u8]) -> Result<Refused, ClientError> {
    let body: RefusedBody =
        serde_json::from_slice(body).map_err(|error| ClientError::Answer(error.to_string()))?;
    Ok(Refused {
        status,
        reason: body.reason,
        detail: body.detail,
        rule: body.rule,
    })
}
