//! `policy test`

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use snapbox::str;

use crate::support::{Home, OPERATOR_ID, Transcript};

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn request(kind: &str, payload: &Value) -> Value {
    let now = now();
    json!({"id": format!("{now:08x}{}", "ab".repeat(12)), "at": now, "kind": kind, "federation": "oc-me-v1",
        "payload": payload})
}

fn attestation(operator_id: &str) -> Value {
    request(
        "attestation",
        &json!({"kind": "oc-guardian-attestation", "operator_id": operator_id, "federation_slug": "oc-me-v1",
            "hosted_request_id": null, "fedimintd_version": "1.2.3", "p2p_url": "http://host:9001",
            "api_url": "http://host:9000", "status": "running", "attested_at": now(), "image_digest": null}),
    )
}

fn action(action: &str, params: &Value) -> Value {
    let now = now();
    request(
        "action",
        &json!({"action": action, "params": params, "nonce": now * 1000, "expires_at": now + 600,
            "federation": "oc-me-v1"}),
    )
}

/// With an identity and the usual policy.
fn home() -> Home {
    let home = Home::with_identity();
    let made = home.run_line("policy init --federation oc-me-v1");
    assert_eq!(made.code, Some(0), "{}", made.text);
    home
}

fn tried(home: &Home, request: &Value) -> Transcript {
    home.write("request.json", request.to_string());
    home.run_line("policy test request.json")
}

#[test]
fn what_is_signed_without_a_question() {
    tried(&home(), &attestation(OPERATOR_ID)).is(str![[r#"
$ oc-guardian policy test request.json
request        health: running in oc-me-v1
decided by     rule 1 (line 6): attestation or guardian-key or frost-commit, for oc-me-v1: allow, at most 120/min
effect         it is signed without a question
--- exit 0

"#]]);
    let notice = json!({"severity": "info", "tag": "upgrade", "title": "v1.2.4", "body": ""});
    let home = home();
    home.write("request.json", action("alert-publish", &notice).to_string());
    home.run_line("policy test request.json --json").is(str![[r#"
$ oc-guardian policy test request.json --json
{"ok":true,"policy":"[DIR]/home/config/policy.toml","summary":"alert-publish for oc-me-v1: info \"v1.2.4\"","effect":"sign","timeout":null,"rule":"rule 2 (line 13)","description":"action: alert-publish, severity info, tag upgrade, for oc-me-v1: allow, at most 4/h","always_asked":false,"obstacle":null}
--- exit 0

"#]]);
}

#[test]
fn what_is_asked() {
    let alert = json!({"severity": "critical", "title": "a\u{202e}b", "body": ""});
    tried(&home(), &action("alert-publish", &alert)).is(str![[r#"
$ oc-guardian policy test request.json
request        alert-publish for oc-me-v1: critical "a\u{202e}b"
decided by     rule 4 (line 30): everything: ask (5 min to answer)
effect         a person is asked, and has 5 min to answer
--- exit 0

"#]]);
    let home = home();
    home.write(
        "all",
        "version = 1\n[[rule]]\nkind = \"*\"\ndecision = \"allow\"\n",
    );
    home.write("request.json", action("charter-sign", &json!({})).to_string());
    home.run_line("policy test request.json --policy all")
        .is(str![[r#"
$ oc-guardian policy test request.json --policy all
request        charter-sign for oc-me-v1
decided by     rule 1 (line 2): everything: allow
effect         a person is asked, and has 5 min to answer
because        a person is always asked for this, whatever a rule allows
--- exit 0

"#]]);
}

#[test]
fn what_is_refused() {
    tried(&home(), &attestation("op-00000000000000000000000000000000")).is(str![[r#"
$ oc-guardian policy test request.json
request        health: running in oc-me-v1
decided by     rule 1 (line 6): attestation or guardian-key or frost-commit, for oc-me-v1: allow, at most 120/min
effect         it is refused
because        the payload is for op-00000000000000000000000000000000, and this server signs for op-132f39a98c31baaddba6525f5d43f295
--- exit 0

"#]]);
    let home = home();
    home.write(
        "none",
        "version = 1\n[[rule]]\nkind = \"attestation\"\ndecision = \"deny\"\n",
    );
    home.write("request.json", attestation(OPERATOR_ID).to_string());
    home.run_line("policy test request.json --policy none")
        .is(str![[r#"
$ oc-guardian policy test request.json --policy none
request        health: running in oc-me-v1
decided by     rule 1 (line 2): attestation: deny
effect         it is refused
--- exit 0

"#]]);
    home.write("request.json", action("federation-join", &json!({})).to_string());
    home.run_line("policy test request.json --policy none")
        .is(str![[r#"
$ oc-guardian policy test request.json --policy none
request        federation-join for oc-me-v1
decided by     no rule matches
effect         it is refused
--- exit 0

"#]]);
    home.write("request.json", request("ceremony", &json!({})).to_string());
    home.run_line("policy test request.json").is(str![[r#"
$ oc-guardian policy test request.json
request        ceremony
decided by     rule 4 (line 30): everything: ask (5 min to answer)
effect         it is refused
because        this release does not sign requests of kind ceremony
--- exit 0

"#]]);
}

#[test]
fn without_an_identity_only_the_policy_speaks() {
    let home = Home::new();
    home.run_line("policy init --federation oc-me-v1 --quiet");
    tried(&home, &attestation("op-00000000000000000000000000000000")).is(str![[r#"
$ oc-guardian policy test request.json
request        health: running in oc-me-v1
decided by     rule 1 (line 6): attestation or guardian-key or frost-commit, for oc-me-v1: allow, at most 120/min
effect         it is signed without a question
--- exit 0

"#]]);
}

#[test]
fn what_is_no_request() {
    let home = home();
    let good = attestation(OPERATOR_ID).to_string();
    let refused = |text: &str| {
        home.write("request.json", text);
        let shown = home.run_line("policy test request.json --json");
        assert_eq!(shown.code, Some(1), "{}", shown.text);
        let document: Value = serde_json::from_str(&shown.stdout).unwrap();
        document["reason"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refused(&good.replace("\"at\":", "\"at\":1,\"at\":")),
        "malformed-json"
    );
    assert_eq!(refused(&good.replace("running", "walking")), "malformed-request");
    assert_eq!(refused(&good.replace("\"at\":1", "\"at\":2")), "id-time-mismatch");
    assert_eq!(
        refused(&good.replace("\"federation\":\"oc-me-v1\"", "\"federation\":\"x\"")),
        "federation-mismatch"
    );
    assert_eq!(refused(&"[".repeat(60_000)), "malformed-json");
    assert_eq!(refused(&" ".repeat(70_000)), "too-large");
    home.write("request.json", good.replace("running", "\\u001b[2J"));
    home.run_line("policy test request.json").is(str![[r#"
$ oc-guardian policy test request.json
--- stderr
error: request.json: attestation.status is not starting, running or degraded
hint: Compare it with the request of this kind in docs/formats.md.
--- exit 1

"#]]);
}

#[test]
fn a_bad_policy_decides_nothing() {
    let home = home();
    home.write(
        "bad",
        "version = 1\n[[rule]]\nkind = \"every\"\ndecision = \"allow\"\n",
    );
    home.write("request.json", attestation(OPERATOR_ID).to_string());
    home.run_line("policy test request.json --policy bad")
        .is(str![[r#"
$ oc-guardian policy test request.json --policy bad
--- stderr
error: bad: line 3, column 8: "every" is no kind
hint: See everything that is wrong with: oc-guardian policy check bad
--- exit 1

"#]]);
}
