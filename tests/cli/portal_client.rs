//! The portal's client: against the devnet's portal, and against servers that are no portal.

use std::io::Write;
use std::time::{Duration, Instant};

use oc_guardian::envelope::Action;
use oc_guardian::portal::{Base, Client, Color, Fault, Outage, PortalError, Settings};
use serde_json::json;

use crate::support::Answering;
use crate::support::portal::{IMAGE, SLUG, TestPortal};

fn client(url: &str) -> Client {
    let mut settings = Settings::new(Base::parse(url).unwrap());
    settings.time = Duration::from_secs(3);
    Client::new(settings).unwrap()
}

/// What a question and a posted envelope end with.
fn errors(server: &Answering) -> [PortalError; 2] {
    let client = client(&server.url);
    [
        client.registry().unwrap_err(),
        client.post_attestation("{}").unwrap_err(),
    ]
}

#[track_caller]
fn assert_fault(server: &Answering, expected: &Fault) {
    for error in errors(server) {
        match error {
            PortalError::Misbehaved { fault, .. } => assert_eq!(&fault, expected),
            other => panic!("{other}"),
        }
    }
}

#[track_caller]
fn assert_outage(server: &Answering, expected: &Outage) {
    for error in errors(server) {
        match error {
            PortalError::Unreachable { outage, .. } => assert_eq!(&outage, expected),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn every_method_against_the_devnets_portal() {
    let portal = TestPortal::start();
    let client = client(&portal.portal.url());
    let registry = client.registry().unwrap();
    assert_eq!(
        registry.find(&portal.key(3).public()).unwrap().key(),
        Some(portal.key(3).public())
    );
    assert_eq!(client.federations().unwrap().federations[0].slug, SLUG);
    assert_eq!(
        client.federation(SLUG).unwrap().unwrap().members.unwrap().len(),
        4
    );
    assert_eq!(client.federation("nowhere").unwrap(), None);

    let posted = client
        .post_attestation(&portal.sign(0, &portal.attestation(0)))
        .unwrap();
    assert_eq!((posted.color, posted.repeated), (Some(Color::Green), false));
    let board = client.attestations(SLUG).unwrap();
    assert_eq!(
        board.find(&portal.id(0)).unwrap().image_digest.as_deref(),
        Some(IMAGE)
    );

    let charter = portal.sign(1, &portal.action(Action::CharterSign, json!({})));
    client.post_charter(&charter).unwrap();
    assert_eq!(
        client.charters(SLUG).unwrap().signatures[0].envelope.get(),
        charter
    );

    let alert = json!({ "body": "b", "severity": "critical", "title": "t" });
    let posted = client
        .post_incident(&portal.sign(3, &portal.action(Action::AlertPublish, alert)))
        .unwrap();
    let incidents = client.incidents(SLUG).unwrap().incidents;
    assert_eq!(posted.id.as_ref(), Some(&incidents[0].id));
    let key = registry.by_id(&portal.id(3)).unwrap().key().unwrap();
    assert!(incidents[0].is_signed_by(&key, SLUG));
    assert!(!incidents[0].is_signed_by(&key, "elsewhere"));
    assert!(!incidents[0].is_signed_by(&portal.key(0).public(), SLUG));
    let mut changed = incidents[0].clone();
    changed.alert.title = "other".into();
    assert!(
        !changed.is_signed_by(&key, SLUG),
        "what is told must be what was signed"
    );
}

#[test]
fn a_refusal_is_passed_on() {
    let portal = TestPortal::start();
    match client(&portal.portal.url()).post_attestation("{}").unwrap_err() {
        PortalError::Refused { status, reason, .. } => {
            assert_eq!((status, reason.as_str()), (400, "bad-envelope"))
        }
        other => panic!("{other}"),
    }
    // Whatever status a refusal comes with.
    let server = Answering::http("200 OK", "application/json", r#"{"ok":false,"reason":"no"}"#);
    for error in errors(&server) {
        assert!(
            matches!(error, PortalError::Refused { status: 200, .. }),
            "{error}"
        );
    }
}

#[test]
fn redirects_are_not_followed() {
    let elsewhere = Answering::http(
        "200 OK",
        "application/json",
        r#"{"ok":true,"operators":[],"count":0}"#,
    );
    for status in [301, 302, 303, 307, 308] {
        let server = Answering::with(format!(
            "HTTP/1.1 {status} Moved\r\nLocation: {}/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            elsewhere.url
        ));
        assert_fault(&server, &Fault::Redirect { status });
    }
    assert_eq!(elsewhere.connections(), 0);
}

#[test]
fn a_login_page_of_the_network() {
    let page = "<!doctype html><title>Welcome to our hotel</title>";
    assert_fault(
        &Answering::http("200 OK", "text/html; charset=utf-8", page),
        &Fault::WebPage,
    );
    assert_fault(&Answering::http("200 OK", "text/plain", page), &Fault::WebPage);
    assert_fault(
        &Answering::http("511 Network Authentication Required", "text/html", page),
        &Fault::Status(511),
    );
}

#[test]
fn another_content_type() {
    for (kind, name) in [
        ("text/plain", "text/plain"),
        (
            "application/json; charset=latin1",
            "application/json; charset=latin1",
        ),
    ] {
        let server = Answering::http("200 OK", kind, r#"{"ok":true}"#);
        assert_fault(&server, &Fault::ContentType(name.into()));
    }
}

#[test]
fn json_of_another_form() {
    for body in [
        "",
        "[]",
        "null",
        "{",
        r#"{"ok":"yes"}"#,
        r#"{"operators":[],"count":0}"#,
    ] {
        let server = Answering::http("200 OK", "application/json", body);
        for error in errors(&server) {
            let is_form = matches!(
                &error,
                PortalError::Misbehaved {
                    fault: Fault::Answer(_),
                    ..
                }
            );
            assert!(is_form, "{body}: {error}");
        }
    }
}

#[test]
fn answers_that_are_too_large() {
    let too_large = Fault::TooLarge(1024 * 1024);
    let announced = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1048577\r\n\r\n{";
    assert_fault(&Answering::with(announced), &too_large);
    let endless = Answering::by(|mut stream, _| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        while stream.write_all(chunk.as_bytes()).is_ok() {}
    });
    assert_fault(&endless, &too_large);
}

#[test]
fn a_server_that_dawdles() {
    let server = Answering::by(|mut stream, _| {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
        let _ = stream.write_all(head.as_bytes());
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let began = Instant::now();
    assert_outage(&server, &Outage::TimedOut);
    // Twice three seconds, and no repetition.
    assert!(began.elapsed() < Duration::from_secs(9), "{:?}", began.elapsed());
    assert_eq!(server.connections(), 2);
}

#[test]
fn only_questions_are_repeated() {
    let server = Answering::with("");
    let client = client(&server.url);
    assert!(matches!(
        client.registry(),
        Err(PortalError::Unreachable {
            outage: Outage::Closed,
            ..
        })
    ));
    assert_eq!(server.connections(), 3);
    assert!(matches!(
        client.post_incident("{}"),
        Err(PortalError::Unreachable { .. })
    ));
    assert_eq!(server.connections(), 4, "nothing is posted twice");
}

#[test]
fn a_machine_in_between_without_a_portal_behind_it() {
    assert_outage(
        &Answering::http("502 Bad Gateway", "text/html", "<html>"),
        &Outage::Status(502),
    );
    assert_fault(
        &Answering::http("404 Not Found", "text/html", "<html>"),
        &Fault::Status(404),
    );
    assert_fault(
        &Answering::http("500 Oops", "application/json", "{}"),
        &Fault::Status(500),
    );
}

#[test]
fn what_is_not_http() {
    let server = Answering::with("SSH-2.0-OpenSSH_9.2\r\n\r\n");
    for error in errors(&server) {
        assert!(
            matches!(
                &error,
                PortalError::Misbehaved {
                    fault: Fault::NotHttp(_),
                    ..
                }
            ),
            "{error}"
        );
    }
    let headers = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    for error in errors(&Answering::with(headers)) {
        assert!(
            matches!(
                &error,
                PortalError::Misbehaved {
                    fault: Fault::NotHttp(_),
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn nothing_listens() {
    let free = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    match client(&format!("http://{free}")).registry().unwrap_err() {
        PortalError::Unreachable {
            outage: Outage::Connect(_),
            ..
        } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn https_to_a_server_without_it() {
    let server = Answering::with("HTTP/1.1 400 Bad Request\r\n\r\n");
    let client = client(&server.url.replace("http://", "https://"));
    match client.registry().unwrap_err() {
        PortalError::Unreachable {
            outage: Outage::Tls(_),
            ..
        } => {}
        other => panic!("{other}"),
    }
}

#[test]
fn authorities_that_are_none() {
    for pem in [
        "",
        "no certificate",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let mut settings = Settings::new(Base::parse("https://localhost").unwrap());
        settings.authority = Some(pem.into());
        assert!(
            matches!(Client::new(settings), Err(PortalError::Authority(_))),
            "{pem}"
        );
    }
}
