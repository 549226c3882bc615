//! `sign` with somebody at the terminal.

use crate::support::signer::{
    GUARDIAN_SOCKET, OPEN_POLICY, OPERATOR_SOCKET, POLICY, action, alert, attestation, eventually, get, post,
    records_of, sign,
};
use crate::support::{Home, PASSPHRASE, Terminal};

const SERVE: [&str; 6] = [
    "sign",
    "--serve",
    "--guardian",
    "none",
    "--passphrase-file",
    "pass.txt",
];

fn serving(policy: &str) -> (Home, Terminal) {
    let home = Home::with_identity();
    home.write(POLICY, policy);
    let mut terminal = Terminal::start(&home, &SERVE);
    terminal.see("Answering signing requests");
    terminal.see("policy.toml");
    assert!(eventually(|| home.path(GUARDIAN_SOCKET).exists().then_some(())).is_some());
    (home, terminal)
}

#[track_caller]
fn outcome(home: &Home, request: &serde_json::Value) -> String {
    let path = format!("/v1/requests/{}?wait=10", request["id"].as_str().unwrap());
    get(home, GUARDIAN_SOCKET, &path).says()
}

/// In the second after a question has gone, keys are not taken for an answer to the next.
fn look_first() {
    std::thread::sleep(std::time::Duration::from_millis(1100));
}

#[test]
fn a_calm_log_and_a_clean_end() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    for _ in 0..3 {
        assert_eq!(sign(&home, &attestation()).status, 200);
    }
    terminal.see("3 routine requests signed");
    assert_eq!(sign(&home, &alert("info", "release 1.1")).status, 200);
    terminal.see("alert-publish for oc-me-v1");
    assert_eq!(
        sign(&home, &action("program-apply", &serde_json::json!({}))).status,
        403
    );
    terminal.see("denied-by-policy");
    terminal.press_control('c');
    terminal.see("Stopped after 4 signatures.");
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true), "{}", ended.screen);
}

#[test]
fn y_and_enter_sign() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    let request = alert("critical", "disk failing");
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("disk failing");
    terminal.see("Sign this?");
    terminal.press("y");
    // A key alone is no answer.
    std::thread::sleep(std::time::Duration::from_millis(500));
    assert_eq!(
        get(&home, OPERATOR_SOCKET, "/v1/requests").json()["requests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    terminal.press("\r");
    assert_eq!(outcome(&home, &request), "200");
    terminal.see("approved");
    terminal.press_control('c');
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true), "{}", ended.screen);
}

#[test]
fn anything_else_is_a_no() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    for keys in ["\r", "n\r", "x\r", "yn\r", "h\u{7f}\r", "\u{4}"] {
        // `charter-sign` cannot be approved for an hour.
        let request = action("charter-sign", &serde_json::json!({}));
        assert_eq!(sign(&home, &request).status, 202);
        terminal.see("Sign this?");
        look_first();
        terminal.press(keys);
        assert_eq!(outcome(&home, &request), "403 denied", "{keys:?}");
    }
    let request = action("charter-sign", &serde_json::json!({}));
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("Sign this?");
    look_first();
    terminal.press("h\r");
    assert_eq!(outcome(&home, &request), "403 denied");
    assert!(records_of(&home, "signed").is_empty());
}

#[test]
fn h_signs_for_an_hour() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    let request = alert("critical", "one");
    sign(&home, &request);
    terminal.see("h: for an hour");
    terminal.press("h\r");
    assert_eq!(outcome(&home, &request), "200");
    assert_eq!(sign(&home, &alert("critical", "two")).status, 200);
}

#[test]
fn time_runs_out_on_the_screen() {
    let (home, mut terminal) = serving(&OPEN_POLICY.replace("\"5m\"", "\"10s\""));
    let request = alert("critical", "nobody looks");
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("0:08 left");
    terminal.see("0:07 left");
    // The screen leaves it to the server to end the question: it is recorded as what it is.
    let expired = eventually(|| (outcome(&home, &request) == "403 expired").then_some(()));
    assert!(expired.is_some());
    // And the next question is asked as if nothing had been.
    let request = alert("critical", "somebody looks");
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("somebody looks");
    terminal.see("Sign this?");
    look_first();
    terminal.press("y\r");
    assert_eq!(outcome(&home, &request), "200");
}

#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    terminal.press("y\ry\r");
    let request = alert("critical", "surprise");
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("Sign this?");
    std::thread::sleep(std::time::Duration::from_millis(600));
    let list = get(&home, OPERATOR_SOCKET, "/v1/requests").json();
    assert_eq!(list["requests"].as_array().unwrap().len(), 1);
    terminal.press("\r");
    assert_eq!(outcome(&home, &request), "403 denied");
}

#[test]
fn an_answer_to_a_question_that_was_replaced_is_none_to_the_next() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    let (first, second) = (alert("critical", "the first"), alert("critical", "the second"));
    assert_eq!(sign(&home, &first).status, 202);
    terminal.see("Sign this?");
    assert_eq!(sign(&home, &second).status, 202);
    terminal.see("(+1)");
    let path = format!("/v1/requests/{}/deny", first["id"].as_str().unwrap());
    assert_eq!(post(&home, OPERATOR_SOCKET, &path, "{}").status, 200);
    terminal.see("the second");
    terminal.see("Sign this?");
    // Meant for the first.
    terminal.press("y\r");
    look_first();
    let path = format!("/v1/requests/{}", second["id"].as_str().unwrap());
    assert_eq!(get(&home, GUARDIAN_SOCKET, &path).status, 202);
    terminal.press("y\r");
    assert_eq!(outcome(&home, &second), "200");
}

#[test]
fn the_prompt_says_what_it_is_about_and_refusals_wait() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    let request = alert("critical", "disk failing");
    let id = request["id"].as_str().unwrap().to_owned();
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("Sign this?");
    let prompt = terminal.see("left");
    let short = format!("{})", &id[id.len() - 6..]);
    assert!(
        prompt.contains("alert-publish") && prompt.contains(&short),
        "{prompt:?}"
    );
    for _ in 0..3 {
        let refused = action("program-apply", &serde_json::json!({}));
        assert_eq!(sign(&home, &refused).status, 403);
    }
    terminal.press("y\r");
    assert_eq!(outcome(&home, &request), "200");
    let meanwhile = terminal.see("approved");
    assert!(!meanwhile.contains("denied-by-policy"), "{meanwhile:?}");
    terminal.see("3 more requests");
}

#[test]
fn an_answer_from_elsewhere_ends_the_question() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    let request = alert("critical", "answered elsewhere");
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("Sign this?");
    let path = format!("/v1/requests/{}/deny", request["id"].as_str().unwrap());
    assert_eq!(post(&home, OPERATOR_SOCKET, &path, "{}").status, 200);
    terminal.see("denied");
    terminal.press_control('c');
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true), "{}", ended.screen);
}

#[test]
fn outside_text_does_not_draw_on_the_terminal() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    let params = serde_json::json!({
        "severity": "critical", "title": "\u{202e}evil\u{200b}",
        "body": format!("\u{1b}[2J\u{1b}[31mSign this? [y/N] y\r\n{}\u{9b}", "x".repeat(3_900)),
    });
    let request = action("alert-publish", &params);
    assert_eq!(sign(&home, &request).status, 202);
    terminal.see("Sign this?");
    terminal.see("left");
    terminal.press("\r");
    assert_eq!(outcome(&home, &request), "403 denied");
    terminal.press_control('c');
    let ended = terminal.end();
    for bad in ["\u{1b}[2J", "\u{1b}[31mSign", "\u{202e}", "\u{200b}", "\u{9b}"] {
        assert!(!ended.screen.contains(bad), "{:?}", ended.screen);
    }
}

#[test]
fn control_c_in_a_question_stops_and_signs_nothing() {
    let (home, mut terminal) = serving(OPEN_POLICY);
    assert_eq!(sign(&home, &alert("critical", "interrupted")).status, 202);
    terminal.see("Sign this?");
    terminal.press("y");
    terminal.press_control('c');
    let ended = terminal.end();
    assert_eq!((ended.code, ended.echo), (0, true), "{}", ended.screen);
    assert!(records_of(&home, "signed").is_empty());
    assert_eq!(records_of(&home, "expired").len(), 1);
}

#[test]
fn approving_from_a_second_terminal_shows_what_is_approved() {
    let home = Home::with_identity();
    let _server = crate::support::signer::SigningServer::start(&home, &[]);
    let request = alert("critical", "look at me");
    let id = request["id"].as_str().unwrap();
    assert_eq!(sign(&home, &request).status, 202);
    let mut terminal = Terminal::start(&home, &["sign", "--approve", id]);
    terminal.see("look at me");
    terminal.answer("Sign this?", "n");
    assert_eq!(terminal.end().code, 5);
    let mut terminal = Terminal::start(&home, &["sign", "--approve", id]);
    terminal.answer("Sign this?", "y");
    assert_eq!(terminal.end().code, 0);
    assert_eq!(outcome(&home, &request), "200");
}

#[test]
fn a_file_is_asked_about_where_no_server_runs() {
    let home = Home::with_identity();
    home.write(POLICY, OPEN_POLICY);
    home.write("request.json", alert("critical", "by hand").to_string());
    let mut terminal = Terminal::start(&home, &["sign", "request.json"]);
    terminal.answer("Passphrase of the key file", PASSPHRASE);
    terminal.see("by hand");
    terminal.answer("Sign this?", "y");
    terminal.see("sig_hex");
    assert_eq!(terminal.end().code, 0);
    home.write("other.json", alert("critical", "not this one").to_string());
    let mut terminal = Terminal::start(&home, &["sign", "other.json", "--passphrase-file", "pass.txt"]);
    terminal.answer("Sign this?", "n");
    assert_eq!(terminal.end().code, 5);
    assert_eq!(records_of(&home, "signed").len(), 1);
}
