//! Logging in to registries, and that credentials go nowhere else.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oc_guardian::image::registry::{Client, Limits, Options, RegistryError};
use oc_guardian::image::{Digest, Manifest, Reference, Source};

use crate::support::Home;
use crate::support::registry::{Auth, Challenge, Fault, Registry, put_image};

const USER: &str = "operator";
const PASSWORD: &str = "pass:word";
const REFRESH: &str = "refresh-me";
const LOGIN: Auth = Auth::Token {
    user: USER,
    password: PASSWORD,
};
const BASIC: Auth = Auth::Basic {
    user: USER,
    password: PASSWORD,
};

struct Scene {
    registry: Registry,
    home: Home,
    /// With helpers.
    patience: Duration,
}

impl Scene {
    fn new(auth: Auth) -> Self {
        let registry = Registry::start();
        put_image(&registry, "a/b", "v1");
        put_image(&registry, "a/c", "v1");
        registry.set_auth(auth);
        let home = Home::new();
        Self {
            registry,
            home,
            patience: Duration::from_secs(10),
        }
    }

    /// With this as the registry's entry in Docker's `config.json`.
    fn with_entry(self, entry: &str) -> Self {
        let config = format!(r#"{{"auths":{{"{}":{entry}}}}}"#, self.registry.address());
        self.home.write("config.json", config);
        self
    }

    fn with_password(self) -> Self {
        let auth = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        self.with_entry(&format!(r#"{{"auth":"{auth}"}}"#))
    }

    /// With a credential helper of this content for all registries.
    fn with_helper(self, script: &str) -> Self {
        self.home.write("config.json", r#"{"credsStore":"test"}"#);
        self.home.write("bin/docker-credential-test", script);
        self.home.chmod("bin/docker-credential-test", 0o700);
        self
    }

    fn client(&self) -> Client {
        Client::new(Options {
            docker_config: Some(self.home.path("config.json")),
            search_path: Some(format!("relative:{}", self.home.path("bin").display()).into()),
            limits: Limits {
                helper: self.patience,
                pause: Duration::from_millis(5),
                ..Limits::default()
            },
            ..Options::default()
        })
    }

    fn reference(&self) -> Reference {
        self.registry.reference("a/b:v1").parse().unwrap()
    }

    fn get(&self) -> Result<Option<Manifest>, RegistryError> {
        self.client().manifest_by_tag(&self.reference(), "v1")
    }

    #[track_caller]
    fn assert_works(&self) {
        assert!(self.get().unwrap().is_some());
    }

    #[track_caller]
    fn assert_error(&self, reason: &str, piece: &str) {
        let error = self.get().unwrap_err();
        let text = error.to_string();
        assert_eq!(error.reason(), reason, "{text}");
        assert!(text.contains(piece), "{text}");
        assert!(!text.contains(PASSWORD) && !text.contains(REFRESH), "{text}");
    }
}

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
    assert!(
        !scene
            .registry
            .requests()
            .iter()
            .any(crate::support::registry::Request::is_authorized)
    );
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

/// Sends a blob's reader to another registry; returns that.
fn redirected(scene: &Scene, blob: &[u8]) -> Registry {
    let other = Registry::start();
    let digest = other.put_blob(blob);
    let to = other.url(&format!("/v2/x/blobs/{digest}?signature=1"));
    scene.registry.fault("/blobs/", Fault::Redirect(to));
    other
}

#[test]
fn credentials_do_not_follow_a_blob_to_another_host() {
    for auth in [LOGIN, BASIC] {
        let scene = Scene::new(auth).with_password();
        let other = redirected(&scene, b"blob");
        let digest = scene.registry.put_blob(b"blob");
        let blob = scene.client().blob(&scene.reference(), &digest, 10).unwrap();
        assert_eq!(blob, b"blob");
        let requests = other.requests();
        assert_eq!(requests.len(), 1);
        assert!(!requests[0].is_authorized(), "{:?}", requests[0]);
        assert!(requests[0].path.ends_with("?signature=1"));
    }
}

#[test]
fn a_host_that_a_blob_is_at_cannot_ask_for_credentials() {
    let scene = Scene::new(LOGIN).with_password();
    let other = redirected(&scene, b"blob");
    other.set_auth(BASIC);
    let digest = scene.registry.put_blob(b"blob");
    let error = scene.client().blob(&scene.reference(), &digest, 10).unwrap_err();
    assert_eq!(error.reason(), "registry-denied", "{error}");
    let text = error.to_string();
    assert!(text.starts_with(&scene.registry.address().to_string()), "{text}");
    assert!(
        text.contains(&format!("(by {}, status 401", other.address())),
        "{text}"
    );
    assert!(
        !other
            .requests()
            .iter()
            .any(crate::support::registry::Request::is_authorized)
    );
}

#[test]
fn credentials_stay_with_the_registry_when_a_blob_moves_within_it() {
    let scene = Scene::new(LOGIN).with_password();
    let digest = scene.registry.put_blob(b"blob");
    scene
        .registry
        .fault_times("/blobs/", 1, Fault::Redirect(format!("/v2/a/c/blobs/{digest}")));
    let (client, reference) = (scene.client(), scene.reference());
    assert!(client.manifest_by_tag(&reference, "v1").unwrap().is_some());
    assert_eq!(client.blob(&reference, &digest, 10).unwrap(), b"blob");
}

#[test]
fn redirects_end() {
    let path = format!("/v2/a/b/blobs/{}", Digest::of(b"blob"));
    for (to, requests, piece) in [
        (path.as_str(), 4, "too many"),
        ("http://blobs.example/x", 1, "http, not https"),
        ("", 1, "not a URL"),
    ] {
        let scene = Scene::new(Auth::Open);
        scene.registry.fault("/blobs/", Fault::Redirect(to.into()));
        let error = scene
            .client()
            .blob(&scene.reference(), &Digest::of(b"blob"), 10)
            .unwrap_err();
        assert_eq!(error.reason(), "registry-misbehaved");
        assert!(error.to_string().contains(piece), "{error}");
        assert_eq!(scene.registry.requests().len(), requests);
    }
}

#[test]
fn helpers_are_asked_for_the_registry() {
    let script = format!(
        "#!/bin/sh\nread -r it\n[ \"$1 $it\" = \"get $WANTED\" ] || exit 3\n\
         echo '{{\"ServerURL\":\"x\",\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n"
    );
    let scene = Scene::new(LOGIN);
    let script = script.replace("$WANTED", &scene.registry.address().to_string());
    scene.with_helper(&script).assert_works();
}

#[test]
fn helpers_may_have_a_refresh_token() {
    let script = format!("#!/bin/sh\necho '{{\"Username\":\"<token>\",\"Secret\":\"{REFRESH}\"}}'\n");
    Scene::new(Auth::RefreshToken(REFRESH))
        .with_helper(&script)
        .assert_works();
}

#[test]
fn a_helper_without_an_answer_leaves_it_at_what_the_file_has() {
    let scene = Scene::new(LOGIN).with_password();
    let config = scene
        .home
        .text("config.json")
        .replacen('{', r#"{"credsStore":"test","#, 1);
    let scene = scene.with_helper("#!/bin/sh\necho 'credentials not found in native keychain'\nexit 1\n");
    scene.home.write("config.json", config);
    scene.assert_works();
}

#[test]
fn helpers_that_do_not_help_are_named() {
    for (script, piece) in [
        ("#!/bin/sh\necho nonsense\n", "printed nonsense"),
        ("#!/bin/sh\necho '{\"Username\":\"a\"}'\n", "printed nonsense"),
        (
            "#!/bin/sh\necho '{\"Username\":\"a:b\",\"Secret\":\"pass:word\"}'\n",
            "printed nonsense",
        ),
        ("#!/bin/sh\nyes pass:word\n", "printed nonsense"),
        ("#!/bin/sh\necho pass:word\nexit 1\n", "failed (exit status: 1)"),
        ("#!/nonexistent/interpreter\n", "does not start"),
    ] {
        let scene = Scene::new(LOGIN).with_helper(script);
        let wanted = format!("docker-credential-test: the credential helper {piece}");
        scene.assert_error("credentials-unavailable", &wanted);
    }
    let scene = Scene::new(LOGIN);
    for (name, piece) in [
        ("missing", "is not installed"),
        ("../../x", "not the name of a credential helper"),
    ] {
        scene
            .home
            .write("config.json", format!(r#"{{"credsStore":"{name}"}}"#));
        scene.assert_error("credentials-unavailable", piece);
    }
}

#[test]
fn helpers_that_hang_are_stopped_with_what_they_started() {
    for rest in ["", "exec >&-\n"] {
        let mut scene = Scene::new(LOGIN);
        scene.patience = Duration::from_secs(1);
        let pids = scene.home.path("pids");
        let script = format!(
            "#!/bin/sh\nsleep 600 &\necho $$ $! > {}\n{rest}sleep 600\n",
            pids.display()
        );
        let scene = scene.with_helper(&script);
        scene.assert_error("credentials-unavailable", "did not answer within 1 s");
        for pid in scene.home.text("pids").split_whitespace() {
            // What it started ends, too; but somebody else has to reap that, and takes a moment.
            let ended = || {
                let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                state.is_empty() || state.contains(") Z ")
            };
            let started = Instant::now();
            while !ended() {
                assert!(started.elapsed() < Duration::from_secs(5), "{pid} still runs");
                std::thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

#[test]
fn what_is_public_needs_no_helper() {
    Scene::new(Auth::AnonymousToken)
        .with_helper("#!/bin/sh\necho nonsense\n")
        .assert_works();
}

#[test]
fn a_configuration_that_cannot_be_used_is_named() {
    let scene = Scene::new(LOGIN);
    for (config, piece) in [
        ("{", "not a Docker configuration (line 1"),
        (r#"{"auths":[]}"#, "not a Docker configuration"),
        (
            r#"{"auths":{"ADDRESS":{"auth":"!pass:word"}}}"#,
            "entry of ADDRESS is malformed",
        ),
        (
            r#"{"auths":{"ADDRESS":{"auth":"cGFzcw=="}}}"#,
            "entry of ADDRESS is malformed",
        ),
    ] {
        let address = scene.registry.address().to_string();
        scene
            .home
            .write("config.json", config.replace("ADDRESS", &address));
        scene.assert_error("credentials-unavailable", &piece.replace("ADDRESS", &address));
    }
    std::fs::remove_file(scene.home.path("config.json")).unwrap();
    std::fs::create_dir(scene.home.path("config.json")).unwrap();
    scene.assert_error("credentials-unavailable", "config.json");
}
