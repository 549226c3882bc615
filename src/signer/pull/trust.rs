use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use tokio::sync::oneshot;

use crate::engine::LocalImage;
use crate::image::trust::TrustRoot;
use crate::image::{
    self, Digest, Known, KnownError, Platform, Policy, ProvenancePolicy, Reference, Request, Verdict,
    VerifiedImage, VerifyError, registry,
};

/// Names of an image under which it is looked for in registries.
const MAX_NAMES: usize = 8;

/// What makes the image of a container one that is trusted.
pub struct ImageTrust(Arc<Inner>);

struct Inner {
    policy: Policy,
    root: TrustRoot,
    registry: registry::Options,
    state: PathBuf,
}

/// Why an image is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum ImageError {
    /// The engine's id of it is no digest.
    #[error("the engine's id of the image is no digest")]
    Id,
    /// Nothing says in which registry its signature is.
    #[error("it was not verified on this machine, and has no name in a registry by which that could be done")]
    Nameless,
    /// What the registry has under its name is another image.
    #[error("{reference} is another image than the one that the container runs")]
    Another {
        /// What was verified.
        reference: String,
    },
    /// It does not verify, or the registry does not answer.
    #[error("{reference}: {source}")]
    Verify {
        /// What was to be verified; from outside.
        reference: String,
        /// Why not.
        source: Box<VerifyError>,
    },
    /// The check ended without a word.
    #[error("the check was interrupted")]
    Interrupted,
    /// What was verified before cannot be read.
    #[error(transparent)]
    Known(#[from] KnownError),
}

impl ImageError {
    /// Whether the next try may end otherwise, with the same container.
    pub(super) fn may_pass(&self) -> bool {
        match self {
            Self::Verify { source, .. } => !source.is_verdict(),
            Self::Known(_) | Self::Interrupted => true,
            Self::Id | Self::Nameless | Self::Another { .. } => false,
        }
    }
}

impl ImageTrust {
    /// Signed and built as `policy` wants, by the certificates and logs of `root`. What was verified on this machine
    /// before stands in the folder `state`; about other images registries are asked.
    pub fn new(policy: Policy, root: TrustRoot, registry: registry::Options, state: PathBuf) -> Self {
        Self(Arc::new(Inner {
            policy,
            root,
            registry,
            state,
        }))
    }

    /// The digest under which the image was verified: on this machine before, or now through its registry. `named` is how
    /// whoever made the container called the image: where to look for its signature, and no more than that. `claimed` is
    /// preferred where the same image was verified under several digests.
    ///
    /// # Errors
    /// [`ImageError`]
    pub(super) async fn verify(
        &self,
        image: LocalImage,
        named: &str,
        claimed: Option<Digest>,
    ) -> Result<Digest, ImageError> {
        let (inner, named) = (Arc::clone(&self.0), named.to_owned());
        let (sender, outcome) = oneshot::channel();
        // A thread of its own, which the end of the process does not wait for: registries can be slow.
        std::thread::spawn(move || sender.send(inner.verify(&image, &named, claimed.as_ref())));
        outcome.await.unwrap_or(Err(ImageError::Interrupted))
    }
}

impl Inner {
    fn verify(
        &self,
        image: &LocalImage,
        named: &str,
        claimed: Option<&Digest>,
    ) -> Result<Digest, ImageError> {
        let id: Digest = image.id.parse().map_err(|_| ImageError::Id)?;
        let known = Known::load(&self.state)?;
        if let Some(digest) = self.known(&known, &id, claimed) {
            return Ok(digest);
        }
        let mut outcome = Err(ImageError::Nameless);
        for reference in names(image, named) {
            match self.ask(&reference, image, &id, &known) {
                Ok(digest) => return Ok(digest),
                // The first verdict says most; no answer of another registry takes its place.
                Err(error) => match &outcome {
                    Err(ImageError::Nameless) => outcome = Err(error),
                    Err(earlier) if earlier.may_pass() && !error.may_pass() => outcome = Err(error),
                    _ => {}
                },
            }
        }
        outcome
    }

    fn known(&self, known: &Known, id: &Digest, claimed: Option<&Digest>) -> Option<Digest> {
        claimed
            .filter(|claimed| known.has_verified(claimed, Some(id), &self.policy, &self.root))
            .or_else(|| {
                known
                    .find_by_image_id(id, &self.policy, &self.root)
                    .map(Verdict::digest)
            })
            .copied()
    }

    fn ask(
        &self,
        reference: &Reference,
        image: &LocalImage,
        id: &Digest,
        known: &Known,
    ) -> Result<Digest, ImageError> {
        let platform = Platform {
            os: image.os.clone(),
            architecture: image.architecture.clone(),
            ..Platform::of_this_machine()
        };
        let request = Request {
            reference,
            policy: &self.policy,
            provenance: ProvenancePolicy::Required,
            platform: &platform,
            pinned: None,
            allow_downgrade: false,
        };
        let now = SystemTime::now();
        let client = registry::Client::new(self.registry.clone());
        let verified = image::verify(&client, &self.root, &request, known, now).map_err(|source| {
            ImageError::Verify {
                reference: reference.to_string(),
                source: Box::new(source),
            }
        })?;
        if !is_image(&verified, id) {
            return Err(ImageError::Another {
                reference: reference.to_string(),
            });
        }
        // It stands without being noted: it would only be asked for again.
        let _ = image::record_verified(&self.state, &verified, now);
        Ok(*verified.digest())
    }
}

/// By what it is signed, and under which names engines keep images: config, manifest, or index.
fn is_image(verified: &VerifiedImage, id: &Digest) -> bool {
    [
        verified.config_digest(),
        verified.manifest_digest(),
        verified.digest(),
    ]
    .contains(&id)
}

/// Where its signature may be: first by the digests under which it was pulled, then by its name.
fn names(image: &LocalImage, named: &str) -> Vec<Reference> {
    let texts = image.repo_digests.iter().map(String::as_str).chain([named]);
    let mut found: Vec<Reference> = Vec::new();
    for reference in texts.take(MAX_NAMES).filter_map(|text| text.parse().ok()) {
        if !found.contains(&reference) {
            found.push(reference);
        }
    }
    found
}
