use std::time::Duration;

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::time::timeout;

use crate::signer::Reply;

/// Largest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;
/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(10);
/// Of a body that is too large, as much is read and thrown away as makes it likely that the sender sees the answer
/// instead of a reset connection.
const MAX_DISCARDED: usize = 4 * MAX_BODY;

/// Reads a whole body.
pub(crate) async fn read(head: &Parts, body: Incoming) -> Result<Vec<u8>, Reply> {
    let announced = head
        .headers
        .get(CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok())
        .unwrap_or(0);
    if announced > MAX_DISCARDED {
        return Err(too_large());
    }
    match timeout(BODY_TIME, collect(body, announced.min(MAX_BODY))).await {
        Ok(read) => read,
        Err(_) => Err(Reply::refused(
            408,
            "slow-body",
            format!("the body did not arrive within {} s", BODY_TIME.as_secs()),
        )
        .closing()),
    }
}

async fn collect(mut body: Incoming, expected: usize) -> Result<Vec<u8>, Reply> {
    let mut bytes = Vec::with_capacity(expected);
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| {
            Reply::refused(400, "broken-body", "the body ended before its announced end").closing()
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length <= MAX_BODY {
            bytes.extend_from_slice(&data);
        } else if length > MAX_DISCARDED {
            break;
        }
    }
    if length > MAX_BODY {
        Err(too_large())
    } else {
        Ok(bytes)
    }
}

fn too_large() -> Reply {
    Reply::refused(
        413,
        "too-large",
        format!("the body has more than {MAX_BODY} bytes"),
    )
    .closing()
}
