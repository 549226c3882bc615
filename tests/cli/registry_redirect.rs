//! Redirects from a registry to where a blob lies, and that credentials do not follow.

use oc_guardian::image::{Digest, Source};

use crate::support::registry::{Auth, BASIC, Fault, LOGIN, Registry, Request, Scene};

/// Sends a blob's reader to another registry; returns that.
fn redirected(scene: &Scene, blob: &[u8]) -> Registry {
    let other = Registry::start();
    let digest = other.put_blob(blob);
    let to = other.url(&format!("/v2/x/blobs/{digest}?signature=1"));
    scene.registry.fault("/blobs/", Fault::Redirect(to));
    other
}

#[test]
fn credentials_do_not_follow_a_blob_to_another_host() {
    for auth in [LOGIN, BASIC] {
        let scene = Scene::new(auth).with_password();
        let other = redirected(&scene, b"blob");
        let digest = scene.registry.put_blob(b"blob");
        let blob = scene.client().blob(&scene.reference(), &digest, 10).unwrap();
        assert_eq!(blob, b"blob");
        let requests = other.requests();
        assert_eq!(requests.len(), 1);
        assert!(!requests[0].is_authorized(), "{:?}", requests[0]);
        assert!(requests[0].path.ends_with("?signature=1"));
    }
}

#[test]
fn a_host_that_a_blob_is_at_cannot_ask_for_credentials() {
    let scene = Scene::new(LOGIN).with_password();
    let other = redirected(&scene, b"blob");
    other.set_auth(BASIC);
    let digest = scene.registry.put_blob(b"blob");
    let error = scene.client().blob(&scene.reference(), &digest, 10).unwrap_err();
    assert_eq!(error.reason(), "registry-denied", "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&scene.registry.address().to_string()), "{text}");
    assert!(
        text.contains(&format!("(by {}, status 401", other.address())),
        "{text}"
    );
    assert!(!other.requests().iter().any(Request::is_authorized));
}

#[test]
fn credentials_stay_with_the_registry_when_a_blob_moves_within_it() {
    let scene = Scene::new(LOGIN).with_password();
    let digest = scene.registry.put_blob(b"blob");
    scene
        .registry
        .fault_times("/blobs/", 1, Fault::Redirect(format!("/v2/a/c/blobs/{digest}")));
    let (client, reference) = (scene.client(), scene.reference());
    assert!(client.manifest_by_tag(&reference, "v1").unwrap().is_some());
    assert_eq!(client.blob(&reference, &digest, 10).unwrap(), b"blob");
}

#[test]
fn redirects_end() {
    let path = format!("/v2/a/b/blobs/{}", Digest::of(b"blob"));
    for (to, requests, piece) in [
        (path.as_str(), 4, "too many"),
        ("http://blobs.example/x", 1, "http, not https"),
        ("", 1, "not a URL"),
    ] {
        let scene = Scene::new(Auth::Open);
        scene.registry.fault("/blobs/", Fault::Redirect(to.into()));
        let error = scene
            .client()
            .blob(&scene.reference(), &Digest::of(b"blob"), 10)
            .unwrap_err();
        assert_eq!(error.reason(), "registry-misbehaved");
        assert!(error.to_string().contains(piece), "{error}");
        assert_eq!(scene.registry.requests().len(), requests);
    }
}
