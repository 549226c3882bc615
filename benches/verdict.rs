//! The verdict on an image whose evidence is at hand: no network, no disk, no process to start.

#![allow(
    clippy::unwrap_used,
    clippy::format_push_string,
    clippy::too_many_lines,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::case_sensitive_file_extension_comparisons,
    unreachable_pub,
    missing_docs
)]
#![allow(dead_code, unused_imports, reason = "support/ is shared with the tests")]

#[path = "../tests/support/mod.rs"]
mod support;
#[path = "../tests/cli/verify_scene.rs"]
mod verify_scene;

use std::hint::black_box;
use std::time::SystemTime;

use criterion::{Criterion, criterion_group, criterion_main};
use oc_guardian::image::trust::{Origin, TrustRoot};
use oc_guardian::image::{
    Artifact, Digest, Known, Policy, ProvenancePolicy, Reference, Request, collect, judge, registry,
    verify_artifact,
};
use support::sigstore::Claims;
use verify_scene::{PLATFORM, Scene, Stored};

fn verdict(criterion: &mut Criterion) {
    let policy = Policy::official().unwrap();
    let platform = PLATFORM.parse().unwrap();
    let now = SystemTime::now();
    let mut group = criterion.benchmark_group("verdict");
    for (name, stored) in [("bundles", Stored::Referrers), ("legacy", Stored::Legacy)] {
        let scene = Scene::new("v1.2.3");
        let claims = Claims::release("v1.2.3");
        scene.sign(stored, &claims);
        scene.attest(stored, &claims);
        let reference: Reference = scene.reference().parse().unwrap();
        let client = registry::Client::new(registry::Options::default());
        let material = collect(&client, &reference, &platform, None).unwrap();
        let root = trust_root(&scene);
        let request = Request {
            reference: &reference,
            policy: &policy,
            provenance: ProvenancePolicy::Required,
            platform: &platform,
            pinned: None,
            allow_downgrade: false,
        };
        let known = Known::default();
        group.bench_function(name, |bencher| {
            bencher.iter(|| judge(black_box(&material), &root, &request, &known, now).unwrap());
        });
    }
    let scene = Scene::new("v1.2.3");
    let bundle = scene
        .sigstore
        .sign_blob(b"blob", &Claims::release("v1.2.3"))
        .to_string();
    let root = trust_root(&scene);
    let artifact = Artifact::Digest(Digest::of(b"blob"));
    group.bench_function("file", |bencher| {
        bencher.iter(|| {
            verify_artifact(
                artifact,
                black_box(bundle.as_bytes()),
                root.verifier(),
                &policy,
                now,
            )
            .unwrap()
        });
    });
    group.finish();
    criterion.bench_function("trust root", |bencher| {
        bencher.iter(|| TrustRoot::embedded().unwrap());
    });
}

fn trust_root(scene: &Scene) -> TrustRoot {
    TrustRoot::from_bytes(scene.sigstore.trusted_root_json().as_bytes(), Origin::Embedded).unwrap()
}

criterion_group!(benches, verdict);
criterion_main!(benches);
