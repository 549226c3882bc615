//! The releases that other tests run: that they are what they say.

use std::process::Command;

use oc_guardian::guardian;
use serde_json::Value;

use crate::support::Home;
use crate::support::docker_image::can_docker;
use crate::support::registry::Registry;
use crate::support::release_image::{Release, ReleaseImage, Shape, Variant, bundle_in_container};
use crate::support::signer::eventually;
use crate::support::sigstore::Sigstore;

const REPOSITORY: &str = "orangecheck/oc-guardian";

fn docker(arguments: &[&str]) -> (bool, String) {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&text).trim().to_owned(),
    )
}

/// A container, removed with its volume when dropped.
struct Container(String);

impl Container {
    fn run(image: &str, mount: &str) -> Self {
        let container = Self(format!("ocg-release-{}", std::process::id()));
        let (good, said) = docker(&["run", "-d", "--name", &container.0, "-v", mount, image]);
        assert!(good, "{said}");
        container
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        docker(&["rm", "-f", "-v", &self.0]);
    }
}

#[test]
fn a_release_image_runs_in_docker_and_has_the_version_that_was_signed() {
    if !can_docker() {
        return;
    }
    let (registry, sigstore, home) = (Registry::start(), Sigstore::new(), Home::with_identity());
    let config = bundle_in_container(&home);
    let mount = format!("{}:/etc/oc-guardian/config.json:ro", config.display());
    for shape in [Shape::Index, Shape::Single] {
        let release = Release {
            shape,
            ..Release::default()
        };
        let image = ReleaseImage::push_as(&registry, &sigstore, REPOSITORY, "latest", "12.34.56", release);
        let verified = image.verified(&sigstore);
        assert_eq!(verified.version().unwrap().to_string(), "v12.34.56");
        assert_eq!(*verified.config_digest(), image.config);
        let container = Container::run(&image.pinned, &mount);
        let health = eventually(|| {
            let (good, said) = docker(&[
                "exec",
                &container.0,
                "/oc-guardian",
                "guardian",
                "healthcheck",
                "--json",
            ]);
            good.then_some(said)
        });
        let health = health.unwrap_or_else(|| panic!("{}", docker(&["logs", &container.0]).1));
        let health: Value = serde_json::from_str(&health).unwrap();
        assert_eq!(health["version"], "12.34.56");
        let (_, id) = docker(&["inspect", "-f", "{{.Image}}", &container.0]);
        assert!(
            [image.config, image.manifest]
                .map(|it| it.to_string())
                .contains(&id),
            "{id}"
        );
    }
    assert_ne!(guardian::version(), "12.34.56");
}

#[test]
fn a_release_that_crashes_crashes_in_docker() {
    if !can_docker() {
        return;
    }
    let (registry, sigstore) = (Registry::start(), Sigstore::new());
    let release = Release {
        variant: Variant::Crashes,
        ..Release::default()
    };
    let image = ReleaseImage::push_as(&registry, &sigstore, REPOSITORY, "latest", "1.2.3", release);
    let (good, said) = docker(&["run", "--rm", &image.pinned]);
    assert!(!good && said.contains("/missing"), "{said}");
}
