//! The seeds of the fuzz targets, through the same functions, on every run of the tests.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use oc_guardian::image::registry::{DockerConfig, parse_challenges};
use oc_guardian::image::trust::{Origin, TrustRoot};
use oc_guardian::image::{Artifact, Digest, Policy, parse_bundle, verify_artifact};
use oc_guardian::image::{Bundles, IdentityExpression, Known, LegacyLayer, Manifest, Material, Runs, judge};
use oc_guardian::image::{Content, DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, Reference};
use oc_guardian::image::{ProvenancePolicy, Request};
use oc_guardian::operator::Identity;
use oc_guardian::vault::{self, Passphrase};

/// Name and content of each seed.
pub(super) fn seeds(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                fs::read(entry.path()).unwrap(),
            )
        })
        .collect();
    seeds.sort();
    seeds
}

/// Names of the seeds that `accepts` takes, of those that a person named.
pub(super) fn accepted(target: &str, accepts: impl Fn(&[u8]) -> bool) -> Vec<String> {
    let taken = seeds(target).into_iter().filter(|(_, bytes)| accepts(bytes));
    taken
        .map(|(name, _)| name)
        .filter(|name| name.contains('.'))
        .collect()
}

#[test]
fn identity() {
    let good = accepted("identity", |bytes| Identity::parse(bytes).is_ok());
    assert_eq!(good, ["file-exported.json", "keychain.json"]);
}

#[test]
fn payload() {
    let good = accepted("payload", |bytes| vault::parse_payload(bytes).is_ok());
    assert_eq!(good, ["bip340.json", "ed25519.json"]);
}

#[test]
fn key_file() {
    let passphrase = Passphrase::new("correct horse battery").ok().unwrap();
    let good = accepted("key_file", |bytes| {
        vault::open_key_file(bytes, &passphrase).is_ok()
    });
    assert_eq!(good, ["good.age", "work-2.age"]);
}

/// Seeds as text.
fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or("not text")
}

#[test]
fn reference() {
    let good = accepted("reference", |bytes| text(bytes).parse::<Reference>().is_ok());
    assert_eq!(
        good,
        [
            "docker-short.txt",
            "ghcr-tag.txt",
            "ipv6.txt",
            "tag-and-digest.txt"
        ]
    );
}

#[test]
fn manifest() {
    let good = accepted("manifest", |bytes| {
        [OCI_INDEX, OCI_MANIFEST, DOCKER_LIST, DOCKER_MANIFEST]
            .iter()
            .any(|media_type| Content::parse(media_type, bytes).is_ok())
    });
    assert_eq!(
        good,
        [
            "docker-list.json",
            "docker-manifest.json",
            "oci-index.json",
            "oci-manifest.json",
            "referrers.json"
        ]
    );
}

#[test]
fn registry_auth() {
    let good = accepted("registry_auth", |bytes| {
        DockerConfig::parse(bytes).is_ok() || parse_challenges(text(bytes)).is_some()
    });
    assert_eq!(good, ["config.json", "ghcr.txt", "two.txt"]);
}

#[test]
fn trusted_root() {
    let good = accepted("trusted_root", |bytes| {
        TrustRoot::from_bytes(bytes, Origin::Embedded).is_ok()
    });
    assert_eq!(good, ["nobody.json", "one-log.json", "other-spelling.json"]);
}

/// None is good for anybody; what matters is that they are refused at different depths.
#[test]
fn bundle_file() {
    let readable = accepted("bundle_file", |bytes| parse_bundle(bytes).is_ok());
    assert_eq!(
        readable,
        [
            "key.json",
            "message.json",
            "not-logged.json",
            "old.json",
            "statement.json"
        ]
    );
    let (trust, policy) = (TrustRoot::embedded().unwrap(), Policy::official().unwrap());
    let artifact = Artifact::Digest(Digest::of(b"artifact"));
    for (name, bytes) in seeds("bundle_file") {
        let verdict = verify_artifact(artifact, &bytes, trust.verifier(), &policy, SystemTime::now());
        assert!(verdict.is_err(), "{name}");
    }
}

/// The same: a seed of each kind, and what is said about it.
#[test]
fn evidence() {
    let (trust, policy) = (TrustRoot::embedded().unwrap(), Policy::official().unwrap());
    let (reference, platform) = ("example.com/a".parse().unwrap(), "linux/amd64".parse().unwrap());
    let config = br#"{"os":"linux","architecture":"amd64"}"#.to_vec();
    let image = seeds("evidence")
        .into_iter()
        .find(|(name, _)| name == "manifest.txt")
        .unwrap()
        .1;
    let manifest = |bytes: &[u8], media_type: &str| Manifest {
        digest: Digest::of(bytes),
        media_type: media_type.into(),
        bytes: bytes.to_vec(),
    };
    let layer = |bytes: &[u8]| {
        let parts: Vec<&[u8]> = bytes.split(|byte| *byte == 0).collect();
        let pairs = parts[1..].chunks_exact(2);
        let text = |part: &[u8]| String::from_utf8(part.to_vec()).unwrap();
        LegacyLayer {
            bytes: parts[0].to_vec(),
            annotations: pairs.map(|pair| (text(pair[0]), text(pair[1]))).collect(),
        }
    };
    let mut reasons = Vec::new();
    for (name, bytes) in seeds("evidence") {
        let (kind, rest) = bytes.split_first().unwrap();
        let mut material = Material {
            root: manifest(&image[1..], OCI_MANIFEST),
            runs: Runs::Config(config.clone()),
            bundles: Bundles::default(),
            legacy_signatures: Vec::new(),
            legacy_attestations: Vec::new(),
        };
        match kind {
            b'b' => rest
                .split(|byte| *byte == 0)
                .for_each(|part| material.bundles.add(part)),
            b's' => material.legacy_signatures.push(layer(rest)),
            b'a' => material.legacy_attestations.push(layer(rest)),
            b'm' => material.root = manifest(rest, OCI_MANIFEST),
            _ => material.root = manifest(rest, OCI_INDEX),
        }
        let request = Request {
            reference: &reference,
            policy: &policy,
            provenance: ProvenancePolicy::MayBeMissing,
            platform: &platform,
            pinned: None,
            allow_downgrade: true,
        };
        let verdict = judge(&material, &trust, &request, &Known::default(), SystemTime::now());
        reasons.push(format!("{name}: {}", verdict.unwrap_err().reason()));
    }
    snapbox::assert_data_eq!(
        reasons.join("\n"),
        snapbox::str![[r#"
bundle-key.txt: wrong-identity
bundle-message.txt: unsigned
bundle-old.txt: unsigned
bundle-provenance.txt: unsigned
bundle-signature.txt: certificate-invalid
index.txt: not-found
legacy-attestation.txt: unsigned
legacy-signature.txt: certificate-invalid
legacy-timestamp.txt: certificate-invalid
manifest.txt: unsigned
"#]]
    );
}

#[test]
fn identity_expression() {
    let matching = accepted("identity_expression", |bytes| {
        let (expression, identity) = text(bytes).split_once('\n').unwrap();
        IdentityExpression::pattern(expression).is_ok_and(|pattern| pattern.matches(identity))
    });
    assert_eq!(matching, ["default.txt"]);
}

#[test]
fn portal_answer() {
    use oc_guardian::portal::{Board, Charters, Federation, FederationList, Incidents, Posted, Registry};
    let slug = "oc-me-v1";
    let is = |name: &str, accepts: &dyn Fn(&[u8]) -> bool| {
        let good = accepted("portal_answer", accepts);
        assert!(good.iter().any(|it| it == name), "{name} is not among {good:?}");
        assert!(
            !good
                .iter()
                .any(|it| it == "refused.json" || it == "bad-page.html"),
            "{good:?}"
        );
        good
    };
    let registries = is("registry.json", &|bytes| Registry::parse(bytes).is_ok());
    assert_eq!(registries, ["public-registry.json", "registry.json"]);
    assert_eq!(
        is("board.json", &|bytes| Board::parse(bytes, slug).is_ok()),
        ["board.json"]
    );
    is("federations.json", &|bytes| FederationList::parse(bytes).is_ok());
    is("federation.json", &|bytes| Federation::parse(bytes, slug).is_ok());
    is("charters.json", &|bytes| Charters::parse(bytes, slug).is_ok());
    is("incidents.json", &|bytes| Incidents::parse(bytes, slug).is_ok());
    is("posted.json", &|bytes| Posted::parse(bytes).is_ok());
}

#[test]
fn peer_message() {
    use crate::support::federation::membership;
    let membership = membership("oc-me-v1", 3, &[1, 2, 3, 4]);
    let ours = membership.guardians()[0].operator_id();
    let good = accepted("peer_message", |bytes| {
        let text = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        oc_guardian::guardian::believe(text, &membership, &ours, 1_764_000_000).is_ok()
    });
    assert_eq!(good, ["health.json"]);
}

#[test]
fn rpc_call() {
    use oc_guardian::signer::frames::{Call, parse_frame};
    let good = accepted("rpc_call", |bytes| parse_frame::<Call<'_>>(bytes).is_ok());
    assert_eq!(
        good,
        ["answer.json", "hello.json", "leave-head.json", "pending.json"]
    );
}

#[test]
fn journal() {
    let good = accepted("journal", |bytes| oc_guardian::release::parse(bytes).is_ok());
    assert_eq!(good, ["rollback.json", "run.json", "upgrade.json"]);
}
