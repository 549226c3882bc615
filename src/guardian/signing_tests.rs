use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::envelope::HEALTH_FRESH;
use crate::federation::test_support::key;
use crate::guardian::peers::test_support::{SLUG, health, notice, signed};

fn signing() -> Arc<Signing> {
    Arc::new(Signing::new(key(1).public(), None))
}

type Task = tokio::task::JoinHandle<Result<String, SigningError>>;

/// Asks for a signature under a health envelope of this age.
fn ask(signing: &Arc<Signing>, payload: HealthAttestation, lifetime: u64) -> Task {
    let signing = Arc::clone(signing);
    tokio::spawn(async move {
        let wanted = Wanted {
            kind: Kind::Attestation,
            federation: Some(SLUG),
            payload: &payload,
            expires_at: unix_now() + lifetime,
        };
        signing.sign(wanted).await
    })
}

async fn fetch(signing: &Signing) -> Value {
    let found = signing.pending(&[], Duration::from_secs(10)).await;
    serde_json::from_str(&found[0]).unwrap()
}

fn answered(request: &Value, status: u16, body: &Value) -> Answered {
    Answered {
        id: request["id"].as_str().unwrap().into(),
        status,
        body: RawValue::from_string(body.to_string()).unwrap(),
    }
}

fn with_envelope(request: &Value, envelope: &str) -> Answered {
    let envelope: Value = serde_json::from_str(envelope).unwrap();
    answered(
        request,
        200,
        &serde_json::json!({ "ok": true, "envelope": envelope }),
    )
}

#[tokio::test]
async fn a_signature_over_what_was_asked_for_is_handed_on() {
    let signing = signing();
    let payload = health(1, unix_now());
    let task = ask(&signing, payload.clone(), HEALTH_FRESH);
    let request = fetch(&signing).await;
    assert_eq!(request["kind"], "attestation");
    assert_eq!(request["federation"], SLUG);
    assert_eq!(request["payload"].to_string(), payload.signed_bytes().unwrap());
    let envelope = signed(&key(1), &payload);
    assert_eq!(signing.answer(&with_envelope(&request, &envelope)), Ok(true));
    assert_eq!(task.await.unwrap().unwrap(), envelope);
    assert_eq!(signing.waiting(), 0);
    // Told twice, it is no news.
    assert_eq!(signing.answer(&with_envelope(&request, &envelope)), Ok(false));
}

#[tokio::test]
async fn what_is_no_signature_over_it_leaves_the_request_in_the_queue() {
    let signing = signing();
    let payload = health(1, unix_now());
    let task = ask(&signing, payload.clone(), HEALTH_FRESH);
    let request = fetch(&signing).await;
    let mut other = payload.clone();
    other.attested_at += 1;
    let good = signed(&key(1), &payload);
    let forged = good.replacen("running", "degraded", 1);
    for wrong in [
        signed(&key(2), &payload),
        signed(&key(1), &other),
        forged,
        "{}".into(),
        "null".into(),
    ] {
        assert!(
            signing.answer(&with_envelope(&request, &wrong)).is_err(),
            "{wrong}"
        );
        assert_eq!(signing.waiting(), 1);
    }
    for (status, body) in [
        (200, serde_json::json!({ "ok": true })),
        (200, serde_json::json!(null)),
    ] {
        assert!(signing.answer(&answered(&request, status, &body)).is_err());
    }
    for status in [202, 403, 409, 429, 500, 503, 0] {
        let body = serde_json::json!({ "ok": false, "reason": "no", "detail": "no" });
        assert_eq!(signing.answer(&answered(&request, status, &body)), Ok(false));
    }
    assert_eq!(signing.waiting(), 1);
    assert_eq!(signing.answer(&with_envelope(&request, &good)), Ok(true));
    assert!(task.await.unwrap().is_ok());
}

#[tokio::test]
async fn answers_to_nothing_are_no_signatures() {
    let signing = signing();
    let known = serde_json::json!({ "id": "69248100adadadadadadadadadadadad" });
    let body = serde_json::json!({});
    assert_eq!(signing.answer(&answered(&known, 200, &body)), Ok(false));
    for id in ["", "69", &"g".repeat(32)] {
        let nonsense = serde_json::json!({ "id": id });
        assert!(signing.answer(&answered(&nonsense, 200, &body)).is_err());
    }
}

#[tokio::test]
async fn the_last_refusal_is_the_reason_in_the_end() {
    let signing = signing();
    let task = ask(&signing, health(1, unix_now()), 1);
    let request = fetch(&signing).await;
    let body = serde_json::json!({ "ok": false, "reason": "denied-by-policy", "detail": "rule 3" });
    signing.answer(&answered(&request, 403, &body)).unwrap();
    match task.await.unwrap() {
        Err(SigningError::Refused { reason, detail }) => {
            assert_eq!((reason.as_str(), detail.as_str()), ("denied-by-policy", "rule 3"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(signing.waiting(), 0);
    let unanswered = ask(&signing, health(1, unix_now()), 1).await.unwrap();
    assert!(matches!(unanswered, Err(SigningError::Expired)), "{unanswered:?}");
}

#[tokio::test]
async fn a_newer_attestation_takes_the_place_of_the_older() {
    let signing = signing();
    let older = ask(&signing, health(1, unix_now()), HEALTH_FRESH);
    let first = fetch(&signing).await;
    let newer = ask(&signing, health(1, unix_now() + 1), HEALTH_FRESH);
    assert!(matches!(older.await.unwrap(), Err(SigningError::Replaced)));
    let second = fetch(&signing).await;
    assert_ne!(first["id"], second["id"]);
    assert_eq!(signing.waiting(), 1);
    newer.abort();
    let _ = newer.await;
    assert_eq!(signing.waiting(), 0, "nobody waits for it any more");
}

#[tokio::test]
async fn a_poll_wakes_for_what_comes_and_leaves_out_what_is_known() {
    let signing = signing();
    assert!(signing.pending(&[], Duration::ZERO).await.is_empty());
    let polling = Arc::clone(&signing);
    let poll = tokio::spawn(async move { polling.pending(&[], Duration::from_secs(10)).await });
    tokio::task::yield_now().await;
    let task = ask(&signing, health(1, unix_now()), HEALTH_FRESH);
    let found = poll.await.unwrap();
    assert_eq!(found.len(), 1);
    let request: Value = serde_json::from_str(&found[0]).unwrap();
    let known = [request["id"].as_str().unwrap().to_owned()];
    assert!(
        signing
            .pending(&known, Duration::from_millis(20))
            .await
            .is_empty()
    );
    task.abort();
}

/// Actions that wait fill the queue: the next one is told so at once, all reach the kit in as many frames as they need, and each
/// answer makes room.
#[tokio::test]
async fn a_full_queue_is_told_at_once_and_empties() {
    let signing = signing();
    let action = |nonce: u64| {
        let mut payload = notice(nonce);
        payload.expires_at = unix_now() + 900;
        payload.params["body"] = "x".repeat(4000).into();
        payload
    };
    let ask = |nonce: u64| {
        let (signing, payload) = (Arc::clone(&signing), action(nonce));
        tokio::spawn(async move {
            let wanted = Wanted {
                kind: Kind::Action,
                federation: Some(SLUG),
                payload: &payload,
                expires_at: payload.expires_at,
            };
            signing.sign(wanted).await
        })
    };
    let tasks: Vec<Task> = (1..=64).map(ask).collect();
    while signing.waiting() < 64 {
        tokio::task::yield_now().await;
    }
    let refused = ask(65).await.unwrap();
    assert!(
        matches!(refused, Err(SigningError::Queue(QueueError::Full))),
        "{refused:?}"
    );
    let health = ask_health(&signing).await.unwrap();
    assert!(
        matches!(health, Err(SigningError::Queue(QueueError::Full))),
        "{health:?}"
    );
    let (mut known, mut requests, mut frames) = (Vec::new(), Vec::new(), 0);
    while requests.len() < 64 {
        let found = signing.pending(&known, Duration::ZERO).await;
        assert!(!found.is_empty(), "{} of 64 came", requests.len());
        assert!(found.iter().map(String::len).sum::<usize>() < MAX_FRAME);
        frames += 1;
        for json in found {
            let request: Value = serde_json::from_str(&json).unwrap();
            known.push(request["id"].as_str().unwrap().to_owned());
            requests.push(request);
        }
    }
    assert!(frames > 4, "{frames}");
    let first = &requests[0];
    let nonce = first["payload"]["nonce"].as_u64().unwrap();
    let mut payload = action(nonce);
    payload.expires_at = first["payload"]["expires_at"].as_u64().unwrap();
    let envelope = signed(&key(1), &payload);
    assert_eq!(signing.answer(&with_envelope(first, &envelope)), Ok(true));
    assert_eq!(signing.waiting(), 63);
    let late = ask(66);
    while signing.waiting() < 64 {
        tokio::task::yield_now().await;
    }
    for task in tasks.iter().chain([&late]) {
        task.abort();
    }
    for task in tasks.into_iter().chain([late]) {
        let _ = task.await;
    }
    assert_eq!(signing.waiting(), 0);
}

fn ask_health(signing: &Arc<Signing>) -> Task {
    ask(signing, health(1, unix_now()), HEALTH_FRESH)
}

#[test]
fn connected_is_who_fetches() {
    let signing = signing();
    assert!(!signing.is_connected());
    signing.began_fetching();
    signing.began_fetching();
    signing.ended_fetching();
    assert!(signing.is_connected());
    signing.ended_fetching();
    assert!(!signing.is_connected());
}
