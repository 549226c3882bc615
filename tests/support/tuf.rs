//! A repository of The Update Framework that the test signs itself, with any version, expiry and key that it likes.
//!
//! Specification: <https://theupdateframework.github.io/specification/v1.0.33/>. Canonical JSON is written by hand here: the
//! program uses a library's.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use ed25519_dalek::{Signer, SigningKey};
use oc_guardian::store::hex;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::registry::Registry;

pub const TARGET: &str = "trusted_root.json";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// One role: what it says of itself, and with which key it is signed.
#[derive(Clone)]
pub struct Role {
    pub version: u64,
    pub expires: String,
    /// Number of the key that signs. The root says which one may.
    pub key: u8,
}

/// A repository on a port of its own.
pub struct Tuf {
    pub server: Registry,
    pub root: Role,
    pub timestamp: Role,
    pub snapshot: Role,
    pub targets: Role,
    /// Numbers of the keys that may sign: root, timestamp, snapshot, targets.
    pub allowed: [u8; 4],
    /// What is distributed; nothing, where it is empty.
    pub target: Vec<u8>,
}

impl Tuf {
    /// Version 1 of everything, good for 30 days.
    pub fn start(target: &[u8]) -> Self {
        let role = |key| Role {
            version: 1,
            expires: in_days(30),
            key,
        };
        let tuf = Self {
            server: Registry::start(),
            root: role(1),
            timestamp: role(2),
            snapshot: role(3),
            targets: role(4),
            allowed: [1, 2, 3, 4],
            target: target.to_vec(),
        };
        tuf.publish_root(&[1]);
        tuf.publish();
        tuf
    }

    pub fn url(&self) -> String {
        self.server.url("/tuf")
    }

    /// Publishes the root, signed with these keys, under its version; returns it.
    pub fn publish_root(&self, keys: &[u8]) -> Vec<u8> {
        let known: BTreeMap<String, Value> = self
            .allowed
            .iter()
            .map(|number| (id(*number), public(*number)))
            .collect();
        let names = ["root", "timestamp", "snapshot", "targets"];
        let roles: BTreeMap<&str, Value> = names
            .into_iter()
            .zip(self.allowed)
            .map(|(name, number)| (name, json!({ "keyids": [id(number)], "threshold": 1 })))
            .collect();
        let mut signed = head("root", &self.root);
        signed["consistent_snapshot"] = true.into();
        signed["keys"] = json!(known);
        signed["roles"] = json!(roles);
        self.put(&format!("{}.root.json", self.root.version), &sign(&signed, keys))
    }

    /// The next root, with other keys for everything but itself, signed by the old and the new one.
    pub fn rotate(&mut self, allowed: [u8; 4]) {
        let old = self.allowed[0];
        self.root.version += 1;
        self.allowed = allowed;
        [
            self.root.key,
            self.timestamp.key,
            self.snapshot.key,
            self.targets.key,
        ] = allowed;
        let keys: &[u8] = if old == allowed[0] {
            &[old]
        } else {
            &[old, allowed[0]]
        };
        self.publish_root(keys);
    }

    /// Publishes the three other roles and the target as they are now.
    pub fn publish(&self) {
        let mut signed = head("targets", &self.targets);
        signed["targets"] = json!({});
        if !self.target.is_empty() {
            signed["targets"][TARGET] = described(&self.target);
            let name = format!("targets/{}.{TARGET}", digest(&self.target));
            self.put(&name, &self.target);
        }
        let targets = self.put(
            &format!("{}.targets.json", self.targets.version),
            &sign(&signed, &[self.targets.key]),
        );

        let mut signed = head("snapshot", &self.snapshot);
        signed["meta"] = json!({ "targets.json": pinned(&targets, self.targets.version) });
        let name = format!("{}.snapshot.json", self.snapshot.version);
        let snapshot = self.put(&name, &sign(&signed, &[self.snapshot.key]));

        let mut signed = head("timestamp", &self.timestamp);
        signed["meta"] = json!({ "snapshot.json": pinned(&snapshot, self.snapshot.version) });
        self.put("timestamp.json", &sign(&signed, &[self.timestamp.key]));
    }

    /// The next version of the three, with this target.
    pub fn publish_next(&mut self, target: &[u8]) {
        self.target = target.to_vec();
        for role in [&mut self.timestamp, &mut self.snapshot, &mut self.targets] {
            role.version += 1;
        }
        self.publish();
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        self.server.put_file(&format!("/tuf/{name}"), bytes);
        bytes.to_vec()
    }
}

/// A time so many days from now, RFC 3339.
pub fn in_days(days: i32) -> String {
    let distance = DAY * days.unsigned_abs();
    let now = SystemTime::now();
    let time = if days < 0 { now - distance } else { now + distance };
    humantime::format_rfc3339_seconds(time).to_string()
}

fn head(kind: &str, role: &Role) -> Value {
    json!({ "_type": kind, "spec_version": "1.0.31", "version": role.version, "expires": role.expires })
}

fn pinned(bytes: &[u8], version: u64) -> Value {
    let mut pinned = described(bytes);
    pinned["version"] = version.into();
    pinned
}

fn described(bytes: &[u8]) -> Value {
    json!({ "length": bytes.len(), "hashes": { "sha256": digest(bytes) } })
}

fn digest(bytes: &[u8]) -> String {
    hex::encode(&Sha256::digest(bytes))
}

fn key(number: u8) -> SigningKey {
    SigningKey::from_bytes(&[number; 32])
}

fn public(number: u8) -> Value {
    let public = hex::encode(key(number).verifying_key().as_bytes());
    json!({ "keytype": "ed25519", "scheme": "ed25519", "keyval": { "public": public } })
}

fn id(number: u8) -> String {
    digest(canonical(&public(number)).as_bytes())
}

fn sign(signed: &Value, keys: &[u8]) -> Vec<u8> {
    let bytes = canonical(signed);
    let signatures: Vec<Value> = keys
        .iter()
        .map(|number| json!({ "keyid": id(*number), "sig": hex::encode(&key(*number).sign(bytes.as_bytes()).to_bytes()) }))
        .collect();
    json!({ "signatures": signatures, "signed": signed })
        .to_string()
        .into_bytes()
}

/// OLPC canonical JSON: members sorted, no spaces. Nothing here needs an escape.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<&String, &Value> = members.iter().collect();
            let members = sorted
                .into_iter()
                .map(|(name, value)| format!("\"{name}\":{}", canonical(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
