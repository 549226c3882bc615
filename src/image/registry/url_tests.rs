use super::*;

fn uri(text: &str) -> Uri {
    text.parse().unwrap()
}

#[test]
fn http_is_for_this_machine_alone() {
    for (registry, wanted) in [
        ("docker.io", "https://registry-1.docker.io"),
        ("ghcr.io", "https://ghcr.io"),
        ("ghcr.io:80", "https://ghcr.io:80"),
        ("10.0.0.1:5000", "https://10.0.0.1:5000"),
        ("localhost", "http://localhost"),
        ("127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("[::1]:5000", "http://[::1]:5000"),
        ("[::2]:5000", "https://[::2]:5000"),
    ] {
        assert_eq!(base(registry), wanted);
    }
}

#[test]
fn redirects_go_to_https_or_stay_on_this_machine() {
    let public = uri("https://ghcr.io/v2/a/blobs/x");
    let local = uri("http://127.0.0.1:5000/v2/a/blobs/x");
    for (from, location, wanted) in [
        (
            &public,
            "https://cdn.example/x?sig=1#f",
            "https://cdn.example/x?sig=1",
        ),
        (&public, "/there", "https://ghcr.io/there"),
        (&public, "//cdn.example/x", "https://cdn.example/x"),
        (&local, "/there", "http://127.0.0.1:5000/there"),
        (&local, "http://localhost:6000/x", "http://localhost:6000/x"),
        (&local, "https://cdn.example/x", "https://cdn.example/x"),
    ] {
        assert_eq!(redirect_target(from, location).unwrap().to_string(), wanted);
    }
    let long = format!("https://cdn.example/{}", "x".repeat(MAX_URL));
    for (from, location) in [
        (&public, "http://cdn.example/x"),
        (&public, "http://ghcr.io/x"),
        (&public, "http://127.0.0.1/x"),
        (&local, "http://cdn.example/x"),
        (&public, "https://user@cdn.example/x"),
        (&public, "https://user:pass@ghcr.io/x"),
        (&public, "ftp://cdn.example/x"),
        (&public, "file:///etc/passwd"),
        (&public, "there"),
        (&public, ""),
        (&public, "https://"),
        (&public, "https://:443/x"),
        (&public, "https://a b/"),
        (&public, &long),
    ] {
        assert!(redirect_target(from, location).is_err(), "{location}");
    }
}

#[test]
fn login_services_speak_https_or_are_on_this_machine() {
    let public = uri("https://ghcr.io/v2/");
    let local = uri("http://[::1]:5000/v2/");
    assert!(realm(&public, "https://auth.example/token?a=b").is_ok());
    assert!(realm(&local, "http://127.0.0.1:6000/token").is_ok());
    for bad in [
        "http://ghcr.io/token",
        "http://127.0.0.1/token",
        "/token",
        "https://u@auth.example/",
        "",
    ] {
        assert!(realm(&public, bad).is_err(), "{bad}");
    }
    assert!(realm(&local, "http://auth.example/token").is_err());
}

#[test]
fn origins_are_scheme_host_and_port() {
    let one = uri("https://ghcr.io/a");
    assert!(same_origin(&one, &uri("https://GHCR.io:443/b?c")));
    for other in [
        "http://ghcr.io/a",
        "https://ghcr.io:444/a",
        "https://pkg.ghcr.io/a",
        "https://ghcr.io.evil/a",
    ] {
        assert!(!same_origin(&one, &uri(other)), "{other}");
    }
    assert!(same_origin(
        &uri("http://localhost/a"),
        &uri("http://localhost:80/")
    ));
    assert!(!same_origin(
        &uri("http://localhost:1/a"),
        &uri("http://localhost:2/a")
    ));
}

#[test]
fn parameters_are_encoded() {
    let mut query = String::new();
    push_parameter(&mut query, "service", "a b&c=ü");
    push_parameter(&mut query, "scope", "repository:a/b:pull");
    assert_eq!(
        query,
        "service=a%20b%26c%3D%C3%BC&scope=repository%3Aa%2Fb%3Apull"
    );
}

#[test]
fn local_addresses_are_told_from_public_ones() {
    for public in [
        "140.82.121.34",
        "100.63.0.1",
        "100.128.0.1",
        "172.32.0.1",
        "198.20.0.1",
        "2606:4700::1",
        "::ffff:1.1.1.1",
    ] {
        assert!(is_public(public.parse().unwrap()), "{public}");
    }
    for local in [
        "0.0.0.0",
        "0.1.2.3",
        "10.1.2.3",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.169.254",
        "172.16.0.1",
        "192.0.0.8",
        "192.168.1.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::127.0.0.1",
        "64:ff9b::10.0.0.1",
        "2002:7f00:1::",
        "2001::1",
    ] {
        assert!(!is_public(local.parse().unwrap()), "{local}");
    }
}
