//! `trust update` against a repository that the test signs.

use std::fs;
use std::thread;

use oc_guardian::store::Lock;
use serde_json::{Value, json};

use crate::support::registry::Fault;
use crate::support::tuf::{TARGET, Tuf, in_days};
use crate::support::{Home, Transcript};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";

/// A trust root that names one log.
fn root(log: &str) -> Vec<u8> {
    const KEY: &str = "MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=";
    const ID: &str = "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=";
    let key = json!({
        "rawBytes": KEY, "keyDetails": "PKIX_ED25519", "validFor": { "start": "2025-09-23T00:00:00Z" },
    });
    let log =
        json!({ "baseUrl": log, "hashAlgorithm": "SHA2_256", "publicKey": key, "logId": { "keyId": ID } });
    json!({ "mediaType": MEDIA_TYPE, "tlogs": [log] })
        .to_string()
        .into_bytes()
}

/// A repository, and a home that has its first root in `root.json`.
struct Setup {
    tuf: Tuf,
    home: Home,
}

impl Setup {
    fn new() -> Self {
        let tuf = Tuf::start(&root("https://log.example/1"));
        let home = Home::new();
        home.write("root.json", tuf.publish_root(&[1]));
        Self { tuf, home }
    }

    fn update(&self) -> Transcript {
        let url = self.tuf.url();
        self.home.run(&[
            "trust",
            "update",
            "--json",
            "--mirror",
            &url,
            "--root",
            "root.json",
        ])
    }

    /// The document of an update that went well.
    #[track_caller]
    fn updated(&self) -> Value {
        let run = self.update();
        assert_eq!(run.code, Some(0), "{}", run.text);
        serde_json::from_str(&run.stdout).unwrap()
    }

    fn folder(&self) -> String {
        let mut entries = fs::read_dir(self.home.path("home/data/trust")).unwrap();
        let name = entries.next().unwrap().unwrap().file_name();
        assert!(entries.next().is_none());
        format!("home/data/trust/{}", name.into_string().unwrap())
    }

    fn state(&self) -> String {
        self.home.text(&format!("{}/state.json", self.folder()))
    }

    /// Fails as said, and leaves the trust root and what goes with it as they were.
    #[track_caller]
    fn refused(&self, case: &str, reason: &str, code: i32) {
        let before = self.state();
        let run = self.update();
        let failure: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{case}: {}", run.text));
        assert_eq!(failure["reason"], reason, "{case}: {}", run.text);
        assert_eq!(run.code, Some(code), "{case}: {}", run.text);
        assert_eq!(self.state(), before, "{case}");
    }
}

#[test]
fn the_root_of_a_private_sigstore_is_fetched_and_told_about() {
    let setup = Setup::new();
    let told = setup.updated();
    assert_eq!(
        told["tuf"],
        json!({"root": 1, "timestamp": 1, "snapshot": 1, "targets": 1})
    );
    assert_eq!(told["previous_tuf"], Value::Null);
    assert_eq!(told["changed"], true);
    assert_eq!(told["added"][0]["name"], "https://log.example/1");
    // The file is what others are pointed at, and is what was published.
    let file = format!("{}/{TARGET}", setup.folder());
    assert_eq!(setup.home.read(&file), setup.tuf.target);
    assert_eq!(setup.home.mode(&file), 0o644);
    assert_eq!(setup.home.mode(&format!("{}/state.json", setup.folder())), 0o600);
    let shown = setup
        .home
        .run(&["trust", "show", "--json", "--trusted-root", &file]);
    assert_eq!(shown.code, Some(0), "{}", shown.text);
    assert!(
        shown.stdout.contains(told["digest"].as_str().unwrap()),
        "{}",
        shown.text
    );
    // Nothing of it is used where no root is named.
    let shown = setup.home.run(&["trust", "show", "--json"]);
    assert!(shown.stdout.contains(r#""origin":"embedded""#), "{}", shown.text);
}

#[test]
fn an_update_says_what_changed() {
    let mut setup = Setup::new();
    setup.updated();
    assert_eq!(setup.updated()["changed"], false);
    setup.tuf.publish_next(&root("https://log.example/2"));
    let told = setup.updated();
    assert_eq!(told["previous_tuf"]["targets"], 1);
    assert_eq!(told["tuf"]["targets"], 2);
    assert_eq!(told["added"][0]["name"], "https://log.example/2");
    assert_eq!(told["removed"][0]["name"], "https://log.example/1");
    let url = setup.tuf.url();
    let run = setup
        .home
        .run(&["trust", "update", "--mirror", &url, "--root", "root.json"]);
    assert!(
        run.stdout.starts_with("The trust root is up to date."),
        "{}",
        run.text
    );
    assert!(
        run.stdout.contains("It trusts what the one before trusted."),
        "{}",
        run.text
    );
    assert!(run.stderr.contains("Fetching the trust root"), "{}", run.text);
}

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

#[test]
fn a_floor_that_cannot_be_read_is_not_taken_for_none() {
    let setup = Setup::new();
    setup.updated();
    let cached = format!("{}/tuf/timestamp.json", setup.folder());
    fs::remove_file(setup.home.path(&cached)).unwrap();
    fs::create_dir(setup.home.path(&cached)).unwrap();
    setup.refused("a folder in the cache", "not-a-file", 1);
    fs::remove_dir(setup.home.path(&cached)).unwrap();
    setup.updated();
    let state = format!("{}/state.json", setup.folder());
    setup.home.write(&state, "{}");
    setup.refused("a damaged state", "trust-state-damaged", 1);
}

#[test]
fn two_updates_do_not_mix() {
    let setup = Setup::new();
    setup.updated();
    let lock = Lock::acquire(&setup.home.path(&format!("{}/lock", setup.folder()))).unwrap();
    setup.refused("locked", "update-running", 1);
    drop(lock);
    // At once: each either does it or says that another one does.
    thread::scope(|scope| {
        let runs: Vec<_> = (0..4).map(|_| scope.spawn(|| setup.update())).collect();
        let mut done = 0;
        for run in runs {
            let run = run.join().unwrap();
            match run.code {
                Some(0) => done += 1,
                _ => assert!(run.stdout.contains("update-running"), "{}", run.text),
            }
        }
        assert!(done > 0);
    });
    setup.updated();
}

#[test]
fn the_public_sigstore_is_not_somebody_elses() {
    let setup = Setup::new();
    let url = setup.tuf.url();
    let run = setup.home.run(&["trust", "update", "--json", "--mirror", &url]);
    assert_eq!(run.code, Some(3), "{}", run.text);
    assert!(run.stdout.contains("tuf-signature-invalid"), "{}", run.text);
    // It is asked for the root after the built-in one, and for nothing before its own metadata are there.
    assert_eq!(
        setup.tuf.server.paths(),
        ["/tuf/17.root.json", "/tuf/timestamp.json"]
    );
    let shown = setup.home.run(&["trust", "show", "--json"]);
    assert!(shown.stdout.contains(r#""origin":"embedded""#), "{}", shown.text);
}

#[test]
fn a_bootstrap_must_vouch_for_itself() {
    let setup = Setup::new();
    let url = setup.tuf.url();
    let forged = setup.tuf.publish_root(&[2]);
    for (case, bytes) in [
        ("forged", forged),
        ("a trust root", root("x")),
        ("empty", Vec::new()),
    ] {
        setup.home.write("root.json", &bytes);
        let run = setup.home.run(&[
            "trust",
            "update",
            "--json",
            "--mirror",
            &url,
            "--root",
            "root.json",
        ]);
        assert_eq!(run.code, Some(1), "{case}: {}", run.text);
        assert!(run.stdout.contains("tuf-root-invalid"), "{case}: {}", run.text);
    }
    setup.home.write("root.json", vec![b' '; 600_000]);
    let run = setup.update();
    assert!(run.stdout.contains("trust-root-unreadable"), "{}", run.text);
    assert!(setup.tuf.server.paths().is_empty());
}

#[test]
fn mirrors_are_https_or_on_this_machine() {
    let home = Home::new();
    for url in [
        "http://tuf.example",
        "tuf.example",
        "https://user:word@tuf.example",
        "ftp://127.0.0.1",
    ] {
        let run = home.run(&["trust", "update", "--json", "--mirror", url]);
        assert_eq!(run.code, Some(2), "{}", run.text);
        assert!(run.stdout.contains(r#""reason":"usage""#), "{}", run.text);
    }
    let run = home.run(&["trust", "update", "--root", "root.json"]);
    assert_eq!(run.code, Some(2), "{}", run.text);
}
