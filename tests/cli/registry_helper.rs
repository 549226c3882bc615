//! Credential helpers and Docker's `config.json`, as they are and as they should not be.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::Transcript;
use crate::support::registry::{Auth, LOGIN, PASSWORD, REFRESH, Scene, USER};

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
fn helpers_that_hang_are_stopped() {
    // What is started holds the helper's output open, or the helper closes it, or ends before what it has started.
    for rest in ["sleep 60", "exec >&-\nsleep 60", "exit 0"] {
        let mut scene = Scene::new(LOGIN);
        scene.patience = Duration::from_secs(1);
        let pid = scene.home.path("pid");
        let script = format!("#!/bin/sh\nsleep 60 &\necho $$ > {}\n{rest}\n", pid.display());
        let scene = scene.with_helper(&script);
        let started = Instant::now();
        scene.assert_error("credentials-unavailable", "did not answer within 1 s");
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{rest}: {:?}",
            started.elapsed()
        );
        let pid = scene.home.text("pid");
        assert!(
            !Path::new("/proc").join(pid.trim()).exists(),
            "{rest}: it still runs"
        );
    }
}

#[test]
fn a_slow_helper_is_named_before_it_answers() {
    let script =
        format!("#!/bin/sh\nsleep 3\necho '{{\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'\n");
    let scene = Scene::new(LOGIN).with_helper(&script);
    let run = verify(&scene);
    assert_eq!(run.json()["reason"], "unsigned", "{}", run.text);
    assert!(
        run.stderr
            .contains("warning: docker-credential-test has not answered for 2 s: look for a prompt"),
        "{}",
        run.text
    );
    // One that answers is not spoken of.
    let scene = Scene::new(LOGIN).with_helper(&script.replace("sleep 3\n", ""));
    let run = verify(&scene);
    assert!(!run.stderr.contains("has not answered"), "{}", run.text);
}

#[test]
fn credentials_that_cannot_be_had_are_no_verdict() {
    let run = verify(&Scene::new(LOGIN).with_helper("#!/bin/sh\nexit 1\n"));
    assert_eq!(run.json()["reason"], "credentials-unavailable", "{}", run.text);
    assert_eq!(run.code, Some(1), "{}", run.text);
}

/// The whole program, with this Docker configuration and helper.
fn verify(scene: &Scene) -> Transcript {
    let path = std::env::var("PATH").unwrap_or_default();
    let reference = scene.registry.reference("a/b:v1");
    let arguments = ["verify", &reference, "--json", "--platform", "linux/amd64"];
    let mut command = scene.home.command(&arguments);
    command
        .env("DOCKER_CONFIG", scene.home.path("."))
        .env("PATH", format!("{}:{path}", scene.home.path("bin").display()));
    scene.home.transcript(&arguments, &command.output().unwrap())
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
