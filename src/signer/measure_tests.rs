//! What a decision costs: `cargo test --release --lib signer::measure -- --ignored --nocapture`.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::Instant;

use serde_json::json;

use super::bench::Bench;
use super::{Decision, Policy, Request, RequestId};
use crate::operator::Signature;

const ROUNDS: u32 = 1_000_000;

fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "measures, checks nothing"]
fn a_million_decisions() {
    let rules = Policy::default_for("oc-me-v1").replace("120/min", "1000000/s");
    let mut bench = Bench::new(&rules);
    let attestation = bench.attestation();
    let text = json!({"id": attestation.id.to_string(), "at": attestation.at, "kind": "attestation",
        "federation": "oc-me-v1", "payload": serde_json::from_str::<serde_json::Value>(&attestation.bytes).unwrap()})
    .to_string();
    let start = Instant::now();
    for _ in 0..ROUNDS / 10 {
        black_box(Request::parse(black_box(text.as_bytes())).unwrap());
    }
    println!("parse: {:?}", start.elapsed() / (ROUNDS / 10));
    println!("resident before: {} KiB", resident_kib());
    let mut request = attestation;
    let signature = Signature::from_bytes([1; 64]);
    let start = Instant::now();
    for serial in 0..ROUNDS {
        let mut random = [0; 12];
        random[..4].copy_from_slice(&serial.wrapping_mul(0x9e37_79b1).to_be_bytes());
        bench.now += u64::from(serial % 10_000 == 0);
        request.id = RequestId::new(bench.now, random);
        let Decision::Sign(plan) = bench.decide(&request) else {
            break;
        };
        bench.history.reserve(&plan);
        bench.history.signed(&plan, &signature);
    }
    println!("decide, reserve, remember: {:?}", start.elapsed() / ROUNDS);
    println!("resident after {ROUNDS}: {} KiB", resident_kib());
    let start = Instant::now();
    let checkpoint = bench.history.to_json();
    println!("checkpoint: {} bytes in {:?}", checkpoint.len(), start.elapsed());
    let start = Instant::now();
    black_box(super::History::from_json(checkpoint.as_bytes()).unwrap());
    println!("read back in {:?}", start.elapsed());
}
