use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::image::Digest;

fn parse(address: &str) -> Result<Endpoint, EngineError> {
    Endpoint::parse(address, false, || None)
}

/// Docker's folder, with contexts as its client writes them.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn context(&self, name: &str, meta: &str) {
        let id = Digest::of(name.as_bytes()).as_hex();
        self.write(&format!("contexts/meta/{id}/meta.json"), meta);
    }

    fn environment(&self) -> Environment {
        Environment {
            docker_config: Some(self.path().to_owned()),
            ..Environment::default()
        }
    }

    fn discover(&self, environment: &Environment) -> Result<Endpoint, EngineError> {
        Endpoint::discover_with(environment, &self.path().join("usual.sock"))
    }
}

fn meta(name: &str, host: &str) -> String {
    format!(
        r#"{{"Name":"{name}","Metadata":{{}},"Endpoints":{{"docker":{{"Host":"{host}","SkipTLSVerify":false}}}}}}"#
    )
}

#[test]
fn reads_what_it_prints() {
    for good in [
        "unix:///var/run/docker.sock",
        "tcp://192.0.2.1:2375",
        "tcp://[2001:db8::1]:2376",
        "tcp://engine.example:1",
        "ssh://host",
        "ssh://me@host",
        "ssh://me@host.example:2222",
        "ssh://me@[2001:db8::1]:22",
    ] {
        assert_eq!(parse(good).unwrap().to_string(), good);
    }
    assert_eq!(parse("tcp://host").unwrap().to_string(), "tcp://host:2375");
    assert_eq!(parse("http://host/").unwrap().to_string(), "tcp://host:2375");
}

#[test]
fn what_a_program_or_shell_could_misread_is_no_address() {
    for bad in [
        "",
        "host",
        "unix://relative",
        "unix://",
        "unix:///a\0b",
        "tcp://",
        "tcp://:2375",
        "tcp://host:0",
        "tcp://host:70000",
        "tcp://host:+1",
        "tcp://host/path",
        "tcp://me@host:1",
        "tcp://[::1",
        "ssh://",
        "ssh://-oProxyCommand=x",
        "ssh://-oProxyCommand=x@host",
        "ssh://me@-oProxyCommand=x",
        "ssh://me:password@host",
        "ssh://me@host/run/docker.sock",
        "ssh://me@host;id",
        "ssh://me@$(id)",
        "ssh://a b@host",
        "ssh://me@host:2222x",
        "ssh://me@host:",
        "ssh://@host",
        "fd://",
        "npipe:////./pipe/docker_engine",
    ] {
        let refused = parse(bad);
        assert!(
            matches!(refused, Err(EngineError::Address { .. })),
            "{bad}: {refused:?}"
        );
    }
    assert!(parse(&format!("unix:///{}", "x".repeat(MAX_SOCKET))).is_err());
    assert!(parse(&format!("tcp://{}", "x".repeat(MAX_ADDRESS))).is_err());
}

#[test]
fn docker_host_beats_docker_context_beats_the_current_one() {
    let folder = Folder::new();
    folder.context("one", &meta("one", "tcp://one:1"));
    folder.context("two", &meta("two", "ssh://me@two"));
    folder.write("config.json", r#"{"currentContext":"one","auths":{}}"#);
    let mut environment = folder.environment();
    let found = |environment: &Environment| folder.discover(environment).unwrap().to_string();
    assert_eq!(found(&environment), "tcp://one:1");
    environment.docker_context = Some("two".into());
    assert_eq!(found(&environment), "ssh://me@two");
    environment.docker_context = Some("default".into());
    assert_eq!(
        found(&environment),
        format!("unix://{}/usual.sock", folder.path().display())
    );
    environment.docker_host = Some("tcp://three:3".into());
    assert_eq!(found(&environment), "tcp://three:3");
    environment.docker_host = Some(String::new());
    environment.docker_context = None;
    assert_eq!(found(&environment), "tcp://one:1");
}

#[test]
fn docker_s_folder_is_found_in_the_home_folder() {
    let folder = Folder::new();
    let home = Environment {
        home: Some(folder.path().to_owned()),
        ..Environment::default()
    };
    folder.write(".docker/config.json", r#"{"currentContext":"default"}"#);
    assert!(matches!(folder.discover(&home), Ok(Endpoint::Unix(_))));
    folder.write(".docker/config.json", r#"{"currentContext":"gone"}"#);
    let refused = folder.discover(&home).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Docker context gone: there is no such context"
    );
}

#[test]
fn a_context_that_cannot_be_relied_on_is_refused() {
    let folder = Folder::new();
    let lax = meta("lax", "tcp://lax:2376").replace("false", "true");
    for (name, meta, wanted) in [
        ("lax", lax, "unchecked"),
        ("other", meta("another", "tcp://x:1"), "about another context"),
        ("empty", meta("empty", ""), "names no host"),
        (
            "option",
            meta("option", "ssh://-oProxyCommand=x"),
            "not an address",
        ),
        ("text", "hello".into(), "expected value"),
        ("huge", " ".repeat(70_000), "larger than"),
        (
            "none",
            r#"{"Name":"none","Endpoints":{}}"#.into(),
            "missing field",
        ),
    ] {
        folder.context(name, &meta);
        let environment = Environment {
            docker_context: Some(name.into()),
            ..folder.environment()
        };
        let refused = folder.discover(&environment).unwrap_err();
        assert!(
            matches!(refused, EngineError::Context { .. }),
            "{name}: {refused:?}"
        );
        assert!(refused.to_string().contains(wanted), "{name}: {refused}");
    }
    for name in ["../../etc", "-x", "a b", "", "\u{1b}[31m"] {
        let environment = Environment {
            docker_context: Some(format!("{name}/")),
            ..folder.environment()
        };
        let refused = folder.discover(&environment).unwrap_err();
        assert!(
            refused.to_string().ends_with("not the name of a context"),
            "{refused}"
        );
        assert!(!refused.to_string().contains('\u{1b}'));
    }
}

#[test]
fn a_broken_configuration_is_told_without_its_content() {
    let folder = Folder::new();
    folder.write(
        "config.json",
        "{\"auths\":{\"x\":{\"auth\":\"c2VjcmV0\"}},\n nonsense",
    );
    let refused = folder.discover(&folder.environment()).unwrap_err();
    assert!(matches!(refused, EngineError::Config { .. }));
    assert!(refused.to_string().contains("line 2") && !refused.to_string().contains("c2VjcmV0"));
}

#[test]
fn a_context_brings_its_own_files_for_tls() {
    let folder = Folder::new();
    folder.context("far", &meta("far", "tcp://far:2376"));
    let environment = Environment {
        docker_context: Some("far".into()),
        ..folder.environment()
    };
    assert!(matches!(
        folder.discover(&environment),
        Ok(Endpoint::Tcp { tls: None, .. })
    ));
    let tls = format!("contexts/tls/{}/docker", Digest::of(b"far").as_hex());
    folder.write(&format!("{tls}/ca.pem"), "");
    let Ok(Endpoint::Tcp { tls: Some(files), .. }) = folder.discover(&environment) else {
        panic!("no TLS");
    };
    assert_eq!(files.ca, folder.path().join(&tls).join("ca.pem"));
    assert_eq!(files.client, None);
    folder.write(&format!("{tls}/key.pem"), "");
    let Ok(Endpoint::Tcp { tls: Some(files), .. }) = folder.discover(&environment) else {
        panic!("no TLS");
    };
    assert!(files.client.is_some());
}

#[test]
fn the_environment_brings_files_for_tls() {
    let folder = Folder::new();
    let mut environment = Environment {
        docker_host: Some("tcp://far".into()),
        docker_tls_verify: true,
        ..folder.environment()
    };
    let ca = |environment: &Environment| match folder.discover(environment) {
        Ok(Endpoint::Tcp {
            port: 2376,
            tls: Some(files),
            ..
        }) => files.ca,
        other => panic!("{other:?}"),
    };
    assert_eq!(ca(&environment), folder.path().join("ca.pem"));
    environment.docker_cert_path = Some("/certs".into());
    assert_eq!(ca(&environment), Path::new("/certs/ca.pem"));
    environment.docker_tls_verify = false;
    assert_eq!(ca(&environment), Path::new("/certs/ca.pem"));
}

#[test]
fn the_rootless_socket_counts_where_the_usual_one_cannot_be_used() {
    let folder = Folder::new();
    let environment = Environment {
        runtime_dir: Some(folder.path().to_owned()),
        ..Environment::default()
    };
    let name = |environment: &Environment| match folder.discover(environment) {
        Ok(Endpoint::Unix(path)) => path.file_name().unwrap().to_owned(),
        other => panic!("{other:?}"),
    };
    assert_eq!(name(&environment), "usual.sock");
    folder.write("docker.sock", "");
    assert_eq!(name(&environment), "docker.sock");
    folder.write("usual.sock", "");
    assert_eq!(name(&environment), "usual.sock");
    // Root may use everything.
    if !rustix::process::geteuid().is_root() {
        let closed = fs::Permissions::from_mode(0o000);
        fs::set_permissions(folder.path().join("usual.sock"), closed).unwrap();
        assert_eq!(name(&environment), "docker.sock");
    }
}

#[test]
fn published_ports_are_where_the_engine_is() {
    let host = |address: &str| parse(address).unwrap().published_host();
    assert_eq!(host("unix:///x").as_deref(), Some("127.0.0.1"));
    assert_eq!(host("tcp://far:1").as_deref(), Some("far"));
    assert_eq!(host("ssh://far"), None);
}
