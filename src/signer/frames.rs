//! Frames between the kit and a guardian's RPC socket: a length (u32, big-endian) and that many bytes of JSON, at most
//! 64 KiB. Format and methods: `docs/formats.md`, frozen by the tests here.

use std::io;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Most bytes of JSON in a frame.
pub const MAX_FRAME: usize = 64 * 1024;
/// Version of the frames and methods, in `hello`.
pub const RPC_VERSION: u64 = 1;

/// Why a frame could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side closed, between two frames.
    #[error("the connection was closed")]
    Closed,
    /// Longer than [`MAX_FRAME`], or empty.
    #[error("a frame of {0} bytes; 1 to {MAX_FRAME} are allowed")]
    Length(usize),
    /// Not the JSON that a frame has.
    #[error("a frame is not as documented: {0}")]
    Shape(String),
    /// The connection failed, or was closed inside a frame.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// What the kit asks of the guardian.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call<'a> {
    /// Chosen by the caller; the answer carries it. Answers come in any order.
    pub id: u64,
    /// `hello`, `pending`, `answer`, `head`, `leave-head`
    pub method: std::borrow::Cow<'a, str>,
    /// By method.
    #[serde(borrow)]
    pub params: &'a RawValue,
}

/// What the guardian answers: `result` or `error`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    /// Of the call.
    pub id: u64,
    /// By method.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<Box<RawValue>>,
    /// Why there is no result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CallError>,
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallError {
    /// Stable slug.
    pub reason: String,
    /// For people.
    pub detail: String,
}

/// `hello`: the first call of a connection, and its result; both sides say who they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// [`RPC_VERSION`]
    pub version: u64,
    /// Version of the program.
    pub program: String,
    /// Whose requests these are.
    pub operator_id: String,
}

/// `pending`: waits until there is a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pending {
    /// Seconds to wait, at most 60.
    pub wait: u64,
    /// Requests that the kit has already; they are not sent again.
    pub known: Vec<String>,
}

/// Result of `pending`: as many requests as fit into a frame, the oldest first; none after the wait.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Requests {
    /// Each as it would be posted to `/v1/sign`.
    pub requests: Vec<Box<RawValue>>,
}

/// `answer`: what the signing server says to a request. Only a signature that verifies removes a request from the
/// guardian's queue; the result is `{}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Answered {
    /// Of the request.
    pub id: String,
    /// As over HTTP.
    pub status: u16,
    /// As over HTTP.
    pub body: Box<RawValue>,
}

/// `head`: asks what the guardian remembers of the operator, with proof: result of [`Known`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remembered {
    /// `audit` for the signed audit head with the highest sequence number; the name of an action for the action envelope
    /// with the highest nonce.
    pub of: String,
}

/// Result of `head`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Known {
    /// As it was signed; null where there is none.
    pub known: Option<Box<RawValue>>,
}

/// `leave-head`: the guardian is to remember this signed audit head, and to tell its peers; the result is `{}`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leave {
    /// As `audit head` prints it.
    pub head: Box<RawValue>,
}

/// Reads the bytes of one frame.
///
/// # Errors
/// [`FrameError`]
pub async fn read_frame(stream: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, FrameError> {
    let mut first = [0; 1];
    if stream.read(&mut first).await? == 0 {
        return Err(FrameError::Closed);
    }
    let mut rest = [0; 3];
    stream.read_exact(&mut rest).await?;
    let length = u32::from_be_bytes([first[0], rest[0], rest[1], rest[2]]) as usize;
    if length == 0 || length > MAX_FRAME {
        return Err(FrameError::Length(length));
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}

/// Writes one frame.
///
/// # Errors
/// [`FrameError::Length`], [`FrameError::Io`]
pub async fn write_frame(stream: &mut (impl AsyncWrite + Unpin), json: &[u8]) -> Result<(), FrameError> {
    stream.write_all(&frame(json)?).await?;
    stream.flush().await?;
    Ok(())
}

/// The bytes of one frame.
///
/// # Errors
/// [`FrameError::Length`]
pub fn frame(json: &[u8]) -> Result<Vec<u8>, FrameError> {
    match u32::try_from(json.len()) {
        Ok(length) if length > 0 && json.len() <= MAX_FRAME => Ok([&length.to_be_bytes(), json].concat()),
        _ => Err(FrameError::Length(json.len())),
    }
}

/// Parses the JSON of a frame.
///
/// # Errors
/// [`FrameError::Shape`]
pub fn parse_frame<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, FrameError> {
    if !json.trim_ascii_start().starts_with(b"{") {
        // The library would take an array for the fields in order.
        return Err(FrameError::Shape("it is not a JSON object".into()));
    }
    serde_json::from_slice(json).map_err(|error| FrameError::Shape(error.to_string()))
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
