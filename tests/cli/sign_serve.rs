//! `sign --serve`: start, stop, policy, restart, two at once; `sign FILE`; `sign --print-unit`.

use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use snapbox::str;

use crate::support::signer::{
    GUARDIAN_SOCKET, LOG, OPEN_POLICY, OPERATOR_SOCKET, POLICY, SigningServer, action, alert, attestation,
    attestation_of, eventually, get, guardian_key, post, records, records_of, serve_command, sign,
};
use crate::support::{ED25519_ID, Home, KEY_FILE, PASSPHRASE, exists};

#[test]
fn start_and_stop_in_order() {
    for signal in [Signal::TERM, Signal::INT] {
        let home = Home::with_identity();
        let mut server = SigningServer::start(&home, &[]);
        assert_eq!(sign(&home, &attestation()).status, 200);
        server.signal(signal);
        let code = eventually(|| server.child.try_wait().unwrap()).unwrap();
        assert_eq!(code.code(), Some(0), "{}", home.text("serve.err"));
        let events: Vec<_> = records(&home).iter().map(|it| it["event"].clone()).collect();
        assert_eq!(events[0], "started");
        assert_eq!(events.last().unwrap(), "stopped");
        assert!(!home.path(GUARDIAN_SOCKET).exists() && !home.path(OPERATOR_SOCKET).exists());
    }
}

#[test]
fn a_stop_does_not_wait_for_idle_or_stuck_connections() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let _idle = crate::support::signer::unix(&home, GUARDIAN_SOCKET);
    let mut stuck = crate::support::signer::unix(&home, GUARDIAN_SOCKET);
    std::io::Write::write_all(&mut stuck, b"POST /v1/sign HTTP/1.1\r\n").unwrap();
    let started = Instant::now();
    assert_eq!(server.stop(), Some(0));
    assert!(
        started.elapsed() < Duration::from_secs(8),
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn the_second_server_names_the_first() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let pid = format!("PID {}", server.child.id());
    home.run(&["sign", "--serve", "--passphrase-file", "pass.txt"])
        .replacing(&pid, "PID [PID]")
        .is(str![[r#"
$ oc-guardian sign --serve --passphrase-file pass.txt
--- stderr
error: another oc-guardian process (PID [PID]) is working on this identity (lock [DIR]/home/config/operator.lock)
hint: Wait until it has finished, or stop it, then run this again. If it is sign --serve, which goes on until stopped: answer what waits there, or with oc-guardian sign --pending.
--- exit 1

"#]]);
    assert_eq!(sign(&home, &attestation()).status, 200);
    server.kill();
    // Sockets of a crash are no obstacle.
    assert!(exists(&home.path(GUARDIAN_SOCKET)));
    let _server = SigningServer::start(&home, &[]);
    assert_eq!(sign(&home, &attestation()).status, 200);
}

#[test]
fn without_a_policy_one_is_made_for_the_bundles_federation() {
    let home = Home::with_identity();
    let server = SigningServer::start_command(serve_command(&home, &[]), &home);
    assert!(
        home.text("serve.err").contains("There was no policy"),
        "{}",
        home.text("serve.err")
    );
    assert_eq!(home.mode(POLICY), 0o600);
    assert!(home.text(POLICY).contains("federation = \"oc-me-v1\""));
    assert_eq!(sign(&home, &attestation()).status, 200);
    assert_eq!(sign(&home, &guardian_key()).status, 200);
    assert_eq!(sign(&home, &alert("info", "new release")).status, 200);
    assert_eq!(sign(&home, &alert("critical", "fire")).status, 202);
    assert_eq!(server.stop(), Some(0));
    // A home without a bundle has nothing to make one from, and is told before the passphrase is read.
    let home = Home::with_identity();
    home.run(&["sign", "--serve", "--passphrase-file", "nowhere.txt"])
        .is(str![[r#"
$ oc-guardian sign --serve --passphrase-file nowhere.txt
--- stderr
error: there is no policy at [DIR]/home/config/policy.toml, and no config bundle to make one for
hint: Write the bundle first (oc-guardian config gen), or name a policy with --policy FILE.
--- exit 1

"#]]);
}

#[test]
fn refusals_by_policy_and_by_what_no_policy_lifts() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let with = |field: &str, value: serde_json::Value| {
        let mut request = attestation();
        request["payload"][field] = value;
        request
    };
    let now = crate::support::signer::now();
    for (request, expected) in [
        (
            action("program-apply", &serde_json::json!({})),
            "403 denied-by-policy",
        ),
        (attestation_of(ED25519_ID), "403 not-our-operator"),
        (with("attested_at", (now - 200).into()), "403 attestation-time"),
        (with("attested_at", (now + 200).into()), "403 attestation-time"),
        (with("federation_slug", "other".into()), "422 federation-mismatch"),
        (with("status", "broken".into()), "422 malformed-request"),
    ] {
        let answer = sign(&home, &request);
        assert_eq!(answer.says(), expected, "{}", answer.body);
    }
    let mut old = attestation();
    let id = format!("{:08x}{}", now - 700, &old["id"].as_str().unwrap()[8..]);
    old["id"] = id.into();
    old["at"] = (now - 700).into();
    assert_eq!(sign(&home, &old).says(), "409 id-too-old");
    for kind in ["frost-commit", "frost-sign", "ceremony"] {
        let request = crate::support::signer::request(kind, &serde_json::json!({}));
        assert_eq!(sign(&home, &request).says(), "422 kind-unsupported", "{kind}");
    }
    assert!(records_of(&home, "signed").is_empty());
    assert!(!records_of(&home, "denied").is_empty());
    server.wait_for("refused");
}

#[test]
fn a_rate_that_is_used_up() {
    let home = Home::with_identity();
    home.write(
        POLICY,
        "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\nrate = \"3/h\"\n",
    );
    let server = SigningServer::start(&home, &[]);
    for _ in 0..3 {
        assert_eq!(sign(&home, &attestation()).status, 200);
    }
    assert_eq!(sign(&home, &attestation()).says(), "429 rate-exceeded");
    // A restart is no way around it.
    server.kill();
    let _server = SigningServer::start(&home, &[]);
    assert_eq!(sign(&home, &attestation()).says(), "429 rate-exceeded");
}

#[test]
fn a_policy_edited_to_nonsense_changes_nothing() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    home.write(
        POLICY,
        "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"alow\"\n",
    );
    server.signal(Signal::HUP);
    let told = server.wait_for("policy");
    assert!(told["error"].as_str().unwrap().contains("line 4"), "{told}");
    home.run(&["sign", "--reload"]).exits(1);
    assert_eq!(
        post(&home, OPERATOR_SOCKET, "/v1/reload", "{}").says(),
        "422 bad-policy"
    );
    assert_eq!(sign(&home, &attestation()).status, 200);
    home.write(
        POLICY,
        "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"deny\"\n",
    );
    server.signal(Signal::HUP);
    let denied = eventually(|| {
        let answer = sign(&home, &attestation());
        (answer.status == 403).then(|| answer.says())
    });
    assert_eq!(denied.as_deref(), Some("403 denied-by-policy"));
    home.write(POLICY, OPEN_POLICY);
    home.run(&["sign", "--reload"]).exits(0);
    assert_eq!(sign(&home, &attestation()).status, 200);
    assert_eq!(server.stop(), Some(0));
    // At the start there is no old one.
    home.write(POLICY, "nonsense");
    home.run(&["sign", "--serve", "--passphrase-file", "pass.txt"])
        .exits(1);
}

#[test]
fn a_restart_gives_the_recorded_signature() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let requests = [attestation(), alert("info", "one"), guardian_key()];
    let before: Vec<String> = requests.iter().map(|it| sign(&home, it).body).collect();
    assert!(
        before.iter().all(|body| body.contains("\"ok\":true")),
        "{before:?}"
    );
    server.kill();
    let server = SigningServer::start(&home, &[]);
    let after: Vec<String> = requests.iter().map(|it| sign(&home, it).body).collect();
    assert_eq!(before, after);
    // Nor is an old nonce good under a new id.
    let mut again = alert("info", "one");
    again["payload"] = requests[1]["payload"].clone();
    assert_eq!(sign(&home, &again).says(), "409 nonce-not-forward");
    assert_eq!(server.stop(), Some(0));
    assert_eq!(records_of(&home, "signed").len(), 3);
}

#[test]
fn one_id_at_the_same_time_is_signed_once() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    let request = attestation().to_string();
    let answers: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..32)
            .map(|_| scope.spawn(|| post(&home, GUARDIAN_SOCKET, "/v1/sign", &request).body))
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|body| *body == answers[0]), "{answers:?}");
    assert_eq!(records_of(&home, "signed").len(), 1);
}

#[test]
fn a_file_through_the_running_server() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    home.write("request.json", alert("info", "from a file").to_string());
    let run = home.run(&["sign", "request.json"]).exits(0);
    let envelope: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(envelope["payload"]["params"]["title"], "from a file");
    // Id, time and nonce are filled in.
    let mut request = alert("info", "short form");
    let fields = request.as_object_mut().unwrap();
    fields.remove("id");
    fields.remove("at");
    fields["payload"].as_object_mut().unwrap().remove("nonce");
    home.write("short.json", request.to_string());
    let run = home.run(&["sign", "short.json", "--json"]).exits(0).json();
    assert_eq!(run["ok"], true);
    assert_eq!(run["envelope"]["payload"]["params"]["title"], "short form");
    home.write(
        "denied.json",
        action("program-apply", &serde_json::json!({})).to_string(),
    );
    home.run(&["sign", "denied.json"]).is(str![[r#"
$ oc-guardian sign denied.json
--- stderr
error: the request is refused: rule 3 (line 10) says no
hint: See which rule decides with: oc-guardian policy test REQUEST.json
--- exit 5

"#]]);
    home.write(
        "malformed.json",
        r#"{"kind":"attestation","payload":{},"federation":null}"#,
    );
    home.run(&["sign", "malformed.json"]).exits(1);
    home.write("nonsense.json", "nonsense");
    home.run(&["sign", "nonsense.json"]).exits(1);
    home.run(&["sign", "nowhere.json"]).exits(1);
    assert_eq!(records_of(&home, "signed").len(), 2);
    assert_eq!(server.stop(), Some(0));
}

#[test]
fn a_file_without_a_server_under_the_same_policy_and_log() {
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    home.write("request.json", alert("info", "alone").to_string());
    let run = home
        .run(&["sign", "request.json", "--passphrase-file", "pass.txt"])
        .exits(0);
    assert!(
        run.stdout.starts_with(r#"{"payload":{"action":"alert-publish""#),
        "{}",
        run.text
    );
    // The same again is the recorded one.
    let again = home
        .run(&["sign", "request.json", "--passphrase-file", "pass.txt"])
        .exits(0);
    assert_eq!(run.stdout, again.stdout);
    home.write(
        "denied.json",
        action("program-apply", &serde_json::json!({})).to_string(),
    );
    home.run(&["sign", "denied.json", "--passphrase-file", "pass.txt"])
        .exits(5);
    // Nobody can be asked here.
    home.write("asked.json", alert("critical", "asked").to_string());
    home.run(&["sign", "asked.json", "--passphrase-file", "pass.txt"])
        .exits(2);
    assert_eq!(records_of(&home, "signed").len(), 1);
}

#[test]
fn what_a_wrong_passphrase_or_a_missing_key_does() {
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    home.write("wrong.txt", "not the passphrase");
    home.run(&["sign", "--serve", "--passphrase-file", "wrong.txt"])
        .exits(1);
    assert!(!home.path(LOG).exists() && !home.path(GUARDIAN_SOCKET).exists());
    home.run(&["sign", "--serve"]).exits(2);
    std::fs::remove_file(home.path(KEY_FILE)).unwrap();
    home.run(&["sign", "--serve", "--passphrase-file", "pass.txt"])
        .exits(1);
    Home::new().run(&["sign", "--serve"]).exits(1);
    let run = Home::new().run(&["sign"]).exits(2);
    assert!(run.stderr.contains("--serve"), "{}", run.text);
}

#[test]
fn no_secret_is_in_anything_that_was_written() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0", "-v"]);
    let token = home.text("home/run/token").trim_end().to_owned();
    sign(&home, &attestation());
    sign(&home, &alert("critical", "asked"));
    post(&home, GUARDIAN_SOCKET, "/v1/sign", "nonsense");
    let metrics = get(&home, OPERATOR_SOCKET, "/metrics").body;
    assert!(
        metrics.contains("oc_guardian_signatures_total{kind=\"attestation\"} 1"),
        "{metrics}"
    );
    let events = format!("{:?}", server.events("signed"));
    assert_eq!(server.stop(), Some(0));
    let mut written = vec![home.text("serve.err"), metrics, events];
    for name in home.tree() {
        if !name.ends_with('/') && name != "pass.txt" && !name.ends_with("token") {
            written.push(String::from_utf8_lossy(&home.read(&name)).into_owned());
        }
    }
    for text in written {
        for secret in [crate::support::SECRET_HEX, PASSPHRASE, &token] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn a_unit_that_systemd_accepts() {
    let home = Home::with_identity();
    let run = home.run(&["sign", "--print-unit"]).exits(0);
    assert!(run.stdout.contains("Type=notify\n") && run.stdout.contains("sign --serve --no-input"));
    if !crate::support::needs("SYSTEMD", "systemd-analyze", || {
        crate::support::starts("systemd-analyze", "--version")
    }) {
        return;
    }
    // Not the normalised text: its paths must exist.
    let odd = home.write("a $HOME %h \"b\" \\c.toml", OPEN_POLICY);
    let unit = home
        .command(&[
            "sign",
            "--print-unit",
            "--ask-only",
            "--allow-uid",
            "65532",
            "--listen",
            "127.0.0.1:9180",
            "--guardian",
            "rpc.sock",
            "--policy",
        ])
        .arg(odd)
        .output()
        .unwrap();
    let unit = String::from_utf8(unit.stdout).unwrap();
    for part in [
        "--ask-only",
        "--allow-uid 65532",
        "--listen 127.0.0.1:9180",
        "rpc.sock --policy",
        r#"a $$HOME %%h \"b\" \\c.toml""#,
        "Environment=\"OC_GUARDIAN_HOME=",
        "LoadCredentialEncrypted=passphrase:",
    ] {
        assert!(unit.contains(part), "{part}\n{unit}");
    }
    let path = home.write("oc-guardian-sign.service", unit);
    let output = std::process::Command::new("systemd-analyze")
        .args(["verify", "--man=no", "--user"])
        .arg(path)
        .env("XDG_RUNTIME_DIR", home.path(""))
        .output()
        .unwrap();
    let complaints: String = String::from_utf8_lossy(&output.stderr)
        .lines()
        .filter(|line| line.contains("oc-guardian-sign"))
        .collect();
    assert!(complaints.is_empty(), "{complaints}");
}

#[test]
fn a_unit_has_no_line_break_in_it() {
    let home = Home::with_identity();
    let run = home.run(&["sign", "--print-unit", "--policy", "a\nExecStartPre=/bin/sh"]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{}", run.text);
}

#[test]
fn a_user_who_cannot_come_through_is_pointed_out() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &["--allow-uid", "65532"]);
    let said = home.text("serve.err");
    assert!(
        said.contains("user 65532 cannot come through") && said.contains("--listen"),
        "{said}"
    );
}

/// What `Type=notify` waits for.
#[test]
fn systemd_is_told() {
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    let path = home.path("notify");
    let socket = std::os::unix::net::UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let mut command = serve_command(&home, &[]);
    command
        .env("NOTIFY_SOCKET", &path)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut child = crate::support::Killed(command.spawn().unwrap());
    let told = || {
        let mut bytes = [0; 512];
        let length = socket.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    assert!(told().contains("READY=1"));
    assert_eq!(sign(&home, &attestation()).status, 200);
    rustix::process::kill_process(rustix::process::Pid::from_child(&child.0), Signal::TERM).unwrap();
    assert!(told().contains("STOPPING=1"));
    assert!(child.0.wait().unwrap().success());
}
