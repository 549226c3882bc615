//! How a guardian starts and stops.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::support::running::{NO_PORTAL, RunningGuardian, bundle};
use crate::support::signer::{FEDERATION, eventually};
use crate::support::{Home, Namespace, OPERATOR_ID};

const DIGEST: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";

#[test]
fn healthz_answers_at_once_without_signer_and_portal() {
    let home = Home::with_identity();
    let plain = bundle(&home, NO_PORTAL, &json!({}));
    home.write("bundle", plain.to_string());
    // The best of three: others use the machine, too.
    let took = (0..3).map(|_| {
        let begin = Instant::now();
        let guardian = RunningGuardian::start_command(RunningGuardian::command(&home, "bundle"));
        let health = guardian.healthz();
        let took = begin.elapsed();
        assert_eq!(health["ok"], true);
        assert_eq!(health["signer"], "waiting");
        assert_eq!(health["federation_slug"], FEDERATION);
        assert_eq!(health["operator_id"], OPERATOR_ID);
        assert_eq!(health["version"], env!("CARGO_PKG_VERSION"));
        took
    });
    let best = took.min().unwrap();
    assert!(best < Duration::from_millis(100), "{best:?}");
}

#[test]
fn no_status_before_the_operator_delegated() {
    let home = Home::with_identity();
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, NO_PORTAL, &json!({})));
    assert_eq!(guardian.get("/status").says(), "503 not-delegated");
    assert_eq!(guardian.get("/v1/federation").says(), "404 no-membership");
    assert_eq!(guardian.get("/").says(), "404 not-found");
    assert_eq!(guardian.tell("{}").says(), "403 no-membership");
}

#[test]
fn sigterm_and_sigint_end_it_well() {
    let home = Home::with_identity();
    for signal in [Signal::TERM, Signal::INT] {
        let mut guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, NO_PORTAL, &json!({})));
        assert!(eventually(|| (guardian.state() == "active").then_some(())).is_some());
        let begin = Instant::now();
        guardian.signal(signal);
        let status = eventually(|| guardian.child.try_wait().unwrap()).unwrap();
        assert_eq!(status.code(), Some(0), "{}", guardian.log());
        assert!(begin.elapsed() < Duration::from_secs(3));
        assert!(!home.path("data/rpc.sock").exists());
    }
}

#[test]
fn every_defect_of_a_bundle_is_refused_at_once() {
    let home = Home::with_identity();
    let good = bundle(&home, NO_PORTAL, &json!({}));
    let with = |name: &str, value: serde_json::Value| {
        let mut bundle = good.clone();
        bundle[name] = value;
        bundle.to_string()
    };
    let without = |name: &str| {
        let mut bundle = good.clone();
        bundle.as_object_mut().unwrap().shift_remove(name);
        bundle.to_string()
    };
    let defects = [
        String::new(),
        "[]".into(),
        good.to_string()[1..].to_owned(),
        without("operator_id"),
        without("federation_slug"),
        without("attestation_post_url"),
        with("operator_id", "op-00000000000000000000000000000000".into()),
        with("operator_pubkey_hex", "00".repeat(32).into()),
        with("federation_slug", "No Such".into()),
        with(
            "attestation_post_url",
            "http://me.ochk.io/api/operator/attestation".into(),
        ),
        with("log_level", "loud".into()),
        with("data_dir", "relative".into()),
        with("image_digest", "latest".into()),
        with("signer_url", "http://192.0.2.1:9180".into()),
        with("fedration_slug", "x".into()),
        with("public_host", crate::support::SECRET_HEX.into()),
        good.to_string().replacen('{', "{\"log_level\":\"info\",", 1),
    ];
    for (number, defect) in defects.iter().enumerate() {
        home.write("bad", defect);
        let begin = Instant::now();
        let run = home.run(&["guardian", "--config", "bad", "--json"]);
        assert_eq!(run.code, Some(1), "{number}: {}", run.text);
        assert!(
            run.stdout.contains("config schema mismatch: bad: line "),
            "{number}: {}",
            run.text
        );
        assert!(run.stdout.contains("config check"), "{number}: {}", run.text);
        assert!(!run.text.contains(crate::support::SECRET_HEX), "{}", run.text);
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
    assert!(!home.path("data").exists());
}

#[test]
fn a_missing_bundle_and_a_taken_port_are_named() {
    let home = Home::with_identity();
    let run = home.run(&["guardian", "--config", "nowhere"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stderr.contains("nowhere"), "{}", run.text);
    home.write("bundle", bundle(&home, NO_PORTAL, &json!({})).to_string());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for port in ["--api-listen", "--p2p-listen"] {
        let other = if port == "--api-listen" {
            "--p2p-listen"
        } else {
            "--api-listen"
        };
        let arguments = [
            "guardian",
            "--config",
            "bundle",
            "--json",
            port,
            &address,
            other,
            "127.0.0.1:0",
        ];
        let run = home.run(&arguments);
        assert_eq!(run.code, Some(1), "{}", run.text);
        assert!(
            run.stdout.contains("port-unavailable") && run.stdout.contains(&address),
            "{}",
            run.text
        );
    }
}

#[test]
fn a_url_that_portals_do_not_have_is_refused() {
    let home = Home::with_identity();
    let mut other = bundle(&home, NO_PORTAL, &json!({}));
    other["attestation_post_url"] = "http://127.0.0.1:9/elsewhere".into();
    home.write("bundle", other.to_string());
    let run = home.run(&["guardian", "--config", "bundle", "--json"]);
    assert_eq!(run.code, Some(1));
    assert!(run.stdout.contains("bad-attestation-url"), "{}", run.text);
}

#[test]
fn the_interval_has_bounds() {
    let home = Home::with_identity();
    home.write("bundle", bundle(&home, NO_PORTAL, &json!({})).to_string());
    for interval in ["99ms", "0s", "2h", "soon"] {
        let run = home.run(&["guardian", "--config", "bundle", "--attest-interval", interval]);
        assert_eq!(run.code, Some(2), "{}", run.text);
    }
}

#[test]
fn a_digest_from_outside_must_be_one_and_the_pinned_one() {
    let home = Home::with_identity();
    home.write(
        "pinned",
        bundle(&home, NO_PORTAL, &json!({ "image_digest": DIGEST })).to_string(),
    );
    let other = DIGEST.replace('1', "2");
    for (digest, reason) in [
        ("latest", "bad-image-digest"),
        ("sha256:1111", "bad-image-digest"),
        (&*DIGEST.to_uppercase(), "bad-image-digest"),
        (&*other, "image-not-pinned"),
    ] {
        let mut command = RunningGuardian::command(&home, "pinned");
        let output = command.env("OC_GUARDIAN_IMAGE_DIGEST", digest).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(1), "{printed}");
        assert!(printed.contains(reason), "{digest}: {printed}");
    }
    let mut command = RunningGuardian::command(&home, "pinned");
    command.env("OC_GUARDIAN_IMAGE_DIGEST", DIGEST);
    assert_eq!(RunningGuardian::start_command(command).stop(), Some(0));
}

/// A read-only folder is told in `/healthz`, and the guardian serves as soon as it can be written.
#[test]
fn a_read_only_data_folder_is_told_until_it_is_mended() {
    const SCRIPT: &str = "mount -t tmpfs -o ro none data";
    let home = Home::with_identity();
    std::fs::create_dir(home.path("data")).unwrap();
    if Namespace::with(SCRIPT).is_none() {
        return;
    }
    home.write("bundle", bundle(&home, NO_PORTAL, &json!({})).to_string());
    let inner = RunningGuardian::command(&home, "bundle");
    let mut command = std::process::Command::new("unshare");
    let script = format!(
        "{SCRIPT}; \"$@\" & child=$!; trap 'kill $child; wait $child' TERM; \
                          while [ ! -e mend ]; do sleep 0.05; done; mount -o remount,rw data; wait $child"
    );
    command
        .args(["-m", "sh", "-c", &script, "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    command.current_dir(home.path("")).env_clear();
    for (name, value) in inner.get_envs() {
        command.env(name, value.unwrap());
    }
    let guardian = RunningGuardian::start_command(command);
    assert_eq!(guardian.get("/healthz").says(), "503 data-folder-unusable");
    assert_eq!(guardian.get("/status").says(), "503 not-delegated");
    let check = home.run(&[
        "guardian",
        "healthcheck",
        "--api",
        &format!("http://127.0.0.1:{}", guardian.api()),
    ]);
    assert_eq!(check.code, Some(1), "{}", check.text);
    assert!(check.stdout.contains("data-folder-unusable"), "{}", check.text);
    home.write("mend", "");
    let active = eventually(|| (guardian.state() == "active").then_some(()));
    assert!(active.is_some(), "{}", guardian.log());
    assert!(
        guardian.log().contains("data-folder-unusable: well again"),
        "{}",
        guardian.log()
    );
    // The guardian itself, not the shell around it.
    let pid =
        rustix::process::Pid::from_raw(i32::try_from(guardian.started["pid"].as_i64().unwrap()).unwrap());
    rustix::process::kill_process(pid.unwrap(), Signal::TERM).unwrap();
}

#[test]
fn healthcheck_is_for_people_and_programs() {
    let home = Home::with_identity();
    let guardian = RunningGuardian::start(&home, "bundle", &bundle(&home, NO_PORTAL, &json!({})));
    let url = format!("http://127.0.0.1:{}", guardian.api());
    let run = home.run(&["guardian", "healthcheck", "--api", &url, "--json"]);
    assert_eq!(run.code, Some(0), "{}", run.text);
    let json: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!((&json["ok"], &json["signer"]), (&json!(true), &json!("waiting")));
    let run = home.run(&["guardian", "healthcheck", "--api", &url]);
    assert!(run.stdout.starts_with("healthy: "), "{}", run.text);
    drop(guardian);
    let run = home.run(&["guardian", "healthcheck", "--api", &url]);
    assert_eq!(run.code, Some(1), "{}", run.text);
    assert!(run.stderr.contains("does not answer"), "{}", run.text);
}
