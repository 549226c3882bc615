use super::*;

/// A request whose id ends with this number.
fn request(number: u64) -> Arc<Request> {
    let text = format!(
        r#"{{"id":"69248100{number:024x}","at":1764000000,"kind":"action","federation":"oc-me-v1","payload":{{"action":"federation-join","params":{{}},"nonce":1764000000000,"expires_at":1764000600,"federation":"oc-me-v1"}}}}"#
    );
    Arc::new(Request::parse(text.as_bytes()).unwrap())
}

fn question(request: &Request) -> Question {
    Question {
        id: request.id.to_string(),
        kind: "action".into(),
        summary: String::new(),
        caller: String::new(),
        rule: String::new(),
        effect: String::new(),
        fields: Vec::new(),
        unusual: Vec::new(),
        payload: request.bytes.clone(),
        payload_sha256: String::new(),
        expires_at: 1_764_000_300,
        may_repeat: false,
    }
}

fn ask_and_settle(asks: &mut Asks, number: u64, reason: &str) {
    let request = request(number);
    asks.add(Arc::clone(&request), Caller::Operator, question(&request));
    let ask = asks.take(request.id).unwrap();
    ask.settle(asks, Reply::refused(403, reason, ""));
}

#[test]
fn an_outcome_is_kept_as_long_as_others_when_its_id_was_asked_about_before() {
    let mut asks = Asks::default();
    ask_and_settle(&mut asks, 1, "first");
    for number in 2..=KEPT as u64 {
        ask_and_settle(&mut asks, number, "other");
    }
    ask_and_settle(&mut asks, 1, "again");
    assert_eq!(asks.order.len(), KEPT);
    // One more takes the place of the oldest, which is the second by now.
    ask_and_settle(&mut asks, KEPT as u64 + 1, "last");
    assert!(matches!(
        asks.look(&Caller::Operator, request(2).id),
        Look::Nothing
    ));
    match asks.look(&Caller::Operator, request(1).id) {
        Look::Settled(reply) => assert!(reply.body.contains("again")),
        _ => panic!("it is forgotten"),
    }
}
