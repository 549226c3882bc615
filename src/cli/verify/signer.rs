use std::path::PathBuf;

use clap::Args;

use crate::image::{GITHUB_ISSUER, IdentityExpression, Policy, PublicKey};
use crate::store;
use crate::ui::Failure;

/// Largest public key file, in bytes.
const MAX_KEY: usize = 16 * 1024;

/// Who must have signed. The names are cosign's.
#[derive(Args)]
#[command(next_help_heading = "Signer")]
pub(crate) struct SignerArgs {
    /// Exactly this identity instead of the project's release workflow
    #[arg(long, value_name = "IDENTITY", conflicts_with = "certificate_identity_regexp")]
    certificate_identity: Option<String>,
    /// An identity that this expression matches as a whole; without metacharacters, it or anything below it
    #[arg(long, value_name = "REGEXP")]
    certificate_identity_regexp: Option<String>,
    /// Who vouches for the identity
    #[arg(long, value_name = "URL", default_value = GITHUB_ISSUER)]
    certificate_oidc_issuer: String,
    /// Public key (PEM) that made the signature, instead of a certificate; provenance still needs the identity
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl SignerArgs {
    /// What was given, for another command line with the same meaning; paths absolute.
    pub(crate) fn given(&self) -> Vec<(&'static str, String)> {
        let key = self.key.as_deref().map(super::image_args::absolute_text);
        let issuer = Some(self.certificate_oidc_issuer.clone()).filter(|it| it != GITHUB_ISSUER);
        [
            ("--certificate-identity", self.certificate_identity.clone()),
            (
                "--certificate-identity-regexp",
                self.certificate_identity_regexp.clone(),
            ),
            ("--certificate-oidc-issuer", issuer),
            ("--key", key),
        ]
        .into_iter()
        .filter_map(|(flag, value)| Some((flag, value?)))
        .collect()
    }

    /// The policy that the flags describe.
    pub(crate) fn policy(&self) -> Result<Policy, Failure> {
        let mut policy = Policy::official()?.with_issuer(self.certificate_oidc_issuer.clone());
        if let Some(identity) = &self.certificate_identity {
            policy = policy.with_identity(IdentityExpression::exact(identity)?);
        }
        if let Some(expression) = &self.certificate_identity_regexp {
            policy = policy.with_identity(IdentityExpression::pattern(expression)?);
        }
        if let Some(path) = &self.key {
            let pem = store::read(path, MAX_KEY)?;
            let key = PublicKey::from_pem(&pem).map_err(|error| Failure::from(error).in_file(path))?;
            policy = policy.with_key(key);
        }
        Ok(policy)
    }
}
