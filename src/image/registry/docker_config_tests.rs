use super::*;

fn config(text: &str) -> DockerConfig {
    DockerConfig::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The credential of a host, spelled out.
fn shown(config: &DockerConfig, host: &str) -> String {
    match config.credential(host) {
        Err(error) => error.to_string(),
        Ok(None) => "none".into(),
        Ok(Some(Credential::Password { user, password })) => format!("{user} {}", password.expose_secret()),
        Ok(Some(Credential::RefreshToken(token))) => format!("refresh {}", token.expose_secret()),
        Ok(Some(Credential::Token(token))) => format!("token {}", token.expose_secret()),
    }
}

#[test]
fn entries_of_every_kind() {
    let config = config(
        r#"{"auths":{
            "ghcr.io":{"auth":"dTpw"},
            "colon":{"auth":"dTpwOnA="},
            "unpadded":{"auth":"dTpwOnA"},
            "zeros":{"auth":"dTpwAAA="},
            "split":{"username":"u","password":"p","email":"x"},
            "identity":{"auth":"dTo=","identitytoken":"t"},
            "registry":{"auth":"dTpw","registrytoken":"t"},
            "empty":{},
            "blank":{"auth":""},
            "bad":{"auth":"?"},
            "nobody":{"auth":"OnA="}
        },"HttpHeaders":{"x":"y"},"currentContext":"z"}"#,
    );
    for (host, wanted) in [
        ("ghcr.io", "u p"),
        ("colon", "u p:p"),
        ("unpadded", "u p:p"),
        ("zeros", "u p"),
        ("split", "u p"),
        ("identity", "refresh t"),
        ("registry", "token t"),
        ("empty", "none"),
        ("blank", "none"),
        ("other", "none"),
        ("bad", "the entry of bad is malformed"),
        ("nobody", "the entry of nobody is malformed"),
    ] {
        assert_eq!(shown(&config, host), wanted, "{host}");
    }
}

#[test]
fn keys_of_docker_hub_and_urls() {
    for key in [
        "https://index.docker.io/v1/",
        "index.docker.io",
        "docker.io",
        "registry-1.docker.io",
    ] {
        let config = config(&format!(r#"{{"auths":{{"{key}":{{"auth":"dTpw"}}}}}}"#));
        assert_eq!(shown(&config, "docker.io"), "u p", "{key}");
        assert_eq!(shown(&config, "ghcr.io"), "none");
    }
    for (key, wanted) in [
        ("https://r.example:5000/v2/", "u p"),
        ("r.example:5000/team", "u p"),
        ("r.example", "none"),
        ("https://r.example:50000", "none"),
        ("x.r.example:5000", "none"),
        ("https://u@r.example:5000", "none"),
    ] {
        let config = config(&format!(r#"{{"auths":{{"{key}":{{"auth":"dTpw"}}}}}}"#));
        assert_eq!(shown(&config, "r.example:5000"), wanted, "{key}");
    }
}

#[test]
fn a_helper_of_the_registry_comes_before_that_of_all() {
    let config = config(
        r#"{"credsStore":"all","credHelpers":{"ghcr.io":"own","none.example":"","https://index.docker.io/v1/":"hub"}}"#,
    );
    assert_eq!(config.helper("ghcr.io"), Some(("own", "ghcr.io")));
    assert_eq!(config.helper("r.example:1"), Some(("all", "r.example:1")));
    assert_eq!(config.helper("none.example"), None);
    assert_eq!(config.helper("docker.io"), Some(("hub", DOCKER_HUB)));
    let all = self::config(r#"{"credsStore":"all"}"#);
    assert_eq!(all.helper("docker.io"), Some(("all", DOCKER_HUB)));
    for nothing in [
        "{}",
        r#"{"credsStore":""}"#,
        r#"{"auths":null,"credHelpers":null}"#,
    ] {
        assert_eq!(self::config(nothing).helper("ghcr.io"), None, "{nothing}");
    }
}

#[test]
fn errors_do_not_quote_the_file() {
    for bad in [
        r#"{"auths":{"ghcr.io":{"auth":secret}}}"#,
        r#"{"auths":{"ghcr.io":"secret"}}"#,
        "secret",
    ] {
        let error = DockerConfig::parse(bad.as_bytes()).err().unwrap().to_string();
        assert!(
            error.starts_with("not a Docker configuration (line 1, column "),
            "{error}"
        );
        assert!(!error.contains("secret"), "{error}");
    }
}
