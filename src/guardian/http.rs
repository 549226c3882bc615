//! The two public ports: 9000 for anybody, 9001 for the other guardians.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, Method, Request};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::health;
use super::places::Places;
use super::shared::Shared;
use crate::signer::{Limits, Reply, Stop, converse, read_body};

/// Of strangers little is waited for; a proxy in front adds some headers.
const LIMITS: Limits = Limits {
    head_time: Duration::from_secs(10),
    max_headers: 64,
};

/// Which of the ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Port {
    Api,
    Peers,
}

/// Answers on one port until it is told to stop.
pub(super) async fn serve(listener: TcpListener, port: Port, shared: Arc<Shared>, mut stop: Stop) {
    let places = Arc::new(Places::default());
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            () = stop.wait() => break,
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, from)) = accepted else {
            // Nearly always a lack of file descriptors.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let Some(place) = places.take(from.ip()) else {
            continue;
        };
        let _ = stream.set_nodelay(true);
        let (shared, stop) = (Arc::clone(&shared), stop.clone());
        connections.spawn(async move {
            let answer = |request| answer(&shared, from.ip(), port, request);
            converse(stream, LIMITS, answer, stop).await;
            drop(place);
        });
    }
    while connections.join_next().await.is_some() {}
}

async fn answer(shared: &Shared, from: IpAddr, port: Port, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    let reads = matches!(head.method, Method::GET | Method::HEAD);
    match (port, head.uri.path()) {
        (Port::Api, "/healthz") if reads => shared.healthz(),
        (Port::Api, "/status") if reads => match health::status(
            &shared.settings,
            shared.state(),
            &shared.signing,
            &shared.transport,
            &shared.problems(),
            &shared.status,
        ) {
            Some(status) => Reply::text(200, status),
            None => Reply::refused(
                503,
                "not-delegated",
                "the operator's signing server has not answered yet",
            ),
        },
        (Port::Api, "/v1/federation") if reads => match shared.peers.directory() {
            Some(directory) => Reply::text(200, directory.to_json()),
            None => Reply::refused(404, "no-membership", "this guardian serves in no membership yet"),
        },
        (Port::Api, "/healthz" | "/status" | "/v1/federation") => {
            Reply::refused(405, "method-not-allowed", "this path is only read").allowing("GET, HEAD")
        }
        (Port::Peers, "/v1/peer") if head.method == Method::POST => {
            if !shared.state().answers_peers() {
                return Reply::refused(503, "not-active", "this guardian does not serve now");
            }
            let from = asker(from, &head.headers);
            if let Err(reply) = shared.peers.admit(from) {
                return reply;
            }
            match read_body(&head, body).await {
                Ok(bytes) => shared.peers.receive(&bytes, from),
                Err(reply) => reply,
            }
        }
        (Port::Peers, "/v1/peer") => {
            Reply::refused(405, "method-not-allowed", "messages are posted").allowing("POST")
        }
        _ => Reply::refused(404, "not-found", "there is nothing at this path"),
    }
}

/// Whose request this is: of a proxy on this machine, whoever it names last. What others say there is their own word.
fn asker(from: IpAddr, headers: &HeaderMap) -> IpAddr {
    if !from.to_canonical().is_loopback() {
        return from;
    }
    let named = headers.get_all("x-forwarded-for").iter().next_back();
    named
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok())
        .unwrap_or(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_on_this_machine_says_whom_it_speaks_for() {
        let ip = |text: &str| text.parse::<IpAddr>().unwrap();
        let of = |from: &str, named: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in named {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            asker(ip(from), &headers)
        };
        assert_eq!(of("127.0.0.1", &[]), ip("127.0.0.1"));
        assert_eq!(of("127.0.0.1", &["203.0.113.1"]), ip("203.0.113.1"));
        assert_eq!(of("::1", &["198.51.100.9, 203.0.113.1"]), ip("203.0.113.1"));
        assert_eq!(of("::1", &["198.51.100.9", "2001:db8::1"]), ip("2001:db8::1"));
        assert_eq!(of("127.0.0.1", &["unknown"]), ip("127.0.0.1"));
        assert_eq!(of("203.0.113.7", &["127.0.0.1"]), ip("203.0.113.7"));
        assert_eq!(of("10.0.0.7", &["127.0.0.1"]), ip("10.0.0.7"));
    }
}
