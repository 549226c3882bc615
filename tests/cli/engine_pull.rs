//! What a real Docker engine pulls, and what is made of its refusals.

use oc_guardian::engine::{EngineError, Login};
use oc_guardian::image::Platform;
use oc_guardian::image::registry::{Options, credential};

use crate::engine_scene::Scene;
use crate::support::docker_image::can_docker;
use crate::support::registry::{Auth, Fault};
use crate::support::release_image::{Release, ReleaseImage, Shape, architectures};

/// Its credentials hold `+` and `/` in base64, which engines do not read.
const USER: &str = "operator>>>?";
const PASSWORD: &str = "~~~???>>>\u{ff}\u{fe}ÿþ";

#[test]
fn a_login_is_given_to_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let ways = [
        Auth::Token {
            user: USER,
            password: PASSWORD,
        },
        Auth::Basic {
            user: USER,
            password: PASSWORD,
        },
    ];
    for auth in ways {
        scene.registry.set_auth(auth.clone());
        let denied = scene.pull();
        assert!(
            matches!(denied, Err(EngineError::PullDenied { .. })),
            "{auth:?}: {denied:?}"
        );
    }
    let login = || Login::Password {
        user: USER.into(),
        password: PASSWORD.into(),
    };
    let wrong = Login::Password {
        user: USER.into(),
        password: "wrong".into(),
    };
    let denied = scene.run(scene.engine.pull(&scene.verified, Some(wrong), &mut |_| {}));
    assert!(
        matches!(denied, Err(EngineError::PullDenied { .. })),
        "{denied:?}"
    );
    scene
        .run(scene.engine.pull(&scene.verified, Some(login()), &mut |_| {}))
        .unwrap();
}

#[test]
fn the_login_for_docker_is_what_docker_itself_would_use() {
    let home = crate::support::Home::new();
    let auth = crate::support::sigstore::base64(b"me:pass");
    let config = serde_json::json!({ "auths": { "ghcr.io": { "auth": auth } } });
    let options = Options {
        docker_config: Some(home.write("config.json", config.to_string())),
        ..Options::default()
    };
    let found = credential(&options, "ghcr.io").unwrap();
    assert!(matches!(found, Some(Login::Password { user, .. }) if user == "me"));
    assert!(credential(&options, "docker.io").unwrap().is_none());
    home.write("config.json", "nonsense");
    assert!(credential(&options, "ghcr.io").is_err());
}

#[test]
fn a_layer_or_manifest_that_was_tampered_with_is_not_pulled_by_docker() {
    if !can_docker() {
        return;
    }
    for which in ["layer", "manifest", "index", "config"] {
        // Engines do not fetch a layer that another image has brought.
        let version = format!("1.2.{}", std::process::id());
        let scene = Scene::of_version(&version, Release::default());
        let digest = match which {
            "layer" => scene.image.layers[1],
            "manifest" => scene.image.manifest,
            "index" => scene.image.digest,
            _ => scene.image.config,
        };
        let good = scene.registry.manifest(crate::engine_scene::REPOSITORY, &digest);
        let mut bytes = good.map_or_else(|| b"{}".to_vec(), |(_, bytes)| bytes);
        // Still JSON, and of the same meaning.
        bytes.push(b' ');
        scene
            .registry
            .fault(&digest.to_string(), Fault::OtherBytes(bytes));
        let refused = scene.pull().unwrap_err();
        assert!(
            matches!(refused, EngineError::WrongImage { .. }),
            "{which}: {refused:?}"
        );
        assert!(
            scene.run(scene.engine.image(&scene.verified)).unwrap().is_none(),
            "{which}"
        );
    }
}

#[test]
fn an_image_for_another_machine_is_not_pulled_by_docker() {
    if !can_docker() {
        return;
    }
    let other = architectures().1;
    for shape in [Shape::Foreign, Shape::Index] {
        let mut scene = Scene::new();
        let release = Release {
            shape,
            ..Release::default()
        };
        scene.image = ReleaseImage::push_as(
            &scene.registry,
            &scene.sigstore,
            crate::engine_scene::REPOSITORY,
            "other",
            "1.2.3",
            release,
        );
        let platform: Platform = format!("linux/{other}").parse().unwrap();
        scene.verified = scene
            .image
            .verified_for(&scene.sigstore, &platform, Options::default());
        let before = scene.registry.paths().len();
        let refused = scene.pull();
        assert!(
            matches!(refused, Err(EngineError::Platform { .. })),
            "{shape:?}: {refused:?}"
        );
        assert_eq!(scene.registry.paths().len(), before, "nothing was asked for");
        let refused = scene.run(scene.engine.create(&scene.verified, &scene.spec("a")));
        assert!(
            matches!(refused, Err(EngineError::Platform { .. })),
            "{shape:?}: {refused:?}"
        );
    }
}

#[test]
fn what_the_registry_does_not_have_or_cannot_give_to_docker_is_told_apart() {
    if !can_docker() {
        return;
    }
    let says = |status, code: &str| Fault::Answer {
        status,
        headers: vec![("Content-Type", "application/json".into())],
        body: format!(r#"{{"errors":[{{"code":"{code}","message":"no"}}]}}"#).into_bytes(),
    };
    for (fault, wanted) in [
        (says(404, "MANIFEST_UNKNOWN"), "pull-not-found"),
        (says(403, "DENIED"), "pull-denied"),
        (Fault::Html(503), "pull-unreachable"),
        (Fault::Closed, "pull-unreachable"),
    ] {
        let scene = Scene::new();
        scene.registry.fault("/manifests/", fault.clone());
        let refused = scene.pull().unwrap_err();
        assert_eq!(refused.reason(), wanted, "{fault:?}: {refused:?}");
    }
}

#[test]
fn a_registry_that_is_down_is_told_by_docker() {
    if !can_docker() {
        return;
    }
    let mut scene = Scene::new();
    // The one that it was verified in ends here.
    scene.registry = crate::support::registry::Registry::start();
    let refused = scene.pull().unwrap_err();
    assert!(
        matches!(refused, EngineError::PullUnreachable { .. }),
        "{refused:?}"
    );
}
