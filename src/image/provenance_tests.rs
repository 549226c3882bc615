use serde_json::json;
use sigstore_verify::crypto::FulcioCiClaims;

use super::super::identity::GITHUB_ISSUER;
use super::super::policy::REPOSITORY;
use super::*;

const REF: &str = "refs/tags/v1.2.3";
const COMMIT: &str = "c0ffee0000000000000000000000000000000000";
const GENERATOR_SAN: &str = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0";

fn our_san() -> String {
    format!("{REPOSITORY}/.github/workflows/release.yml@{REF}")
}

fn certified(identity: &str) -> Certified {
    let mut claims = FulcioCiClaims::default();
    claims.source_repository_uri = Some(REPOSITORY.into());
    claims.source_repository_ref = Some(REF.into());
    claims.source_repository_digest = Some(COMMIT.into());
    claims.runner_environment = Some(HOSTED.into());
    Certified {
        identity: identity.into(),
        issuer: GITHUB_ISSUER.into(),
        claims,
    }
}

fn statement(version: &str, predicate: &Value) -> Statement {
    serde_json::from_value(json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "digest": { "sha256": "00".repeat(32) } }],
        "predicateType": format!("https://slsa.dev/provenance/{version}"),
        "predicate": predicate,
    }))
    .unwrap()
}

fn v1(builder: &str) -> Value {
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": { "workflow": { "ref": REF, "repository": REPOSITORY, "path": "x" } },
            "resolvedDependencies": [{ "uri": format!("git+{REPOSITORY}@{REF}"), "digest": { "gitCommit": COMMIT } }],
        },
        "runDetails": { "builder": { "id": builder } },
    })
}

fn v0(builder: &str) -> Value {
    json!({
        "builder": { "id": builder },
        "buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
        "invocation": {
            "configSource": {
                "uri": format!("git+{REPOSITORY}@{REF}"), "digest": { "sha1": COMMIT }, "entryPoint": "x",
            },
        },
    })
}

fn signed() -> Source<'static> {
    Source {
        repository: Some(REPOSITORY),
        git_ref: Some(REF),
        commit: Some(COMMIT),
    }
}

fn official() -> Policy {
    Policy::official().unwrap()
}

fn refused(certified: &Certified, statement: &Statement, signed: Source) -> Fault {
    judge(certified, statement, &official(), signed).unwrap_err()
}

#[test]
fn both_builders_are_accepted_at_their_own_level() {
    let ours = our_san();
    for (identity, level) in [(ours.as_str(), 2), (GENERATOR_SAN, 3)] {
        for (version, predicate) in [("v1", v1(identity)), ("v0.2", v0(identity))] {
            let read = judge(
                &certified(identity),
                &statement(version, &predicate),
                &official(),
                signed(),
            );
            let found = read.unwrap();
            assert_eq!((found.level, found.builder.as_str()), (level, identity));
            assert_eq!(
                (found.repository.as_str(), found.git_ref.as_str()),
                (REPOSITORY, REF)
            );
            assert_eq!(found.commit.as_deref(), Some(COMMIT));
        }
    }
}

#[test]
fn the_source_may_stand_in_a_parameter_of_its_own() {
    let source = format!("git+{REPOSITORY}@{REF}");
    for value in [json!(source), json!({ "uri": source })] {
        let mut predicate = v1(GENERATOR_SAN);
        predicate["buildDefinition"]["externalParameters"] = json!({ "source": value });
        let statement = statement("v1", &predicate);
        judge(&certified(GENERATOR_SAN), &statement, &official(), signed()).unwrap();
    }
}

#[test]
fn another_builder_is_refused() {
    for identity in [
        "https://github.com/evil/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0",
        &GENERATOR_SAN.replace("refs/tags/v2.1.0", "refs/heads/main"),
        &GENERATOR_SAN.replace("v2.1.0", "v2.1.0-rc.0"),
        &GENERATOR_SAN.replace("container", "generic"),
        &our_san().replace("release.yml", "ci.yml"),
    ] {
        let fault = refused(&certified(identity), &statement("v1", &v1(identity)), signed());
        assert!(matches!(fault, Fault::Identity { .. }), "{identity}: {fault}");
    }
    let mut other = certified(GENERATOR_SAN);
    other.issuer = "https://accounts.example".into();
    let fault = refused(&other, &statement("v1", &v1(GENERATOR_SAN)), signed());
    assert!(matches!(fault, Fault::Issuer { .. }), "{fault}");
}

#[test]
fn the_generator_builds_for_everybody_so_its_certificate_must_name_our_source() {
    type Change = fn(&mut FulcioCiClaims);
    let changes: [Change; 2] = [
        |claims| claims.source_repository_uri = Some("https://github.com/evil/kit".into()),
        |claims| claims.source_repository_uri = None,
    ];
    for change in changes {
        let mut other = certified(GENERATOR_SAN);
        change(&mut other.claims);
        let fault = refused(&other, &statement("v0.2", &v0(GENERATOR_SAN)), signed());
        assert!(matches!(fault, Fault::Claim { .. }), "{fault}");
    }
    // Nor does it help that neither policy nor signature name one.
    let anyone = IdentityExpression::pattern("https://github.com/.*").unwrap();
    let lenient = official().with_identity(anyone);
    let statement = statement("v0.2", &v0(GENERATOR_SAN));
    let fault = judge(&certified(GENERATOR_SAN), &statement, &lenient, Source::default()).unwrap_err();
    assert!(matches!(fault, Fault::Build { .. }), "{fault}");
}

#[test]
fn certificate_statement_and_signature_must_agree() {
    let san = our_san();
    let build_fault = |certified: &Certified, predicate: &Value, signed: Source, wanted: &str| match refused(
        certified,
        &statement("v1", predicate),
        signed,
    ) {
        Fault::Build { what, .. } => assert_eq!(what, wanted),
        other => panic!("{other}"),
    };
    let good = certified(&san);
    let predicate = v1(&san);
    let mut other = certified(&san);
    other.claims.runner_environment = Some("self-hosted".into());
    build_fault(&other, &predicate, signed(), "runner environment (.1.11)");
    other.claims.runner_environment = None;
    build_fault(&other, &predicate, signed(), "runner environment (.1.11)");

    let elsewhere = Source {
        repository: Some("https://github.com/orangecheck/other"),
        ..signed()
    };
    build_fault(&good, &predicate, elsewhere, "source repository (.1.12)");
    let older = Source {
        git_ref: Some("refs/tags/v1.2.2"),
        ..signed()
    };
    build_fault(&good, &predicate, older, "source ref (.1.14)");
    let moved = Source {
        commit: Some("0000000000000000000000000000000000000000"),
        ..signed()
    };
    build_fault(&good, &predicate, moved, "source commit (.1.13)");

    build_fault(&good, &v1("https://github.com/evil"), signed(), "builder.id");
    let change = |pointer: &str, value: Value| {
        let mut changed = predicate.clone();
        *changed.pointer_mut(pointer).unwrap() = value;
        changed
    };
    let workflow = "/buildDefinition/externalParameters/workflow";
    let repository = change(
        &format!("{workflow}/repository"),
        json!("https://github.com/evil/kit"),
    );
    build_fault(&good, &repository, signed(), "stated source repository");
    let git_ref = change(&format!("{workflow}/ref"), json!("refs/heads/main"));
    build_fault(&good, &git_ref, signed(), "stated source ref");
    let commit = change(
        "/buildDefinition/resolvedDependencies/0/digest/gitCommit",
        json!("00"),
    );
    build_fault(&good, &commit, signed(), "stated source commit");
    for malformed in [
        json!(null),
        json!({}),
        change("/runDetails", json!({})),
        change("/buildDefinition/externalParameters", json!({})),
        change(
            "/buildDefinition/externalParameters",
            json!({ "source": "https://x" }),
        ),
        v0(&san),
    ] {
        build_fault(&good, &malformed, signed(), "SLSA predicate");
    }
}
