//! Releases as the project publishes them: images of the built program that an engine can run, signed and with provenance.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::SystemTime;

use oc_guardian::image::registry::{Client, Options};
use oc_guardian::image::trust::{Origin, TrustRoot};
use oc_guardian::image::{Digest, Known, Platform, Policy, ProvenancePolicy, Request, VerifiedImage, verify};
use serde_json::{Value, json};

use super::Home;
use super::docker_image::{libraries, put};
use super::registry::{OCI_INDEX, OCI_MANIFEST, Registry, descriptor};
use super::running::{NO_PORTAL, bundle};
use super::sigstore::{Claims, SIGN, SLSA_V1, Sigstore, predicate_v1, push_bundle, statement};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
/// What the program says before its version; see `guardian::version`.
const STAMP: &[u8] = b"oc-guardian version stamp:";

/// How the guardian in it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// As it should.
    Good,
    /// It ends at once with status 1.
    Crashes,
    /// It runs, and nothing ever answers on its port 9000.
    Never,
    /// It reports version 9.9.9, whatever was signed.
    WrongVersion,
}

/// What the tag points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An index for this machine's architecture and another one, which holds the same program.
    Index,
    /// A manifest for this machine's architecture.
    Single,
    /// A manifest for another architecture than this machine's.
    Foreign,
}

/// What is released.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    pub variant: Variant,
    pub shape: Shape,
    /// In the label `io.ochk.guardian.data-version`.
    pub data_version: u32,
}

impl Default for Release {
    fn default() -> Self {
        Self {
            variant: Variant::Good,
            shape: Shape::Index,
            data_version: 1,
        }
    }
}

/// An image in a registry. The engine's copy is removed when this is dropped.
pub struct ReleaseImage {
    /// By its tag.
    pub reference: String,
    /// By its digest.
    pub pinned: String,
    /// What was signed.
    pub digest: Digest,
    /// Of this machine's platform (of the other one for [`Shape::Foreign`]).
    pub manifest: Digest,
    /// Of this machine's platform (of the other one for [`Shape::Foreign`]); the engine's image id.
    pub config: Digest,
    /// As registries have them, compressed: the shared libraries first, the program last.
    pub layers: [Digest; 2],
}

impl ReleaseImage {
    /// A good release of this version, such as 1.2.3, for which the tag `v1.2.3` in the source was signed.
    pub fn push(
        registry: &Registry,
        sigstore: &Sigstore,
        repository: &str,
        tag: &str,
        version: &str,
    ) -> Self {
        Self::push_as(registry, sigstore, repository, tag, version, Release::default())
    }

    pub fn push_as(
        registry: &Registry,
        sigstore: &Sigstore,
        repository: &str,
        tag: &str,
        version: &str,
        release: Release,
    ) -> Self {
        let stamped = match release.variant {
            Variant::WrongVersion => "9.9.9",
            _ => version,
        };
        let layers = [shared_layer(), program_layer(stamped)];
        let stored = layers.each_ref().map(|layer| registry.put_blob(&layer.bytes));
        let (this, other) = architectures();
        let image = |architecture: &str| {
            let config = config(architecture, &layers, release).to_string();
            let described = layers.each_ref().map(|layer| descriptor(LAYER, &layer.bytes));
            let manifest = json!({
                "schemaVersion": 2, "mediaType": OCI_MANIFEST,
                "config": descriptor(CONFIG, config.as_bytes()), "layers": described,
            })
            .to_string();
            let config = registry.put_blob(config.as_bytes());
            let digest = registry.put_manifest(repository, OCI_MANIFEST, manifest.as_bytes());
            let mut entry = descriptor(OCI_MANIFEST, manifest.as_bytes());
            entry["platform"] = json!({ "os": "linux", "architecture": architecture });
            (digest, config, entry)
        };
        let (digest, (manifest, config)) = match release.shape {
            Shape::Single | Shape::Foreign => {
                let foreign = release.shape == Shape::Foreign;
                let (digest, config, _) = image(if foreign { other } else { this });
                (digest, (digest, config))
            }
            Shape::Index => {
                let (manifest, config, entry) = image(this);
                let entries = [image(other).2, entry];
                let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
                let digest = registry.put_manifest(repository, OCI_INDEX, index.to_string().as_bytes());
                (digest, (manifest, config))
            }
        };
        registry.tag(repository, tag, &digest);
        let claims = Claims::release(&format!("v{version}"));
        for (predicate_type, predicate) in [(SIGN, json!({})), (SLSA_V1, predicate_v1(&claims))] {
            let statement = statement(&digest, predicate_type, &predicate);
            let bundle = sigstore.sign_statement(&statement, &claims).bundle();
            push_bundle(registry, repository, &digest, bundle.to_string().as_bytes());
        }
        Self {
            reference: registry.reference(&format!("{repository}:{tag}")),
            pinned: registry.reference(&format!("{repository}@{digest}")),
            digest,
            manifest,
            config,
            layers: stored,
        }
    }

    /// The library's verdict on it for this machine's platform.
    pub fn verified(&self, sigstore: &Sigstore) -> VerifiedImage {
        self.verified_for(sigstore, &Platform::of_this_machine(), Options::default())
    }

    pub fn verified_for(&self, sigstore: &Sigstore, platform: &Platform, options: Options) -> VerifiedImage {
        let root = sigstore.trusted_root_json();
        let trust = TrustRoot::from_bytes(root.as_bytes(), Origin::File("root.json".into())).unwrap();
        let request = Request {
            reference: &self.reference.parse().unwrap(),
            policy: &Policy::official().unwrap(),
            provenance: ProvenancePolicy::Required,
            platform,
            pinned: None,
            allow_downgrade: false,
        };
        let known = Known::default();
        verify(&Client::new(options), &trust, &request, &known, SystemTime::now()).unwrap()
    }
}

impl Drop for ReleaseImage {
    fn drop(&mut self) {
        // No two are the same, so that nobody else's is removed.
        let _ = Command::new("docker")
            .args(["image", "rm", "-f", &self.config.to_string()])
            .output();
    }
}

/// A config bundle of this home's operator, as a container of such an image reads it.
pub fn bundle_in_container(home: &Home) -> PathBuf {
    let mut config = bundle(home, NO_PORTAL, &json!({}));
    config.as_object_mut().unwrap().shift_remove("data_dir");
    let path = home.write("oc-guardian.config", config.to_string());
    // As `config gen` writes it; the container's user is another one.
    home.chmod("oc-guardian.config", 0o644);
    path
}

/// This machine's architecture and another one, as images name them.
pub fn architectures() -> (&'static str, &'static str) {
    match std::env::consts::ARCH {
        "aarch64" => ("arm64", "amd64"),
        _ => ("amd64", "arm64"),
    }
}

fn config(architecture: &str, layers: &[Layer; 2], release: Release) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let unique = format!("{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let entrypoint = match release.variant {
        Variant::Good | Variant::WrongVersion => json!(["/oc-guardian", "guardian"]),
        Variant::Crashes => json!(["/oc-guardian", "guardian", "--config", "/missing"]),
        Variant::Never => json!(["/oc-guardian", "guardian", "--api-listen", "127.0.0.1:9090"]),
    };
    let second = 1_000_000_000_u64;
    json!({
        "architecture": architecture, "os": "linux", "created": "2026-11-24T00:00:00Z",
        "config": {
            "User": "65532:65532",
            "Volumes": { "/var/lib/oc-guardian": {} },
            "ExposedPorts": { "9000/tcp": {}, "9001/tcp": {} },
            "Env": ["PATH=/"],
            "Entrypoint": entrypoint,
            "Labels": {
                "io.ochk.guardian.data-version": release.data_version.to_string(),
                "io.ochk.test.unique": unique,
            },
            "Healthcheck": {
                "Test": ["CMD", "/oc-guardian", "guardian", "healthcheck"],
                "Interval": second, "Timeout": 5 * second, "StartPeriod": second,
            },
        },
        "rootfs": { "type": "layers", "diff_ids": layers.each_ref().map(|layer| layer.diff_id) },
        "history": [{ "created_by": "shared libraries" }, { "created_by": "program" }],
    })
}

/// A layer and the digest of what it unpacks to.
#[derive(Clone)]
struct Layer {
    bytes: Vec<u8>,
    diff_id: Digest,
}

/// The data folder, whose owner and mode a new volume takes over, and the libraries that the program is linked to.
fn shared_layer() -> Layer {
    static MADE: OnceLock<Layer> = OnceLock::new();
    let made = MADE.get_or_init(|| {
        let root = tempfile::tempdir().unwrap();
        for library in libraries(&program()) {
            put(root.path(), &library, &library);
        }
        let data = root.path().join("var/lib/oc-guardian");
        std::fs::create_dir_all(&data).unwrap();
        pack(root.path(), &[("var/lib/oc-guardian", "0700")])
    });
    made.clone()
}

/// The program without symbols, which reports this version.
fn program_layer(version: &str) -> Layer {
    static STRIPPED: OnceLock<Vec<u8>> = OnceLock::new();
    static MADE: Mutex<BTreeMap<String, Layer>> = Mutex::new(BTreeMap::new());
    // Held meanwhile, so that no two tests pack the same.
    let mut made = MADE.lock().unwrap();
    if let Some(layer) = made.get(version) {
        return layer.clone();
    }
    let mut bytes = STRIPPED.get_or_init(stripped).clone();
    stamp(&mut bytes, version);
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("oc-guardian"), bytes).unwrap();
    let layer = pack(root.path(), &[("oc-guardian", "0755")]);
    made.insert(version.to_owned(), layer.clone());
    layer
}

fn stripped() -> Vec<u8> {
    let output = tempfile::NamedTempFile::new().unwrap();
    let done = Command::new("strip")
        .arg("-s")
        .arg("-o")
        .arg(output.path())
        .arg(program())
        .status()
        .unwrap();
    assert!(done.success(), "strip: {done}");
    std::fs::read(output.path()).unwrap()
}

fn stamp(program: &mut [u8], version: &str) {
    let places: Vec<usize> = program
        .windows(STAMP.len())
        .enumerate()
        .filter(|(_, window)| *window == STAMP)
        .map(|(at, _)| at + STAMP.len())
        .collect();
    assert_eq!(places.len(), 1, "places of the version in the program");
    let text = format!("{version};");
    assert!(text.len() <= 48, "{version}: too long for the stamp");
    program[places[0]..][..text.len()].copy_from_slice(text.as_bytes());
}

/// A reproducible tar of a folder, with these paths having these modes and everything owned by the image's user.
fn pack(root: &Path, modes: &[(&str, &str)]) -> Layer {
    for (path, mode) in modes {
        let done = Command::new("chmod")
            .arg(mode)
            .arg(root.join(path))
            .status()
            .unwrap();
        assert!(done.success());
    }
    let tar = root.with_extension("tar");
    let packed = Command::new("tar")
        .args([
            "--owner=65532",
            "--group=65532",
            "--numeric-owner",
            "--mtime=@0",
            "--sort=name",
            "-cf",
        ])
        .arg(&tar)
        .arg("-C")
        .arg(root)
        .args(names(root))
        .status()
        .unwrap();
    assert!(packed.success());
    let diff_id = Digest::of(&std::fs::read(&tar).unwrap());
    let zipped = Command::new("gzip")
        .args(["-1", "-n", "-f"])
        .arg(&tar)
        .status()
        .unwrap();
    assert!(zipped.success());
    let zipped = root.with_extension("tar.gz");
    let bytes = std::fs::read(&zipped).unwrap();
    std::fs::remove_file(&zipped).unwrap();
    Layer { bytes, diff_id }
}

/// What is in a folder: without the folder itself, whose mode would become that of the root.
fn names(root: &Path) -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| PathBuf::from(entry.unwrap().file_name()))
        .collect();
    names.sort();
    names
}

fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_oc-guardian"))
}
