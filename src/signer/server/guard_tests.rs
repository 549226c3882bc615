use std::sync::Arc;

use http::Request;

use super::*;

fn loopback() -> (Door, String, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("token");
    let token = Arc::new(Token::make(&path).unwrap());
    let text = std::fs::read_to_string(path).unwrap().trim_end().to_owned();
    (Door::Loopback { port: 9180, token }, text, dir)
}

fn head(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

#[track_caller]
fn reason(door: &Door, method: &str, target: &str, headers: &[(&str, &str)]) -> String {
    match check(door, &head(method, target, headers)) {
        Ok(()) => "passes".into(),
        Err(reply) => {
            let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
            assert!(reply.closes && body["ok"] == false);
            format!("{} {}", reply.status, body["reason"].as_str().unwrap())
        }
    }
}

#[test]
fn only_our_own_host_names() {
    let (door, _, _dir) = loopback();
    for host in ["127.0.0.1:9180", "localhost:9180", "[::1]:9180"] {
        assert_eq!(reason(&door, "GET", "/healthz", &[("host", host)]), "passes");
    }
    for host in [
        "127.0.0.1",
        "localhost",
        "127.0.0.1:9181",
        "127.0.0.1:91800",
        "127.0.0.1:09180",
        "127.0.0.2:9180",
        "evil.example:9180",
        "localhost.evil.example:9180",
        "localhost:9180.evil.example",
        "LOCALHOST:9180",
        "localhost.:9180",
        "user@127.0.0.1:9180",
        " 127.0.0.1:9180",
        "0.0.0.0:9180",
        "[::1]",
        "",
    ] {
        assert_eq!(
            reason(&door, "GET", "/healthz", &[("host", host)]),
            "403 bad-host",
            "{host}"
        );
    }
    assert_eq!(reason(&door, "GET", "/healthz", &[]), "403 bad-host");
    let twice = [("host", "127.0.0.1:9180"), ("host", "127.0.0.1:9180")];
    assert_eq!(reason(&door, "GET", "/healthz", &twice), "403 bad-host");
    assert_eq!(
        reason(
            &door,
            "GET",
            "http://127.0.0.1:9180/healthz",
            &[("host", "127.0.0.1:9180")]
        ),
        "400 bad-target"
    );
    assert_eq!(
        reason(&door, "OPTIONS", "*", &[("host", "127.0.0.1:9180")]),
        "400 bad-target"
    );
}

#[test]
fn no_web_page_passes_whatever_else_is_right() {
    let (loopback, token, _dir) = loopback();
    let bearer = format!("Bearer {token}");
    let good = [
        ("host", "127.0.0.1:9180"),
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    assert_eq!(reason(&loopback, "POST", "/v1/sign", &good), "passes");
    for extra in [
        ("origin", "http://evil.example"),
        ("origin", "http://127.0.0.1:9180"),
        ("origin", "null"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", ""),
    ] {
        let headers = [&good[..], &[extra]].concat();
        for door in [&loopback, &Door::Operator, &Door::Guardian { uid: 0 }] {
            assert_eq!(
                reason(door, "POST", "/v1/sign", &headers),
                "403 browser",
                "{extra:?}"
            );
        }
    }
    let headers = [&good[..], &[("sec-fetch-site", "none")]].concat();
    assert_eq!(reason(&loopback, "POST", "/v1/sign", &headers), "passes");
    let headers = [
        &good[..],
        &[("sec-fetch-site", "none"), ("sec-fetch-site", "none")],
    ]
    .concat();
    assert_eq!(reason(&loopback, "POST", "/v1/sign", &headers), "403 browser");
}

#[test]
fn posts_are_json_and_gets_are_empty() {
    for (kind, expected) in [
        ("application/json", "passes"),
        ("Application/JSON; charset=UTF-8", "passes"),
        ("application/json; charset=utf-16", "415 bad-content-type"),
        ("text/plain", "415 bad-content-type"),
        ("application/x-www-form-urlencoded", "415 bad-content-type"),
        ("multipart/form-data; boundary=x", "415 bad-content-type"),
        ("application/jsonp", "415 bad-content-type"),
        ("text/plain; application/json", "415 bad-content-type"),
        ("", "415 bad-content-type"),
    ] {
        assert_eq!(
            reason(&Door::Operator, "POST", "/v1/sign", &[("content-type", kind)]),
            expected,
            "{kind}"
        );
    }
    assert_eq!(
        reason(&Door::Operator, "POST", "/v1/sign", &[]),
        "415 bad-content-type"
    );
    assert_eq!(
        reason(&Door::Operator, "GET", "/healthz", &[("content-length", "0")]),
        "passes"
    );
    for body in [("content-length", "2"), ("transfer-encoding", "chunked")] {
        assert_eq!(
            reason(&Door::Operator, "GET", "/healthz", &[body]),
            "400 unexpected-body"
        );
    }
}

#[test]
fn the_token_stands_alone_and_whole() {
    let (door, token, _dir) = loopback();
    let host = ("host", "127.0.0.1:9180");
    for (given, expected) in [
        (format!("Bearer {token}"), "passes"),
        (format!("bearer {token}"), "401 bad-token"),
        (format!("Bearer  {token}"), "401 bad-token"),
        (format!("Bearer {token}0"), "401 bad-token"),
        (format!("Bearer {}", &token[1..]), "401 bad-token"),
        (token.clone(), "401 bad-token"),
        ("Bearer ".into(), "401 bad-token"),
        (format!("Bearer {}", "0".repeat(64)), "401 bad-token"),
    ] {
        // Also where no such route is: whoever has no token learns nothing.
        for target in ["/v1/identity", "/nowhere"] {
            let headers = [host, ("authorization", given.as_str())];
            assert_eq!(reason(&door, "GET", target, &headers), expected);
        }
    }
    let bearer = format!("Bearer {token}");
    let twice = [host, ("authorization", &bearer), ("authorization", &bearer)];
    assert_eq!(reason(&door, "GET", "/v1/identity", &twice), "401 bad-token");
    assert_eq!(reason(&door, "GET", "/v1/identity", &[host]), "401 bad-token");
    assert_eq!(reason(&door, "GET", "/healthz?x", &[host]), "passes");
    assert_eq!(reason(&door, "GET", "/healthz/", &[host]), "401 bad-token");
}
