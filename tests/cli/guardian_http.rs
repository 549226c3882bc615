//! Both ports against hostile clients, and behind a proxy.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::Home;
use crate::support::running::{NO_PORTAL, RunningGuardian, bundle, get, stalled};
use crate::support::signer::{exchange, http, read_answer, tcp};

fn guardian(home: &Home) -> RunningGuardian {
    RunningGuardian::start(home, "bundle", &bundle(home, NO_PORTAL, &json!({})))
}

#[test]
fn only_what_is_documented_is_answered() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let host = [("host", "guardian")];
    let api = |method: &str, path: &str| exchange(&mut tcp(guardian.api()), http(method, path, &host, ""));
    let p2p = |method: &str, path: &str| exchange(&mut tcp(guardian.p2p()), http(method, path, &host, ""));
    for method in ["POST", "PUT", "DELETE"] {
        let answer = api(method, "/healthz");
        assert_eq!(answer.says(), "405 method-not-allowed");
        assert!(answer.head.contains("allow: get, head"), "{}", answer.head);
    }
    assert_eq!(p2p("GET", "/v1/peer").says(), "405 method-not-allowed");
    for path in [
        "/",
        "/v1/peer",
        "/healthz/",
        "//healthz",
        "/../healthz",
        "/HEALTHZ",
    ] {
        assert_eq!(api("GET", path).says(), "404 not-found", "{path}");
    }
    // The ports are not each other.
    for path in ["/healthz", "/status", "/v1/federation"] {
        assert_eq!(p2p("GET", path).says(), "404 not-found", "{path}");
    }
    let mut stream = tcp(guardian.api());
    stream
        .write_all(http("HEAD", "/healthz", &host, "").as_bytes())
        .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
}

#[test]
fn oversized_and_broken_requests_are_refused() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    for port in [guardian.api(), guardian.p2p()] {
        for bytes in [
            format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(200_000)),
            format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000)),
            format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(1000)),
            "\u{0}\u{1}\u{2}\r\n\r\n".into(),
            "GET\r\n\r\n".into(),
        ] {
            let mut stream = tcp(port);
            let _ = stream.write_all(bytes.as_bytes());
            if let Some(answer) = read_answer(&mut stream) {
                assert!((400..=431).contains(&answer.status), "{answer:?}");
            }
        }
    }
    let large = "x".repeat(70_000);
    assert_eq!(guardian.tell(&large).says(), "413 too-large");
    let announced = "POST /v1/peer HTTP/1.1\r\nhost: g\r\ncontent-length: 99999999999\r\n\r\n";
    assert_eq!(exchange(&mut tcp(guardian.p2p()), announced).status, 413);
    let mut chunked = String::from("POST /v1/peer HTTP/1.1\r\nhost: g\r\ntransfer-encoding: chunked\r\n\r\n");
    for _ in 0..80 {
        chunked += &format!("400\r\n{}\r\n", "x".repeat(1024));
    }
    assert_eq!(
        exchange(&mut tcp(guardian.p2p()), chunked + "0\r\n\r\n").status,
        413
    );
    assert_eq!(guardian.state(), "active");
}

#[test]
fn slow_clients_are_cut_off() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let begin = Instant::now();
    let mut stalled = [
        stalled(guardian.api(), b"GET /healthz HTTP/1.1\r\nhost: g\r\n"),
        stalled(guardian.api(), b""),
        stalled(
            guardian.p2p(),
            b"POST /v1/peer HTTP/1.1\r\nhost: g\r\ncontent-length: 10\r\n\r\n12",
        ),
    ];
    for stream in &mut stalled {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    let took = begin.elapsed();
    assert!(
        (Duration::from_secs(5)..Duration::from_secs(25)).contains(&took),
        "{took:?}"
    );
}

/// Slowloris: as many connections as one address may have do not keep others from an answer, and are gone in seconds.
#[test]
fn a_port_full_of_slow_clients_is_free_again_in_seconds() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let held: Vec<_> = (0..128)
        .map(|_| stalled(guardian.api(), b"GET /healthz HTTP/1.1\r\n"))
        .collect();
    let begin = Instant::now();
    let answered = crate::support::signer::eventually(|| {
        let mut stream = tcp(guardian.api());
        let _ = stream.write_all(http("GET", "/healthz", &[("host", "g")], "").as_bytes());
        read_answer(&mut stream).filter(|answer| answer.status == 200)
    });
    assert!(answered.is_some());
    assert!(begin.elapsed() < Duration::from_secs(15), "{:?}", begin.elapsed());
    drop(held);
    assert_eq!(
        guardian.tell("{}").says(),
        "403 no-membership",
        "the other port has places of its own"
    );
}

#[test]
fn a_client_that_never_reads_does_not_hold_the_guardian() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let mut stream = tcp(guardian.api());
    stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
    let request = http("GET", "/healthz", &[("host", "g")], "");
    for _ in 0..20_000 {
        if stream.write_all(request.as_bytes()).is_err() {
            break;
        }
    }
    assert_eq!(guardian.state(), "active");
    let begin = Instant::now();
    assert_eq!(guardian.stop(), Some(0));
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

/// Debian's nginx ends TLS in front of both ports.
#[test]
fn nginx_in_front_of_both_ports() {
    use crate::support::{Nginx, running};
    if !Nginx::is_here() {
        return;
    }
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let ports = running::free_ports(2);
    let nginx = Nginx::start(&home, &[(ports[0], guardian.api()), (ports[1], guardian.p2p())]);
    let folder = home.path("");
    let curl = |arguments: &[&str]| {
        let output = std::process::Command::new("curl")
            .args(["-sS", "--cacert", "ca.pem"])
            .args(arguments)
            .current_dir(&folder)
            .output()
            .unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let health = crate::support::signer::eventually(|| {
        let text = curl(&[&format!("https://127.0.0.1:{}/healthz", ports[0])]);
        text.contains("\"ok\":true").then_some(text)
    });
    let peer = curl(&["-d", "{}", &format!("https://localhost:{}/v1/peer", ports[1])]);
    let check = home.run(&[
        "guardian",
        "healthcheck",
        "--api",
        &format!("http://127.0.0.1:{}", guardian.api()),
    ]);
    drop(nginx);
    assert!(health.is_some(), "{}", home.text("nginx.err"));
    assert!(peer.contains("no-membership"), "{peer}");
    assert_eq!(check.code, Some(0));
}

#[test]
fn many_askers_at_once() {
    let home = Home::with_identity();
    let guardian = guardian(&home);
    let port = guardian.api();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..20 {
                    assert_eq!(get(port, "/healthz").status, 200);
                }
            });
        }
    });
}
