//! Who gets in where: door × Host × Origin × Sec-Fetch-Site × content type × token × method × path.

use crate::support::Home;
use crate::support::signer::{
    Answer, GUARDIAN_SOCKET, OPERATOR_SOCKET, SigningServer, TOKEN, alert, attestation, exchange, get, http,
    post, sign, tcp, unix,
};

struct Doors {
    home: Home,
    server: SigningServer,
    token: String,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Door {
    Guardian,
    Operator,
    Loopback,
}

impl Doors {
    fn open() -> Self {
        let home = Home::with_identity();
        let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
        let token = home.text(TOKEN).trim_end().to_owned();
        Self { home, server, token }
    }

    #[track_caller]
    fn knock(&self, door: Door, bytes: &str) -> Answer {
        match door {
            Door::Guardian => exchange(&mut unix(&self.home, GUARDIAN_SOCKET), bytes),
            Door::Operator => exchange(&mut unix(&self.home, OPERATOR_SOCKET), bytes),
            Door::Loopback => exchange(&mut tcp(self.server.port()), bytes),
        }
    }
}

/// Every combination, each with the one answer that it must have.
#[test]
fn matrix_of_doors_headers_and_paths() {
    let doors = Doors::open();
    let port = doors.server.port();
    let good_host = format!("127.0.0.1:{port}");
    let bearer = format!("Bearer {}", doors.token);
    let hosts = [good_host.as_str(), "evil.example", "127.0.0.1", ""];
    let origins = [None, Some("http://evil.example"), Some("null")];
    let sites = [None, Some("none"), Some("cross-site")];
    let kinds = [Some("application/json"), Some("text/plain"), None];
    let tokens = [Some(bearer.as_str()), Some("Bearer 00"), None];
    // Method, path, whether it is the operator's alone, and what is said to who may.
    let routes = [
        ("GET", "/healthz", false, "200"),
        ("POST", "/healthz", false, "405 wrong-method"),
        ("GET", "/v1/identity", false, "200"),
        ("GET", "/v1/sign", false, "405 wrong-method"),
        ("POST", "/v1/sign", false, "422 malformed-request"),
        (
            "GET",
            "/v1/requests/00000000000000000000000000000000",
            false,
            "404 no-such-request",
        ),
        (
            "POST",
            "/v1/requests/00000000000000000000000000000000",
            false,
            "405 wrong-method",
        ),
        ("GET", "/v1/requests", true, "200"),
        (
            "POST",
            "/v1/requests/00000000000000000000000000000000/approve",
            true,
            "422 malformed",
        ),
        (
            "GET",
            "/v1/requests/00000000000000000000000000000000/approve",
            true,
            "405 wrong-method",
        ),
        (
            "POST",
            "/v1/requests/00000000000000000000000000000000/deny",
            true,
            "422 malformed",
        ),
        ("POST", "/v1/reload", true, "422 malformed"),
        ("GET", "/v1/nowhere", false, "404 no-such-route"),
        ("GET", "/", false, "404 no-such-route"),
        ("GET", "/v1/../healthz", false, "404 no-such-route"),
        ("GET", "//healthz", false, "404 no-such-route"),
        ("GET", "/HEALTHZ", false, "404 no-such-route"),
        ("GET", "/%68ealthz", false, "404 no-such-route"),
        ("DELETE", "/v1/sign", false, "405 wrong-method"),
        ("OPTIONS", "/v1/sign", false, "405 wrong-method"),
    ];
    let mut rows = 0;
    for door in [Door::Guardian, Door::Operator, Door::Loopback] {
        for (method, path, operators, reached) in routes {
            for host in hosts {
                for origin in origins {
                    for site in sites {
                        for kind in kinds {
                            for token in tokens {
                                let browser = origin.is_some() || site == Some("cross-site");
                                let is_post = method == "POST";
                                let expected = if door == Door::Loopback && host != good_host {
                                    "403 bad-host"
                                } else if browser {
                                    "403 browser"
                                } else if is_post && kind != Some("application/json") {
                                    "415 bad-content-type"
                                } else if door == Door::Loopback
                                    && path != "/healthz"
                                    && token != Some(bearer.as_str())
                                {
                                    "401 bad-token"
                                } else if operators && door != Door::Operator {
                                    "403 operator-only"
                                } else {
                                    reached
                                };
                                // A full product would take minutes: what is wrong twice says nothing new.
                                let wrong = [
                                    host != good_host,
                                    browser,
                                    kind != Some("application/json"),
                                    token != Some(bearer.as_str()),
                                ];
                                if wrong.iter().filter(|wrong| **wrong).count() > 2 {
                                    continue;
                                }
                                let mut headers = vec![("host", host)];
                                headers.extend(origin.map(|it| ("origin", it)));
                                headers.extend(site.map(|it| ("sec-fetch-site", it)));
                                headers.extend(kind.map(|it| ("content-type", it)));
                                headers.extend(token.map(|it| ("authorization", it)));
                                let body = if is_post { "[]" } else { "" };
                                let answer = doors.knock(door, &http(method, path, &headers, body));
                                let row = format!("{door:?} {method} {path} {headers:?}");
                                assert_eq!(answer.says(), expected, "{row}");
                                assert!(!answer.head.contains("access-control"), "{row}");
                                assert!(answer.head.contains("cache-control: no-store"), "{row}");
                                rows += 1;
                            }
                        }
                    }
                }
            }
        }
    }
    println!("{rows} rows");
    assert!(rows > 4000);
    assert_eq!(doors.server.stop(), Some(0));
}

#[test]
fn nothing_changes_state_on_get_and_a_get_has_no_body() {
    let doors = Doors::open();
    let body = attestation().to_string();
    let get_with_body = http("GET", "/v1/sign", &[("host", "localhost")], &body);
    assert_eq!(
        doors.knock(Door::Guardian, &get_with_body).says(),
        "400 unexpected-body"
    );
    assert_eq!(
        get(&doors.home, GUARDIAN_SOCKET, "/healthz?wait=1").says(),
        "400 bad-query"
    );
    let id = "0".repeat(32);
    for query in ["wait=61", "wait=-1", "wait=", "wait=1&wait=1", "x=1", ""] {
        let path = format!("/v1/requests/{id}?{query}");
        assert_eq!(
            get(&doors.home, GUARDIAN_SOCKET, &path).says(),
            "400 bad-query",
            "{query}"
        );
    }
    assert_eq!(
        get(&doors.home, GUARDIAN_SOCKET, "/v1/requests/zz").says(),
        "422 malformed-request"
    );
}

#[test]
fn request_targets_that_are_not_paths() {
    let doors = Doors::open();
    let port = doors.server.port();
    let host = format!("127.0.0.1:{port}");
    for target in [
        format!("http://127.0.0.1:{port}/healthz"),
        "http://evil.example/healthz".to_owned(),
        "*".to_owned(),
    ] {
        let method = if target == "*" { "OPTIONS" } else { "GET" };
        let answer = doors.knock(Door::Loopback, &http(method, &target, &[("host", &host)], ""));
        assert_eq!(answer.says(), "400 bad-target", "{target}");
    }
    let two_hosts = http("GET", "/healthz", &[("host", &host), ("host", &host)], "");
    assert_eq!(doors.knock(Door::Loopback, &two_hosts).says(), "403 bad-host");
    assert_eq!(
        doors
            .knock(Door::Loopback, "GET /healthz HTTP/1.0\r\n\r\n")
            .says(),
        "403 bad-host"
    );
}

#[test]
fn the_token_of_a_run_is_that_runs_alone() {
    let doors = Doors::open();
    assert_eq!(doors.home.mode(TOKEN), 0o600);
    let old = doors.token.clone();
    let Doors { home, server, .. } = doors;
    assert_eq!(server.stop(), Some(0));
    assert!(!home.path(TOKEN).exists());
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let host = format!("localhost:{}", server.port());
    let with = |token: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [("host", host.as_str()), ("authorization", bearer.as_str())];
        exchange(&mut tcp(server.port()), http("GET", "/v1/identity", &headers, "")).says()
    };
    assert_eq!(with(&old), "401 bad-token");
    assert_eq!(with(home.text(TOKEN).trim_end()), "200");
}

#[test]
fn only_loopback_is_listened_on() {
    let home = Home::with_identity();
    home.write(
        crate::support::signer::POLICY,
        crate::support::signer::OPEN_POLICY,
    );
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:9180"] {
        let run = home
            .run(&[
                "sign",
                "--serve",
                "--passphrase-file",
                "pass.txt",
                "--listen",
                address,
            ])
            .exits(2);
        assert!(run.stderr.contains("not a loopback address"), "{}", run.text);
        assert!(!home.path(GUARDIAN_SOCKET).exists() && !home.path(TOKEN).exists());
    }
    home.run(&["sign", "--serve", "--listen", "localhost:9180"])
        .exits(2);
}

#[test]
fn sockets_and_their_folders_are_closed_to_others() {
    let doors = Doors::open();
    for (path, mode) in [
        ("home/run", 0o700),
        ("home/run/guardian", 0o700),
        ("home/run/operator", 0o700),
        (GUARDIAN_SOCKET, 0o600),
        (OPERATOR_SOCKET, 0o600),
    ] {
        assert_eq!(doors.home.mode(path), mode, "{path}");
    }
    let Doors { home, server, .. } = doors;
    server.stop();
    assert!(!home.path(GUARDIAN_SOCKET).exists() && !home.path(OPERATOR_SOCKET).exists());
}

#[test]
fn a_guardian_cannot_approve_itself() {
    let doors = Doors::open();
    let request = alert("critical", "funds at risk");
    let id = request["id"].as_str().unwrap();
    let asked = sign(&doors.home, &request);
    assert_eq!(asked.status, 202, "{asked:?}");
    // It knows the payload, so it can know the hash; the door is what stops it.
    let question = get(&doors.home, OPERATOR_SOCKET, "/v1/requests").json()["requests"][0].clone();
    let body = format!(r#"{{"payload_sha256":{}}}"#, question["payload_sha256"]);
    let bearer = format!("Bearer {}", doors.token);
    let host = format!("127.0.0.1:{}", doors.server.port());
    let headers = [
        ("host", host.as_str()),
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    for path in [
        format!("/v1/requests/{id}/approve"),
        format!("/v1/requests/{id}/deny"),
        "/v1/reload".into(),
    ] {
        let request = http("POST", &path, &headers, &body);
        for door in [Door::Guardian, Door::Loopback] {
            assert_eq!(doors.knock(door, &request).says(), "403 operator-only", "{path}");
        }
    }
    for path in ["/v1/requests", "/metrics"] {
        let request = http("GET", path, &headers, "");
        for door in [Door::Guardian, Door::Loopback] {
            assert_eq!(doors.knock(door, &request).says(), "403 operator-only", "{path}");
        }
    }
    let outcome = get(&doors.home, GUARDIAN_SOCKET, &format!("/v1/requests/{id}"));
    assert_eq!(outcome.status, 202);
}

#[test]
fn outcomes_are_told_to_who_asked_only() {
    let doors = Doors::open();
    let request = alert("critical", "mine");
    assert_eq!(sign(&doors.home, &request).status, 202);
    let path = format!("/v1/requests/{}", request["id"].as_str().unwrap());
    let bearer = format!("Bearer {}", doors.token);
    let host = format!("127.0.0.1:{}", doors.server.port());
    let headers = [("host", host.as_str()), ("authorization", bearer.as_str())];
    let other = doors.knock(Door::Loopback, &http("GET", &path, &headers, ""));
    assert_eq!(other.says(), "404 no-such-request");
    assert_eq!(get(&doors.home, GUARDIAN_SOCKET, &path).status, 202);
    assert_eq!(get(&doors.home, OPERATOR_SOCKET, &path).status, 202);
}

/// Needs root, to become other users.
#[test]
fn other_users_get_in_where_they_are_listed_needs_root() {
    if !crate::support::needs("USERS", "root and setpriv", || {
        rustix::process::geteuid().is_root() && crate::support::starts("setpriv", "--version")
    }) {
        return;
    }
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--allow-uid", "65532"]);
    // Above the runtime folder nobody is let in: a container has the socket's own folder mounted.
    for folder in ["", "home", "home/run"] {
        home.chmod(folder, 0o711);
    }
    let curl = |uid: &str, socket: &str| {
        let output = std::process::Command::new("setpriv")
            .args([&format!("--reuid={uid}"), "--clear-groups", "--regid=65532"])
            .args(["curl", "-s", "--unix-socket"])
            .arg(home.path(socket))
            .arg("http://localhost/v1/identity")
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(curl("65532", GUARDIAN_SOCKET).contains(r#""ok":true"#));
    assert_eq!(curl("65533", GUARDIAN_SOCKET), "");
    assert_eq!(curl("65532", OPERATOR_SOCKET), "");
    // Where the file system lets somebody through whom the list does not have, the kernel's word still counts.
    home.chmod("home/run/guardian", 0o755);
    home.chmod(GUARDIAN_SOCKET, 0o666);
    assert!(curl("65533", GUARDIAN_SOCKET).contains(r#""reason":"bad-uid""#));
    home.chmod("home/run/operator", 0o755);
    home.chmod(OPERATOR_SOCKET, 0o666);
    assert!(curl("65532", OPERATOR_SOCKET).contains(r#""reason":"bad-uid""#));
    assert_eq!(post(&home, GUARDIAN_SOCKET, "/v1/sign", "[]").status, 422);
    drop(server);
    home.chmod("home/run", 0o700);
    home.chmod("home/run/operator", 0o700);
    // What the run before opened is closed again.
    let _server = SigningServer::start(&home, &[]);
    home.chmod("home/run", 0o711);
    assert_eq!(home.mode("home/run/guardian"), 0o700);
    assert_eq!(curl("65532", GUARDIAN_SOCKET), "");
}
