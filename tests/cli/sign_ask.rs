//! Requests that a person has to answer, without a terminal.

use serde_json::{Value, json};
use snapbox::str;

use crate::support::Home;
use crate::support::signer::{
    GUARDIAN_SOCKET, OPEN_POLICY, OPERATOR_SOCKET, POLICY, SigningServer, action, alert, eventually,
    exchange, get, http, post, records_of, sign, tcp,
};

fn id_of(request: &Value) -> &str {
    request["id"].as_str().unwrap()
}

/// What waits under this id, as the operator's door shows it.
fn question(home: &Home, request: &Value) -> Value {
    let answer = get(home, OPERATOR_SOCKET, &format!("/v1/requests/{}", id_of(request)));
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.json()["question"].clone()
}

fn approve(home: &Home, request: &Value, scope: &str) -> crate::support::signer::Answer {
    let hash = question(home, request)["payload_sha256"].clone();
    let body = json!({ "payload_sha256": hash, "scope": scope }).to_string();
    post(
        home,
        OPERATOR_SOCKET,
        &format!("/v1/requests/{}/approve", id_of(request)),
        &body,
    )
}

fn outcome(home: &Home, request: &Value) -> crate::support::signer::Answer {
    get(home, GUARDIAN_SOCKET, &format!("/v1/requests/{}", id_of(request)))
}

#[test]
fn yes_from_another_terminal() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let request = alert("critical", "disk failing");
    let asked = sign(&home, &request);
    assert_eq!(asked.status, 202);
    let shown = question(&home, &request);
    assert_eq!(asked.json()["expires_at"], shown["expires_at"]);
    let pending = home.run(&["sign", "--pending"]).exits(0);
    for part in [
        id_of(&request),
        "disk failing",
        shown["payload_sha256"].as_str().unwrap(),
    ] {
        assert!(pending.stdout.contains(part), "{}", pending.text);
    }
    home.run(&["sign", "--approve", id_of(&request)]).exits(2);
    let hash = shown["payload_sha256"].as_str().unwrap();
    home.run(&["sign", "--approve", id_of(&request), "--sha256", &"0".repeat(64)])
        .exits(1);
    home.run(&["sign", "--approve", id_of(&request), "--sha256", hash])
        .exits(0);
    let signed = outcome(&home, &request);
    assert_eq!(signed.status, 200);
    // Asked again, it is the same signature.
    assert_eq!(sign(&home, &request).body, signed.body);
    home.run(&["sign", "--approve", id_of(&request), "--sha256", hash])
        .exits(1);
    let events: Vec<Value> = crate::support::signer::records(&home)
        .into_iter()
        .filter(|record| record["request_id"] == request["id"])
        .map(|record| record["event"].clone())
        .collect();
    assert_eq!(events, ["asked", "approved", "signed"]);
    server.wait_for("approved");
}

#[test]
fn no_from_another_terminal() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    let request = action("charter-sign", &json!({}));
    assert_eq!(sign(&home, &request).status, 202);
    home.run(&["sign", "--deny", id_of(&request)]).exits(0);
    assert_eq!(outcome(&home, &request).says(), "403 denied");
    assert_eq!(sign(&home, &request).says(), "403 denied");
    // By the person, and then because of it.
    assert!(eventually(|| (records_of(&home, "denied").len() == 2).then_some(())).is_some());
    assert!(records_of(&home, "signed").is_empty());
}

#[test]
fn nobody_in_time_is_a_no() {
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY.replace("\"5m\"", "\"10s\""));
    let _server = SigningServer::start(&home, &[]);
    let request = alert("critical", "nobody is there");
    assert_eq!(sign(&home, &request).status, 202);
    let path = format!("/v1/requests/{}?wait=20", id_of(&request));
    assert_eq!(get(&home, GUARDIAN_SOCKET, &path).says(), "403 expired");
    assert!(eventually(|| (records_of(&home, "expired").len() == 1).then_some(())).is_some());
    assert_eq!(sign(&home, &request).says(), "403 expired");
}

#[test]
fn an_approval_is_for_the_payload_that_was_shown() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &[]);
    let request = alert("critical", "one");
    let other = alert("critical", "two");
    assert_eq!(
        (sign(&home, &request).status, sign(&home, &other).status),
        (202, 202)
    );
    let hash = question(&home, &other)["payload_sha256"].clone();
    let body = json!({ "payload_sha256": hash }).to_string();
    let path = format!("/v1/requests/{}/approve", id_of(&request));
    assert_eq!(
        post(&home, OPERATOR_SOCKET, &path, &body).says(),
        "409 other-payload"
    );
    assert_eq!(outcome(&home, &request).status, 202);
    // The same id with other content is refused, and does not change what waits.
    let mut swapped = request.clone();
    swapped["payload"]["params"]["title"] = "three".into();
    assert_eq!(sign(&home, &swapped).says(), "409 id-reused");
    assert_eq!(approve(&home, &request, "once").status, 200);
    assert!(outcome(&home, &request).body.contains("\"title\":\"one\""));
}

#[test]
fn yes_for_an_hour_but_never_for_what_is_always_asked() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let first = alert("critical", "one");
    sign(&home, &first);
    assert_eq!(approve(&home, &first, "hour").status, 200);
    assert_eq!(sign(&home, &alert("critical", "two")).status, 200);
    assert_eq!(sign(&home, &action("federation-leave", &json!({}))).status, 202);
    let charter = action("charter-sign", &json!({}));
    sign(&home, &charter);
    assert_eq!(question(&home, &charter)["may_repeat"], false);
    assert_eq!(approve(&home, &charter, "hour").says(), "403 ask-only");
    assert_eq!(approve(&home, &charter, "once").status, 200);
    assert_eq!(sign(&home, &action("charter-sign", &json!({}))).status, 202);
    // A new policy takes the hour back, and so does a restart.
    home.run(&["sign", "--reload"]).exits(0);
    assert_eq!(sign(&home, &alert("critical", "three")).status, 202);
    server.kill();
    let _server = SigningServer::start(&home, &[]);
    assert_eq!(sign(&home, &alert("critical", "four")).status, 202);
}

#[test]
fn always_asked_whatever_the_policy_says() {
    let home = Home::with_identity();
    home.write(
        POLICY,
        "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\n",
    );
    let _server = SigningServer::start(&home, &[]);
    for name in ["charter-sign", "exit-handoff", "payouts-claim", "bridge-command"] {
        assert_eq!(sign(&home, &action(name, &json!({}))).status, 202, "{name}");
    }
    assert_eq!(sign(&home, &action("federation-leave", &json!({}))).status, 200);
}

#[test]
fn ask_only_asks_about_everything() {
    let home = Home::with_identity();
    let _server = SigningServer::start(&home, &["--ask-only"]);
    let request = crate::support::signer::attestation();
    assert_eq!(sign(&home, &request).status, 202);
    assert_eq!(approve(&home, &request, "hour").says(), "403 ask-only");
    assert_eq!(approve(&home, &request, "once").status, 200);
}

#[test]
fn what_waits_at_a_stop_is_a_no_and_after_a_crash_too() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    let request = alert("critical", "one");
    sign(&home, &request);
    assert_eq!(server.stop(), Some(0));
    assert_eq!(records_of(&home, "expired").len(), 1);
    let server = SigningServer::start(&home, &[]);
    assert_eq!(sign(&home, &request).says(), "403 expired");
    let crashed = alert("critical", "two");
    assert_eq!(sign(&home, &crashed).status, 202);
    server.kill();
    let _server = SigningServer::start(&home, &[]);
    assert_eq!(sign(&home, &crashed).says(), "403 expired");
    assert_eq!(records_of(&home, "expired").len(), 2);
    // Nobody turned these down.
    let next = alert("critical", "three");
    assert_eq!(sign(&home, &next).status, 202);
    let unusual = question(&home, &next)["unusual"].to_string();
    assert!(!unusual.contains("turned down"), "{unusual}");
}

#[test]
fn the_nonce_still_holds_when_the_yes_comes() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &[]);
    // Waits while a later one with a higher nonce is signed.
    let early = alert("critical", "early");
    let late = alert("info", "late");
    assert_eq!(sign(&home, &early).status, 202);
    assert_eq!(sign(&home, &late).status, 200);
    assert_eq!(approve(&home, &early, "once").says(), "409 nonce-not-forward");
    let told = outcome(&home, &early);
    assert_eq!(told.says(), "409 nonce-not-forward");
    assert_eq!(server.wait_for("refused")["id"], early["id"]);
    // Whoever sends it again is told the same, and after a restart, too: the operator did not say no.
    assert_eq!(sign(&home, &early).body, told.body);
    server.kill();
    let _server = SigningServer::start(&home, &[]);
    assert_eq!(sign(&home, &early).body, told.body);
    assert_eq!(records_of(&home, "signed").len(), 1);
}

#[test]
fn long_requests_do_not_hide_what_waits() {
    let home = Home::with_identity();
    let server = SigningServer::start(&home, &["--listen", "127.0.0.1:0"]);
    let long = || action("federation-leave", &json!({ "note": "\"".repeat(30_000) }));
    let token = home.text(crate::support::signer::TOKEN);
    let (bearer, host) = (
        format!("Bearer {}", token.trim_end()),
        format!("127.0.0.1:{}", server.port()),
    );
    let headers = [
        ("host", host.as_str()),
        ("content-type", "application/json"),
        ("authorization", bearer.as_str()),
    ];
    for _ in 0..16 {
        let asked = sign(&home, &long());
        assert_eq!(asked.status, 202, "{asked:?}");
        let bytes = http("POST", "/v1/sign", &headers, &long().to_string());
        assert_eq!(exchange(&mut tcp(server.port()), bytes).status, 202);
    }
    let list = get(&home, OPERATOR_SOCKET, "/v1/requests");
    assert!(list.body.len() < 64 * 1024, "{}", list.body.len());
    let pending = home.run(&["sign", "--pending", "--json"]).exits(0);
    let shown: Value = serde_json::from_str(&pending.stdout).unwrap();
    let shown = shown["requests"].as_array().unwrap();
    assert_eq!(shown.len(), 32);
    assert!(shown[0]["payload"].as_str().unwrap().len() > 60_000);
    let id = shown[0]["id"].as_str().unwrap();
    home.run(&[
        "sign",
        "--approve",
        id,
        "--sha256",
        shown[0]["payload_sha256"].as_str().unwrap(),
    ])
    .exits(0);
}

/// The screen's queue overflows while nobody reads what the server prints.
#[test]
fn a_slow_screen_learns_of_what_it_missed() {
    use std::io::{BufRead, BufReader, Write};
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    let mut command = crate::support::signer::serve_command(&home, &[]);
    let mut child = command
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    assert!(line.contains("serving"), "{line}");
    let mut guardian = crate::support::signer::unix(&home, GUARDIAN_SOCKET);
    let headers = [("host", "localhost"), ("content-type", "application/json")];
    let bad = http("POST", "/v1/sign", &headers, r#"{"id":1}"#);
    for _ in 0..2500 {
        guardian.write_all(bad.as_bytes()).unwrap();
        let answer = crate::support::signer::read_answer(&mut guardian).unwrap();
        assert_eq!(answer.status, 422);
    }
    let request = alert("critical", "in the flood");
    assert_eq!(sign(&home, &request).status, 202);
    // The last lines of what was queued, and then what was lost.
    let (mut lost, mut asked) = (false, false);
    while !asked {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "it never tells");
        let told: Value = serde_json::from_str(&line).unwrap();
        lost |= told["event"] == "lost";
        asked = told["event"] == "asked";
    }
    assert!(lost, "nothing was lost: the flood is too small for this test");
    let _ = child.kill();
    let _ = child.wait();
}

#[test]
fn an_id_that_is_none_is_told_before_anything_is_sent() {
    let home = Home::with_identity();
    home.run(&["sign", "--deny", "zz"]).is(str![[r#"
$ oc-guardian sign --deny zz
--- stderr
error: "zz" is not the id of a request, which is 32 digits 0-9 a-f
hint: See the ids of those that wait with: oc-guardian sign --pending
--- exit 2

"#]]);
    home.run(&["sign", "--approve", "../../metrics"]).exits(2);
}

#[test]
fn nothing_waits() {
    let home = Home::with_identity();
    home.run(&["sign", "--pending"]).is(str![[r#"
$ oc-guardian sign --pending
--- stderr
error: no signing server answers at [DIR]/home/run/operator/operator.sock: No such file or directory (os error 2)
hint: Start it with: oc-guardian sign --serve
--- exit 1

"#]]);
    let _server = SigningServer::start(&home, &[]);
    home.run(&["sign", "--pending"]).is(str![[r#"
$ oc-guardian sign --pending
No request waits for an answer.
--- exit 0

"#]]);
    home.run(&["sign", "--pending", "--json"]).is(str![[r#"
$ oc-guardian sign --pending --json
{"ok":true,"requests":[]}
--- exit 0

"#]]);
    home.run(&["sign", "--deny", &"0".repeat(32)]).is(str![[r#"
$ oc-guardian sign --deny 00000000000000000000000000000000
--- stderr
error: the request is refused: no question with this id waits
hint: See what waits with: oc-guardian sign --pending
--- exit 1

"#]]);
}
