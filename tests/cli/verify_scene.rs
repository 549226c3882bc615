//! An image in a registry, signed or not, and `verify` looking at it.

use std::cell::RefCell;

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use crate::support::registry::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Registry, descriptor};
use crate::support::sigstore::{
    Claims, Key, SIGN, SLSA_V1, SLSA_V02, Signed, Sigstore, predicate_v1, predicate_v02, push_bundle,
    push_fallback, push_legacy, statement,
};
use crate::support::{Home, Transcript};

pub const REPOSITORY: &str = "orangecheck/oc-guardian";
pub const PLATFORM: &str = "linux/arm64";
pub const EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Where signatures are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// As referrers, which the registry lists.
    Referrers,
    /// As referrers, listed under the fallback tag.
    FallbackTag,
    /// Under the tags of cosign 1 and 2.
    Legacy,
}

impl Stored {
    pub const ALL: [Self; 3] = [Self::Referrers, Self::FallbackTag, Self::Legacy];
}

/// What kind of image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Index,
    Single,
    DockerList,
    DockerSingle,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Index, Self::Single, Self::DockerList, Self::DockerSingle];

    fn is_index(self) -> bool {
        matches!(self, Self::Index | Self::DockerList)
    }
}

pub struct Scene {
    pub home: Home,
    pub registry: Registry,
    pub sigstore: Sigstore,
    /// What the tag points to.
    pub digest: Digest,
    /// Manifest and config for [`PLATFORM`].
    pub runs: (Digest, Digest),
    tag: String,
    listed: RefCell<Vec<Vec<u8>>>,
    layers: RefCell<[Vec<Signed>; 2]>,
}

impl Scene {
    /// An index under this tag, not signed.
    pub fn new(tag: &str) -> Self {
        Self::of(Kind::Index, tag)
    }

    /// An image of this kind under this tag, not signed.
    pub fn of(kind: Kind, tag: &str) -> Self {
        let registry = Registry::start();
        let sigstore = Sigstore::new();
        let home = Home::new();
        home.write("root.json", sigstore.trusted_root_json());
        let (digest, runs) = put(&registry, kind, tag);
        Self {
            home,
            registry,
            sigstore,
            digest,
            runs,
            tag: tag.to_owned(),
            listed: RefCell::default(),
            layers: RefCell::default(),
        }
    }

    /// With signature and provenance by the release workflow for this tag.
    pub fn released(tag: &str) -> Self {
        let scene = Self::new(tag);
        scene.sign(Stored::Referrers, &Claims::release(tag));
        scene.attest(Stored::Referrers, &Claims::release(tag));
        scene
    }

    pub fn reference(&self) -> String {
        self.registry.reference(&format!("{REPOSITORY}:{}", self.tag))
    }

    pub fn sign(&self, stored: Stored, claims: &Claims) {
        self.sign_digest(stored, claims, &self.digest);
    }

    /// Attaches a signature that is about this digest.
    pub fn sign_digest(&self, stored: Stored, claims: &Claims, about: &Digest) {
        match stored {
            Stored::Legacy => self.add_legacy(0, self.sigstore.sign_legacy(about, claims)),
            _ => {
                let signed = self.state(about, SIGN, &json!({}), claims);
                self.add_bundle(stored, &signed.bundle());
            }
        }
    }

    /// Attaches a signature by a key, without a certificate.
    pub fn sign_by(&self, key: &Key, stored: Stored) {
        let claims = Claims::release(&self.tag);
        if stored == Stored::Legacy {
            self.add_legacy(0, self.sigstore.sign_legacy_by(key, &self.digest, &claims));
            return;
        }
        let statement = statement(&self.digest, SIGN, &json!({}));
        let signed = self.sigstore.sign_statement_by(key, &statement, &claims);
        self.add_bundle(stored, &signed.bundle());
    }

    /// Attaches provenance: as the generator writes it where the claims are its.
    pub fn attest(&self, stored: Stored, claims: &Claims) {
        let (predicate_type, predicate) = if claims.identity.contains("slsa-github-generator") {
            (SLSA_V02, predicate_v02(claims))
        } else {
            (SLSA_V1, predicate_v1(claims))
        };
        self.attest_with(stored, claims, predicate_type, &predicate);
    }

    pub fn attest_with(&self, stored: Stored, claims: &Claims, predicate_type: &str, predicate: &Value) {
        let signed = self.state(&self.digest, predicate_type, predicate, claims);
        match stored {
            Stored::Legacy => self.add_legacy(1, signed),
            _ => self.add_bundle(stored, &signed.bundle()),
        }
    }

    /// Attaches what would be provenance, by a key without a certificate.
    pub fn attest_by(&self, key: &Key, stored: Stored) {
        let claims = Claims::release(&self.tag);
        let statement = statement(&self.digest, SLSA_V1, &predicate_v1(&claims));
        let signed = self.sigstore.sign_statement_by(key, &statement, &claims);
        match stored {
            Stored::Legacy => self.add_legacy(1, signed),
            _ => self.add_bundle(stored, &signed.bundle()),
        }
    }

    /// A signed statement about a digest.
    pub fn state(&self, about: &Digest, predicate_type: &str, predicate: &Value, claims: &Claims) -> Signed {
        self.sigstore
            .sign_statement(&statement(about, predicate_type, predicate), claims)
    }

    pub fn add_bundle(&self, stored: Stored, bundle: &Value) {
        let bundle = bundle.to_string().into_bytes();
        if stored == Stored::Referrers {
            push_bundle(&self.registry, REPOSITORY, &self.digest, &bundle);
            return;
        }
        let mut listed = self.listed.borrow_mut();
        listed.push(bundle);
        push_fallback(&self.registry, REPOSITORY, &self.digest, &listed);
    }

    fn add_legacy(&self, which: usize, signed: Signed) {
        let mut layers = self.layers.borrow_mut();
        layers[which].push(signed);
        let all: Vec<&Signed> = layers[which].iter().collect();
        push_legacy(
            &self.registry,
            REPOSITORY,
            &self.digest,
            ["sig", "att"][which],
            &all,
        );
    }

    pub fn verify(&self, more: &[&str]) -> Transcript {
        self.verify_reference(&self.reference(), more)
    }

    pub fn verify_reference(&self, reference: &str, more: &[&str]) -> Transcript {
        let fixed = [
            "verify",
            reference,
            "--trusted-root",
            "root.json",
            "--platform",
            PLATFORM,
        ];
        self.home.run(&[&fixed, more].concat())
    }

    /// The document of an image that is accepted.
    #[track_caller]
    pub fn accepted(&self, more: &[&str]) -> Value {
        self.verify(&[more, &["--json"]].concat()).exits(0).json()
    }

    /// The document of an image that is refused for this reason.
    #[track_caller]
    pub fn refused(&self, more: &[&str], reason: &str) -> Value {
        let known = self.home.text_or_empty("home/state/verified.json");
        let document = self.verify(&[more, &["--json"]].concat()).exits(3).json();
        assert_eq!(document["reason"], reason, "{document}");
        let hint = document["hint"].as_str().unwrap_or_default();
        assert!(
            hint.starts_with("Do not run this image.") && hint.ends_with('.'),
            "{document}"
        );
        // Nothing is remembered of what was refused.
        assert_eq!(self.home.text_or_empty("home/state/verified.json"), known);
        document
    }

    /// Lets this machine have settled on a version.
    pub fn settle_on(&self, version: &str, digest: &str) {
        let name = self.registry.reference(REPOSITORY);
        let floor = json!({ "version": version, "digest": digest, "settled_at": "2026-11-01T00:00:00Z" });
        let known = json!({ "version": 2, "floors": { name: floor }, "verdicts": [] });
        self.home.write("home/state/verified.json", known.to_string());
    }
}

fn put(registry: &Registry, kind: Kind, tag: &str) -> (Digest, (Digest, Digest)) {
    let docker = matches!(kind, Kind::DockerList | Kind::DockerSingle);
    let (manifest_type, config_type) = if docker {
        (DOCKER_MANIFEST, "application/vnd.docker.container.image.v1+json")
    } else {
        (OCI_MANIFEST, "application/vnd.oci.image.config.v1+json")
    };
    let image = |architecture: &str| {
        let config = json!({
            "architecture": architecture, "os": "linux", "rootfs": { "type": "layers", "diff_ids": [] },
            "config": { "Labels": { "org.opencontainers.image.version": tag } },
        })
        .to_string();
        let config_digest = registry.put_blob(config.as_bytes());
        let manifest = json!({
            "schemaVersion": 2, "mediaType": manifest_type,
            "config": descriptor(config_type, config.as_bytes()),
            "layers": [descriptor("application/vnd.oci.image.layer.v1.tar", b"layer")],
        })
        .to_string();
        let digest = registry.put_manifest(REPOSITORY, manifest_type, manifest.as_bytes());
        let mut entry = descriptor(manifest_type, manifest.as_bytes());
        entry["platform"] = json!({ "os": "linux", "architecture": architecture });
        (digest, config_digest, entry)
    };
    let (manifest, config, entry) = image("arm64");
    let digest = if kind.is_index() {
        let index_type = if docker { DOCKER_LIST } else { OCI_INDEX };
        let index =
            json!({ "schemaVersion": 2, "mediaType": index_type, "manifests": [image("amd64").2, entry] });
        registry.put_manifest(REPOSITORY, index_type, index.to_string().as_bytes())
    } else {
        manifest
    };
    registry.tag(REPOSITORY, tag, &digest);
    (digest, (manifest, config))
}
