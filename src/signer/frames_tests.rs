use super::*;

fn raw(json: &str) -> Box<RawValue> {
    RawValue::from_string(json.to_owned()).unwrap()
}

/// What is written down in docs/formats.md; both sides of a connection may be of different releases.
#[test]
fn written_forms_are_frozen() {
    let hello = Hello {
        version: RPC_VERSION,
        program: "0.1.0".into(),
        operator_id: "op-132f39a98c31baaddba6525f5d43f295".into(),
    };
    let params = serde_json::value::to_raw_value(&hello).unwrap();
    let call = Call {
        id: 1,
        method: "hello".into(),
        params: &params,
    };
    let text = r#"{"id":1,"method":"hello","params":{"version":1,"program":"0.1.0","operator_id":"op-132f39a98c31baaddba6525f5d43f295"}}"#;
    assert_eq!(serde_json::to_string(&call).unwrap(), text);
    assert_eq!(&frame(text.as_bytes()).unwrap()[..5], b"\0\0\0\x7b{");
    for (value, text) in [
        (
            serde_json::to_string(&Pending {
                wait: 30,
                known: vec!["00".into()],
            }),
            r#"{"wait":30,"known":["00"]}"#,
        ),
        (
            serde_json::to_string(&Requests {
                requests: vec![raw(r#"{"id":"00"}"#)],
            }),
            r#"{"requests":[{"id":"00"}]}"#,
        ),
        (
            serde_json::to_string(&Answered {
                id: "00".into(),
                status: 403,
                body: raw(r#"{"ok":false}"#),
            }),
            r#"{"id":"00","status":403,"body":{"ok":false}}"#,
        ),
        (
            serde_json::to_string(&Remembered { of: "audit".into() }),
            r#"{"of":"audit"}"#,
        ),
        (serde_json::to_string(&Known { known: None }), r#"{"known":null}"#),
        (
            serde_json::to_string(&Leave { head: raw("{}") }),
            r#"{"head":{}}"#,
        ),
        (
            serde_json::to_string(&Answer {
                id: 7,
                result: Some(raw("{}")),
                error: None,
            }),
            r#"{"id":7,"result":{}}"#,
        ),
        (
            serde_json::to_string(&Answer {
                id: 7,
                result: None,
                error: Some(CallError {
                    reason: "unknown-method".into(),
                    detail: "no such method".into(),
                }),
            }),
            r#"{"id":7,"error":{"reason":"unknown-method","detail":"no such method"}}"#,
        ),
    ] {
        assert_eq!(value.unwrap(), text);
    }
}

fn read(bytes: &[u8]) -> Result<Vec<u8>, FrameError> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(read_frame(&mut &bytes[..]))
}

#[test]
fn frames_of_any_other_length_are_refused_before_they_are_read() {
    assert_eq!(read(&frame(b"{}").unwrap()).unwrap(), b"{}");
    assert!(matches!(read(b""), Err(FrameError::Closed)));
    assert!(matches!(read(b"\0\0\0\0"), Err(FrameError::Length(0))));
    assert!(matches!(read(b"\0\x01\0\x01{"), Err(FrameError::Length(65537))));
    assert!(matches!(read(b"GET / HTTP/1.1\r\n"), Err(FrameError::Length(_))));
    assert!(matches!(read(b"\0\0"), Err(FrameError::Io(_))));
    assert!(matches!(read(b"\0\0\0\x03{}"), Err(FrameError::Io(_))));
    assert!(matches!(
        frame(&[b' '; MAX_FRAME + 1]),
        Err(FrameError::Length(65537))
    ));
    assert!(frame(&[b' '; MAX_FRAME]).is_ok() && frame(b"").is_err());
}

#[test]
fn anything_else_in_a_frame_is_refused() {
    for json in [
        "",
        "{}",
        r#"{"id":1}"#,
        r#"{"id":1,"method":"hello"}"#,
        r#"{"id":-1,"method":"hello","params":{}}"#,
        r#"{"id":1,"id":1,"method":"hello","params":{}}"#,
        r#"{"id":1,"method":"hello","params":{},"more":1}"#,
        r#"{"id":1,"method":"hello","params":{}} "#.trim_end_matches(' ').strip_suffix('}').unwrap(),
    ] {
        assert!(parse_frame::<Call<'_>>(json.as_bytes()).is_err(), "{json}");
    }
}
