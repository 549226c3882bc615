use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oc_guardian::image::registry::{Client, Limits, Options, RegistryError};
use oc_guardian::image::{Manifest, Reference, Source};

use super::super::Home;
use super::{Auth, Registry, put_image};

pub const USER: &str = "operator";
pub const PASSWORD: &str = "pass:word";
pub const REFRESH: &str = "refresh-me";
pub const LOGIN: Auth = Auth::Token {
    user: USER,
    password: PASSWORD,
};
pub const BASIC: Auth = Auth::Basic {
    user: USER,
    password: PASSWORD,
};

/// A registry with the images `a/b:v1` and `a/c:v1` that wants a login, and a home with Docker's `config.json`.
pub struct Scene {
    pub registry: Registry,
    pub home: Home,
    /// With helpers.
    pub patience: Duration,
}

impl Scene {
    pub fn new(auth: Auth) -> Self {
        let registry = Registry::start();
        put_image(&registry, "a/b", "v1");
        put_image(&registry, "a/c", "v1");
        registry.set_auth(auth);
        let home = Home::new();
        Self {
            registry,
            home,
            patience: Duration::from_secs(10),
        }
    }

    /// With this as the registry's entry in Docker's `config.json`.
    pub fn with_entry(self, entry: &str) -> Self {
        let config = format!(r#"{{"auths":{{"{}":{entry}}}}}"#, self.registry.address());
        self.home.write("config.json", config);
        self
    }

    pub fn with_password(self) -> Self {
        let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        self.with_entry(&format!(r#"{{"auth":"{auth}"}}"#))
    }

    /// With a credential helper of this content for all registries.
    pub fn with_helper(self, script: &str) -> Self {
        self.home.write("config.json", r#"{"credsStore":"test"}"#);
        // Copied by another process: a file that this one has open for writing cannot be run, and whatever another test
        // starts at that moment has it open, too.
        let written = self.home.write("bin/script", script);
        let program = self.home.path("bin/docker-credential-test");
        let copied = Command::new("install")
            .args(["-m", "700"])
            .arg(written)
            .arg(program)
            .status();
        assert!(copied.unwrap().success());
        self
    }

    pub fn client(&self) -> Client {
        Client::new(Options {
            docker_config: Some(self.home.path("config.json")),
            search_path: Some(format!("relative:{}", self.home.path("bin").display()).into()),
            limits: Limits {
                helper: self.patience,
                pause: Duration::from_millis(5),
                ..Limits::default()
            },
            ..Options::default()
        })
    }

    pub fn reference(&self) -> Reference {
        self.registry.reference("a/b:v1").parse().unwrap()
    }

    pub fn get(&self) -> Result<Option<Manifest>, RegistryError> {
        self.client().manifest_by_tag(&self.reference(), "v1")
    }

    #[track_caller]
    pub fn assert_works(&self) {
        assert!(self.get().unwrap().is_some());
    }

    #[track_caller]
    pub fn assert_error(&self, reason: &str, piece: &str) {
        let error = self.get().unwrap_err();
        let text = error.to_string();
        assert_eq!(error.reason(), reason, "{text}");
        assert!(text.contains(piece), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains(REFRESH), "{text}");
    }
}
