use proptest::prelude::*;

use super::*;

const HEX: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn parse(text: &str) -> Reference {
    text.parse().unwrap()
}

#[test]
fn docker_names_are_completed() {
    for (text, wanted) in [
        ("alpine", "docker.io/library/alpine:latest"),
        ("alpine:3.20", "docker.io/library/alpine:3.20"),
        ("docker.io/alpine", "docker.io/library/alpine:latest"),
        ("index.docker.io/alpine", "docker.io/library/alpine:latest"),
        ("orange/guardian", "docker.io/orange/guardian:latest"),
        ("localhost/a", "localhost/a:latest"),
        ("localhost:5000/a", "localhost:5000/a:latest"),
        ("a:5000", "docker.io/library/a:5000"),
        ("a:5000/b", "a:5000/b:latest"),
        ("a.b/c", "a.b/c:latest"),
        ("127.0.0.1:5000/a/b:v1", "127.0.0.1:5000/a/b:v1"),
        ("[::1]:5000/a", "[::1]:5000/a:latest"),
        ("[0:0::1]/a:b", "[::1]/a:b"),
        ("ghcr.io/a/b/c/d:V1_2.3-x", "ghcr.io/a/b/c/d:V1_2.3-x"),
        ("a__b/c--d.e_f", "docker.io/a__b/c--d.e_f:latest"),
    ] {
        assert_eq!(parse(text).to_string(), wanted);
    }
}

#[test]
fn a_digest_stands_alone_or_beside_a_tag() {
    let digest = Digest::of(b"");
    let alone = parse(&format!("ghcr.io/a/b@sha256:{HEX}"));
    assert_eq!((alone.tag(), alone.digest()), (None, Some(&digest)));
    let both = parse(&format!("ghcr.io/a/b:v1@sha256:{HEX}"));
    assert_eq!((both.tag(), both.digest()), (Some("v1"), Some(&digest)));
    assert_eq!(both.with_digest(&digest), alone);
}

#[test]
fn parts_are_told_apart() {
    let reference = parse("127.0.0.1:5000/orangecheck/oc-guardian:v1.2.3");
    assert_eq!(reference.host(), "127.0.0.1:5000");
    assert_eq!(reference.repository(), "orangecheck/oc-guardian");
    assert_eq!(reference.tag(), Some("v1.2.3"));
    assert_eq!(reference.name(), "127.0.0.1:5000/orangecheck/oc-guardian");
    assert!(reference.is_loopback());
    assert!(!parse("ghcr.io/a/b").is_loopback());
}

#[test]
fn what_is_wrong_is_named() {
    use ReferenceError as E;
    let host = |text: &str, host: &str| E::Host {
        text: text.into(),
        host: host.into(),
    };
    let text = |text: &str| text.to_owned();
    for (given, wanted) in [
        ("", E::Empty),
        ("https://ghcr.io/a", E::Scheme(text("https://ghcr.io/a"))),
        ("GHCR.io/a", host("GHCR.io/a", "GHCR.io")),
        ("Foo/bar", host("Foo/bar", "Foo")),
        ("127.1/a", host("127.1/a", "127.1")),
        ("a:99999/b", host("a:99999/b", "a:99999")),
        ("[::1/a", host("[::1/a", "[::1")),
        ("a.io/", E::Repository(text("a.io/"))),
        ("/a", E::Repository(text("/a"))),
        ("a//b", E::Repository(text("a//b"))),
        ("a/../b", E::Repository(text("a/../b"))),
        ("a.io/../b", E::Repository(text("a.io/../b"))),
        ("a.io/b?c", E::Repository(text("a.io/b?c"))),
        ("a.io/b%2f", E::Repository(text("a.io/b%2f"))),
        ("a.io/B", E::Repository(text("a.io/B"))),
        ("a.io/b___c", E::Repository(text("a.io/b___c"))),
        ("a.io/b..c", E::Repository(text("a.io/b..c"))),
        ("a.io/-b", E::Repository(text("a.io/-b"))),
        ("a.io/b\u{661}", E::Repository(text("a.io/b\u{661}"))),
        ("a b", E::Repository(text("a b"))),
        (HEX, E::Id(text(HEX))),
        ("a:", E::Tag(text("a:"))),
        ("a:b:c", E::Tag(text("a:b:c"))),
        ("a:.b", E::Tag(text("a:.b"))),
        ("a:b/c d", host("a:b/c d", "a:b")),
        ("a@", E::Digest(text("a@"), DigestError::Malformed)),
        (
            "a@sha256:00",
            E::Digest(text("a@sha256:00"), DigestError::Malformed),
        ),
    ] {
        assert_eq!(given.parse::<Reference>(), Err(wanted), "{given}");
    }
    assert_eq!(
        "a".repeat(MAX_REFERENCE + 1).parse::<Reference>(),
        Err(E::TooLong)
    );
    let long = format!("a.io/{}", "b".repeat(MAX_REPOSITORY + 1));
    assert_eq!(long.parse::<Reference>(), Err(E::Repository(long.clone())));
}

#[test]
fn tags_have_a_length() {
    assert!(is_tag(&"a".repeat(MAX_TAG)) && is_tag(&format!("sha256-{HEX}.sig")));
    assert!(
        !is_tag(&"a".repeat(MAX_TAG + 1)) && !is_tag("") && !is_tag("-a") && !is_tag("a/b") && !is_tag("é")
    );
}

proptest! {
    #[test]
    fn what_parses_is_written_to_the_same(
        host in "([a-z0-9]{1,8}(\\.[a-z]{1,5})?|\\[::[0-9a-f]{1,4}\\]|localhost)?(:[1-9][0-9]{0,3})?",
        repository in "[a-z0-9]{1,5}((/|\\.|_|__|-)[a-z0-9]{1,5}){0,4}",
        tag in "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,10})?",
        digest in "(@sha256:[0-9a-f]{64})?",
    ) {
        let text = format!("{host}/{repository}{tag}{digest}");
        if let Ok(reference) = text.trim_start_matches('/').parse::<Reference>() {
            prop_assert_eq!(&reference.to_string().parse::<Reference>().unwrap(), &reference);
            prop_assert!(reference.tag().is_some() || reference.digest().is_some());
        }
    }

    #[test]
    fn nothing_panics_and_the_canonical_form_is_stable(text in "[a-zA-Z0-9/:@.\\[\\]_é-]{0,80}") {
        if let Ok(reference) = text.parse::<Reference>() {
            let canonical = reference.to_string();
            prop_assert_eq!(canonical.parse::<Reference>().unwrap().to_string(), canonical);
        }
    }
}
