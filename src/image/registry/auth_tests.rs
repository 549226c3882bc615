use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;

use super::*;

fn refusal(challenges: &[&str]) -> Answer {
    let mut headers = HeaderMap::new();
    for challenge in challenges {
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_str(challenge).unwrap());
    }
    Answer {
        status: 401,
        headers,
        body: Vec::new(),
    }
}

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

fn answered(body: &str) -> Result<HeaderValue, Misbehaviour> {
    issued(&Answer {
        status: 200,
        headers: HeaderMap::new(),
        body: body.as_bytes().to_vec(),
    })
}

#[test]
fn a_token_is_preferred_to_a_password() {
    let registry = uri("https://r.example/v2/");
    let bearer = r#"Bearer realm="https://auth.example/token",service="r""#;
    let token = Login::Token {
        realm: uri("https://auth.example/token"),
        service: Some("r".into()),
    };
    let both = format!("Basic realm=\"x\", {bearer}");
    for challenges in [
        &[bearer][..],
        &["Basic realm=x", bearer],
        &[bearer, "Basic"],
        &[both.as_str()],
    ] {
        assert_eq!(
            login(&refusal(challenges), &registry).as_ref(),
            Ok(&token),
            "{challenges:?}"
        );
    }
    assert_eq!(login(&refusal(&["Basic"]), &registry), Ok(Login::Basic));
    // A second header that is malformed could hide what the first was to be.
    assert!(login(&refusal(&[bearer, "Basic realm=\""]), &registry).is_err());
}

#[test]
fn requests_for_tokens() {
    let password = Credential::Password {
        user: "u".into(),
        password: "p".to_owned().into(),
    };
    let plain = token_request(&uri("https://a.example/token"), Some("s t"), "a/b", None).unwrap();
    assert_eq!(
        plain.uri,
        "https://a.example/token?service=s%20t&scope=repository%3Aa%2Fb%3Apull"
    );
    assert!(plain.authorization.is_none() && plain.form.is_none());
    let login = token_request(&uri("https://a.example/token?x=y"), None, "a/b", Some(&password)).unwrap();
    assert_eq!(
        login.uri,
        "https://a.example/token?x=y&scope=repository%3Aa%2Fb%3Apull"
    );
    let sent = login.authorization.unwrap();
    assert_eq!(sent, "Basic dTpw");
    assert!(sent.is_sensitive() && !format!("{sent:?}").contains("dTpw"));
    let refresh = Credential::RefreshToken("a&b".to_owned().into());
    let login = token_request(&uri("https://a.example/token"), Some("s"), "a/b", Some(&refresh)).unwrap();
    assert_eq!(login.uri, "https://a.example/token");
    assert!(login.authorization.is_none());
    let wanted = "grant_type=refresh_token&refresh_token=a%26b&client_id=oc-guardian&service=s&scope=repository%3Aa%2Fb%3Apull";
    assert_eq!(*login.form.unwrap(), wanted);
}

#[test]
fn tokens_are_one_word() {
    assert_eq!(answered(r#"{"token":"a.b-c"}"#).unwrap(), "Bearer a.b-c");
    assert_eq!(
        answered(r#"{"access_token":"a","expires_in":"x"}"#).unwrap(),
        "Bearer a"
    );
    let long = format!(r#"{{"token":"{}"}}"#, "a".repeat(MAX_TOKEN + 1));
    for bad in [
        "",
        "{}",
        r#"{"token":null}"#,
        r#"{"token":1}"#,
        r#"{"token":"a b"}"#,
        r#"{"token":"\u0000"}"#,
        r#"{"token":"é"}"#,
        &long,
    ] {
        assert!(answered(bad).is_err(), "{bad}");
    }
}
