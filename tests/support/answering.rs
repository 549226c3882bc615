//! An HTTP server that answers whatever a test wants, be it HTTP or not.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Serves until the test ends.
pub struct Answering {
    pub url: String,
    connections: Arc<AtomicUsize>,
}

impl Answering {
    /// Answers every connection's first request with `answer`, then closes it.
    pub fn with(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::asked(move |_| answer.clone())
    }

    /// Answers with what `answer` makes of the request's first line.
    pub fn asked(answer: impl Fn(&str) -> Vec<u8> + Send + Sync + 'static) -> Self {
        Self::by(move |mut stream, line| {
            let answer = answer(line);
            // Whoever has had enough may have closed. What is left of the request is read, so that closing does not
            // take back the answer.
            let _ = stream.write_all(&answer);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        })
    }

    /// Answers with a status, a content type, and a body.
    pub fn http(status: &str, kind: &str, body: &str) -> Self {
        Self::with(Self::document(status, kind, body))
    }

    /// An answer with a status, a content type, and a body.
    pub fn document(status: &str, kind: &str, body: &str) -> Vec<u8> {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }

    /// Lets `handle` answer, once a request's head has been read; it gets the first line.
    pub fn by(handle: impl Fn(TcpStream, &str) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let (counted, handle) = (Arc::clone(&connections), Arc::new(handle));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                counted.fetch_add(1, Ordering::SeqCst);
                let handle = Arc::clone(&handle);
                std::thread::spawn(move || {
                    let mut stream = stream;
                    let line = read_head(&mut stream);
                    handle(stream, &line);
                });
            }
        });
        Self { url, connections }
    }

    /// How many connections there have been.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn read_head(stream: &mut TcpStream) -> String {
    let _ = stream.set_read_timeout(Some(Duration::from_secs(5)));
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => break,
        }
        // TLS, of which nothing is understood here.
        if head[0] == 0x16 {
            break;
        }
    }
    let head = String::from_utf8_lossy(&head);
    head.lines().next().unwrap_or_default().to_owned()
}
