//! The documents of docs/formats.md, and what becomes of them when single places are changed.

use super::*;

const SLUG: &str = "oc-me-v1";

const REGISTRY: &str = r#"{"ok":true,"operators":[
{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","pubkey":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","scheme":"bip340","name":"Alder"},
{"operator_id":"op-4a67330b803d5c88757afb9328615344","pubkey":"4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29","scheme":"ed25519","name":"Birch"}
],"count":2}"#;

const BOARD: &str = r#"{"ok":true,"federation":"oc-me-v1","name":"OC-Me","threshold":3,"at":1764000200,"stale_after":120,
"pins":["sha256:1111111111111111111111111111111111111111111111111111111111111111"],"operators":[
{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","name":"Alder","color":"green","cause":"fresh","since":1764000100,"attested_at":1764000190,"received_at":1764000190,"status":"running","image_digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","guardian_version":"1.2.3","api_url":"http://a.example:9000","p2p_url":"http://a.example:9001"},
{"operator_id":"op-4a67330b803d5c88757afb9328615344","name":"Birch","color":"grey","cause":"never-heard","since":1764000000,"attested_at":null,"received_at":null,"status":null,"image_digest":null,"guardian_version":null,"api_url":null,"p2p_url":null}
],"count":2}"#;

const INCIDENTS: &str = r#"{"ok":true,"federation":"oc-me-v1","incidents":[
{"id":"0123456789abcdef0123456789abcdef","operator_id":"op-132f39a98c31baaddba6525f5d43f295","severity":"info","tag":"upgrade","title":"New image","body":"","published_at":1764000000,"envelope":{"payload":{}}}
],"count":1}"#;

const FEDERATIONS: &str =
    r#"{"ok":true,"federations":[{"slug":"oc-me-v1","name":"OC-Me","threshold":3,"guardians":4}],"count":1}"#;

const FEDERATION: &str = r#"{"ok":true,"at":1764000200,"federation":{"slug":"oc-me-v1","name":"OC-Me","threshold":3,"guardians":4,"pins":[],
"members":[{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","name":"Alder","charter":null}],"incidents":[],"events":[]}}"#;

const CHARTERS: &str = r#"{"ok":true,"federation":"oc-me-v1","signatures":[
{"operator_id":"op-132f39a98c31baaddba6525f5d43f295","received_at":1764000000,"envelope":{"payload":{}}}
],"count":1}"#;

/// What a reader says of a document with one place changed.
fn changed(
    document: &str,
    from: &str,
    to: &str,
    read: impl Fn(&[u8]) -> Result<(), AnswerError>,
) -> Result<(), AnswerError> {
    assert!(document.contains(from), "{from} is not in the document");
    assert_eq!(read(document.as_bytes()), Ok(()), "the document itself is good");
    read(document.replacen(from, to, 1).as_bytes())
}

#[track_caller]
fn refuses(document: &str, read: impl Fn(&[u8]) -> Result<(), AnswerError> + Copy, changes: &[(&str, &str)]) {
    for (from, to) in changes {
        assert!(changed(document, from, to, read).is_err(), "{from} -> {to}");
    }
}

fn registry(bytes: &[u8]) -> Result<(), AnswerError> {
    Registry::parse(bytes).map(|_| ())
}

fn board(bytes: &[u8]) -> Result<(), AnswerError> {
    Board::parse(bytes, SLUG).map(|_| ())
}

fn incidents(bytes: &[u8]) -> Result<(), AnswerError> {
    Incidents::parse(bytes, SLUG).map(|_| ())
}

#[test]
fn a_registry_is_read() {
    let read = Registry::parse(REGISTRY.as_bytes()).unwrap();
    let schemes: Vec<_> = read
        .operators
        .iter()
        .map(|it| it.key().unwrap().scheme().as_str())
        .collect();
    assert_eq!(schemes, ["bip340", "ed25519"]);
}

#[test]
fn a_registry_need_not_name_schemes_or_whole_ids() {
    let public = REGISTRY
        .replace(
            r#","scheme":"bip340","name":"Alder""#,
            r#","joined":1.5,"Extra":{"a":[]}"#,
        )
        .replace(r#","scheme":"ed25519","name":"Birch""#, "")
        .replace("op-132f39a98c31baaddba6525f5d43f295", "op-132f39a98c31baad");
    let read = Registry::parse(public.as_bytes()).unwrap();
    assert_eq!(
        read.operators[0].operator_id.as_str(),
        "op-132f39a98c31baaddba6525f5d43f295"
    );
    assert_eq!(read.operators[0].key(), None, "a scheme is never guessed");
}

#[test]
fn a_registry_that_is_no_registry() {
    refuses(
        REGISTRY,
        registry,
        &[
            (r#""ok":true"#, r#""ok":false"#),
            (r#""ok":true,"#, ""),
            (r#""count":2"#, r#""count":3"#),
            (r#","count":2"#, ""),
            (r#""count":2"#, r#""count":2,"count":2"#),
            (r#""count":2"#, r#""count":-2"#),
            // The id of another key; of no form.
            ("op-132f", "op-132e"),
            (
                "op-132f39a98c31baaddba6525f5d43f295",
                "op-132f39a98c31baaddba6525f5d43f2950",
            ),
            // No key: not hex, upper case, not a point, of small order.
            ("79be667e", "79BE667E"),
            ("79be667e", "79be667"),
            (
                "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798",
                &"f".repeat(64),
            ),
            (
                "4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29",
                &format!("01{}", "0".repeat(62)),
            ),
            // The same key twice.
            (
                r#""operator_id":"op-4a67330b803d5c88757afb9328615344","pubkey":"4cb5abf6ad79fbf5abbccafcc269d85cd2651ed4b885b5869f241aedf0a5ba29","scheme":"ed25519""#,
                r#""operator_id":"op-132f39a98c31baaddba6525f5d43f295","pubkey":"79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798","scheme":"bip340""#,
            ),
            (r#""scheme":"bip340""#, r#""scheme":"rsa""#),
            (r#""name":"Alder""#, &format!(r#""name":"{}""#, "A".repeat(129))),
            (r#""name":"Alder""#, r#""name":["Alder"]"#),
        ],
    );
}

#[test]
fn a_board_that_is_no_board() {
    refuses(
        BOARD,
        board,
        &[
            (r#""federation":"oc-me-v1""#, r#""federation":"oc-me-v2""#),
            (r#""count":2"#, r#""count":1"#),
            (
                "op-4a67330b803d5c88757afb9328615344",
                "op-132f39a98c31baaddba6525f5d43f295",
            ),
            (r#""color":"green""#, r#""color":"Green""#),
            (r#""color":"green""#, r#""color":"blue""#),
            // Green for something old, grey for something heard, a colour for nothing.
            (r#""attested_at":1764000190"#, r#""attested_at":1764000079"#),
            (r#""color":"green""#, r#""color":"grey""#),
            (r#""color":"grey""#, r#""color":"red""#),
            (r#""color":"grey""#, r#""color":"green""#),
            (r#""attested_at":1764000190"#, r#""attested_at":1764000501"#),
            (r#""attested_at":1764000190"#, r#""attested_at":1.5"#),
            (r#""since":1764000100"#, r#""since":1764000201"#),
            (r#""since":1764000100"#, r#""since":18446744073709551616"#),
            (r#""stale_after":120"#, r#""stale_after":0"#),
            (r#""at":1764000200"#, r#""at":18446744073709551615"#),
            (r#""pins":["sha256:1"#, r#""pins":["sha256:g"#),
            (
                r#""status":"running""#,
                &format!(r#""status":"{}""#, "x".repeat(33)),
            ),
        ],
    );
}

#[test]
fn incidents_that_are_none() {
    refuses(
        INCIDENTS,
        incidents,
        &[
            (r#""federation":"oc-me-v1""#, r#""federation":"other""#),
            (r#""severity":"info""#, r#""severity":"INFO""#),
            (
                r#""title":"New image""#,
                &format!(r#""title":"{}""#, "x".repeat(121)),
            ),
            (r#""body":"""#, &format!(r#""body":"{}""#, "x".repeat(4001))),
            (
                r#""published_at":1764000000"#,
                r#""published_at":9007199254740993"#,
            ),
            (r#""envelope":{"payload":{}}"#, r#""envelope":"x""#),
            (r#""count":1"#, r#""count":0"#),
        ],
    );
}

#[test]
fn what_nobody_signed_is_not_verified() {
    let told = Incidents::parse(INCIDENTS.as_bytes(), SLUG).unwrap();
    let key = Registry::parse(REGISTRY.as_bytes()).unwrap().operators[0]
        .key()
        .unwrap();
    assert!(!told.incidents[0].is_signed_by(&key, SLUG));
}

#[test]
fn federations_and_charters() {
    let list = FederationList::parse(FEDERATIONS.as_bytes()).unwrap();
    assert_eq!(list.federations[0].slug, SLUG);
    let one = Federation::parse(FEDERATION.as_bytes(), SLUG).unwrap();
    assert_eq!(one.members.unwrap().len(), 1);
    assert!(Federation::parse(FEDERATION.as_bytes(), "other").is_err());
    let charters = Charters::parse(CHARTERS.as_bytes(), SLUG).unwrap();
    assert_eq!(charters.signatures[0].envelope.get(), r#"{"payload":{}}"#);
    refuses(
        FEDERATIONS,
        |bytes| FederationList::parse(bytes).map(|_| ()),
        &[
            (r#""slug":"oc-me-v1""#, r#""slug":"../x""#),
            (r#""threshold":3"#, r#""threshold":5"#),
        ],
    );
    refuses(
        CHARTERS,
        |bytes| Charters::parse(bytes, SLUG).map(|_| ()),
        &[(r#""count":1"#, r#""count":2"#), ("op-132f", "op-132")],
    );
}

#[test]
fn refusals_are_read_and_cut() {
    for (document, read) in [
        (
            r#"{"ok":false,"reason":"stale","detail":"it is old"}"#,
            Some(("stale", "it is old")),
        ),
        (r#"{"ok":false}"#, Some(("no-reason", "no detail was given"))),
        (
            r#"{"error":"rate_limited"}"#,
            Some(("rate_limited", "no detail was given")),
        ),
        (r#"{"ok":true,"error":"none"}"#, None),
        (r#"{"operators":[]}"#, None),
        ("<html>", None),
        ("", None),
    ] {
        let found = answer::refusal(document.as_bytes());
        let found = found
            .as_ref()
            .map(|(reason, detail)| (reason.as_str(), detail.as_str()));
        assert_eq!(found, read, "{document}");
    }
    let long = format!(
        r#"{{"ok":false,"reason":"{0}","detail":"{0}"}}"#,
        "é".repeat(5000)
    );
    let (reason, detail) = answer::refusal(long.as_bytes()).unwrap();
    assert_eq!((reason.chars().count(), detail.chars().count()), (64, 300));
}
