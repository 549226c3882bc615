use serde_json::{Map, Value, json};

use super::container::NAME;
use crate::image::{Form, GENERATOR, Policy, VerifiedImage};

/// The public Sigstore's certificate authority and log, as the controller names them.
const FULCIO: &str = "https://fulcio.sigstore.dev";
const REKOR: &str = "https://rekor.sigstore.dev";
/// Name of the resource with the keys of a private Sigstore.
const TRUST_ROOT: &str = "oc-guardian";

/// Who must have signed and built the image, for a cluster that checks it again: Sigstore's policy controller.
///
/// It cannot tell all that `verify` does: not the certificate's other claims, not a downgrade.
#[derive(Clone, Debug)]
pub struct Admission {
    signer: Signer,
    signature: Form,
    provenance: Option<Provenance>,
    private_sigstore: bool,
}

#[derive(Clone, Debug)]
enum Signer {
    Identity(Identity),
    Key(String),
}

#[derive(Clone, Debug)]
struct Identity {
    issuer: String,
    subject: Subject,
}

#[derive(Clone, Debug)]
enum Subject {
    Exact(String),
    Regexp(String),
}

#[derive(Clone, Debug)]
struct Provenance {
    builder: Identity,
    form: Form,
    /// Source repository, where the builder builds for everybody.
    repository: Option<String>,
}

/// Why there is no admission policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImagePolicyError {
    /// The controller's regular expressions are Go's.
    #[error(
        "the identity expression {0} has a {1}, which the cluster's policy controller reads in another way"
    )]
    Expression(String, &'static str),
    /// Would have to be quoted in a language inside a language.
    #[error("the source repository {0} has characters that are in no address of a repository")]
    Repository(String),
    /// A path that cannot be mounted.
    #[error(transparent)]
    Path(#[from] super::PathError),
}

impl Admission {
    /// The rules under which this image was verified.
    pub fn of(image: &VerifiedImage, policy: &Policy, private_sigstore: bool) -> Self {
        let identity = || Identity {
            issuer: policy.issuer().to_owned(),
            subject: match policy.identity().as_regexp() {
                Some(expression) => Subject::Regexp(expression),
                None => Subject::Exact(policy.identity().as_str().to_owned()),
            },
        };
        let provenance = image.provenance().map(|facts| {
            let by_generator = facts.build.is_by_generator();
            let builder = if by_generator {
                Identity {
                    issuer: policy.issuer().to_owned(),
                    subject: Subject::Regexp(format!(r"\A(?:{GENERATOR})\z")),
                }
            } else {
                identity()
            };
            Provenance {
                builder,
                form: facts.form,
                repository: by_generator.then(|| facts.build.repository.clone()),
            }
        });
        Self {
            signer: match policy.key() {
                Some(key) => Signer::Key(key.to_pem()),
                None => Signer::Identity(identity()),
            },
            signature: image.signature().form,
            provenance,
            private_sigstore,
        }
    }

    /// What has to be said of it at the head of the file.
    pub(super) fn note(&self) -> &'static str {
        if self.private_sigstore {
            "#\n# The image was verified with a trust root of your own: the policies look for it in a TrustRoot resource named\n\
             # oc-guardian, which is for you to make.\n"
        } else {
            ""
        }
    }

    /// One policy for the signature and one for the provenance: an image has to pass both, while within one policy one
    /// authority is enough.
    pub(super) fn policies(&self, image: &str) -> Result<Vec<Value>, ImagePolicyError> {
        let signature = self.authority("signature", &self.signer, self.signature)?;
        let mut policies = vec![policy("signature", image, &[signature.into()])];
        if let Some(provenance) = &self.provenance {
            policies.push(policy("provenance", image, &self.builders(provenance)?));
        }
        Ok(policies)
    }

    fn builders(&self, provenance: &Provenance) -> Result<Vec<Value>, ImagePolicyError> {
        let versions: &[&str] = match provenance.repository {
            // All that the generator writes.
            Some(_) => &["v0.2"],
            None => &["v1", "v0.2"],
        };
        let signer = Signer::Identity(provenance.builder.clone());
        let mut authorities = Vec::new();
        for version in versions {
            let name = format!("slsa-{}", version.replace('.', "-"));
            let mut attestation = json!({
                "name": "provenance",
                "predicateType": format!("https://slsa.dev/provenance/{version}"),
            });
            if let Some(repository) = &provenance.repository {
                attestation["policy"] = json!({ "type": "cue", "data": built_from(repository)? });
            }
            let mut authority = self.authority(&name, &signer, provenance.form)?;
            authority.insert("attestations".into(), json!([attestation]));
            authorities.push(authority.into());
        }
        Ok(authorities)
    }

    fn authority(
        &self,
        name: &str,
        signer: &Signer,
        form: Form,
    ) -> Result<Map<String, Value>, ImagePolicyError> {
        let mut authority = Map::new();
        authority.insert("name".into(), name.into());
        match signer {
            Signer::Key(pem) => {
                authority.insert("key".into(), json!({ "data": pem }));
            }
            Signer::Identity(identity) => {
                let mut keyless = json!({ "url": FULCIO, "identities": [identity.rule()?] });
                self.add_trust_root(&mut keyless);
                authority.insert("keyless".into(), keyless);
            }
        }
        let mut log = json!({ "url": REKOR });
        self.add_trust_root(&mut log);
        authority.insert("ctlog".into(), log);
        let format = match form {
            Form::Bundle => "bundle",
            Form::Legacy => "legacy",
        };
        authority.insert("signatureFormat".into(), format.into());
        Ok(authority)
    }

    fn add_trust_root(&self, part: &mut Value) {
        if self.private_sigstore {
            part["trustRootRef"] = TRUST_ROOT.into();
        }
    }
}

impl Identity {
    fn rule(&self) -> Result<Value, ImagePolicyError> {
        Ok(match &self.subject {
            Subject::Exact(text) => json!({ "issuer": self.issuer, "subject": text }),
            Subject::Regexp(expression) => {
                json!({ "issuer": self.issuer, "subjectRegExp": in_go(expression)? })
            }
        })
    }
}

/// What Go's syntax lacks or reads differently: operations on classes, comments, and groups with flags or names.
fn in_go(expression: &str) -> Result<&str, ImagePolicyError> {
    let groups = expression
        .match_indices("(?")
        .any(|(at, _)| !expression[at..].starts_with("(?:"));
    let found = ["&&", "--", "~~", r"\b{", r"\<", r"\>"]
        .into_iter()
        .find(|it| expression.contains(it))
        .or(groups.then_some("(?"));
    match found {
        None => Ok(expression),
        Some(found) => Err(ImagePolicyError::Expression(expression.to_owned(), found)),
    }
}

/// The generator signs for any repository; which one it built from is in its statement.
fn built_from(repository: &str) -> Result<String, ImagePolicyError> {
    let in_address = |it: u8| it.is_ascii_alphanumeric() || b"-._~:/".contains(&it);
    if !repository.bytes().all(in_address) {
        return Err(ImagePolicyError::Repository(repository.to_owned()));
    }
    let escaped = repository.replace('.', r"\.");
    Ok(format!(
        "predicate: invocation: configSource: uri: =~#\"^git\\+{escaped}@refs/tags/v[^/]+$\"#\n"
    ))
}

fn policy(about: &str, image: &str, authorities: &[Value]) -> Value {
    json!({
        "apiVersion": "policy.sigstore.dev/v1beta1", "kind": "ClusterImagePolicy",
        "metadata": { "name": format!("{NAME}-{about}") },
        "spec": {
            "images": [{ "glob": format!("{image}@*") }, { "glob": format!("{image}:*") }],
            "authorities": authorities,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_mean_something_else_in_go_are_refused() {
        for good in [
            r"\A(?:https://github\.com/a/b@refs/tags/v[^/]+)\z",
            "[[:alpha:]]+",
            "a{2}|b",
        ] {
            assert_eq!(in_go(good), Ok(good));
        }
        for (bad, wanted) in [
            ("[a-z&&[^b]]", "&&"),
            ("[a-z--b]", "--"),
            ("[a~~b]", "~~"),
            ("(?x)a b", "(?"),
            ("(?:a)(?i)b", "(?"),
            (r"\b{start}a", r"\b{"),
        ] {
            assert_eq!(in_go(bad), Err(ImagePolicyError::Expression(bad.into(), wanted)));
        }
    }

    #[test]
    fn a_repository_cannot_add_to_the_rule() {
        assert_eq!(
            built_from("https://github.com/orangecheck/oc-guardian-kit").unwrap(),
            "predicate: invocation: configSource: uri: \
             =~#\"^git\\+https://github\\.com/orangecheck/oc-guardian-kit@refs/tags/v[^/]+$\"#\n"
        );
        for bad in ["https://x/\"# | string", "https://x/.*|", "https://x/\n"] {
            assert!(
                matches!(built_from(bad), Err(ImagePolicyError::Repository(_))),
                "{bad}"
            );
        }
    }
}
