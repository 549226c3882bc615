//! The library's own client against the real server.

use std::time::{Duration, Instant};

use oc_guardian::signer::client::{Client, ClientError, Endpoint, Outcome, Patience};

use crate::support::Home;
use crate::support::signer::{
    GUARDIAN_SOCKET, OPERATOR_SOCKET, SigningServer, TOKEN, action, alert, attestation, records_of,
};

fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn at(home: &Home, socket: &str) -> Client {
    Client::with_patience(
        Endpoint::Socket(home.path(socket)),
        Patience {
            attempt: Duration::from_secs(5),
            total: Duration::from_secs(15),
        },
    )
}

#[track_caller]
fn signature(outcome: Outcome) -> String {
    match outcome {
        Outcome::Signed(signed) => signed.signature_hex,
        other => panic!("{other:?}"),
    }
}

#[test]
fn over_a_socket_and_over_loopback() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let request = attestation().to_string();
    let loopback = Client::new(Endpoint::Loopback {
        address: server.started["listen"].as_str().unwrap().parse().unwrap(),
        token_file: home.path(TOKEN),
    });
    run(async {
        let first = signature(at(&home, GUARDIAN_SOCKET).sign(request.as_bytes()).await.unwrap());
        let second = signature(loopback.sign(request.as_bytes()).await.unwrap());
        assert_eq!(first, second);
        let identity = loopback.get("/v1/identity").await.unwrap();
        assert_eq!(identity["scheme"], "bip340");
        match loopback.get("/v1/requests").await {
            Err(ClientError::Refused(refused)) => assert_eq!(refused.reason, "operator-only"),
            other => panic!("{other:?}"),
        }
    });
    assert_eq!(records_of(&home, "signed").len(), 1);
}

#[test]
fn refusals_and_questions() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    run(async {
        let guardian = at(&home, GUARDIAN_SOCKET);
        let operator = at(&home, OPERATOR_SOCKET);
        let denied = action("program-apply", &serde_json::json!({})).to_string();
        match guardian.sign(denied.as_bytes()).await.unwrap() {
            Outcome::Refused(refused) => {
                assert_eq!(
                    (refused.status, refused.reason.as_str()),
                    (403, "denied-by-policy")
                );
                assert!(refused.rule.unwrap().starts_with("rule 3"));
            }
            other => panic!("{other:?}"),
        }
        let request = alert("critical", "asked");
        let (id, text) = (request["id"].as_str().unwrap(), request.to_string());
        let asked = guardian.sign_and_wait(text.as_bytes(), id);
        let answered = async {
            let question = loop {
                if let Some(question) = operator.pending().await.unwrap().pop() {
                    break question;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            };
            assert_eq!(question.summary.matches("asked").count(), 1);
            operator
                .approve(&question.id, &question.payload_sha256, false)
                .await
                .unwrap();
        };
        let (outcome, ()) = tokio::join!(asked, answered);
        signature(outcome.unwrap());
    });
}

/// The server dies under the client again and again; each request has one signature in the end.
#[test]
fn repeats_through_restarts_without_a_second_signature() {
    let home = Home::with_identity();
    let requests: Vec<String> = (0..60).map(|_| attestation().to_string()).collect();
    let first = SigningServer::start(&home, &[]);
    let signatures: Vec<String> = std::thread::scope(|scope| {
        let restarting = scope.spawn(|| {
            let mut server = first;
            for _ in 0..4 {
                std::thread::sleep(Duration::from_millis(120));
                server.kill();
                server = SigningServer::start(&home, &[]);
            }
            server
        });
        let signatures = run(async {
            let client = at(&home, GUARDIAN_SOCKET);
            let mut signatures = Vec::new();
            for request in &requests {
                signatures.push(signature(client.sign(request.as_bytes()).await.unwrap()));
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            signatures
        });
        drop(restarting.join().unwrap());
        signatures
    });
    let recorded: Vec<String> = records_of(&home, "signed")
        .iter()
        .map(|record| record["signature"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(recorded, signatures);
}

/// A server that accepts and says nothing, or something else.
#[test]
fn a_server_that_is_none() {
    let home = Home::new();
    let listener = std::os::unix::net::UnixListener::bind(home.path("mute.sock")).unwrap();
    let mute = Client::with_patience(
        Endpoint::Socket(home.path("mute.sock")),
        Patience {
            attempt: Duration::from_millis(200),
            total: Duration::from_millis(700),
        },
    );
    let started = Instant::now();
    let error = run(async { mute.sign(b"{}").await.unwrap_err() });
    assert!(matches!(error, ClientError::TimedOut(_)), "{error}");
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "{:?}",
        started.elapsed()
    );
    drop(listener);
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n[]",
        "HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\nOops",
    ] {
        let path = home.path("other.sock");
        let _ = std::fs::remove_file(&path);
        let listener = std::os::unix::net::UnixListener::bind(&path).unwrap();
        let serving = std::thread::spawn(move || {
            use std::io::{Read, Write};
            let mut stream = listener.accept().unwrap().0;
            let _ = stream.read(&mut [0; 4096]).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            let _ = stream.read(&mut [0; 4096]);
        });
        let client = Client::new(Endpoint::Socket(path));
        let error = run(async { client.sign(b"{}").await.unwrap_err() });
        assert!(matches!(error, ClientError::Answer(_)), "{answer}: {error}");
        drop(client);
        serving.join().unwrap();
    }
    let nowhere = Client::with_patience(
        Endpoint::Loopback {
            address: "127.0.0.1:1".parse().unwrap(),
            token_file: home.write("token", "00\n"),
        },
        Patience {
            attempt: Duration::from_millis(100),
            total: Duration::from_millis(300),
        },
    );
    let error = run(async { nowhere.get("/healthz").await.unwrap_err() });
    assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    // A token that others can read is not used.
    home.chmod("token", 0o644);
    let error = run(async { nowhere.get("/healthz").await.unwrap_err() });
    assert!(matches!(error, ClientError::Store(_)), "{error}");
}

/// The key is in memory once it is unlocked: a keychain that is locked later takes nothing away.
#[test]
fn a_vault_that_is_locked_in_the_middle_needs_keyring() {
    let mut home = Home::new();
    let Some(keyring) = crate::support::Keyring::start(&mut home) else {
        return;
    };
    home.write("key.hex", crate::support::SECRET_HEX);
    home.run_line("init --import-hex --scheme bip340 --from key.hex --yes -q")
        .exits(0);
    std::fs::remove_file(home.path("key.hex")).unwrap();
    home.write(
        crate::support::signer::POLICY,
        crate::support::signer::OPEN_POLICY,
    );
    let command = home.command(&["sign", "--serve", "--json"]);
    let server = SigningServer::start_command(command, &home);
    keyring.lock(&home);
    assert_eq!(crate::support::signer::sign(&home, &attestation()).status, 200);
    assert_eq!(server.stop(), Some(0));
    // The next start needs it.
    let run = home.run(&["sign", "--serve", "--json"]).exits(1);
    assert!(
        run.json()["reason"].as_str().unwrap().starts_with("keychain-"),
        "{}",
        run.text
    );
}
