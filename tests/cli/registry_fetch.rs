//! The registry client: what it fetches.

use oc_guardian::image::registry::{Client, Options};
use oc_guardian::image::{Digest, Reference, Referrers, Source};

use crate::support::registry::{
    Fault, OCI_INDEX, OCI_MANIFEST, REPOSITORY, Registry, assert_error, client, put_image, short_limits,
    with_image,
};

#[test]
fn manifests_by_tag_and_by_digest() {
    let (registry, reference, digest) = with_image();
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
    let (registry, reference, digest) = with_image();
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
    let (registry, reference, _) = with_image();
    let digest = registry.put_blob(b"0123456789");
    assert_eq!(client().blob(&reference, &digest, 10).unwrap(), b"0123456789");
    let error = client().blob(&reference, &digest, 9).unwrap_err();
    assert_error(&error, "registry-misbehaved", "larger than 9 bytes");
}

#[test]
fn referrers_with_and_without_the_api() {
    let (registry, reference, digest) = with_image();
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
    let (registry, reference, digest) = with_image();
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
    let (registry, reference, digest) = with_image();
    put_referrers(&registry, &digest, 40);
    registry.set_referrers_page(1);
    let error = client().referrers(&reference, &digest).unwrap_err();
    assert_error(&error, "registry-misbehaved", "too many pages");
    assert!(registry.requests().len() <= 16);
}

#[test]
fn pages_of_referrers_stay_at_their_host() {
    let (registry, reference, digest) = with_image();
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
fn what_is_on_this_machine_is_not_asked_through_a_proxy() {
    let (registry, reference, digest) = with_image();
    let proxy = Registry::start();
    let client = Client::new(Options {
        proxy: Some(ureq::Proxy::new(&proxy.url("")).unwrap()),
        limits: short_limits(),
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
fn a_socks_proxy_is_not_gone_around() {
    // Nothing listens there any more.
    let address = Registry::start().address();
    let client = Client::new(Options {
        proxy: Some(ureq::Proxy::new(&format!("socks5h://{address}")).unwrap()),
        limits: short_limits(),
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
