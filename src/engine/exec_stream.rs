use std::io;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll, ready};

use bollard::container::LogOutput;
use bollard::errors::Error;
use futures_util::Stream;
use hyper::body::Bytes;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Most that is kept of what a command complains of, in bytes.
const MAX_COMPLAINTS: usize = 4 << 10;

type Parts = Pin<Box<dyn Stream<Item = Result<LogOutput, Error>> + Send>>;
type Input = Pin<Box<dyn AsyncWrite + Send>>;

/// A command in a container: reading gives what it prints, writing is its standard input, and shutting down ends that.
///
/// Nothing is read ahead but one piece: a command that prints faster than it is read waits.
pub struct ExecStream {
    // `Sync`, so that a future which holds one by reference can be sent.
    output: Mutex<Parts>,
    input: Mutex<Input>,
    rest: Bytes,
    complaints: Vec<u8>,
}

impl ExecStream {
    pub(super) fn new(output: Parts, input: Input) -> Self {
        Self {
            output: Mutex::new(output),
            input: Mutex::new(input),
            rest: Bytes::new(),
            complaints: Vec::new(),
        }
    }

    /// The last 4 KiB of what came on its standard error, as far as was read.
    pub fn complaints(&self) -> String {
        String::from_utf8_lossy(&self.complaints).into_owned()
    }

    fn complain(&mut self, bytes: &[u8]) {
        self.complaints.extend_from_slice(bytes);
        let surplus = self.complaints.len().saturating_sub(MAX_COMPLAINTS);
        self.complaints.drain(..surplus);
    }

    fn parts(&mut self) -> &mut Parts {
        self.output
            .get_mut()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn input(&mut self) -> Pin<&mut (dyn AsyncWrite + Send)> {
        let input = self.input.get_mut();
        input.unwrap_or_else(std::sync::PoisonError::into_inner).as_mut()
    }
}

impl AsyncRead for ExecStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        while self.rest.is_empty() {
            match ready!(self.parts().as_mut().poll_next(context)) {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                Some(Ok(LogOutput::StdErr { message })) => self.complain(&message),
                Some(Ok(other)) => self.rest = other.into_bytes(),
            }
        }
        let length = self.rest.len().min(buffer.remaining());
        let piece = self.rest.split_to(length);
        buffer.put_slice(&piece);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ExecStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.input().poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input().poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.input().poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use tokio::io::{AsyncReadExt as _, sink};

    use super::*;

    #[tokio::test]
    async fn output_is_read_in_any_pieces_and_complaints_are_kept_apart() {
        let out = |text: &'static str| Ok(LogOutput::StdOut { message: text.into() });
        let parts = vec![
            out("one "),
            Ok(LogOutput::StdErr {
                message: vec![b'x'; 5000].into(),
            }),
            Ok(LogOutput::StdErr { message: "!".into() }),
            out(""),
            out("two"),
        ];
        let mut stream = ExecStream::new(Box::pin(stream::iter(parts)), Box::pin(sink()));
        let mut first = [0; 2];
        stream.read_exact(&mut first).await.unwrap();
        let mut rest = String::new();
        stream.read_to_string(&mut rest).await.unwrap();
        assert_eq!((first.as_slice(), rest.as_str()), (b"on".as_slice(), "e two"));
        assert_eq!(stream.complaints().len(), MAX_COMPLAINTS);
        assert!(stream.complaints().ends_with("x!"));
    }

    #[tokio::test]
    async fn a_broken_connection_is_an_error_and_no_end() {
        let broken = Err(io::Error::from(io::ErrorKind::ConnectionReset).into());
        let mut stream = ExecStream::new(Box::pin(stream::iter([broken])), Box::pin(sink()));
        assert!(stream.read_to_end(&mut Vec::new()).await.is_err());
    }
}
