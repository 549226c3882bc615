//! A guardian's side of all doors, with signatures verified by libraries that we do not sign with.

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::{Value, json};

use crate::support::signer::{
    Answer, FEDERATION, GUARDIAN_SOCKET, OPERATOR_SOCKET, SigningServer, TOKEN, alert, attestation,
    attestation_of, exchange, get, guardian_key, http, post, sign, tcp,
};
use crate::support::{ED25519_ID, Home, PASSPHRASE, SECRET_HEX, encrypted};

/// The payload of an envelope, byte for byte as it was signed.
fn signed_bytes(envelope: &Value) -> (String, &'static str) {
    let (field, tag) = if envelope["attestation"].is_object() {
        ("attestation", "oc-guardian/attestation/v1")
    } else if envelope["payload"]["action"].is_string() {
        ("payload", "oc-guardian/action/v1")
    } else {
        ("payload", "oc-guardian/guardian-key/v1")
    };
    (envelope[field].to_string(), tag)
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2)
        .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
        .collect()
}

/// BIP-340 as libsecp256k1 verifies it.
#[track_caller]
fn verify_bip340(envelope: &Value, public: &str) {
    let (text, tag) = signed_bytes(envelope);
    let tag = digest(&SHA256, tag.as_bytes());
    let message = digest(&SHA256, &[tag.as_ref(), tag.as_ref(), text.as_bytes()].concat());
    let signature = secp256k1::schnorr::Signature::from_byte_array(
        bytes(envelope["sig_hex"].as_str().unwrap()).try_into().unwrap(),
    );
    let key = secp256k1::XOnlyPublicKey::from_byte_array(bytes(public).try_into().unwrap()).unwrap();
    secp256k1::schnorr::verify(&signature, message.as_ref(), &key).unwrap();
}

/// Ed25519 as AWS-LC verifies it; `guardian-key` is none of the two envelopes that sign bare bytes.
#[track_caller]
fn verify_ed25519(envelope: &Value, public: &str) {
    let (text, tag) = signed_bytes(envelope);
    let message = if tag.contains("guardian-key") {
        [tag.as_bytes(), &[0], text.as_bytes()].concat()
    } else {
        text.into_bytes()
    };
    let key = bytes(public);
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(&aws_lc_rs::signature::ED25519, &key);
    key.verify(&message, &bytes(envelope["sig_hex"].as_str().unwrap()))
        .unwrap();
}

struct Loopback<'a> {
    server: &'a SigningServer,
    token: String,
}

impl Loopback<'_> {
    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let host = format!("127.0.0.1:{}", self.server.port());
        let bearer = format!("Bearer {}", self.token);
        let mut headers = vec![("host", host.as_str()), ("authorization", bearer.as_str())];
        if method == "POST" {
            headers.push(("content-type", "application/json"));
        }
        exchange(&mut tcp(self.server.port()), http(method, path, &headers, body))
    }
}

#[test]
fn every_kind_through_every_door_bip340() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let identity = get(&home, GUARDIAN_SOCKET, "/v1/identity").json();
    let public = identity["operator_pubkey_hex"].as_str().unwrap().to_owned();
    assert_eq!(identity["scheme"], "bip340");
    let loopback = Loopback {
        server: &server,
        token: home.text(TOKEN).trim_end().to_owned(),
    };
    let kinds = [attestation, guardian_key, || alert("info", "release 1.1")];
    for make in kinds {
        let answers = [
            sign(&home, &make()),
            post(&home, OPERATOR_SOCKET, "/v1/sign", &make().to_string()),
            loopback.ask("POST", "/v1/sign", &make().to_string()),
        ];
        for answer in answers {
            assert_eq!(answer.status, 200, "{answer:?}");
            verify_bip340(&answer.json()["envelope"], &public);
        }
    }
    // Asked through TCP, answered by a person, fetched through TCP.
    let request = alert("critical", "asked through TCP");
    assert_eq!(loopback.ask("POST", "/v1/sign", &request.to_string()).status, 202);
    let id = request["id"].as_str().unwrap();
    let question = get(&home, OPERATOR_SOCKET, &format!("/v1/requests/{id}")).json()["question"].clone();
    let body = json!({ "payload_sha256": question["payload_sha256"] }).to_string();
    // The hash is one that anybody can compute from what was asked for.
    let payload = question["payload"].as_str().unwrap();
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, payload.as_bytes()).as_ref());
    let expected = oc_guardian::store::hex::encode(&hash);
    assert_eq!(question["payload_sha256"], expected);
    let approved = post(
        &home,
        OPERATOR_SOCKET,
        &format!("/v1/requests/{id}/approve"),
        &body,
    );
    assert_eq!(approved.status, 200, "{approved:?}");
    let fetched = loopback.ask("GET", &format!("/v1/requests/{id}?wait=5"), "");
    assert_eq!(fetched.body, approved.body);
    verify_bip340(&fetched.json()["envelope"], &public);
    // And without a server.
    assert_eq!(server.stop(), Some(0));
    home.write("request.json", alert("info", "alone").to_string());
    let run = home
        .run(&["sign", "request.json", "--passphrase-file", "pass.txt"])
        .exits(0);
    verify_bip340(&serde_json::from_str(&run.stdout).unwrap(), &public);
}

#[test]
fn every_kind_ed25519() {
    let home = Home::new();
    home.write("pass.txt", PASSPHRASE);
    home.write("key.hex", SECRET_HEX);
    home.run_line("init --import-hex --scheme ed25519 --from key.hex --passphrase-file pass.txt --yes")
        .exits(0);
    let payload = format!(r#"{{"version":1,"scheme":"ed25519","secret_hex":"{SECRET_HEX}"}}"#);
    home.write(
        &format!("home/data/keys/{ED25519_ID}.age"),
        encrypted(&payload, PASSPHRASE, 2),
    );
    home.run_line(&format!("config gen --federation {FEDERATION}"))
        .exits(0);
    let _server = SigningServer::start(&home, &[]);
    let identity = get(&home, GUARDIAN_SOCKET, "/v1/identity").json();
    let public = identity["operator_pubkey_hex"].as_str().unwrap().to_owned();
    assert_eq!(identity["scheme"], "ed25519");
    let mut key = guardian_key();
    key["payload"]["operator_id"] = ED25519_ID.into();
    for request in [attestation_of(ED25519_ID), key, alert("info", "release 1.1")] {
        let answer = sign(&home, &request);
        assert_eq!(answer.status, 200, "{answer:?}");
        verify_ed25519(&answer.json()["envelope"], &public);
    }
}
