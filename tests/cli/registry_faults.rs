//! Faults of a registry, and that they are told apart.

use std::time::{Duration, Instant};

use oc_guardian::image::registry::{Client, Limits, Options, RegistryError};
use oc_guardian::image::{Digest, Source};

use crate::support::registry::{Fault, Registry, assert_error, client, short_limits, with_image};

/// What asking for the tag's manifest fails with.
fn error_with(fault: Fault) -> RegistryError {
    let (registry, reference, _) = with_image();
    registry.fault("/manifests/", fault);
    client().manifest_by_tag(&reference, "v1").unwrap_err()
}

#[test]
fn a_registry_that_is_down_is_unreachable() {
    let (registry, reference, _) = with_image();
    drop(registry);
    let error = client().manifest_by_tag(&reference, "v1").unwrap_err();
    assert_error(&error, "registry-unreachable", "no connection (");
}

#[test]
fn an_unknown_host_is_unreachable() {
    let reference = "registry.invalid/a/b:v1".parse().unwrap();
    let error = client().manifest_by_tag(&reference, "v1").unwrap_err();
    assert_eq!(
        error.to_string(),
        "registry.invalid: cannot be reached: the host name cannot be resolved"
    );
}

#[test]
fn slow_registries_end_in_time() {
    for fault in [Fault::Silent, Fault::Drip(Duration::from_millis(20))] {
        let started = Instant::now();
        let error = error_with(fault.clone());
        assert_error(&error, "registry-unreachable", "no complete answer in time");
        assert!(
            started.elapsed() < Duration::from_secs(15),
            "{fault:?}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again_and_then_unreachable() {
    for fault in [Fault::Closed, Fault::Truncated(10), Fault::WrongLength(5)] {
        let (registry, reference, digest) = with_image();
        registry.fault_times("/manifests/", 2, fault.clone());
        let manifest = client().manifest_by_tag(&reference, "v1").unwrap().unwrap();
        assert_eq!(manifest.digest, digest, "{fault:?}");
        assert_eq!(registry.requests().len(), 3);
        registry.fault("/manifests/", fault);
        let error = client().manifest_by_tag(&reference, "v1").unwrap_err();
        assert_error(&error, "registry-unreachable", "the connection broke off");
        assert_eq!(registry.requests().len(), 6);
    }
}

#[test]
fn trouble_of_the_registry_is_waited_out_and_then_told() {
    let (registry, reference, digest) = with_image();
    registry.fault_times("/manifests/", 1, Fault::Status(503));
    registry.fault_times("/manifests/", 1, Fault::Html(502));
    let manifest = client().manifest_by_tag(&reference, "v1").unwrap().unwrap();
    assert_eq!(manifest.digest, digest);
    registry.fault("/manifests/", Fault::Html(502));
    let error = client().manifest_by_tag(&reference, "v1").unwrap_err();
    assert_error(&error, "registry-unreachable", "trouble of its own (status 502)");
    assert_eq!(registry.requests().len(), 6);
}

#[test]
fn other_bytes_are_a_digest_mismatch() {
    let (registry, reference, digest) = with_image();
    let blob = registry.put_blob(b"good");
    registry.fault("", Fault::OtherBytes(b"evil".to_vec()));
    let errors = [
        client().manifest_by_tag(&reference, "v1").unwrap_err(),
        client().manifest(&reference, &digest).unwrap_err(),
        client().blob(&reference, &blob, 100).unwrap_err(),
    ];
    for error in errors {
        assert_error(
            &error,
            "digest-mismatch",
            &format!("hashes to {}, not to", Digest::of(b"evil")),
        );
    }
}

#[test]
fn a_stated_digest_must_be_that_of_the_content() {
    let other = Digest::of(b"x").to_string();
    let error = error_with(Fault::Header("Docker-Content-Digest", other.clone()));
    assert_error(&error, "digest-mismatch", &format!("not to {other}"));
    let error = error_with(Fault::Header("Docker-Content-Digest", "sha256:zz".into()));
    assert_error(&error, "registry-misbehaved", "states a digest that is none");
    let (registry, reference, digest) = with_image();
    registry.fault("", Fault::Header("Docker-Content-Digest", String::new()));
    assert_eq!(
        client()
            .manifest_by_tag(&reference, "v1")
            .unwrap()
            .unwrap()
            .digest,
        digest
    );
}

#[test]
fn content_cut_short_under_a_short_length_is_a_digest_mismatch() {
    assert_error(
        &error_with(Fault::WrongLength(-5)),
        "digest-mismatch",
        "hashes to",
    );
}

#[test]
fn web_pages_are_told() {
    for status in [200, 403, 404, 407] {
        let error = error_with(Fault::Html(status));
        assert_error(
            &error,
            "registry-misbehaved",
            &format!("a web page came instead of a registry's answer (status {status})"),
        );
    }
    let (registry, reference, _) = with_image();
    let blob = registry.put_blob(b"x");
    registry.fault("/blobs/", Fault::Html(200));
    assert_error(
        &client().blob(&reference, &blob, 100).unwrap_err(),
        "registry-misbehaved",
        "web page",
    );
}

#[test]
fn other_answers_are_told() {
    for (fault, piece) in [
        (Fault::NotHttp, "not HTTP"),
        (Fault::Status(418), "status 418"),
        (Fault::Status(204), "status 204"),
        (
            Fault::Header("Content-Type", "application/json".into()),
            "\"application/json\", not what was asked for",
        ),
        (
            Fault::Header("Content-Type", String::new()),
            "\"\", not what was asked for",
        ),
        (
            Fault::Header("Content-Encoding", "gzip".into()),
            "the content is encoded (gzip)",
        ),
        (Fault::Endless, "larger than 4194304 bytes"),
        (Fault::Header("X-Long", "x".repeat(100_000)), "not HTTP"),
        (
            Fault::Redirect("/elsewhere".into()),
            "only blobs may be elsewhere",
        ),
    ] {
        assert_error(&error_with(fault), "registry-misbehaved", piece);
    }
}

#[test]
fn a_404_about_something_else_is_told() {
    let body = br#"{"errors":[{"code":"UNSUPPORTED"}]}"#.to_vec();
    let error = error_with(Fault::Answer {
        status: 404,
        headers: vec![],
        body,
    });
    assert_error(&error, "registry-misbehaved", "status 404");
}

#[test]
fn too_many_requests_are_waited_for_within_bounds() {
    let (registry, reference, digest) = with_image();
    registry.fault_times("/manifests/", 1, Fault::RateLimited(Some("1".into())));
    let started = Instant::now();
    let manifest = client().manifest_by_tag(&reference, "v1").unwrap().unwrap();
    assert_eq!(manifest.digest, digest);
    assert!(started.elapsed() >= Duration::from_secs(1));

    let started = Instant::now();
    registry.fault("/manifests/", Fault::RateLimited(Some("600".into())));
    let error = client().manifest_by_tag(&reference, "v1").unwrap_err();
    assert_error(
        &error,
        "rate-limited",
        "too many requests (it asks to wait 600 s)",
    );
    assert!(started.elapsed() < Duration::from_secs(1));
    let error = error_with(Fault::RateLimited(None));
    assert_error(&error, "rate-limited", "too many requests");
}

#[test]
fn a_client_has_a_time_for_everything() {
    let (registry, reference, _) = with_image();
    let client = Client::new(Options {
        limits: Limits {
            total: Duration::from_millis(50),
            ..short_limits()
        },
        ..Options::default()
    });
    assert!(client.manifest_by_tag(&reference, "v1").is_ok());
    std::thread::sleep(Duration::from_millis(60));
    let error = client.manifest_by_tag(&reference, "v1").unwrap_err();
    assert_error(&error, "registry-unreachable", "in time");
    assert_eq!(registry.requests().len(), 1);
}

#[test]
fn a_host_that_a_blob_is_at_is_named_when_it_is_down() {
    let (registry, reference, _) = with_image();
    let digest = registry.put_blob(b"x");
    let other = Registry::start();
    let (address, to) = (other.address(), other.url("/x"));
    drop(other);
    registry.fault("/blobs/", Fault::Redirect(to));
    let error = client().blob(&reference, &digest, 10).unwrap_err();
    assert_error(
        &error,
        "registry-unreachable",
        &format!("{address}: cannot be reached"),
    );
}
