use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use sigstore_types::Statement;

use super::fault::Fault;
use super::identity::IdentityExpression;
use super::policy::Policy;
use super::proof::Certified;
use super::quoted::cut;

/// The SLSA project's builder for container images: it runs apart from the steps that it builds, and signs by itself.
pub const GENERATOR: &str = r"https://github\.com/slsa-framework/slsa-github-generator/\.github/workflows/generator_container_slsa3\.yml@refs/tags/v[0-9]+\.[0-9]+\.[0-9]+";

static GENERATOR_IDENTITY: LazyLock<IdentityExpression> = LazyLock::new(|| {
    IdentityExpression::pattern(GENERATOR).expect("a constant that the tests of this module compile")
});

const HOSTED: &str = "github-hosted";

/// How an image was built, according to a builder that is trusted to say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// `builder.id` of the statement, which is also the identity in the certificate.
    pub builder: String,
    /// SLSA build level that this builder really gives, whatever the statement claims.
    pub level: u8,
    /// URL of the source repository.
    pub repository: String,
    /// Git ref, such as `refs/tags/v1.2.3`.
    pub git_ref: String,
    /// Git commit, where the certificate names it.
    pub commit: Option<String>,
}

impl Provenance {
    /// Whether the SLSA project's generator built it, which builds for everybody.
    pub fn is_by_generator(&self) -> bool {
        GENERATOR_IDENTITY.matches(&self.builder)
    }
}

/// What the signature says of the source; provenance has to say the same.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Source<'a> {
    pub(super) repository: Option<&'a str>,
    pub(super) git_ref: Option<&'a str>,
    pub(super) commit: Option<&'a str>,
}

/// Checks who built an image, from what, and where. The statement's subject has been checked.
pub(super) fn judge(
    certified: &Certified,
    statement: &Statement,
    policy: &Policy,
    signed: Source,
) -> Result<Provenance, Fault> {
    policy.check_issuer(certified)?;
    let level = if GENERATOR_IDENTITY.matches(&certified.identity) {
        // Its certificate has its own repository in the name, and ours only in the extensions.
        policy.check_source(certified)?;
        3
    } else {
        policy.authorise(certified)?;
        2
    };
    let claims = &certified.claims;
    same(
        "runner environment (.1.11)",
        claims.runner_environment.as_deref(),
        HOSTED,
    )?;
    let repository = claimed(
        "source repository (.1.12)",
        claims.source_repository_uri.as_deref(),
    )?;
    let git_ref = claimed("source ref (.1.14)", claims.source_repository_ref.as_deref())?;
    let commit = claims.source_repository_digest.as_deref();
    let wanted = signed.repository.or(policy.repository());
    match wanted {
        Some(wanted) => same("source repository (.1.12)", Some(repository), wanted)?,
        // Without any, the builder's own name says it, but the generator builds for everybody.
        None if level == 3 => {
            return Err(Fault::Build {
                what: "source repository (.1.12)",
                found: cut(repository),
                wanted: "one that the signature or the policy names".into(),
            });
        }
        None => {}
    }
    if let Some(wanted) = signed.git_ref {
        same("source ref (.1.14)", Some(git_ref), wanted)?;
    }
    if let Some(wanted) = signed.commit {
        same("source commit (.1.13)", commit, wanted)?;
    }
    let stated = Stated::read(statement)?;
    same("builder.id", Some(&stated.builder), &certified.identity)?;
    same("stated source repository", Some(&stated.repository), repository)?;
    same("stated source ref", Some(&stated.git_ref), git_ref)?;
    if let (Some(stated), Some(commit)) = (&stated.commit, commit) {
        same("stated source commit", Some(stated), commit)?;
    }
    Ok(Provenance {
        builder: stated.builder,
        level,
        repository: stated.repository,
        git_ref: stated.git_ref,
        commit: commit.map(str::to_owned),
    })
}

fn claimed<'a>(what: &'static str, found: Option<&'a str>) -> Result<&'a str, Fault> {
    found.ok_or_else(|| Fault::Build {
        what,
        found: "absent".into(),
        wanted: "what was built".into(),
    })
}

fn same(what: &'static str, found: Option<&str>, wanted: &str) -> Result<(), Fault> {
    if found == Some(wanted) {
        return Ok(());
    }
    Err(Fault::Build {
        what,
        found: cut(found.unwrap_or("absent")),
        wanted: cut(wanted),
    })
}

/// What a statement says of the build; of SLSA v0.2 and v1 the same things.
struct Stated {
    builder: String,
    repository: String,
    git_ref: String,
    commit: Option<String>,
}

/// <https://slsa.dev/spec/v1.0/provenance>
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct V1 {
    build_definition: Definition,
    run_details: RunDetails,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Definition {
    external_parameters: Parameters,
    #[serde(default)]
    resolved_dependencies: Vec<Material>,
}

#[derive(Deserialize)]
struct Parameters {
    /// GitHub's own attestations.
    workflow: Option<Workflow>,
    /// The generator's.
    source: Option<Uri>,
}

#[derive(Deserialize)]
struct Workflow {
    repository: String,
    #[serde(rename = "ref")]
    git_ref: String,
}

/// A URI, by itself or as a member.
#[derive(Deserialize)]
#[serde(untagged)]
enum Uri {
    Text(String),
    Member { uri: String },
}

#[derive(Deserialize)]
struct Material {
    #[serde(default)]
    uri: String,
    #[serde(default)]
    digest: GitDigest,
}

#[derive(Default, Deserialize)]
struct GitDigest {
    #[serde(rename = "gitCommit")]
    git_commit: Option<String>,
    sha1: Option<String>,
}

impl GitDigest {
    fn commit(self) -> Option<String> {
        self.git_commit.or(self.sha1)
    }
}

#[derive(Deserialize)]
struct RunDetails {
    builder: Builder,
}

#[derive(Deserialize)]
struct Builder {
    id: String,
}

/// <https://slsa.dev/spec/v0.2/provenance>
#[derive(Deserialize)]
struct V0 {
    builder: Builder,
    invocation: Invocation,
}

#[derive(Deserialize)]
struct Invocation {
    #[serde(rename = "configSource")]
    config_source: Material,
}

impl Stated {
    fn read(statement: &Statement) -> Result<Self, Fault> {
        if statement.predicate_type.ends_with("/v1") {
            Self::v1(parse(&statement.predicate)?)
        } else {
            Self::v0(parse(&statement.predicate)?)
        }
    }

    fn v1(predicate: V1) -> Result<Self, Fault> {
        let definition = predicate.build_definition;
        let parameters = definition.external_parameters;
        let (repository, git_ref) = match (parameters.workflow, parameters.source) {
            (Some(workflow), _) => (workflow.repository, workflow.git_ref),
            (None, Some(Uri::Text(uri) | Uri::Member { uri })) => split(&uri)?,
            (None, None) => return Err(malformed("it names no source")),
        };
        let source = format!("git+{repository}@{git_ref}");
        let commit = definition
            .resolved_dependencies
            .into_iter()
            .find(|material| material.uri == source)
            .and_then(|material| material.digest.commit());
        Ok(Self {
            builder: predicate.run_details.builder.id,
            repository,
            git_ref,
            commit,
        })
    }

    fn v0(predicate: V0) -> Result<Self, Fault> {
        let source = predicate.invocation.config_source;
        let (repository, git_ref) = split(&source.uri)?;
        Ok(Self {
            builder: predicate.builder.id,
            repository,
            git_ref,
            commit: source.digest.commit(),
        })
    }
}

fn parse<T: for<'de> Deserialize<'de>>(predicate: &Value) -> Result<T, Fault> {
    T::deserialize(predicate).map_err(|error| malformed(&error.to_string()))
}

fn malformed(detail: &str) -> Fault {
    Fault::Build {
        what: "SLSA predicate",
        found: format!("malformed ({})", cut(detail)),
        wanted: "one of SLSA v1 or v0.2".into(),
    }
}

/// `git+URL@REF`
fn split(uri: &str) -> Result<(String, String), Fault> {
    uri.strip_prefix("git+")
        .and_then(|rest| rest.split_once('@'))
        .map(|(repository, git_ref)| (repository.to_owned(), git_ref.to_owned()))
        .ok_or_else(|| malformed(&format!("{uri} is no git+URL@REF")))
}

#[cfg(test)]
#[path = "provenance_tests.rs"]
mod tests;
