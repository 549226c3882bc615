//! A Docker engine, a registry with a release in it, and containers that are gone afterwards.

use std::collections::BTreeMap;
use std::future::Future;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use oc_guardian::engine::{Endpoint, Engine, EngineError, Mount, MountKind, Spec};
use oc_guardian::image::VerifiedImage;

use crate::support::Home;
use crate::support::registry::Registry;
use crate::support::release_image::{Release, ReleaseImage, bundle_in_container};
use crate::support::sigstore::Sigstore;

pub const REPOSITORY: &str = "orangecheck/oc-guardian";
/// On each container of these tests.
pub const LABEL: &str = "io.ochk.test.engine";

pub struct Scene {
    pub registry: Registry,
    pub sigstore: Sigstore,
    pub image: ReleaseImage,
    pub verified: VerifiedImage,
    pub engine: Engine,
    pub home: Home,
    prefix: String,
    runtime: tokio::runtime::Runtime,
}

impl Scene {
    /// A good release, not pulled.
    pub fn new() -> Self {
        Self::of(Release::default())
    }

    pub fn of(release: Release) -> Self {
        Self::of_version("1.2.3", release)
    }

    /// Of a version of its own where the engine must not have the layers yet.
    pub fn of_version(version: &str, release: Release) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (registry, sigstore) = (Registry::start(), Sigstore::new());
        let image = ReleaseImage::push_as(&registry, &sigstore, REPOSITORY, "latest", version, release);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let endpoint = Endpoint::Unix("/var/run/docker.sock".into());
        let engine = runtime.block_on(Engine::connect(&endpoint)).unwrap();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            verified: image.verified(&sigstore),
            home: Home::with_identity(),
            prefix: format!("ocg-engine-{}-{number}", std::process::id()),
            registry,
            sigstore,
            image,
            engine,
            runtime,
        }
    }

    /// A name that only this scene has.
    pub fn name(&self, what: &str) -> String {
        format!("{}-{what}", self.prefix)
    }

    pub fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub fn pull(&self) -> Result<(), EngineError> {
        self.run(self.engine.pull(&self.verified, None, &mut |_| {}))
    }

    /// A guardian with a bundle.
    pub fn spec(&self, what: &str) -> Spec {
        Spec {
            name: self.name(what),
            labels: BTreeMap::from([(LABEL.to_owned(), self.prefix.clone())]),
            mounts: vec![Mount {
                kind: MountKind::Bind,
                source: bundle_in_container(&self.home).display().to_string(),
                target: "/etc/oc-guardian/config.json".into(),
                writable: false,
            }],
            read_only_root: true,
            drop_capabilities: true,
            no_new_privileges: true,
            log: Some((1 << 20, 2)),
            stop_grace: 5,
            ..Spec::default()
        }
    }

    /// Created and started.
    pub fn started(&self, spec: &Spec) -> String {
        let id = self.run(self.engine.create(&self.verified, spec)).unwrap();
        self.run(self.engine.start(&id)).unwrap();
        id
    }

    pub fn label(&self) -> &str {
        &self.prefix
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let docker = |arguments: &[&str]| {
            let output = Command::new("docker").args(arguments).output();
            output
                .map(|it| String::from_utf8_lossy(&it.stdout).into_owned())
                .unwrap_or_default()
        };
        let name = format!("name={}-", self.prefix);
        for id in docker(&["ps", "-aq", "--filter", &name]).split_whitespace() {
            docker(&["rm", "-f", "-v", id]);
        }
        for id in docker(&["network", "ls", "-q", "--filter", &name]).split_whitespace() {
            docker(&["network", "rm", id]);
        }
    }
}
