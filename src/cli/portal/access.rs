use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::bundle::Bundle;
use crate::cli::context::Context;
use crate::doctor::{self, BundleFileError};
use crate::operator::PublicKey;
use crate::portal::{Base, Client, DEFAULT_BASE, Settings};
use crate::store::{self, StoreError};
use crate::ui::{Failure, shell_quoted};
use crate::vault;

/// Environment variable that says where the portal is.
const BASE_VARIABLE: &str = "OC_PORTAL_BASE";
/// Largest file of certificates, in bytes.
const MAX_AUTHORITY: usize = 256 * 1024;

/// Which portal, and how to reach it.
#[derive(Args, Default)]
pub(in crate::cli) struct Access {
    /// Address of the portal [default: $OC_PORTAL_BASE, else that of the config bundle, else https://me.ochk.io]
    #[arg(long, value_name = "URL")]
    portal_base: Option<String>,
    /// PEM file of the portal's own certificate authority; no other is then believed [default: the config bundle's]
    #[arg(long, value_name = "FILE")]
    portal_ca_file: Option<PathBuf>,
}

impl Access {
    /// Whether a portal was named on the command line.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.portal_base.is_some() || self.portal_ca_file.is_some()
    }

    /// A client of the portal that is meant. Connects to nothing yet.
    pub(in crate::cli) fn client(&self, bundle: Option<&Bundle>) -> Result<Client, Failure> {
        let variable = std::env::var_os(BASE_VARIABLE).filter(|value| !value.is_empty());
        let variable = variable
            .map(OsString::into_string)
            .transpose()
            .map_err(|_| Failure::usage(format!("{BASE_VARIABLE} is not text")))?;
        let of_bundle = bundle.and_then(|it| Base::of_attestation_url(&it.attestation_post_url));
        let base = match self.portal_base.as_ref().or(variable.as_ref()) {
            Some(address) => Base::parse(address)?,
            None => match &of_bundle {
                Some(base) => base.clone(),
                None => Base::parse(DEFAULT_BASE)?,
            },
        };
        // The bundle's authority is that of the bundle's portal, not of any.
        let authority = self.portal_ca_file.clone().or_else(|| {
            let bundle = bundle.filter(|_| of_bundle.as_ref() == Some(&base))?;
            bundle.extra_ca_file.clone()
        });
        let mut settings = Settings::new(base);
        settings.authority = authority
            .as_deref()
            .map(|path| self.read_authority(path))
            .transpose()?;
        settings.proxy = ureq::Proxy::try_from_env();
        Ok(Client::new(settings)?)
    }

    fn read_authority(&self, path: &Path) -> Result<Vec<u8>, Failure> {
        store::read(path, MAX_AUTHORITY).map_err(|error| {
            // The bundle names it as the container sees it.
            let hint = (matches!(error, StoreError::NotFound { .. }) && self.portal_ca_file.is_none()).then(|| {
                format!(
                    "The config bundle names {} as the container sees it: name the file on this machine with \
                     --portal-ca-file.",
                    shell_quoted(path)
                )
            });
            let failure = Failure::from(error);
            match hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            }
        })
    }
}

/// Who asks, and about which federation.
pub(in crate::cli) struct Asked {
    /// The operator key: of this machine, else of the config bundle.
    pub(in crate::cli) operator: Option<PublicKey>,
    /// The config bundle, where there is a good one.
    pub(in crate::cli) bundle: Option<Bundle>,
}

impl Asked {
    /// Looks at this machine; `named` is the config bundle if not the usual one. A bundle that is there and bad is an
    /// error, one that is not there is none.
    pub(in crate::cli) fn here(context: &Context, named: Option<&Path>) -> Result<Self, Failure> {
        let folders = context.folders()?;
        let identity = vault::load_identity(&folders)?.map(|identity| identity.public);
        let bundle = match doctor::find_bundle(&folders, named, identity.as_ref()) {
            Ok(found) => match found.checked.bundle() {
                Some(bundle) => Some(bundle.clone()),
                None => {
                    let file = found.path.display().to_string();
                    return Err(Failure::bad_bundle(&file, &found.checked).hint_check(&file));
                }
            },
            Err(BundleFileError::Absent(..)) => None,
            Err(error) => return Err(error.into()),
        };
        let operator = identity.or_else(|| bundle.as_ref().map(|it| it.operator.clone()));
        Ok(Self { operator, bundle })
    }

    /// The federation that is meant: `given`, else the config bundle's.
    pub(in crate::cli) fn federation(&self, given: Option<&String>) -> Result<String, Failure> {
        if let Some(slug) = given {
            return if crate::envelope::is_slug(slug) {
                Ok(slug.clone())
            } else {
                Err(
                    Failure::usage(format!("--federation: {slug:?} is no name of a federation"))
                        .hint("Give 1 to 64 of the characters a-z, 0-9 and -."),
                )
            };
        }
        match &self.bundle {
            Some(bundle) => Ok(bundle.federation_slug.clone()),
            None => Err(Failure::new(
                "no-federation",
                "there is no config bundle, and so no federation to ask about",
            )
            .hint("Name one with --federation SLUG, or write a bundle with: oc-guardian config gen")),
        }
    }
}
