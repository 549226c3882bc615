//! The devnet's portal with a clock of the test's, and operators that sign for it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use oc_guardian::devnet::portal::{Clock, Federation, Limits, Operator, Portal, PortalConfig};
use oc_guardian::envelope::{Action, ActionPayload, Envelope, HealthAttestation, Payload, Status, Tag};
use oc_guardian::operator::{OperatorId, Scheme, SecretKey};
use serde_json::{Value, json};

/// The federation of every test.
pub const SLUG: &str = "oc-test-v1";
/// When the tests take place.
pub const START: u64 = 1_764_000_000;
/// The image that its guardians should run, and another one.
pub const IMAGE: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
pub const OTHER_IMAGE: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// A portal with four operators, of whom the first three are bip340 and the last is ed25519.
pub struct TestPortal {
    pub portal: Portal,
    keys: Vec<SecretKey>,
    /// Unix seconds.
    time: Arc<AtomicU64>,
    agent: ureq::Agent,
}

/// An answer of the portal.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Fails unless the portal refused for this reason.
    #[track_caller]
    pub fn is_refused(&self, status: u16, reason: &str) {
        assert_eq!(
            (self.status, &self.json()["reason"]),
            (status, &json!(reason)),
            "{self:?}"
        );
    }
}

impl TestPortal {
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// With another key for the first operator.
    pub fn with_key(key: SecretKey) -> Self {
        let mut keys = keys();
        keys[0] = key;
        Self::made_of(keys, |_| {})
    }

    /// With a configuration that `change` has changed.
    pub fn with(change: impl FnOnce(&mut PortalConfig)) -> Self {
        Self::made_of(keys(), change)
    }

    fn made_of(keys: Vec<SecretKey>, change: impl FnOnce(&mut PortalConfig)) -> Self {
        let names = ["Alder", "Birch", "Cedar", "Douglas fir"];
        let operators: Vec<Operator> = keys
            .iter()
            .zip(names)
            .map(|(key, name)| Operator {
                name: name.into(),
                key: key.public(),
            })
            .collect();
        let federation = Federation {
            slug: SLUG.into(),
            name: "Test federation".into(),
            threshold: 3,
            members: keys.iter().map(|key| key.public().operator_id()).collect(),
            pins: vec![IMAGE.into()],
        };
        let mut config =
            PortalConfig::new(SocketAddr::from(([127, 0, 0, 1], 0)), operators, vec![federation]);
        let time = Arc::new(AtomicU64::new(START));
        let read = Arc::clone(&time);
        config.clock = Clock::new(move || UNIX_EPOCH + Duration::from_secs(read.load(Ordering::SeqCst)));
        // Tests that are about limits set them.
        config.limits = Limits {
            per_key: oc_guardian::devnet::portal::Rate {
                burst: 1000,
                per_second: 1000,
            },
            ..Limits::default()
        };
        change(&mut config);
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(30)));
        Self {
            portal: Portal::start(config).unwrap(),
            keys,
            time,
            agent: agent.build().into(),
        }
    }

    /// Unix seconds.
    pub fn now(&self) -> u64 {
        self.time.load(Ordering::SeqCst)
    }

    /// Lets time pass.
    pub fn pass(&self, seconds: u64) {
        self.time.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.portal.url())
    }

    pub fn key(&self, operator: usize) -> &SecretKey {
        &self.keys[operator]
    }

    pub fn id(&self, operator: usize) -> OperatorId {
        self.keys[operator].public().operator_id()
    }

    pub fn get(&self, path: &str) -> Answer {
        answer(self.agent.get(self.url(path)).call())
    }

    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        let request = self
            .agent
            .post(self.url(path))
            .header("content-type", "application/json");
        answer(request.send(body.as_ref()))
    }

    /// What a guardian of this operator would send now.
    pub fn attestation(&self, operator: usize) -> HealthAttestation {
        HealthAttestation {
            operator_id: self.id(operator),
            federation_slug: SLUG.into(),
            hosted_request_id: None,
            guardian_version: "1.2.3".into(),
            p2p_url: format!("http://guardian-{operator}.example:9001"),
            api_url: format!("http://guardian-{operator}.example:9000"),
            status: Status::Running,
            attested_at: self.now(),
            image_digest: Some(IMAGE.into()),
        }
    }

    /// An action of this operator, with a nonce of now.
    pub fn action(&self, action: Action, params: Value) -> ActionPayload {
        ActionPayload {
            action,
            params,
            nonce: self.now() * 1000,
            expires_at: self.now() + 600,
            federation: SLUG.into(),
        }
    }

    /// Signs as this operator.
    pub fn sign<P: Payload>(&self, operator: usize, payload: &P) -> String {
        signed(self.key(operator), P::TAG, payload)
    }

    /// Sends an attestation of this operator that is good, and that must be taken.
    #[track_caller]
    pub fn attest(&self, operator: usize, image: Option<&str>) {
        let mut said = self.attestation(operator);
        said.image_digest = image.map(str::to_owned);
        let answer = self.post("/api/operator/attestation", self.sign(operator, &said));
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    /// The colours on the board, in order.
    pub fn colours(&self) -> Vec<String> {
        let board = self
            .get(&format!("/api/operator/attestation?federation={SLUG}"))
            .json();
        let rows = board["operators"].as_array().unwrap().iter();
        rows.map(|row| row["color"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn keys() -> Vec<SecretKey> {
    let key = |(number, scheme)| SecretKey::from_bytes(scheme, &[number; 32]).unwrap();
    let (bip340, ed25519) = (Scheme::Bip340, Scheme::Ed25519);
    [(1, bip340), (2, bip340), (3, bip340), (4, ed25519)]
        .map(key)
        .into()
}

/// An envelope of `key` under `tag`, be it the right one or not.
pub fn signed<P: Payload>(key: &SecretKey, tag: Tag, payload: &P) -> String {
    let signature = tag.sign(key, payload.signed_bytes().unwrap().as_bytes());
    Envelope::build(payload, &key.public(), &signature).unwrap()
}

fn answer(answer: Result<http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut answer = answer.unwrap();
    Answer {
        status: answer.status().as_u16(),
        text: answer.body_mut().read_to_string().unwrap(),
    }
}
