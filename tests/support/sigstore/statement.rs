//! What is signed about an image: cosign's payload, in-toto statements, SLSA predicates.

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use super::Claims;

/// Payload type of statements.
pub const IN_TOTO: &str = "application/vnd.in-toto+json";
/// Predicate type of cosign 3's image signatures.
pub const SIGN: &str = "https://sigstore.dev/cosign/sign/v1";
pub const SLSA_V1: &str = "https://slsa.dev/provenance/v1";
pub const SLSA_V02: &str = "https://slsa.dev/provenance/v0.2";

/// An in-toto statement about an image.
pub fn statement(digest: &Digest, predicate_type: &str, predicate: &Value) -> Value {
    json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": "", "digest": { "sha256": digest.as_hex() } }],
        "predicateType": predicate_type,
        "predicate": predicate,
    })
}

/// What cosign 1 and 2 sign.
pub fn simple_signing(digest: &Digest) -> Vec<u8> {
    json!({
        "critical": {
            "identity": { "docker-reference": "ghcr.io/orangecheck/oc-guardian" },
            "image": { "docker-manifest-digest": digest.to_string() },
            "type": "cosign container image signature",
        },
        "optional": null,
    })
    .to_string()
    .into_bytes()
}

/// Provenance v1, as GitHub's own attestation action writes it for the build that the claims are about.
pub fn predicate_v1(claims: &Claims) -> Value {
    let (repository, git_ref) = source(claims);
    json!({
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {
                    "ref": git_ref,
                    "repository": repository,
                    "path": ".github/workflows/release.yml",
                },
            },
            "internalParameters": {
                "github": {
                    "event_name": claims.trigger,
                    "repository_id": claims.repository_id,
                    "repository_owner_id": claims.owner_id,
                    "runner_environment": claims.runner,
                },
            },
            "resolvedDependencies": [{
                "uri": format!("git+{repository}@{git_ref}"),
                "digest": { "gitCommit": claims.commit },
            }],
        },
        "runDetails": {
            "builder": { "id": claims.identity },
            "metadata": { "invocationId": claims.run },
        },
    })
}

/// Provenance v0.2, as the SLSA generator for containers writes it.
pub fn predicate_v02(claims: &Claims) -> Value {
    let (repository, git_ref) = source(claims);
    let uri = format!("git+{repository}@{git_ref}");
    json!({
        "builder": { "id": claims.identity },
        "buildType": "https://github.com/slsa-framework/slsa-github-generator/container@v1",
        "invocation": {
            "configSource": {
                "uri": uri,
                "digest": { "sha1": claims.commit },
                "entryPoint": ".github/workflows/release.yml",
            },
            "parameters": {},
            "environment": { "github_event_name": claims.trigger, "github_ref": git_ref },
        },
        "metadata": { "completeness": { "parameters": true, "environment": false, "materials": false } },
        "materials": [{ "uri": uri, "digest": { "sha1": claims.commit } }],
    })
}

fn source(claims: &Claims) -> (&str, &str) {
    let repository = claims.repository.as_deref().unwrap_or_default();
    (repository, claims.git_ref.as_deref().unwrap_or_default())
}
