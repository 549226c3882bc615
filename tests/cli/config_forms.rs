//! `config gen --format compose|quadlet|kubernetes`, read by the programs that it is for where they can be had.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::sigstore::{Claims, Key};
use crate::support::{Home, Transcript, needs, starts};
use crate::verify_scene::{EMPTY, PLATFORM, Scene, Stored};

const TAG: &str = "v1.2.3";
const FORMATS: [&str; 3] = ["compose", "quadlet", "kubernetes"];
const BUNDLE: &str = "home/config/oc-guardian.config";
/// What each format has to quote.
const HOSTILE: &str = "/srv/my bundle/50%n $HOME ${X} `id` #x: - {a} [b] \"q\" 'r' \\w é/config";

fn released() -> Scene {
    operated(Scene::released(TAG))
}

/// With an operator on the machine.
fn operated(scene: Scene) -> Scene {
    let copied = Command::new("cp")
        .arg("-a")
        .arg(Home::with_identity().path("home"))
        .arg(scene.home.path("."))
        .status()
        .unwrap();
    assert!(copied.success());
    scene
}

fn arguments(scene: &Scene, format: &str, more: &[&str]) -> Vec<String> {
    let image = scene.reference();
    let fixed = [
        "config",
        "gen",
        "--format",
        format,
        "--image",
        &image,
        "--trusted-root",
        "root.json",
        "--platform",
        PLATFORM,
    ];
    fixed.iter().chain(more).map(ToString::to_string).collect()
}

fn generate(scene: &Scene, format: &str, more: &[&str]) -> Transcript {
    let arguments = arguments(scene, format, more);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let name = scene.reference().replace(&format!(":{TAG}"), "");
    scene
        .home
        .run(&arguments)
        .replacing(&name, "registry.example/oc-guardian")
        .replacing(&scene.digest.to_string(), EMPTY)
}

/// The container as another program gets it.
#[track_caller]
fn container(scene: &Scene, format: &str, more: &[&str]) -> String {
    let arguments = arguments(scene, format, more);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = scene.home.command(&arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    String::from_utf8(output.stdout).unwrap()
}

const NEW: [&str; 2] = ["--federation", "oc-me-v1"];

#[test]
fn compose_is_the_container_of_the_runbook() {
    let text = generate(&released(), "compose", &NEW).exits(0).stdout;
    snapbox::assert_data_eq!(text, snapbox::file!["forms/compose.yaml"].raw());
}

#[test]
fn quadlet_is_the_container_of_the_runbook() {
    let text = generate(&released(), "quadlet", &NEW).exits(0).stdout;
    snapbox::assert_data_eq!(text, snapbox::file!["forms/oc-guardian.container"].raw());
}

#[test]
fn kubernetes_is_a_deployment_with_a_policy_for_its_image() {
    let text = generate(&released(), "kubernetes", &NEW).exits(0).stdout;
    snapbox::assert_data_eq!(text, snapbox::file!["forms/kubernetes.yaml"].raw());
}

#[test]
fn the_bundle_is_written_too_and_then_used_as_it_is() {
    let scene = released();
    let first = generate(
        &scene,
        "compose",
        &["--federation", "other", "--log-level", "debug"],
    )
    .exits(0);
    assert!(
        first
            .stderr
            .contains("The config bundle is written. [DIR]/home/config"),
        "{}",
        first.text
    );
    let bundle = scene.home.read(BUNDLE);
    // Nothing is asked, and nothing is changed.
    let again = generate(&scene, "quadlet", &[]).exits(0);
    assert!(again.stderr.contains("unchanged"), "{}", again.text);
    assert!(
        again.stdout.contains("Guardian of the federation other\n"),
        "{}",
        again.text
    );
    assert_eq!(scene.home.read(BUNDLE), bundle);
    // A flag that says otherwise counts.
    let other = generate(&scene, "compose", &["--federation", "third"]).exits(1);
    assert!(
        other.stderr.contains("exists already, and differs"),
        "{}",
        other.text
    );
    assert_eq!(other.stdout, "");
    // A bundle that is bad, or somebody else's, is not mounted.
    scene.home.write(BUNDLE, "{}");
    assert_eq!(
        generate(&scene, "compose", &["--json"]).json()["reason"],
        "config-schema-mismatch"
    );
}

#[test]
fn the_document_has_bundle_image_and_container() {
    let scene = released();
    for format in FORMATS {
        let document = generate(&scene, format, &[&NEW[..], &["--json"]].concat())
            .exits(0)
            .json();
        assert_eq!(
            (&document["ok"], &document["format"]),
            (&json!(true), &json!(format))
        );
        assert_eq!(document["bundle"]["federation_slug"], "oc-me-v1");
        assert_eq!(document["image"]["digest"], EMPTY);
        let text = document["container"].as_str().unwrap();
        assert!(
            text.contains(&format!("registry.example/oc-guardian@{EMPTY}")),
            "{text}"
        );
    }
}

#[test]
fn an_image_that_is_not_trusted_is_in_no_container() {
    let scene = operated(Scene::new(TAG));
    for format in FORMATS {
        let refused = generate(&scene, format, &NEW).exits(3);
        assert!(
            refused.stderr.contains("Do not run this image."),
            "{}",
            refused.text
        );
        assert_eq!(refused.stdout, "");
        assert!(!scene.home.path(BUNDLE).exists(), "nothing is written");
    }
    let scene = released();
    let pinned = generate(
        &scene,
        "compose",
        &[&NEW[..], &["--image-digest", EMPTY]].concat(),
    )
    .exits(3);
    assert!(
        pinned.stderr.contains("oc-guardian.config pins another one"),
        "{}",
        pinned.text
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let scene = released();
    for (more, wanted) in [
        (&["--out", "-"][..], "--out -"),
        (&["--bundle-path", "relative/config"], "is not an absolute path"),
        (
            &["--bundle-path", "/a\nExecStart=/bin/sh"],
            "cannot be written to a file of text",
        ),
        (
            &["--bundle-path", "/a\u{202e}b"],
            "cannot be written to a file of text",
        ),
    ] {
        for format in FORMATS {
            let refused = generate(&scene, format, &[&NEW[..], more].concat()).exits(2);
            assert!(refused.stderr.contains(wanted), "{}", refused.text);
            assert_eq!(refused.stdout, "");
        }
    }
    for flags in [
        ["--image", "x"],
        ["--bundle-path", "/x"],
        ["--signer-folder", "/x"],
    ] {
        let arguments = [&["config", "gen", "--federation", "oc-me-v1"][..], &flags].concat();
        let refused = scene.home.run(&arguments).exits(2);
        assert!(
            refused.stderr.contains(flags[0]) && refused.stderr.contains("--format compose"),
            "{}",
            refused.text
        );
    }
    for path in ["/a:b", "/a\"b", "/a'b", "/a\\", "/a "] {
        let refused = generate(&scene, "quadlet", &[&NEW[..], &["--bundle-path", path]].concat()).exits(2);
        assert!(
            refused.stderr.contains("a Quadlet unit cannot spell"),
            "{}",
            refused.text
        );
    }
}

#[test]
fn the_signers_socket_is_mounted_where_the_bundle_looks_for_it() {
    let scene = released();
    let signer = ["--signer-url", "unix:/run/oc/sign.sock", "--data-dir", "/data"];
    let compose = generate(&scene, "compose", &[&NEW[..], &signer].concat()).exits(0);
    assert!(
        compose
            .stdout
            .contains("source: [DIR]/home/run/guardian\n        target: /run/oc\n"),
        "{}",
        compose.text
    );
    assert!(
        compose.stdout.contains("source: data\n        target: /data\n"),
        "{}",
        compose.text
    );
    let quadlet = generate(&scene, "quadlet", &["--signer-folder", "/srv/50% $x"]).exits(0);
    assert!(
        quadlet.stdout.contains("\nVolume=/srv/50%% $$x:/run/oc\n"),
        "{}",
        quadlet.text
    );
    let kubernetes = generate(&scene, "kubernetes", &["--signer-folder", "/srv/sign"]).exits(0);
    assert!(
        kubernetes
            .stdout
            .contains("hostPath:\n            path: /srv/sign\n            type: Directory\n"),
        "{}",
        kubernetes.text
    );
}

#[test]
fn files_that_nobody_told_the_place_of_are_warned_of() {
    let scene = released();
    let more = [
        "--extra-ca-file",
        "/etc/ca.pem",
        "--signer-url",
        "http://127.0.0.1:9100",
        "--signer-token-file",
        "/etc/token",
    ];
    let run = generate(&scene, "compose", &[&NEW[..], &more].concat()).exits(0);
    for wanted in [
        "extra_ca_file is /etc/ca.pem: mount it",
        "signer_token_file is /etc/token: mount it",
    ] {
        assert!(run.stderr.contains(wanted), "{}", run.text);
    }
}

#[test]
fn the_cluster_checks_what_was_verified_here() {
    let scene = operated(Scene::new(TAG));
    scene.sign(Stored::Referrers, &Claims::release(TAG));
    scene.attest(Stored::Legacy, &Claims::slsa_generator(TAG));
    let text = generate(&scene, "kubernetes", &NEW).exits(0).stdout;
    for wanted in [
        // The generator's own identity, and the source in its statement.
        r#"subjectRegExp: "\\A(?:https://github\\.com/slsa-framework/slsa-github-generator"#,
        r##"uri: =~#\"^git\\+https://github\\.com/orangecheck/oc-guardian-kit@refs/tags/v[^/]+$\"#\n""##,
        "signatureFormat: bundle\n",
        "signatureFormat: legacy\n",
        "trustRootRef: oc-guardian\n",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    let bare = "https://github.com/orangecheck/oc-guardian-kit";
    let text = generate(&scene, "kubernetes", &["--certificate-identity-regexp", bare])
        .exits(0)
        .stdout;
    let wanted = r#"subjectRegExp: "\\A(?:https://github\\.com/orangecheck/oc\\-guardian\\-kit(?:/.*)?)\\z""#;
    assert!(text.contains(wanted), "{text}");
    let unclear = "https://github.com/orangecheck/oc-guardian-kit/(?s).*";
    let refused = generate(&scene, "kubernetes", &["--certificate-identity-regexp", unclear]).exits(2);
    assert!(
        refused.stderr.contains("reads in another way"),
        "{}",
        refused.text
    );
}

#[test]
fn a_key_is_in_the_clusters_policy() {
    let scene = operated(Scene::new(TAG));
    let key = Key::new();
    scene.sign_by(&key, Stored::Referrers);
    scene.home.write("cosign.pub", key.public_pem());
    let more = ["--key", "cosign.pub", "--allow-missing-provenance"];
    let run = generate(&scene, "kubernetes", &[&NEW[..], &more].concat()).exits(0);
    assert!(
        run.stdout
            .contains("key:\n        data: |\n          -----BEGIN PUBLIC KEY-----\n"),
        "{}",
        run.text
    );
    assert!(!run.stdout.contains("oc-guardian-provenance"), "{}", run.text);
    assert!(run.stderr.contains("no build provenance"), "{}", run.text);
}

/// YAML as another implementation reads it; several documents as a list.
fn as_json(yaml: &str) -> Value {
    let program = "import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(sys.stdin))))";
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(yaml.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{yaml}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn has_yaml() -> bool {
    needs("YAML", "python3-yaml", || {
        let import = Command::new("/usr/bin/python3")
            .args(["-c", "import yaml"])
            .output();
        import.is_ok_and(|output| output.status.success())
    })
}

fn checked_by(program: &mut Command, file: &Path) -> String {
    let output = program.arg(file).output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{text}");
    text
}

#[test]
fn docker_compose_reads_what_was_meant() {
    if !has_yaml()
        || !needs("COMPOSE", "docker-compose", || {
            starts("docker-compose", "version")
        })
    {
        return;
    }
    let scene = released();
    let text = container(
        &scene,
        "compose",
        &[&NEW[..], &["--bundle-path", HOSTILE]].concat(),
    );
    let file = scene.home.write("compose.yaml", &text);
    let output = Command::new("docker-compose")
        .arg("--file")
        .arg(&file)
        .arg("config")
        .env("HOME", "/wrong")
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&output.stderr)
    );
    let read = as_json(&String::from_utf8(output.stdout).unwrap());
    let guardian = &read[0]["services"]["guardian"];
    let image = format!(
        "{}@{}",
        scene.reference().replace(&format!(":{TAG}"), ""),
        scene.digest
    );
    assert_eq!(guardian["image"], image);
    // Its own output is again a file in which a dollar sign is doubled.
    let source = guardian["volumes"][0]["source"]
        .as_str()
        .unwrap()
        .replace("$$", "$");
    assert_eq!(source, HOSTILE);
    assert_eq!(guardian["volumes"][0]["read_only"], true);
    for (name, wanted) in [
        ("container_name", json!("oc-guardian")),
        ("restart", json!("unless-stopped")),
        ("read_only", json!(true)),
        ("cap_drop", json!(["ALL"])),
        ("security_opt", json!(["no-new-privileges:true"])),
    ] {
        assert_eq!(guardian[name], wanted, "{name}");
    }
}

#[test]
fn kubernetes_takes_every_field() {
    if !has_yaml()
        || !needs("KUBERNETES", "kubernetes-validate", || {
            starts("kubernetes-validate", "--version")
        })
    {
        return;
    }
    let scene = released();
    let signer = ["--signer-url", "unix:/run/oc/sign.sock"];
    let inline = container(&scene, "kubernetes", &[&NEW[..], &signer].concat());
    let hosted = container(&scene, "kubernetes", &["--bundle-path", HOSTILE]);
    for (text, kinds) in [
        (
            &inline,
            &["ConfigMap", "PersistentVolumeClaim", "Deployment", "Service"][..],
        ),
        (&hosted, &["PersistentVolumeClaim", "Deployment", "Service"]),
    ] {
        let documents = as_json(text);
        let documents = documents.as_array().unwrap();
        let (own, policies) = documents.split_at(kinds.len());
        for (document, kind) in own.iter().zip(kinds) {
            assert_eq!(document["kind"], *kind);
            let file = scene.home.write("one.json", document.to_string());
            checked_by(Command::new("kubernetes-validate").arg("--strict"), &file);
        }
        assert_eq!(policies.len(), 2);
        for policy in policies {
            assert_eq!(policy["kind"], "ClusterImagePolicy");
            only_known_keys(policy);
        }
    }
    assert_eq!(
        as_json(&inline)[0]["data"]["config.json"],
        scene.home.text(BUNDLE)
    );
    let volumes = &as_json(&hosted)[1]["spec"]["template"]["spec"]["volumes"];
    assert_eq!(volumes[0]["hostPath"]["path"], HOSTILE);
    // That the check can fail at all.
    let mut wrong = as_json(&hosted)[1].clone();
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnly"] = json!(true);
    let file = scene.home.write("one.json", wrong.to_string());
    let refused = Command::new("kubernetes-validate")
        .arg("--strict")
        .arg(&file)
        .output()
        .unwrap();
    assert!(!refused.status.success());
}

/// Fields of `config/300-clusterimagepolicy.yaml` of sigstore/policy-controller that are used here.
fn only_known_keys(policy: &Value) {
    let spec = policy["spec"].as_object().unwrap();
    assert_eq!(spec.keys().collect::<Vec<_>>(), ["images", "authorities"]);
    for authority in policy["spec"]["authorities"].as_array().unwrap() {
        let known = [
            "name",
            "key",
            "keyless",
            "ctlog",
            "signatureFormat",
            "attestations",
        ];
        keys_are(authority, &known);
        keys_are(&authority["keyless"], &["url", "identities", "trustRootRef"]);
        keys_are(
            &authority["keyless"]["identities"][0],
            &["issuer", "subject", "subjectRegExp"],
        );
        keys_are(&authority["ctlog"], &["url", "trustRootRef"]);
        for attestation in authority["attestations"].as_array().into_iter().flatten() {
            keys_are(attestation, &["name", "predicateType", "policy"]);
        }
    }
}

#[track_caller]
fn keys_are(value: &Value, known: &[&str]) {
    for key in value.as_object().into_iter().flat_map(|members| members.keys()) {
        assert!(known.contains(&key.as_str()), "{key} in {value}");
    }
}

/// The keys of `[Container]` that Podman documents (podman-systemd.unit(5)) and that are used here.
const CONTAINER_KEYS: [&str; 14] = [
    "ContainerName",
    "DropCapability",
    "Environment",
    "HealthCmd",
    "HealthInterval",
    "HealthStartPeriod",
    "HealthTimeout",
    "Image",
    "Label",
    "LogDriver",
    "NoNewPrivileges",
    "PublishPort",
    "ReadOnly",
    "Volume",
];

#[test]
fn podman_and_systemd_know_every_key() {
    let scene = released();
    let path = "/srv/my bundle/50%n $HOME ${X} `id` #x - {a} [b] é/config";
    let text = container(&scene, "quadlet", &[&NEW[..], &["--bundle-path", path]].concat());
    assert!(
        text.contains("\nVolume=/srv/my bundle/50%%n $$HOME $${X} `id` #x - {a} [b] é/config:/etc/oc-guardian/config.json:ro,z\n"),
        "{text}"
    );
    let section = text
        .split("[Container]\n")
        .nth(1)
        .unwrap()
        .split("\n[Service]")
        .next()
        .unwrap();
    let keys: BTreeSet<&str> = section
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once('=').unwrap().0)
        .collect();
    assert_eq!(keys, BTreeSet::from(CONTAINER_KEYS));

    if !needs("SYSTEMD", "systemd-analyze", || {
        starts("systemd-analyze", "--version")
    }) {
        return;
    }
    // What Podman's generator makes of it, as far as systemd reads it.
    let unit = text
        .replace("[Container]", "[X-Container]")
        .replace("[Service]\n", "[Service]\nExecStart=/bin/true\n");
    let file = scene.home.write("oc-guardian.service", unit);
    assert_eq!(
        checked_by(
            Command::new("systemd-analyze").args(["verify", "--man=no"]),
            &file
        ),
        ""
    );
}
