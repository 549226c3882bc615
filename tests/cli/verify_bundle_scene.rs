//! A file with a bundle beside it, and `verify` looking at both.

use serde_json::Value;

use crate::support::sigstore::{Claims, Sigstore};
use crate::support::{Home, Transcript};

pub const TAG: &str = "v1.2.3";
pub const FILE: &str = "oc-guardian.tar.gz";
pub const BLOB: &[u8] = b"a release archive";
pub const BUNDLE: &str = "bundle.json";

pub struct Scene {
    pub home: Home,
    pub sigstore: Sigstore,
}

impl Scene {
    /// A file, and a Sigstore whose trust root is in `root.json`.
    pub fn new() -> Self {
        let (home, sigstore) = (Home::new(), Sigstore::new());
        home.write("root.json", sigstore.trusted_root_json());
        home.write(FILE, BLOB);
        Self { home, sigstore }
    }

    /// With the bundle of a genuine release.
    pub fn released() -> Self {
        let scene = Self::new();
        scene.bundle(&scene.sigstore.sign_blob(BLOB, &Claims::release(TAG)));
        scene
    }

    pub fn bundle(&self, bundle: &Value) {
        self.home.write(BUNDLE, bundle.to_string());
    }

    pub fn verify(&self, artifact: &str, more: &[&str]) -> Transcript {
        let fixed = [
            "verify",
            "--trusted-root",
            "root.json",
            "--bundle",
            BUNDLE,
            artifact,
        ];
        self.home.run(&[&fixed, more].concat())
    }

    #[track_caller]
    pub fn accepted(&self, artifact: &str, more: &[&str]) -> Value {
        self.verify(artifact, &[more, &["--json"]].concat())
            .exits(0)
            .json()
    }

    #[track_caller]
    pub fn refused(&self, artifact: &str, more: &[&str], reason: &str) -> Value {
        let document = self
            .verify(artifact, &[more, &["--json"]].concat())
            .exits(3)
            .json();
        assert_eq!(document["reason"], reason, "{document}");
        let hint = document["hint"].as_str().unwrap();
        assert!(
            hint.starts_with("Do not use this file.") && hint.ends_with('.'),
            "{document}"
        );
        document
    }
}
