use std::time::Duration;

/// What goes wrong with an answer.
#[derive(Clone, Debug)]
pub enum Fault {
    /// An error in the registry's own form.
    Status(u16),
    /// Anything at all.
    Answer {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
    },
    /// A web page with this status.
    Html(u16),
    /// 307 to there.
    Redirect(String),
    /// 429, with this in `Retry-After`.
    RateLimited(Option<String>),
    /// The answer comes byte by byte.
    Drip(Duration),
    /// No answer comes; the connection stays open.
    Silent,
    /// The connection ends after so many bytes of the body.
    Truncated(usize),
    /// The connection ends before the answer.
    Closed,
    /// Other bytes under the same headers.
    OtherBytes(Vec<u8>),
    /// A `Content-Length` that is this much too small or large.
    WrongLength(isize),
    /// Another value of a header; empty takes it away.
    Header(&'static str, String),
    /// A body without an end.
    Endless,
    /// Something that is not HTTP.
    NotHttp,
}
