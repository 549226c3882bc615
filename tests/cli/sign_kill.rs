//! SIGKILL at random moments under load: every signature that a client holds is in the log, and the log goes on.
//!
//! Here a few dozen; all two hundred with `OC_GUARDIAN_KILLS=200 cargo test --test cli sign_kill -- --nocapture`.

use std::collections::HashMap;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::Home;
use crate::support::signer::{
    GUARDIAN_SOCKET, SigningServer, alert, attestation, eventually, guardian_key, http, read_answer, records,
    sign,
};

const CLIENTS: usize = 4;

/// What a client got for a request.
struct Held {
    request: Value,
    signature: String,
}

#[test]
fn what_a_client_holds_is_in_the_log() {
    let kills: u32 = std::env::var("OC_GUARDIAN_KILLS").map_or(12, |text| text.parse().unwrap());
    let home = Home::with_identity();
    let held = Mutex::new(Vec::new());
    let done = AtomicBool::new(false);
    let started = Instant::now();
    let mut replayed = 0;
    std::thread::scope(|scope| {
        for number in 0..CLIENTS {
            let (home, held, done) = (&home, &held, &done);
            scope.spawn(move || client(home, number, held, done));
        }
        for kill in 0..kills {
            let server = SigningServer::start(&home, &[]);
            // What was held before the crash is given again, byte for byte.
            let last = {
                let held = held.lock().unwrap();
                held.last()
                    .map(|last: &Held| (last.request.clone(), last.signature.clone()))
            };
            if let Some((request, signature)) = last {
                assert_eq!(sign(&home, &request).json()["signature_hex"], signature.as_str());
                replayed += 1;
            }
            std::thread::sleep(Duration::from_millis(u64::from(30 + kill * 37 % 160)));
            server.kill();
        }
        done.store(true, Ordering::SeqCst);
    });
    let held = held.into_inner().unwrap();
    // The last start looks at the whole log again, and cuts a torn line off.
    let server = SigningServer::start(&home, &[]);
    assert_eq!(server.stop(), Some(0));
    let records = records(&home);
    let mut signed = HashMap::new();
    let mut previous = "0".repeat(64);
    for (at, record) in records.iter().enumerate() {
        assert_eq!(record["seq"], at as u64 + 1, "a gap");
        assert_eq!(
            record["prev"],
            previous.as_str(),
            "the chain is broken at record {}",
            at + 1
        );
        record["hash"].as_str().unwrap().clone_into(&mut previous);
        if record["event"] == "signed" {
            let id = record["request_id"].as_str().unwrap().to_owned();
            let signature = record["signature"].as_str().unwrap().to_owned();
            assert!(signed.insert(id, signature).is_none(), "signed twice");
        }
    }
    for held in &held {
        let id = held.request["id"].as_str().unwrap();
        assert_eq!(signed.get(id), Some(&held.signature), "not in the log: {id}");
    }
    println!(
        "{kills} kills in {:.0?}: {} signatures held, all in the log of {} records; {replayed} given again after a crash",
        started.elapsed(),
        held.len(),
        records.len()
    );
    assert!(held.len() > kills as usize * 3, "hardly any load: {}", held.len());
}

fn client(home: &Home, number: usize, held: &Mutex<Vec<Held>>, done: &AtomicBool) {
    let mut count = number;
    while !done.load(Ordering::SeqCst) {
        let Ok(mut stream) = UnixStream::connect(home.path(GUARDIAN_SOCKET)) else {
            std::thread::sleep(Duration::from_millis(2));
            continue;
        };
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        loop {
            count += 1;
            let request = match count % 3 {
                0 => alert("info", "load"),
                1 => guardian_key(),
                _ => attestation(),
            };
            let headers = [("host", "localhost"), ("content-type", "application/json")];
            let bytes = http("POST", "/v1/sign", &headers, &request.to_string());
            if stream.write_all(bytes.as_bytes()).is_err() {
                break;
            }
            let Some(answer) = read_answer(&mut stream) else {
                break;
            };
            // Alerts of several clients overtake each other: then the nonce is not forward.
            if answer.status == 200 {
                let signature = answer.json()["signature_hex"].as_str().unwrap().to_owned();
                held.lock().unwrap().push(Held { request, signature });
            } else {
                assert_eq!(answer.says(), "409 nonce-not-forward");
            }
            if done.load(Ordering::SeqCst) {
                return;
            }
        }
    }
}

#[test]
fn the_log_of_a_crash_is_taken_up_where_it_ends() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    assert_eq!(sign(&home, &attestation()).status, 200);
    server.kill();
    // As a power cut in the middle of a write leaves it.
    let log = home.path(crate::support::signer::LOG);
    let mut file = std::fs::OpenOptions::new().append(true).open(log).unwrap();
    file.write_all(br#"{"seq":3,"at":"2026-11-2"#).unwrap();
    drop(file);
    let server = SigningServer::start(&home, &[]);
    assert!(eventually(|| home.text("serve.err").contains("warning:").then_some(())).is_some());
    assert_eq!(sign(&home, &attestation()).status, 200);
    assert_eq!(server.stop(), Some(0));
}
