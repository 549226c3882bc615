//! Logging in to registries, and that credentials go nowhere else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oc_guardian::image::Source;
use oc_guardian::image::registry::RegistryError;

use crate::support::registry::{
    Auth, BASIC, Challenge, Fault, LOGIN, PASSWORD, REFRESH, Request, Scene, USER,
};

#[test]
fn a_token_for_everybody_is_got_once_for_each_repository() {
    let scene = Scene::new(Auth::AnonymousToken);
    let client = scene.client();
    for name in ["a/b", "a/b", "a/c", "a/b"] {
        let reference = scene.registry.reference(name).parse().unwrap();
        assert!(client.manifest_by_tag(&reference, "v1").unwrap().is_some());
    }
    let tokens: Vec<_> = scene
        .registry
        .paths()
        .into_iter()
        .filter(|path| path.starts_with("/token"))
        .collect();
    assert_eq!(
        tokens,
        [
            "/token?service=test.example&scope=repository%3Aa%2Fb%3Apull",
            "/token?service=test.example&scope=repository%3Aa%2Fc%3Apull",
        ]
    );
}

#[test]
fn requests_at_once_share_a_login() {
    let scene = Scene::new(Auth::AnonymousToken);
    let (client, reference) = (scene.client(), scene.reference());
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert!(client.manifest_by_tag(&reference, "v1").unwrap().is_some()));
        }
    });
    let tokens = scene
        .registry
        .paths()
        .iter()
        .filter(|it| it.starts_with("/token"))
        .count();
    assert_eq!(tokens, 1);
}

#[test]
fn an_expired_token_is_replaced() {
    let scene = Scene::new(Auth::AnonymousToken);
    let (client, reference) = (scene.client(), scene.reference());
    for _ in 0..3 {
        assert!(client.manifest_by_tag(&reference, "v1").unwrap().is_some());
        scene.registry.expire_tokens();
    }
}

#[test]
fn passwords_get_a_token() {
    let scene = Scene::new(LOGIN).with_password();
    scene.assert_works();
    let authorized: Vec<_> = scene
        .registry
        .requests()
        .into_iter()
        .filter_map(|it| Some((it.path.clone(), it.header("authorization")?)))
        .collect();
    assert_eq!(authorized.len(), 2, "{authorized:?}");
    assert!(authorized[0].0.starts_with("/token?") && authorized[0].1.starts_with("Basic "));
    assert_eq!(
        authorized[1],
        ("/v2/a/b/manifests/v1".into(), "Bearer token-1".into())
    );
}

#[test]
fn user_name_and_password_may_stand_apart() {
    let entry = format!(r#"{{"auth":"","username":"{USER}","password":"{PASSWORD}"}}"#);
    Scene::new(LOGIN).with_entry(&entry).assert_works();
}

#[test]
fn refresh_tokens_get_a_token() {
    let scene = Scene::new(Auth::RefreshToken(REFRESH));
    let scene = scene.with_entry(&format!(r#"{{"identitytoken":"{REFRESH}"}}"#));
    scene.assert_works();
    let post = &scene.registry.requests()[1];
    assert_eq!((post.method.as_str(), post.path.as_str()), ("POST", "/token"));
    assert!(
        post.body
            .starts_with("grant_type=refresh_token&refresh_token=refresh-me&client_id=")
    );
}

#[test]
fn a_token_in_the_file_is_sent_as_it_is() {
    Scene::new(Auth::Fixed("abc"))
        .with_entry(r#"{"registrytoken":"abc"}"#)
        .assert_works();
}

#[test]
fn passwords_are_sent_with_each_request_where_that_is_asked_for() {
    Scene::new(BASIC).with_password().assert_works();
}

#[test]
fn no_credentials_where_none_are_asked_for() {
    let scene = Scene::new(Auth::Open).with_password();
    scene.assert_works();
    assert!(!scene.registry.requests()[0].is_authorized());
}

#[test]
fn private_images_without_credentials_are_denied() {
    Scene::new(LOGIN).assert_error(
        "registry-denied",
        "access denied (status 403: DENIED as the test wants it)",
    );
    Scene::new(BASIC).assert_error("registry-denied", "access denied (status 401: UNAUTHORIZED");
    Scene::new(BASIC)
        .with_entry("{}")
        .assert_error("registry-denied", "status 401");
}

#[test]
fn wrong_credentials_are_denied() {
    let auth = STANDARD.encode("operator:wrong");
    let wrong = |auth_mode| Scene::new(auth_mode).with_entry(&format!(r#"{{"auth":"{auth}"}}"#));
    for scene in [wrong(LOGIN), wrong(BASIC), wrong(Auth::Nobody)] {
        let error = scene.get().unwrap_err();
        assert!(
            matches!(
                error,
                RegistryError::Denied {
                    authenticated: true,
                    ..
                }
            ),
            "{error}"
        );
    }
}

#[test]
fn a_refusal_after_login_is_not_asked_for_again() {
    let scene = Scene::new(Auth::AnonymousToken);
    scene.registry.fault(
        "/manifests/",
        Fault::Answer {
            status: 401,
            headers: vec![(
                "WWW-Authenticate",
                format!("Bearer realm=\"{}\"", scene.registry.url("/token")),
            )],
            body: vec![],
        },
    );
    scene.assert_error("registry-denied", "status 401");
    assert_eq!(scene.registry.requests().len(), 3);
}

#[test]
fn credentials_of_another_registry_are_not_sent() {
    let scene = Scene::new(LOGIN);
    let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for key in ["127.0.0.1", "localhost", "ghcr.io", "https://127.0.0.1/v2/", ""] {
        scene.home.write(
            "config.json",
            format!(r#"{{"auths":{{"{key}":{{"auth":"{auth}"}}}}}}"#),
        );
        scene.assert_error("registry-denied", "403");
    }
    assert!(
        !scene
            .registry
            .requests()
            .iter()
            .any(|it| it.header("authorization").is_some())
    );
}

#[test]
fn keys_may_be_urls() {
    let scene = Scene::new(LOGIN);
    let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
    for key in ["https://ADDRESS", "http://ADDRESS/v1/", "ADDRESS/v2"] {
        let key = key.replace("ADDRESS", &scene.registry.address().to_string());
        scene.home.write(
            "config.json",
            format!(r#"{{"auths":{{"{key}":{{"auth":"{auth}"}}}}}}"#),
        );
        scene.assert_works();
    }
}

#[test]
fn a_login_service_elsewhere_must_speak_https_and_gets_only_what_the_registry_may_see() {
    let scene = Scene::new(LOGIN).with_password();
    for realm in [
        "http://auth.example/token",
        "ftp://auth.example",
        "http://user@127.0.0.1/",
        "nonsense",
        "",
    ] {
        scene.registry.set_challenge(Challenge::Realm(realm.into()));
        scene.assert_error("registry-misbehaved", "its login cannot be used");
    }
    assert!(!scene.registry.requests().iter().any(Request::is_authorized));
}

#[test]
fn a_scope_in_the_challenge_is_not_asked_for() {
    let scene = Scene::new(LOGIN).with_password();
    let text = format!(
        r#"Bearer realm="{}",service="x",scope="repository:other/secret:pull,push""#,
        scene.registry.url("/token")
    );
    scene.registry.set_challenge(Challenge::Text(text));
    scene.assert_works();
    let token = scene
        .registry
        .paths()
        .into_iter()
        .find(|it| it.starts_with("/token"))
        .unwrap();
    assert!(token.ends_with("scope=repository%3Aa%2Fb%3Apull"), "{token}");
}

#[test]
fn useless_challenges_are_told() {
    let scene = Scene::new(LOGIN).with_password();
    for (challenge, piece) in [
        (Challenge::Missing, "no WWW-Authenticate"),
        (Challenge::Text("Bearer realm=\"x".into()), "malformed"),
        (
            Challenge::Text("Bearer service=x".into()),
            "names no login service",
        ),
        (
            Challenge::Text("Negotiate".into()),
            "neither with a token nor with a password",
        ),
    ] {
        scene.registry.set_challenge(challenge);
        scene.assert_error("registry-misbehaved", piece);
    }
}

#[test]
fn faults_of_the_login_service_are_told() {
    let answer = |body: &str| Fault::Answer {
        status: 200,
        headers: vec![],
        body: body.as_bytes().to_vec(),
    };
    for (fault, reason, piece) in [
        (Fault::Html(200), "registry-misbehaved", "web page"),
        (Fault::Html(403), "registry-misbehaved", "web page"),
        (Fault::Status(500), "registry-unreachable", "status 500"),
        (Fault::Closed, "registry-unreachable", "broke off"),
        (Fault::RateLimited(Some("500".into())), "rate-limited", "500 s"),
        (
            Fault::Redirect("/token2".into()),
            "registry-misbehaved",
            "only blobs",
        ),
        (Fault::Endless, "registry-misbehaved", "larger than 65536"),
        (answer("{}"), "registry-misbehaved", "sent no token"),
        (answer("[]"), "registry-misbehaved", "sent no token"),
        (
            answer(r#"{"token":""}"#),
            "registry-misbehaved",
            "no usable token",
        ),
        (
            answer(r#"{"token":"a\r\nX-Evil: b"}"#),
            "registry-misbehaved",
            "no usable token",
        ),
    ] {
        let scene = Scene::new(Auth::AnonymousToken);
        scene.registry.fault("/token", fault);
        scene.assert_error(reason, piece);
    }
}

#[test]
fn access_token_is_another_name() {
    let scene = Scene::new(Auth::Fixed("abc"));
    let body = br#"{"access_token":"abc"}"#.to_vec();
    scene.registry.fault(
        "/token",
        Fault::Answer {
            status: 200,
            headers: vec![],
            body,
        },
    );
    scene.assert_works();
}
