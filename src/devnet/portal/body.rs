use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use http_body_util::BodyExt;
use hyper::body::{Bytes, Frame};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::refusal::Refusal;
use crate::envelope::MAX_ENVELOPE;

/// Reads a whole body that is no longer than an envelope, in at most this time.
pub(super) async fn read(body: Body, time: Duration) -> Result<Vec<u8>, Refusal> {
    match timeout(time, collect(body)).await {
        Ok(read) => read,
        Err(_) => Err(Refusal::new(
            408,
            "slow-body",
            format!("the body did not arrive within {time:?}"),
        )),
    }
}

async fn collect(mut body: Body) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|_| Refusal::new(400, "broken-body", "the body ended before its announced end"))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if bytes.len() + data.len() > MAX_ENVELOPE {
            let detail = format!("the body has more than {MAX_ENVELOPE} bytes");
            return Err(Refusal::new(413, "too-large", detail));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// A body that goes on for as long as somebody writes into it.
pub(super) struct Stream(pub(super) mpsc::Receiver<Bytes>);

impl hyper::body::Body for Stream {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0
            .poll_recv(context)
            .map(|it| it.map(|bytes| Ok(Frame::data(bytes))))
    }
}
