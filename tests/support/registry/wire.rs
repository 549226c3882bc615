//! HTTP/1.1, as much as is needed.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

const REASON: &str = "Reason";
const MAX_LINES: usize = 100;

/// A request as it came.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// With the query.
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
    pub at: Instant,
}

impl Request {
    /// A header's value; several are joined as a list.
    pub fn header(&self, name: &str) -> Option<String> {
        let values: Vec<_> = self
            .headers
            .iter()
            .filter(|(its, _)| its == name)
            .map(|(_, value)| value.as_str())
            .collect();
        (!values.is_empty()).then(|| values.join(", "))
    }

    /// Whether anything secret can be in it.
    pub fn is_authorized(&self) -> bool {
        self.header("authorization").is_some() || self.body.contains("refresh_token")
    }

    /// The next request of a connection; `None` at its end.
    pub fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Self>> {
        let Some(first) = line(stream)? else {
            return Ok(None);
        };
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut headers = Vec::new();
        for _ in 0..MAX_LINES {
            match line(stream)? {
                None => return Ok(None),
                Some(header) if header.is_empty() => break,
                Some(header) => {
                    let (name, value) = header.split_once(':').unwrap_or((&header, ""));
                    headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
                }
            }
        }
        let mut request = Self {
            method: method.to_owned(),
            path: path.to_owned(),
            headers,
            body: String::new(),
            at: Instant::now(),
        };
        let length = request
            .header("content-length")
            .and_then(|it| it.parse().ok())
            .unwrap_or(0);
        stream.take(length).read_to_string(&mut request.body)?;
        Ok(Some(request))
    }
}

fn line(stream: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    let read = stream.read_line(&mut line)?;
    Ok((read > 0).then(|| line.trim_end().to_owned()))
}

/// An answer before anything went wrong.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.set(name, value.into());
        self
    }

    /// Replaces a header; an empty value takes it away.
    pub fn set(&mut self, name: &str, value: String) {
        self.headers.retain(|(its, _)| !its.eq_ignore_ascii_case(name));
        if !value.is_empty() {
            self.headers.push((name.to_owned(), value));
        }
    }

    /// Status line and headers; `length` as the body's, or none.
    pub fn head(&self, length: Option<usize>) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} {REASON}\r\n", self.status);
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(length) = length {
            head += &format!("Content-Length: {length}\r\n");
        }
        head += "\r\n";
        head.into_bytes()
    }

    /// All of it, in one piece; without the body for HEAD.
    pub fn send(&self, stream: &mut TcpStream, method: &str) -> io::Result<()> {
        let mut bytes = self.head(Some(self.body.len()));
        if method != "HEAD" {
            bytes.extend(&self.body);
        }
        stream.write_all(&bytes)
    }
}
