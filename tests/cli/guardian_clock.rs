//! A guardian whose clock is five minutes off.

use std::io::Read;
use std::sync::{Arc, Mutex};

use oc_guardian::federation::Address;
use oc_guardian::guardian::Body;
use serde_json::{Value, json};

use super::guardian_peers::{self as peers, id};
use crate::support::running::{RunningGuardian, SigningKit, board_row, bundle, portal};
use crate::support::signer::{GUARDIAN_SOCKET, SigningServer, eventually, now};
use crate::support::{Answering, Home, WrongClock};

const OFF: [i64; 2] = [300, -300];

#[test]
fn the_portal_does_not_take_its_attestations_and_it_says_so() {
    let home = Home::with_identity();
    let Some(clock) = WrongClock::of(&home) else {
        return;
    };
    for seconds in OFF {
        let portal = portal(&[1]);
        home.write("bundle", bundle(&home, &portal.url(), &json!({})).to_string());
        let mut command = RunningGuardian::command(&home, "bundle");
        clock.shift(&mut command, seconds);
        let guardian = RunningGuardian::start_command(command);
        let _kit = SigningKit::of(&home, "data", 1);
        let refused = eventually(|| (guardian.healthz()["problems"] == json!(["portal"])).then_some(()));
        assert!(refused.is_some(), "{seconds}: {}", guardian.log());
        let says = if seconds > 0 {
            "ahead of the portal's clock"
        } else {
            "stale"
        };
        assert!(guardian.log().contains(says), "{seconds}: {}", guardian.log());
        assert_eq!(guardian.state(), "active");
        assert_eq!(board_row(&portal, 0)["color"], "grey", "{seconds}");
    }
}

#[test]
fn the_signing_server_refuses_requests_from_its_future() {
    let home = Home::with_identity();
    let Some(clock) = WrongClock::of(&home) else {
        return;
    };
    let portal = portal(&[1]);
    let _signer = SigningServer::start(&home, &[]);
    let socket = format!("unix:{}", home.path(GUARDIAN_SOCKET).display());
    let more = json!({ "signer_url": socket });
    home.write("bundle", bundle(&home, &portal.url(), &more).to_string());
    let mut command = RunningGuardian::command(&home, "bundle");
    clock.shift(&mut command, 300);
    let guardian = RunningGuardian::start_command(command);
    let told = eventually(|| guardian.log().contains("id-ahead").then_some(()));
    assert!(told.is_some(), "{}", guardian.log());
    assert_eq!(guardian.get("/status").says(), "503 not-delegated");
    assert_eq!(board_row(&portal, 0)["color"], "grey");
}

#[test]
fn guardians_do_not_believe_each_other_and_say_why() {
    let honest = peers::target();
    for seconds in OFF {
        let home = Home::new();
        let Some(clock) = WrongClock::of(&home) else {
            return;
        };
        // What it tells another one is kept here instead.
        let heard = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heard);
        let ear = Answering::by(move |mut stream, _| {
            let (mut body, mut piece) = (Vec::new(), [0; 4096]);
            while serde_json::from_slice::<Value>(&body).is_err() {
                match stream.read(&mut piece) {
                    Ok(0) | Err(_) => return,
                    Ok(count) => body.extend_from_slice(&piece[..count]),
                }
            }
            kept.lock().unwrap().push(String::from_utf8(body).unwrap());
        });
        let mut directory = peers::directory();
        directory.addresses = vec![Address {
            operator_id: id(1),
            api_url: ear.url.clone(),
            p2p_url: ear.url.clone(),
        }];
        let server = peers::served(&directory);
        let mut command = peers::command(&home, 2, &server.url, None, &json!({}));
        clock.shift(&mut command, seconds);
        let guardian = RunningGuardian::start_command(command);
        let _kit = SigningKit::of(&home, "data2", 2);
        let message = eventually(|| heard.lock().unwrap().first().cloned());
        let message = message.unwrap_or_else(|| panic!("{seconds}: {}", guardian.log()));
        let at = serde_json::from_str::<Value>(&message).unwrap()["message"]["at"]
            .as_i64()
            .unwrap();
        let off = at - i64::try_from(now()).unwrap();
        assert!((off - seconds).abs() < 20, "{off}");
        assert_eq!(
            honest.guardian.tell(&message).says(),
            "403 clock-skew",
            "{seconds}"
        );
    }
    // And the other way round.
    for seconds in OFF {
        let home = Home::new();
        let Some(clock) = WrongClock::of(&home) else {
            return;
        };
        let wrong = peers::target_by(home, |command| clock.shift(command, seconds));
        assert_eq!(wrong.good(2, 1, Body::Recall), "403 clock-skew", "{seconds}");
    }
}
