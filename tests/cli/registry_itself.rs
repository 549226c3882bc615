//! The registry of the tests: what it says, and that it says so at once.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::registry::{Auth, Fault, Registry, put_image};

fn get(registry: &Registry, path: &str) -> String {
    let mut stream = TcpStream::connect(registry.address()).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    let mut answer = Vec::new();
    // Ends with the time-out where the connection is kept.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn starts_and_stops_in_milliseconds() {
    let started = Instant::now();
    let registry = Registry::start();
    let silent = TcpStream::connect(registry.address()).unwrap();
    registry.fault("", Fault::Silent);
    drop(registry);
    assert!(started.elapsed() < Duration::from_secs(2));
    silent.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    assert_eq!(
        (&silent).read(&mut [0]).unwrap_or(0),
        0,
        "the connection has ended"
    );
}

#[test]
fn serves_what_was_put_and_tells_what_was_asked() {
    let registry = Registry::start();
    let digest = put_image(&registry, "a/b", "v1");
    for name in ["v1", &digest.to_string()] {
        let answer = get(&registry, &format!("/v2/a/b/manifests/{name}"));
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(
            answer.contains(&format!("Docker-Content-Digest: {digest}\r\n")),
            "{answer}"
        );
    }
    assert!(get(&registry, "/v2/a/c/manifests/v1").contains("MANIFEST_UNKNOWN"));
    assert!(get(&registry, &format!("/v2/a/b/referrers/{digest}")).contains(r#""manifests":[]"#));
    registry.set_auth(Auth::AnonymousToken);
    let refused = get(&registry, "/v2/a/b/manifests/v1");
    assert!(refused.contains("scope=\"repository:a/b:pull\""), "{refused}");
    assert_eq!(registry.requests().len(), 5);
    assert_eq!(registry.requests()[0].header("host").as_deref(), Some("x"));
}
