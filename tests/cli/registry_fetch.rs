//! The registry client: what it fetches, and how faults of the registry are told apart.

use std::time::{Duration, Instant};

use oc_guardian::image::registry::{Client, Limits, Options, RegistryError};
use oc_guardian::image::{Digest, Reference, Referrers, Source};

use crate::support::registry::{Fault, OCI_INDEX, OCI_MANIFEST, Registry, put_image};

const REPOSITORY: &str = "orangecheck/oc-guardian";

/// Short enough for a test, long enough for a busy machine.
fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(5),
        read: Duration::from_millis(500),
        request: Duration::from_secs(2),
        total: Duration::from_secs(20),
        wait: Duration::from_secs(3),
        pause: Duration::from_millis(5),
        ..Limits::default()
    }
}

fn client() -> Client {
    Client::new(Options {
        limits: limits(),
        ..Options::default()
    })
}

/// A registry with an image under the tag `v1`, and the reference of that.
fn registry() -> (Registry, Reference, Digest) {
    let registry = Registry::start();
    let digest = put_image(&registry, REPOSITORY, "v1");
    let reference = registry.reference(&format!("{REPOSITORY}:v1")).parse().unwrap();
    (registry, reference, digest)
}

/// What asking for the tag's manifest fails with.
fn error_with(fault: Fault) -> RegistryError {
    let (registry, reference, _) = registry();
    registry.fault("/manifests/", fault);
    client().manifest_by_tag(&reference, "v1").unwrap_err()
}

#[track_caller]
fn assert_error(error: &RegistryError, reason: &str, piece: &str) {
    let text = error.to_string();
    assert_eq!(error.reason(), reason, "{text}");
    assert!(text.contains(piece), "{text}");
    assert!(text.starts_with("127.0.0.1:"), "{text}");
}

#[test]
fn manifests_by_tag_and_by_digest() {
    let (registry, reference, digest) = registry();
    let client = client();
    let by_tag = client.manifest_by_tag(&reference, "v1").unwrap().unwrap();
    assert_eq!(
        (by_tag.digest, by_tag.media_type.as_str()),
        (digest, OCI_MANIFEST)
    );
    assert_eq!(Digest::of(&by_tag.bytes), digest);
    assert_eq!(client.manifest(&reference, &digest).unwrap().unwrap(), by_tag);
    let accept = registry.requests()[0].header("accept").unwrap();
    assert_eq!(accept.split(", ").count(), 4, "{accept}");
}

#[test]
fn what_is_not_there_is_no_error() {
    let (registry, reference, digest) = registry();
    let client = client();
    assert_eq!(client.manifest_by_tag(&reference, "v2").unwrap(), None);
    assert_eq!(client.manifest(&reference, &Digest::of(b"x")).unwrap(), None);
    // Nothing that could leave the path is sent.
    assert_eq!(client.manifest_by_tag(&reference, "../../x").unwrap(), None);
    assert_eq!(registry.requests().len(), 2);
    let error = client.blob(&reference, &digest, 100).unwrap_err();
    assert_error(&error, "not-found", &digest.to_string());
    registry.fault(
        "/manifests/",
        Fault::Answer {
            status: 404,
            headers: vec![],
            body: vec![],
        },
    );
    assert_eq!(client.manifest_by_tag(&reference, "v1").unwrap(), None);
}

#[test]
fn blobs_up_to_the_limit() {
    let (registry, reference, _) = registry();
    let digest = registry.put_blob(b"0123456789");
    assert_eq!(client().blob(&reference, &digest, 10).unwrap(), b"0123456789");
    let error = client().blob(&reference, &digest, 9).unwrap_err();
    assert_error(&error, "registry-misbehaved", "larger than 9 bytes");
}

#[test]
fn referrers_with_and_without_the_api() {
    let (registry, reference, digest) = registry();
    let none = client().referrers(&reference, &digest).unwrap();
    assert!(matches!(none, Referrers::Index(bytes) if bytes.ends_with(br#""manifests":[]}"#)));
    registry.set_referrers_api(false);
    assert_eq!(client().referrers(&reference, &digest).unwrap(), Referrers::NoApi);
    for status in [303, 400, 405, 406] {
        registry.fault_times("/referrers/", 1, Fault::Status(status));
        assert_eq!(
            client().referrers(&reference, &digest).unwrap(),
            Referrers::NoApi,
            "{status}"
        );
    }
    registry.fault_times("/referrers/", 1, Fault::Html(200));
    let error = client().referrers(&reference, &digest).unwrap_err();
    assert_error(&error, "registry-misbehaved", "web page");
}

/// Puts so many manifests that refer to `subject`.
fn put_referrers(registry: &Registry, subject: &Digest, count: usize) {
    for number in 0..count {
        let manifest = format!(
            r#"{{"schemaVersion":2,"subject":{{"digest":"{subject}"}},"annotations":{{"n":"{number}"}}}}"#
        );
        registry.put_manifest(REPOSITORY, OCI_MANIFEST, manifest.as_bytes());
    }
}

#[test]
fn pages_of_referrers_become_one_index() {
    let (registry, reference, digest) = registry();
    put_referrers(&registry, &digest, 5);
    registry.set_referrers_page(2);
    let Referrers::Index(bytes) = client().referrers(&reference, &digest).unwrap() else {
        panic!("the API is on");
    };
    let index: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    let numbers: Vec<_> = index["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["annotations"]["n"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, ["0", "1", "2", "3", "4"]);
    assert_eq!(index["mediaType"], OCI_INDEX);
}

#[test]
fn pages_of_referrers_end() {
    let (registry, reference, digest) = registry();
    put_referrers(&registry, &digest, 40);
    registry.set_referrers_page(1);
    let error = client().referrers(&reference, &digest).unwrap_err();
    assert_error(&error, "registry-misbehaved", "too many pages");
    assert!(registry.requests().len() <= 16);
}

#[test]
fn pages_of_referrers_stay_at_their_host() {
    let (registry, reference, digest) = registry();
    let other = Registry::start();
    for link in [
        format!(
            "<{}>; rel=\"next\"",
            other.url(&format!("/v2/{REPOSITORY}/referrers/{digest}"))
        ),
        "</v2/another/secret/referrers/x>; rel=\"next\"".into(),
    ] {
        registry.fault_times("/referrers/", 1, Fault::Header("Link", link));
        let error = client().referrers(&reference, &digest).unwrap_err();
        assert_error(&error, "registry-misbehaved", "next page");
    }
    assert!(other.requests().is_empty());
    assert_eq!(registry.requests().len(), 2);
}

#[test]
fn a_registry_that_is_down_is_unreachable() {
    let (registry, reference, _) = registry();
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
            started.elapsed() < Duration::from_secs(6),
            "{fault:?}: {:?}",
            started.elapsed()
        );
    }
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again_and_then_unreachable() {
    for fault in [Fault::Closed, Fault::Truncated(10), Fault::WrongLength(5)] {
        let (registry, reference, digest) = registry();
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
    let (registry, reference, digest) = registry();
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
    let (registry, reference, digest) = registry();
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
    let (registry, reference, digest) = registry();
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
    let (registry, reference, _) = registry();
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
    let (registry, reference, digest) = registry();
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
    let (registry, reference, _) = registry();
    let client = Client::new(Options {
        limits: Limits {
            total: Duration::from_millis(50),
            ..limits()
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
fn what_is_on_this_machine_is_not_asked_through_a_proxy() {
    let (registry, reference, digest) = registry();
    let proxy = Registry::start();
    let client = Client::new(Options {
        proxy: Some(ureq::Proxy::new(&proxy.url("")).unwrap()),
        limits: limits(),
        ..Options::default()
    });
    let manifest = client.manifest_by_tag(&reference, "v1").unwrap().unwrap();
    assert_eq!(manifest.digest, digest);
    assert!(proxy.requests().is_empty() && registry.requests().len() == 1);
    // Everything else is, and by its name.
    let elsewhere = "registry.invalid/a/b".parse().unwrap();
    let error = client.manifest_by_tag(&elsewhere, "v1").unwrap_err();
    assert_eq!(error.reason(), "registry-unreachable", "{error}");
    assert_eq!(
        (
            proxy.requests()[0].method.as_str(),
            proxy.requests()[0].path.as_str()
        ),
        ("CONNECT", "registry.invalid:443")
    );
}

#[test]
fn registries_may_be_at_an_ipv6_address() {
    let Some(registry) = Registry::start_at("[::1]:0") else {
        eprintln!("skipped: this machine has no ::1");
        return;
    };
    let digest = put_image(&registry, "a", "v1");
    let reference: Reference = registry.reference("a:v1").parse().unwrap();
    assert!(reference.host().starts_with("[::1]:"));
    let manifest = client().manifest_by_tag(&reference, "v1").unwrap().unwrap();
    assert_eq!(manifest.digest, digest);
}

#[test]
fn a_host_that_a_blob_is_at_is_named_when_it_is_down() {
    let (registry, reference, _) = registry();
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

#[test]
fn a_socks_proxy_is_not_gone_around() {
    // Nothing listens there any more.
    let address = Registry::start().address();
    let client = Client::new(Options {
        proxy: Some(ureq::Proxy::new(&format!("socks5h://{address}")).unwrap()),
        limits: limits(),
        ..Options::default()
    });
    let error = client
        .manifest_by_tag(&"registry.invalid/a/b".parse().unwrap(), "v1")
        .unwrap_err();
    // It was not even tried to find the host.
    let text = error.to_string();
    assert!(
        text.starts_with("registry.invalid: cannot be reached: no connection ("),
        "{text}"
    );
}
