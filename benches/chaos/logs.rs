//! What the signing servers wrote down.

use std::collections::HashSet;
use std::path::Path;

use serde_json::Value;

use crate::support::Home;
use crate::support::devnet::Devnet;

const LOG: &str = "state/audit.jsonl";

fn homes(devnet: &Devnet) -> Vec<String> {
    let homes = devnet.started["homes"].as_array().unwrap().iter();
    homes.map(|home| home.as_str().unwrap().to_owned()).collect()
}

fn attestations(home: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(Path::new(home).join(LOG)).unwrap();
    text.lines()
        // The last line may be half written.
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|record| record["event"] == "signed" && record["kind"] == "attestation")
        .collect()
}

/// How many attestations were signed.
pub fn count(devnet: &Devnet) -> usize {
    homes(devnet).iter().map(|home| attestations(home).len()).sum()
}

/// Every chain verifies with every signature in it, and nothing was signed twice.
pub fn check(home: &Home, devnet: &Devnet) -> String {
    let (mut signed, mut starts) = (0, 0);
    for own in homes(devnet) {
        let passphrase = format!("{own}/passphrase");
        let mut command = home.command(&["audit", "verify", "--json", "--passphrase-file", &passphrase]);
        let output = command.env("OC_GUARDIAN_HOME", &own).output().unwrap();
        assert!(
            output.status.success(),
            "{own}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        let (mut payloads, mut ids) = (HashSet::new(), HashSet::new());
        for record in attestations(&own) {
            let payload = record["payload"].as_str().unwrap().to_owned();
            let id = record["request_id"].as_str().unwrap().to_owned();
            assert!(payloads.insert(payload), "signed twice: {record}");
            assert!(ids.insert(id), "an id with two signatures: {record}");
            signed += 1;
        }
        let text = std::fs::read_to_string(Path::new(&own).join(LOG)).unwrap();
        starts += text.matches(r#""event":"started""#).count();
    }
    format!("{signed} attestations signed over {starts} starts, none twice; all chains and signatures verify")
}
