//! A repository of trust roots that the test signs, and `trust update` fetching from it.

use std::fs;

use serde_json::{Value, json};

use crate::support::tuf::Tuf;
use crate::support::{Home, Transcript};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// A trust root that names one log.
pub fn root(log: &str) -> Vec<u8> {
    const KEY: &str = "MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=";
    const ID: &str = "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=";
    let key = json!({
        "rawBytes": KEY, "keyDetails": "PKIX_ED25519", "validFor": { "start": "2025-09-23T00:00:00Z" },
    });
    let log =
        json!({ "baseUrl": log, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": { "keyId": ID } });
    json!({ "mediaType": MEDIA_TYPE, "tlogs": [log] })
        .to_string()
        .into_bytes()
}

/// A repository, and a home that has its first root in `root.json`.
pub struct Setup {
    pub tuf: Tuf,
    pub home: Home,
}

impl Setup {
    pub fn new() -> Self {
        let tuf = Tuf::start(&root("https://log.example/1"));
        let home = Home::new();
        home.write("root.json", tuf.publish_root(&[1]));
        Self { tuf, home }
    }

    pub fn update(&self) -> Transcript {
        let url = self.tuf.url();
        self.home.run(&[
            "trust",
            "update",
            "--json",
            "--mirror",
            &url,
            "--root",
            "root.json",
        ])
    }

    /// The document of an update that went well.
    #[track_caller]
    pub fn updated(&self) -> Value {
        let run = self.update();
        assert_eq!(run.code, Some(0), "{}", run.text);
        serde_json::from_str(&run.stdout).unwrap()
    }

    pub fn folder(&self) -> String {
        let mut entries = fs::read_dir(self.home.path("home/data/trust")).unwrap();
        let name = entries.next().unwrap().unwrap().file_name();
        assert!(entries.next().is_none());
        format!("home/data/trust/{}", name.into_string().unwrap())
    }

    pub fn state(&self) -> String {
        self.home.text(&format!("{}/state.json", self.folder()))
    }

    /// Fails as said, and leaves the trust root and what goes with it as they were.
    #[track_caller]
    pub fn refused(&self, case: &str, reason: &str, code: i32) {
        let before = self.state();
        let run = self.update();
        let failure: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{case}: {}", run.text));
        assert_eq!(failure["reason"], reason, "{case}: {}", run.text);
        assert_eq!(run.code, Some(code), "{case}: {}", run.text);
        assert_eq!(self.state(), before, "{case}");
    }
}
