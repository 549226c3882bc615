use serde_json::json;

use super::digest::Digest;
use super::fault::Fault;
use super::identity::{GITHUB_ISSUER, IdentityExpression, IdentityExpressionError};
use super::proof::Certified;
use super::public_key::PublicKey;
use super::quoted::cut;

/// Where the guardian's image is built.
pub const REPOSITORY: &str = "https://github.com/orangecheck/oc-guardian-kit";
/// Who signs the guardian's image: the release workflow, for a version tag.
pub const IDENTITY: &str =
    r"https://github\.com/orangecheck/oc-guardian-kit/\.github/workflows/release\.yml@refs/tags/v[^/]+";
/// The image that is verified where none is named.
pub const DEFAULT_IMAGE: &str = "ghcr.io/orangecheck/oc-guardian:latest";

/// Who must have signed and built an image.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The identity of whoever signs with a certificate, and of the workflow that builds.
    identity: IdentityExpression,
    /// Who vouches for identities.
    issuer: String,
    /// Instead of a certificate, for the signature only: there is nobody's name in a key.
    key: Option<PublicKey>,
    /// URL of the source repository; `None`: whichever the identity is in.
    repository: Option<String>,
    /// The source repository's number at its host, which survives renaming and is not given to another.
    repository_id: Option<String>,
}

impl Policy {
    /// The project's own: its release workflow, in its repository, for a version tag.
    ///
    /// # Errors
    /// Never in practice: the expression is a constant.
    pub fn official() -> Result<Self, IdentityExpressionError> {
        Ok(Self {
            identity: IdentityExpression::pattern(IDENTITY)?,
            issuer: GITHUB_ISSUER.to_owned(),
            key: None,
            repository: Some(REPOSITORY.to_owned()),
            repository_id: None,
        })
    }

    /// Somebody else's. The source repository is then the one that the identity is in.
    #[must_use]
    pub fn with_identity(mut self, identity: IdentityExpression) -> Self {
        self.identity = identity;
        self.repository = None;
        self
    }

    /// Another issuer, which is compared exactly.
    #[must_use]
    pub fn with_issuer(mut self, issuer: String) -> Self {
        self.issuer = issuer;
        self
    }

    /// The signature is made with this key. Provenance still has to come from the identity.
    #[must_use]
    pub fn with_key(mut self, key: PublicKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Pins the number of the source repository (certificate extension .1.15).
    #[must_use]
    pub fn with_repository_id(mut self, id: String) -> Self {
        self.repository_id = Some(id);
        self
    }

    /// The identity expression.
    pub fn identity(&self) -> &IdentityExpression {
        &self.identity
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key, if the signature is made with one.
    pub fn key(&self) -> Option<&PublicKey> {
        self.key.as_ref()
    }

    /// Tells this policy from every other: SHA-256 over all that it consists of. Kept in `verified.json`.
    pub fn fingerprint(&self) -> Digest {
        let parts = json!([
            "oc-guardian/image-policy/v1",
            self.identity.rule(),
            self.identity.as_str(),
            self.issuer,
            self.key.as_ref().map(PublicKey::fingerprint),
            self.repository,
            self.repository_id,
        ]);
        Digest::of(parts.to_string().as_bytes())
    }

    /// That it was signed with a key where a certificate is wanted, or the other way round.
    pub(super) fn other_kind_of_signer(&self) -> Fault {
        let (found, wanted) = match self.key {
            None => ("a key without a certificate", self.identity.wanted()),
            Some(_) => ("a certificate", "the key that was given".to_owned()),
        };
        Fault::Identity {
            found: found.to_owned(),
            wanted,
        }
    }

    /// The source repository, where it is fixed.
    pub(super) fn repository(&self) -> Option<&str> {
        self.repository.as_deref()
    }

    /// Checks who signed, and that the rest of the certificate says the same: anybody may *call* our workflow from a
    /// repository of their own, and then gets a certificate with our workflow in its name.
    pub(super) fn authorise(&self, certified: &Certified) -> Result<(), Fault> {
        self.check_issuer(certified)?;
        self.check_identity(certified)?;
        let claims = &certified.claims;
        if certified.issuer == GITHUB_ISSUER {
            let identity = &certified.identity;
            let repository = claims.source_repository_uri.as_deref();
            if !repository.is_some_and(|uri| is_below(identity, uri)) {
                return Err(claim(
                    "source repository (.1.12)",
                    repository,
                    "the one in its identity",
                ));
            }
            let git_ref = claims.source_repository_ref.as_deref();
            if !git_ref.is_some_and(|git_ref| is_at(identity, git_ref)) {
                return Err(claim("source ref (.1.14)", git_ref, "the one in its identity"));
            }
        }
        self.check_source(certified)
    }

    pub(super) fn check_issuer(&self, certified: &Certified) -> Result<(), Fault> {
        if certified.issuer == self.issuer {
            return Ok(());
        }
        Err(Fault::Issuer {
            found: cut(&certified.issuer),
            wanted: self.issuer.clone(),
        })
    }

    pub(super) fn check_identity(&self, certified: &Certified) -> Result<(), Fault> {
        if self.identity.matches(&certified.identity) {
            return Ok(());
        }
        Err(Fault::Identity {
            found: cut(&certified.identity),
            wanted: self.identity.wanted(),
        })
    }

    /// Checks the source repository against what is pinned.
    pub(super) fn check_source(&self, certified: &Certified) -> Result<(), Fault> {
        let claims = &certified.claims;
        let pairs = [
            (
                "source repository (.1.12)",
                &self.repository,
                &claims.source_repository_uri,
            ),
            (
                "source repository id (.1.15)",
                &self.repository_id,
                &claims.source_repository_identifier,
            ),
        ];
        for (name, wanted, found) in pairs {
            if let Some(wanted) = wanted
                && found.as_ref() != Some(wanted)
            {
                return Err(claim(name, found.as_deref(), wanted));
            }
        }
        Ok(())
    }
}

fn claim(claim: &'static str, found: Option<&str>, wanted: &str) -> Fault {
    Fault::Claim {
        claim,
        found: found.map(cut),
        wanted: wanted.to_owned(),
    }
}

/// Whether `identity` names a workflow of the repository `uri`.
fn is_below(identity: &str, uri: &str) -> bool {
    !uri.is_empty()
        && identity
            .strip_prefix(uri)
            .is_some_and(|rest| rest.starts_with("/.github/workflows/"))
}

/// Whether `identity` ends in `@` and this ref.
fn is_at(identity: &str, git_ref: &str) -> bool {
    !git_ref.is_empty()
        && identity
            .strip_suffix(git_ref)
            .is_some_and(|rest| rest.ends_with('@'))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use sigstore_verify::crypto::FulcioCiClaims;

    use super::*;

    fn certified() -> Certified {
        let mut claims = FulcioCiClaims::default();
        claims.source_repository_uri = Some(REPOSITORY.into());
        claims.source_repository_ref = Some("refs/tags/v1.2.3".into());
        claims.source_repository_identifier = Some("7".into());
        Certified {
            identity: format!("{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1.2.3"),
            issuer: GITHUB_ISSUER.into(),
            claims,
        }
    }

    fn official() -> Policy {
        Policy::official().unwrap()
    }

    #[test]
    fn each_part_changes_the_fingerprint() {
        let pem = |letter: &str| {
            let der = format!("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE{}A==", letter.repeat(85));
            format!("-----BEGIN PUBLIC KEY-----\n{der}\n-----END PUBLIC KEY-----\n")
        };
        let key = |letter: &str| PublicKey::from_pem(pem(letter).as_bytes()).unwrap();
        let exact = |text| official().with_identity(IdentityExpression::exact(text).unwrap());
        let pattern = |text| official().with_identity(IdentityExpression::pattern(text).unwrap());
        let policies = [
            official(),
            // The same expression as the official one, in whichever repository.
            pattern(IDENTITY),
            exact(IDENTITY),
            pattern("https://example.com/a"),
            exact("https://example.com/a"),
            official().with_issuer("https://example.com".into()),
            official().with_key(key("A")),
            official().with_key(key("B")),
            official().with_repository_id("7".into()),
        ];
        let fingerprints: HashSet<Digest> = policies.iter().map(Policy::fingerprint).collect();
        assert_eq!(fingerprints.len(), policies.len());
        assert_eq!(
            official().fingerprint().to_string(),
            "sha256:ed90dde3095679cf1ee113255ad08970e142ff2c1f5a8a753f266f5f8b6ce838",
            "frozen: what was verified under it would not count any more"
        );
    }

    #[test]
    fn our_release_workflow_is_accepted() {
        official().authorise(&certified()).unwrap();
        official()
            .with_repository_id("7".into())
            .authorise(&certified())
            .unwrap();
    }

    #[test]
    fn another_issuer_or_identity_is_refused() {
        let mut other = certified();
        other.issuer = format!("{GITHUB_ISSUER}/enterprise");
        assert!(matches!(official().authorise(&other), Err(Fault::Issuer { .. })));
        for identity in [
            "https://github.com/orangecheck/oc-guardian-kit/.github/workflows/release.yml@refs/heads/main",
            "https://github.com/orangecheck/oc-guardian-kit/.github/workflows/ci.yml@refs/tags/v1.2.3",
            "https://github.com/orangecheck/oc-guardian-kit-evil/.github/workflows/release.yml@refs/tags/v1.2.3",
            "https://github.com/orangecheck/oc-guardian-kit/.github/workflows/release.yml@refs/tags/v1/2",
        ] {
            let mut other = certified();
            other.identity = identity.into();
            assert!(
                matches!(official().authorise(&other), Err(Fault::Identity { .. })),
                "{identity}"
            );
        }
    }

    #[test]
    fn the_certificate_must_not_contradict_its_identity() {
        type Change = fn(&mut FulcioCiClaims);
        let changes: [Change; 7] = [
            |claims| claims.source_repository_uri = Some("https://github.com/evil/kit".into()),
            |claims| claims.source_repository_uri = Some("https://github.com/orangecheck".into()),
            |claims| claims.source_repository_uri = Some("https://github.com/orangecheck/oc-guardian".into()),
            |claims| claims.source_repository_uri = None,
            |claims| claims.source_repository_ref = Some("refs/heads/main".into()),
            |claims| claims.source_repository_ref = Some(String::new()),
            |claims| claims.source_repository_ref = None,
        ];
        for change in changes {
            let mut other = certified();
            change(&mut other.claims);
            assert!(
                matches!(official().authorise(&other), Err(Fault::Claim { .. })),
                "{:?}",
                other.claims
            );
            // Nor where the repository is not fixed.
            let anywhere = IdentityExpression::pattern("https://github.com/orangecheck").unwrap();
            let lenient = official().with_identity(anywhere);
            assert!(matches!(lenient.authorise(&other), Err(Fault::Claim { .. })));
        }
        assert!(matches!(
            official().with_repository_id("8".into()).authorise(&certified()),
            Err(Fault::Claim { .. })
        ));
    }
}
