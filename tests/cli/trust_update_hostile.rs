//! `trust update` from a mirror that lies or fails: each refused for what it is, and nothing replaced.

use std::fs;

use serde_json::json;

use super::trust_scene::{Setup, root};
use crate::support::registry::Fault;
use crate::support::tuf::{Tuf, in_days};

#[test]
fn roots_are_followed_one_by_one_and_old_keys_count_no_longer() {
    let mut setup = Setup::new();
    setup.updated();
    setup.tuf.rotate([5, 6, 7, 8]);
    setup.tuf.rotate([9, 6, 7, 8]);
    setup.tuf.publish_next(&root("https://log.example/2"));
    assert_eq!(setup.updated()["tuf"]["root"], 3);
    // Whoever has an old timestamp key signs a higher version, and hides the roots that took the key away.
    setup.tuf.server.remove_file("/tuf/2.root.json");
    setup.tuf.server.remove_file("/tuf/3.root.json");
    setup.tuf.timestamp.key = 2;
    setup.tuf.publish_next(&root("https://evil.example"));
    setup.refused("old key", "tuf-signature-invalid", 3);
    // Also where the cache is gone, which is what remembers the new roots.
    fs::remove_dir_all(setup.home.path(&format!("{}/tuf", setup.folder()))).unwrap();
    [
        setup.tuf.timestamp.key,
        setup.tuf.snapshot.key,
        setup.tuf.targets.key,
    ] = [2, 3, 4];
    setup.tuf.publish_next(&root("https://evil.example"));
    setup.refused("hidden roots", "tuf-rollback", 3);
}

#[test]
fn a_root_must_be_signed_by_the_one_before_and_by_itself() {
    for (case, keys) in [
        ("only the old key", &[1][..]),
        ("only the new key", &[5]),
        ("neither", &[9]),
    ] {
        let mut setup = Setup::new();
        setup.updated();
        setup.tuf.rotate([5, 2, 3, 4]);
        setup.tuf.publish_root(keys);
        setup.refused(case, "tuf-signature-invalid", 3);
    }
    let mut setup = Setup::new();
    setup.updated();
    setup.tuf.root.version = 3;
    let third = setup.tuf.publish_root(&[1]);
    setup.tuf.server.put_file("/tuf/2.root.json", &third);
    setup.refused("a version left out", "tuf-malformed", 1);
    setup.tuf.root.version = 1;
    let first = setup.tuf.publish_root(&[1]);
    setup.tuf.server.put_file("/tuf/2.root.json", &first);
    setup.refused("the first once more", "tuf-rollback", 3);
}

type Change = fn(&mut Tuf);

#[test]
fn expired_metadata_is_refused() {
    let cases: [(&str, Change); 4] = [
        ("timestamp", |tuf| tuf.timestamp.expires = in_days(-1)),
        ("snapshot", |tuf| tuf.snapshot.expires = in_days(-1)),
        ("targets", |tuf| tuf.targets.expires = in_days(-1)),
        ("root", |tuf| {
            tuf.root.expires = in_days(-1);
            tuf.rotate([1, 2, 3, 4]);
        }),
    ];
    for (case, change) in cases {
        let mut setup = Setup::new();
        setup.updated();
        change(&mut setup.tuf);
        setup.tuf.publish_next(&root("https://log.example/2"));
        setup.refused(case, "tuf-expired", 3);
    }
}

#[test]
fn wrongly_signed_metadata_is_refused() {
    let cases: [(&str, Change); 4] = [
        ("timestamp", |tuf| tuf.timestamp.key = 9),
        ("snapshot", |tuf| tuf.snapshot.key = 9),
        ("targets", |tuf| tuf.targets.key = 9),
        ("the key of another role", |tuf| tuf.targets.key = 3),
    ];
    for (case, change) in cases {
        let mut setup = Setup::new();
        setup.updated();
        change(&mut setup.tuf);
        setup.tuf.publish_next(&root("https://log.example/2"));
        setup.refused(case, "tuf-signature-invalid", 3);
    }
}

#[test]
fn no_version_goes_back() {
    let cases: [(&str, Change); 3] = [
        ("timestamp", |tuf| tuf.timestamp.version = 2),
        ("snapshot", |tuf| {
            tuf.timestamp.version = 4;
            tuf.snapshot.version = 2;
        }),
        ("targets", |tuf| {
            tuf.timestamp.version = 4;
            tuf.snapshot.version = 4;
            tuf.targets.version = 2;
        }),
    ];
    for (case, change) in cases {
        for cached in [true, false] {
            let mut setup = Setup::new();
            setup.tuf.publish_next(&root("https://log.example/2"));
            setup.tuf.publish_next(&root("https://log.example/3"));
            setup.updated();
            if !cached {
                // What the library compares with is gone; what we noted is not.
                fs::remove_dir_all(setup.home.path(&format!("{}/tuf", setup.folder()))).unwrap();
            }
            change(&mut setup.tuf);
            setup.tuf.target = root("https://log.example/1");
            setup.tuf.publish();
            setup.refused(&format!("{case}, cached: {cached}"), "tuf-rollback", 3);
        }
    }
}

#[test]
fn files_must_be_the_ones_that_were_signed() {
    let mut setup = Setup::new();
    setup.updated();
    setup.tuf.publish_next(&root("https://log.example/2"));
    let honest: Vec<(String, Vec<u8>)> = setup.tuf.server.files().into_iter().collect();
    let of = |name: &str| {
        honest
            .iter()
            .find(|(path, _)| path.contains(name))
            .unwrap()
            .clone()
    };
    for name in ["2.snapshot.json", "2.targets.json"] {
        let (path, bytes) = of(name);
        let older = of(&name.replace('2', "1")).1;
        setup.tuf.server.put_file(&path, &older);
        setup.refused(&format!("an older {name}"), "tuf-mismatch", 3);
        setup.tuf.server.put_file(&path, &bytes[..bytes.len() / 2]);
        setup.refused(&format!("half of {name}"), "tuf-mismatch", 3);
        setup.tuf.server.put_file(&path, &bytes);
    }
    let digest = oc_guardian::image::Digest::of(&setup.tuf.target).as_hex();
    let (path, bytes) = of(&digest);
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() = b' ';
    setup.tuf.server.put_file(&path, &changed);
    setup.refused("a changed target", "tuf-mismatch", 3);
    setup.tuf.server.put_file(&path, &[bytes, b" ".to_vec()].concat());
    setup.refused("a longer target", "tuf-too-large", 1);
}

#[test]
fn trouble_of_the_network_is_told_from_lies() {
    let mut setup = Setup::new();
    setup.updated();
    setup.tuf.publish_next(&root("https://log.example/2"));
    let unreachable = "mirror-unreachable";
    for (case, fault, reason) in [
        ("500", Fault::Status(500), unreachable),
        (
            "a redirect",
            Fault::Redirect("https://elsewhere.example/".into()),
            unreachable,
        ),
        ("not HTTP", Fault::NotHttp, unreachable),
        ("closed", Fault::Closed, unreachable),
        ("broken off", Fault::Truncated(10), unreachable),
        ("too short", Fault::WrongLength(5), unreachable),
        ("endless", Fault::Endless, "tuf-too-large"),
        ("a web page", Fault::Html(200), "tuf-malformed"),
        ("deep", Fault::OtherBytes(vec![b'['; 10_000]), "tuf-malformed"),
        ("nothing", Fault::OtherBytes(Vec::new()), "tuf-malformed"),
        ("not UTF-8", Fault::OtherBytes(vec![0xff; 100]), "tuf-malformed"),
    ] {
        setup.tuf.server.fault("timestamp.json", fault);
        setup.refused(case, reason, 1);
        setup.tuf.server.clear_faults();
    }
    setup.tuf.server.remove_file("/tuf/timestamp.json");
    setup.refused("no timestamp", "tuf-malformed", 1);
}

#[test]
fn a_root_that_cannot_be_used_replaces_nothing() {
    let mut setup = Setup::new();
    setup.updated();
    for (case, target, reason) in [
        ("not JSON", b"hello".to_vec(), "trust-root-invalid"),
        ("not UTF-8", vec![0xff; 10], "tuf-malformed"),
        (
            "other version",
            json!({"mediaType": "x"}).to_string().into_bytes(),
            "trust-root-invalid",
        ),
        ("none", Vec::new(), "tuf-malformed"),
        ("large", vec![b' '; 2 * 1024 * 1024], "tuf-mismatch"),
    ] {
        setup.tuf.publish_next(&target);
        let code = if reason == "tuf-mismatch" { 3 } else { 1 };
        setup.refused(case, reason, code);
    }
}
