use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::header::{ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::body::MAX_BODY;
use super::guard::Door;
use super::patient::Patient;
use super::route::{self, Shared};
use crate::signer::{Reply, Stop};

/// How long the head of a request may take, and so also how long a connection may be idle.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long a connection through the loopback port may last before a request on it has shown the token. Anybody on this machine
/// can make such connections, and while they hold all places nobody else gets in.
const TOKEN_TIME: Duration = Duration::from_secs(2);
/// How long a request may still take when the server stops.
const LAST_ANSWER: Duration = Duration::from_secs(3);
/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// Headers of a request; kits and guardians send five.
const MAX_HEADERS: usize = 32;

/// Answers the requests of one connection until it or the server ends.
pub(super) async fn serve<S>(stream: S, door: Door, shared: Arc<Shared>, stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = Limits {
        head_time: HEAD_TIME,
        max_headers: MAX_HEADERS,
    };
    let known = AtomicBool::new(!door.is_open_to_all());
    let answer = |request: Request<Incoming>| {
        if !known.load(Ordering::Relaxed) && door.knows(&request) {
            known.store(true, Ordering::Relaxed);
        }
        let (shared, door) = (Arc::clone(&shared), door.clone());
        async move { route::answer(&shared, &door, request).await }
    };
    let unknown = async {
        tokio::time::sleep(TOKEN_TIME).await;
        if known.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = converse(stream, limits, answer, stop) => {}
        () = unknown => {}
    }
}

/// What a connection may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long the head of a request may take, and so also how long a connection may be idle.
    pub(crate) head_time: Duration,
    /// Headers of a request.
    pub(crate) max_headers: usize,
}

/// Talks HTTP over one connection until it or the server ends; `answer` makes each reply.
pub(crate) async fn converse<S, F, R>(stream: S, limits: Limits, answer: F, mut stop: Stop)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(Request<Incoming>) -> R,
    R: Future<Output = Reply>,
{
    let service = service_fn(|request| {
        let reply = answer(request);
        async move { Ok::<_, Infallible>(response(reply.await)) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_headers(limits.max_headers)
        .max_header_size(MAX_HEAD)
        .max_buf_size(MAX_BODY)
        // Whoever has sent everything may say so and still wait for the answer.
        .half_close(true)
        .serve_connection(TokioIo::new(Patient::new(stream)), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // What goes wrong with a connection is the peer's business.
        _ = connection.as_mut() => {}
        () = stop.wait() => {
            connection.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(LAST_ANSWER, connection).await;
        }
    }
}

fn response(reply: Reply) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(reply.body)));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(reply.media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Some(methods) = reply.allow {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    if reply.status == 401 {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if reply.closes {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
