//! Oversized, slow, half-closed, pipelined, and very many requests.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use crate::support::Home;
use crate::support::signer::{
    GUARDIAN_SOCKET, LOG, OPERATOR_SOCKET, SigningServer, Stream, alert, attestation, eventually, exchange,
    get, http, post, read_answer, records, sign, tcp, unix,
};

const JSON: [(&str, &str); 2] = [("host", "localhost"), ("content-type", "application/json")];

#[test]
fn bodies_up_to_64_kib() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    // White space counts, and is all that differs.
    let padded = |length: usize| {
        let request = attestation().to_string();
        request.clone() + &" ".repeat(length - request.len())
    };
    assert_eq!(
        post(&home, GUARDIAN_SOCKET, "/v1/sign", &padded(65_536)).status,
        200
    );
    for length in [65_537, 100_000, 300_000] {
        assert_eq!(
            post(&home, GUARDIAN_SOCKET, "/v1/sign", &padded(length)).says(),
            "413 too-large",
            "{length}"
        );
    }
    // Announced, but never sent.
    let mut stream = unix(&home, GUARDIAN_SOCKET);
    let head = http(
        "POST",
        "/v1/sign",
        &[&JSON[..], &[("content-length", "999999999999")]].concat(),
        "",
    );
    assert_eq!(exchange(&mut stream, head).says(), "413 too-large");
    // Chunked, with no end.
    let mut stream = unix(&home, GUARDIAN_SOCKET);
    let head = http(
        "POST",
        "/v1/sign",
        &[&JSON[..], &[("transfer-encoding", "chunked")]].concat(),
        "",
    );
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
    for _ in 0..6 {
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    assert_eq!(read_answer(&mut stream).unwrap().says(), "413 too-large");
}

#[test]
fn heads_are_bounded() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    let long = "x".repeat(100_000);
    let answer = exchange_maybe(
        &home,
        &http("GET", "/healthz", &[("host", "x"), ("x-long", &long)], ""),
    );
    assert!(matches!(answer, None | Some(431)), "{answer:?}");
    let many: Vec<(String, String)> = (0..200).map(|n| (format!("x-{n}"), "1".into())).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let answer = exchange_maybe(&home, &http("GET", "/healthz", &many, ""));
    assert!(matches!(answer, None | Some(431)), "{answer:?}");
    let answer = exchange_maybe(&home, &format!("GET /{long} HTTP/1.1\r\n\r\n"));
    assert!(matches!(answer, None | Some(414 | 431)), "{answer:?}");
    for garbage in [
        "\0\0\0\0\r\n\r\n",
        "GET\r\n\r\n",
        "\u{16}\u{3}\u{1}\u{2}\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = exchange_maybe(&home, garbage);
        assert!(matches!(answer, None | Some(400 | 505)), "{garbage:?} {answer:?}");
    }
    assert_eq!(get(&home, GUARDIAN_SOCKET, "/healthz").status, 200);
}

fn exchange_maybe(home: &Home, bytes: &str) -> Option<u16> {
    let mut stream = unix(home, GUARDIAN_SOCKET);
    let _ = stream.write_all(bytes.as_bytes());
    // So that what waits for more is told that there is none.
    let _ = stream.shutdown(std::net::Shutdown::Write);
    read_answer(&mut stream).map(|answer| answer.status)
}

#[test]
fn half_closed_connections_get_their_answers() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let mut stream = unix(&home, GUARDIAN_SOCKET);
    stream
        .write_all(http("POST", "/v1/sign", &JSON, &attestation().to_string()).as_bytes())
        .unwrap();
    stream.end_writing();
    assert_eq!(read_answer(&mut stream).unwrap().status, 200);
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    let host = format!("localhost:{}", server.port());
    let mut stream = tcp(server.port());
    stream
        .write_all(http("GET", "/healthz", &[("host", &host)], "").as_bytes())
        .unwrap();
    stream.end_writing();
    assert_eq!(read_answer(&mut stream).unwrap().status, 200);
    // Cut off in the middle of a body: nothing is signed.
    let before = records(&home).len();
    let whole = http("POST", "/v1/sign", &JSON, &attestation().to_string());
    let mut stream = unix(&home, GUARDIAN_SOCKET);
    stream.write_all(&whole.as_bytes()[..whole.len() - 1]).unwrap();
    stream.end_writing();
    let answer = read_answer(&mut stream).map(|answer| answer.status);
    assert!(matches!(answer, None | Some(400)), "{answer:?}");
    assert_eq!(records(&home).len(), before);
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    let requests: Vec<_> = (0..20).map(|_| attestation()).collect();
    let mut bytes = String::new();
    for request in &requests {
        bytes += &http("POST", "/v1/sign", &JSON, &request.to_string());
    }
    let mut stream = unix(&home, GUARDIAN_SOCKET);
    stream.write_all(bytes.as_bytes()).unwrap();
    for request in &requests {
        assert_eq!(read_answer(&mut stream).unwrap().json()["id"], request["id"]);
    }
    // After a refusal that ends the connection, nothing of what follows is looked at.
    let smuggled = http("POST", "/v1/sign", &JSON, &attestation().to_string());
    let refused = http(
        "GET",
        "/healthz",
        &[("host", "localhost"), ("content-length", "5")],
        "",
    );
    let before = records(&home).len();
    let mut stream = unix(&home, GUARDIAN_SOCKET);
    stream.write_all((refused + &smuggled).as_bytes()).unwrap();
    assert_eq!(read_answer(&mut stream).unwrap().says(), "400 unexpected-body");
    assert!(read_answer(&mut stream).is_none());
    assert_eq!(records(&home).len(), before);
}

#[test]
fn slow_requests_are_not_waited_for() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    // Both at once: each takes its whole time-out.
    let started = Instant::now();
    let mut slow_head = unix(&home, GUARDIAN_SOCKET);
    slow_head
        .write_all(b"POST /v1/sign HTTP/1.1\r\nhost: x\r\n")
        .unwrap();
    let mut slow_body = unix(&home, GUARDIAN_SOCKET);
    let head = http(
        "POST",
        "/v1/sign",
        &[&JSON[..], &[("content-length", "100")]].concat(),
        "",
    );
    slow_body.write_all(head.as_bytes()).unwrap();
    slow_body.write_all(b"{").unwrap();
    assert_eq!(read_answer(&mut slow_body).unwrap().says(), "408 slow-body");
    assert!(
        started.elapsed() < Duration::from_secs(13),
        "{:?}",
        started.elapsed()
    );
    let answer = read_answer(&mut slow_head).map(|answer| answer.status);
    assert!(matches!(answer, None | Some(408)), "{answer:?}");
    assert!(
        started.elapsed() < Duration::from_secs(20),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn ten_thousand_connections_leave_the_operator_in_charge() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    rustix::process::setrlimit(
        rustix::process::Resource::Nofile,
        rustix::process::Rlimit {
            current: limit.maximum.or(Some(65_536)).map(|maximum| maximum.min(65_536)),
            maximum: limit.maximum,
        },
    )
    .unwrap();
    // Most are closed at once; those that stay send half a head each.
    let mut open = Vec::new();
    let mut made = 0;
    for _ in 0..5_000 {
        let mut stream = tcp(server.port());
        let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\n");
        open.push(Box::new(stream) as Box<dyn Stream>);
        made += 1;
        if let Ok(mut stream) = std::os::unix::net::UnixStream::connect(home.path(GUARDIAN_SOCKET)) {
            let _ = stream.write_all(b"GET /healthz HTTP/1.1\r\n");
            open.push(Box::new(stream));
            made += 1;
        }
    }
    assert_eq!(made, 10_000);
    // 512 at each of two doors, and some files. How many were turned away depends on how fast they came: the places at the
    // loopback port are free again after two seconds.
    let kept = std::fs::read_dir(format!("/proc/{}/fd", server.child.id()))
        .unwrap()
        .count();
    assert!((512..1_200).contains(&kept), "{kept} are kept");
    let metrics = get(&home, OPERATOR_SOCKET, "/metrics").body;
    let refused = metrics
        .lines()
        .find_map(|line| line.strip_prefix("oc_guardian_connections_refused_total "))
        .unwrap();
    assert!(
        refused.parse::<u64>().unwrap() > 3_000,
        "{refused} were turned away"
    );
    assert_eq!(get(&home, OPERATOR_SOCKET, "/healthz").status, 200);
    drop(open);
    let again = eventually(|| {
        let mut stream = std::os::unix::net::UnixStream::connect(home.path(GUARDIAN_SOCKET)).ok()?;
        stream.set_patience(Duration::from_secs(5));
        let request = http("POST", "/v1/sign", &JSON, &attestation().to_string());
        stream.write_all(request.as_bytes()).ok()?;
        read_answer(&mut stream).filter(|answer| answer.status == 200)
    });
    assert!(again.is_some(), "the guardian's door stays shut");
}

#[test]
fn sixty_four_requests_in_flight_for_each_caller() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    let request = alert("critical", "waits");
    assert_eq!(sign(&home, &request).status, 202);
    let path = format!("/v1/requests/{}?wait=20", request["id"].as_str().unwrap());
    let waiting = http("GET", &path, &[("host", "localhost")], "");
    let mut open = Vec::new();
    for _ in 0..64 {
        let mut stream = unix(&home, GUARDIAN_SOCKET);
        stream.write_all(waiting.as_bytes()).unwrap();
        open.push(stream);
    }
    // All of them are there before another one knocks.
    std::thread::sleep(Duration::from_millis(500));
    let refused = eventually(|| {
        let mut stream = unix(&home, GUARDIAN_SOCKET);
        stream.set_patience(Duration::from_millis(500));
        stream.write_all(waiting.as_bytes()).unwrap();
        read_answer(&mut stream).map(|answer| answer.says())
    });
    assert_eq!(refused.as_deref(), Some("429 too-many-in-flight"));
    // Who waits does not keep itself from signing, nor the operator from answering.
    assert_eq!(sign(&home, &attestation()).status, 200);
    let id = request["id"].as_str().unwrap();
    let denied = post(&home, OPERATOR_SOCKET, &format!("/v1/requests/{id}/deny"), "{}");
    assert_eq!(denied.status, 200);
    for mut stream in open {
        assert_eq!(read_answer(&mut stream).unwrap().says(), "403 denied");
    }
}

/// Outside text in every place, in the log and on the screen.
#[test]
fn requests_that_try_to_draw_or_to_confuse() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let good = attestation().to_string();
    let spoiled = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    for (body, expected) in [
        (String::new(), "422 malformed-json"),
        ("\0".into(), "422 malformed-json"),
        (format!("{good}{good}"), "422 malformed-json"),
        (good.replacen('{', r#"{"id":"00","#, 1), "422 malformed-json"),
        (
            spoiled(r#""status":"#, r#""status":"running","status":"#),
            "422 malformed-json",
        ),
        (
            spoiled(r#""kind":"attestation""#, r#""kind":"everything""#),
            "422 malformed-request",
        ),
        (spoiled(r#""at":"#, r#""at":1.5e3,"x":"#), "422 malformed-json"),
        (
            spoiled(r#""at":"#, r#""at":9007199254740992,"x":"#),
            "422 malformed-json",
        ),
        (
            spoiled(r#""federation":"oc-me-v1""#, r#""federation":"\u001b[2J""#),
            "422 malformed-request",
        ),
        (
            spoiled(
                r#""hosted_request_id":null"#,
                r#""more":1,"hosted_request_id":null"#,
            ),
            "422 malformed-request",
        ),
        ("[".repeat(60_000), "422 malformed-json"),
        (
            format!(r#"{{"id":"{}"}}"#, "\u{202e}x".repeat(10_000)),
            "422 malformed-request",
        ),
    ] {
        let answer = post(&home, GUARDIAN_SOCKET, "/v1/sign", &body);
        assert_eq!(answer.says(), expected, "{}", &body[..body.len().min(100)]);
        assert!(answer.body.len() < 2_000, "{}", answer.body.len());
    }
    let params = serde_json::json!({
        "severity": "critical", "title": "\u{202e}evil \u{200b}", "body": "\u{1b}[2J\r\nSign this? [y/N] y\u{9b}".to_owned() + &"x".repeat(3_900),
    });
    let request = crate::support::signer::action("alert-publish", &params);
    assert_eq!(sign(&home, &request).status, 202);
    let shown = home.run(&["sign", "--pending"]).exits(0);
    for bad in ['\u{1b}', '\u{9b}', '\u{202e}', '\u{200b}', '\r'] {
        assert!(!shown.stdout.contains(bad), "{:?}", shown.stdout);
        assert!(!home.text("serve.err").contains(bad));
    }
    assert!(home.text(LOG).is_ascii() || !home.text(LOG).contains('\u{1b}'));
    assert_eq!(server.stop(), Some(0));
}

/// Anybody on the machine can connect there. Whoever does not show the token does not stay.
#[test]
fn idle_strangers_do_not_shut_the_loopback_port() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let port = server.port();
    let token = home.text(crate::support::signer::TOKEN);
    let authorization = format!("Bearer {}", token.trim_end());
    let host = format!("localhost:{port}");
    let headers = [("host", host.as_str()), ("authorization", authorization.as_str())];
    let ask = http("GET", "/v1/identity", &headers, "");
    let mut known = tcp(port);
    assert_eq!(exchange(&mut known, &ask).status, 200);
    let mut strangers: Vec<_> = (0..512).map(|_| tcp(port)).collect();
    // Some begin a request, and one asks what needs no token.
    for stranger in strangers.iter_mut().take(100) {
        stranger.write_all(b"POST /v1/sign HTTP/1.1\r\n").unwrap();
    }
    let begun = Instant::now();
    let answered = eventually(|| {
        let mut stream = tcp(port);
        stream.write_all(ask.as_bytes()).ok()?;
        read_answer(&mut stream)
    });
    assert_eq!(answered.unwrap().status, 200);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    // Who has shown it may be idle for longer.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(exchange(&mut known, &ask).status, 200);
    for stranger in &mut strangers {
        assert!(matches!(stranger.read(&mut [0; 1]), Ok(0) | Err(_)));
    }
}
