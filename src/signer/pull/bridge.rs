use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::engine::ExecStream;

/// Characters of what a program in a container says that are passed on.
const MAX_SAID: usize = 400;

/// An exec whose last words are still there when the stream is not.
pub(super) struct Bridge {
    stream: ExecStream,
    complaints: Complaints,
}

/// What the program in the container wrote to its standard error; from outside.
#[derive(Clone, Default)]
pub(super) struct Complaints(Arc<Mutex<String>>);

impl Complaints {
    /// In one line, and no more of it than says why; empty where it said nothing.
    pub(super) fn text(&self) -> String {
        let text = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().take(MAX_SAID).collect()
    }
}

impl Bridge {
    pub(super) fn over(stream: ExecStream) -> (Self, Complaints) {
        let complaints = Complaints::default();
        let kept = complaints.clone();
        (
            Self {
                stream,
                complaints: kept,
            },
            complaints,
        )
    }
}

impl AsyncRead for Bridge {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if polled.is_ready() && buffer.filled().len() == before {
            let text = self.stream.complaints();
            *self.complaints.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
        }
        polled
    }
}

impl AsyncWrite for Bridge {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
