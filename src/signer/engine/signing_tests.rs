use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::operator::{Scheme, SecretKey};
use crate::signer::bench::{ALL, ASK};
use crate::signer::{CallerId, Policy, RequestId, Setup};
use crate::store::Folders;

fn open(folders: &Folders, policy: &str) -> Arc<Engine> {
    let setup = Setup {
        key: SecretKey::from_bytes(Scheme::Ed25519, &[7; 32]).unwrap(),
        policy: Policy::parse(policy).unwrap(),
        policy_file: folders.config.join("policy.toml"),
        federation: None,
        ask_only: false,
        dangerously_accept_rollback: false,
    };
    Engine::open(folders, setup).unwrap().0
}

/// An action, with this nonce or none.
fn action(serial: u8, nonce: Option<u64>) -> Value {
    let now = unix_now();
    let mut request = json!({
        "id": RequestId::new(now, [serial; 12]).to_string(), "at": now, "kind": "action", "federation": "oc-me-v1",
        "payload": { "action": "federation-join", "params": {}, "expires_at": now + 600, "federation": "oc-me-v1" },
    });
    if let Some(nonce) = nonce {
        request["payload"]["nonce"] = nonce.into();
    }
    request
}

async fn sign(engine: &Arc<Engine>, caller: Caller, request: &Value) -> Reply {
    engine.sign(caller, request.to_string().into_bytes()).await
}

fn guardian() -> Caller {
    Caller::Guardian(CallerId::new("guardian"))
}

fn nonce_of(reply: &Reply) -> u64 {
    let body: Value = serde_json::from_str(&reply.body).unwrap();
    body["envelope"]["payload"]["nonce"]
        .as_u64()
        .unwrap_or_else(|| panic!("{reply:?}"))
}

/// A guardian can take a nonce that is ahead of the clock; the operator's next request goes through all the same.
#[tokio::test]
async fn the_operators_action_gets_its_nonce_from_the_core() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(&Folders::under(home.path()), ALL);
    let before = unix_now_ms();
    let first = sign(&engine, Caller::Operator, &action(1, None)).await;
    assert!((before..=unix_now_ms()).contains(&nonce_of(&first)));
    let ahead = unix_now_ms() + 100_000;
    let taken = sign(&engine, guardian(), &action(2, Some(ahead))).await;
    assert_eq!(taken.status, 200, "{taken:?}");
    let next = sign(&engine, Caller::Operator, &action(3, None)).await;
    assert_eq!(nonce_of(&next), ahead + 1);
    // A guardian says which nonce it means.
    let refused = sign(&engine, guardian(), &action(4, None)).await;
    assert_eq!(refused.status, 422, "{refused:?}");
}

#[tokio::test]
async fn without_its_nonce_too_the_same_request_gets_the_same_answer() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::under(home.path());
    let engine = open(&folders, ALL);
    let request = action(1, None);
    let first = sign(&engine, Caller::Operator, &request).await;
    sign(&engine, Caller::Operator, &action(2, None)).await;
    assert_eq!(sign(&engine, Caller::Operator, &request).await.body, first.body);
    let mut other = request.clone();
    other["payload"]["params"] = json!({ "other": true });
    assert_eq!(sign(&engine, Caller::Operator, &other).await.status, 409);
    engine.close().unwrap();
    // A restart forgets it no more than the answer.
    let engine = open(&folders, ALL);
    assert_eq!(sign(&engine, Caller::Operator, &request).await.body, first.body);
}

#[tokio::test]
async fn without_its_nonce_too_a_request_waits_for_a_person_once() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(&Folders::under(home.path()), ASK);
    let request = action(1, None);
    for _ in 0..2 {
        assert_eq!(sign(&engine, Caller::Operator, &request).await.status, 202);
    }
    assert_eq!(engine.questions().len(), 1);
}

/// Who hangs up does not make room for more work than is allowed at once.
#[tokio::test]
async fn what_is_held_for_the_work_is_held_until_it_is_done() {
    let home = tempfile::tempdir().unwrap();
    let engine = open(&Folders::under(home.path()), ALL);
    let held = Arc::new(());
    let body = action(1, None).to_string().into_bytes();
    let mut asking = Box::pin(engine.sign_holding(Caller::Operator, body, Arc::clone(&held)));
    // Begun, and given up.
    assert!(poll_once(&mut asking).is_none());
    drop(asking);
    assert_eq!(Arc::strong_count(&held), 2);
    while Arc::strong_count(&held) > 1 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    assert_eq!(engine.signatures(), 1);
}

fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match std::pin::Pin::new(future).poll(&mut context) {
        std::task::Poll::Ready(output) => Some(output),
        std::task::Poll::Pending => None,
    }
}

/// It waits for the other one, and keeps no thread from its work meanwhile.
#[tokio::test]
async fn a_reload_waits_for_the_one_before_it() {
    let home = tempfile::tempdir().unwrap();
    let folders = Folders::under(home.path());
    crate::store::create_dir_private(&folders.config).unwrap();
    std::fs::write(folders.config.join("policy.toml"), ASK).unwrap();
    let engine = open(&folders, ALL);
    let first = engine.reloading.lock().await;
    let mut second = Box::pin(engine.reload());
    assert!(poll_once(&mut second).is_none());
    assert_eq!(
        sign(&engine, Caller::Operator, &action(1, None)).await.status,
        200
    );
    drop(first);
    assert_eq!(second.await.status, 200);
    assert_eq!(
        sign(&engine, Caller::Operator, &action(2, None)).await.status,
        202
    );
}
