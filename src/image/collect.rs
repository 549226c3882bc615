use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::at_once::{each, join};
use super::bundle::MAX_BUNDLE;
use super::descriptor::{Descriptor, Platform};
use super::digest::Digest;
use super::error::VerifyError;
use super::evidence::Bundles;
use super::fault::{Fault, Purpose};
use super::legacy::{DSSE_ENVELOPE, LegacyLayer, SIMPLE_SIGNING};
use super::manifest::{Content, Index};
use super::manifest_error::ManifestError;
use super::platform::PlatformError;
use super::quoted::cut;
use super::reference::Reference;
use super::registry::RegistryError;
use super::runs::{Chosen, Runs, choose};
use super::source::{Manifest, Referrers, Source};

/// Most referrers and legacy layers that are looked at. More are refused, not cut off: what lies beyond the limit could
/// be the signature, or the bundle that keeps a legacy one from counting.
pub const MAX_EVIDENCE: usize = 64;
/// Most bytes of evidence in all.
const MAX_TOTAL: usize = 32 * 1024 * 1024;
/// Largest config of an image, in bytes.
const MAX_CONFIG: usize = 4 * 1024 * 1024;
/// Largest legacy layer, in bytes. Payloads have some hundred.
const MAX_LEGACY: usize = MAX_BUNDLE;

const BUNDLE_PREFIX: &str = "application/vnd.dev.sigstore.bundle";

/// All that was found about an image, nothing of it verified. From here on the network is not needed.
#[derive(Debug)]
pub struct Material {
    /// What the reference points to, as it came.
    pub root: Manifest,
    /// What says what runs on the platform.
    pub runs: Runs,
    /// Sigstore bundles among the referrers.
    pub bundles: Bundles,
    /// Layers of the legacy tag `.sig`, where no bundle is a signature.
    pub legacy_signatures: Vec<LegacyLayer>,
    /// Layers of the legacy tag `.att`, where no bundle is provenance.
    pub legacy_attestations: Vec<LegacyLayer>,
}

/// Gets what a verdict needs, steps 1 and 2: resolves the reference once, and from there on asks by digest only.
///
/// # Errors
/// [`VerifyError`]
pub fn collect(
    source: &dyn Source,
    reference: &Reference,
    platform: &Platform,
    pinned: Option<&Digest>,
) -> Result<Material, VerifyError> {
    let spent = AtomicUsize::new(0);
    let get = |digest| Get {
        source,
        reference,
        digest,
        spent: &spent,
    };
    thread::scope(|scope| {
        // What is asked for by digest has its evidence asked for at once; by tag, that has to wait for the digest.
        let early = match reference.digest() {
            Some(digest) => {
                check_pin(digest, pinned)?;
                let get = get(*digest);
                Some(scope.spawn(move || get.evidence()))
            }
            None => None,
        };
        let root = resolve(source, reference)?;
        check_pin(&root.digest, pinned)?;
        let get = get(root.digest);
        let chosen = choose(&root, platform)?;
        let runs = scope.spawn(move || get.runs(chosen));
        let evidence = match early {
            Some(early) => join(early),
            None => get.evidence(),
        };
        let (bundles, legacy_signatures, legacy_attestations) = evidence?;
        Ok(Material {
            runs: join(runs)?,
            root,
            bundles,
            legacy_signatures,
            legacy_attestations,
        })
    })
}

fn resolve(source: &dyn Source, reference: &Reference) -> Result<Manifest, VerifyError> {
    let found = match (reference.digest(), reference.tag()) {
        (Some(digest), _) => source.manifest(reference, digest)?,
        (None, tag) => source.manifest_by_tag(reference, tag.unwrap_or("latest"))?,
    };
    found.ok_or_else(|| VerifyError::NotFound(reference.clone()))
}

/// Checks a digest against the only one that is accepted.
pub(super) fn check_pin(found: &Digest, pinned: Option<&Digest>) -> Result<(), VerifyError> {
    match pinned {
        Some(pinned) if pinned != found => Err(VerifyError::NotPinned {
            found: *found,
            pinned: *pinned,
        }),
        _ => Ok(()),
    }
}

/// Requests about one image.
#[derive(Clone, Copy)]
struct Get<'a> {
    source: &'a dyn Source,
    reference: &'a Reference,
    digest: Digest,
    /// Bytes of evidence that were asked for so far.
    spent: &'a AtomicUsize,
}

type Evidence = (Bundles, Vec<LegacyLayer>, Vec<LegacyLayer>);

impl Get<'_> {
    fn runs(self, chosen: Chosen) -> Result<Runs, VerifyError> {
        match chosen {
            Chosen::Manifest(digest, platform) => {
                let manifest = self.source.manifest(self.reference, &digest)?;
                Ok(Runs::Manifest(manifest.ok_or(PlatformError::Absent(platform))?))
            }
            Chosen::Config(config) => Ok(Runs::Config(self.source.blob(
                self.reference,
                &config.digest,
                MAX_CONFIG,
            )?)),
        }
    }

    fn evidence(self) -> Result<Evidence, VerifyError> {
        let bundles = self.bundles()?;
        let needs = |purpose| !bundles.serve(purpose);
        let legacy = |suffix, media_type, needed: bool| {
            if needed {
                self.legacy(suffix, media_type)
            } else {
                Ok(Vec::new())
            }
        };
        let signatures = || legacy("sig", SIMPLE_SIGNING, needs(Purpose::Signature));
        let attestations = || legacy("att", DSSE_ENVELOPE, needs(Purpose::Provenance));
        if needs(Purpose::Signature) && needs(Purpose::Provenance) {
            let (signatures, attestations) = thread::scope(|scope| {
                let signatures = scope.spawn(signatures);
                let attestations = attestations();
                (join(signatures), attestations)
            });
            return Ok((bundles, signatures?, attestations?));
        }
        let (signatures, attestations) = (signatures()?, attestations()?);
        Ok((bundles, signatures, attestations))
    }

    /// The bundles among the referrers. Artifact types and annotations in the index are not looked at: cosign 3.1.1
    /// writes neither into the fallback tag, and they are not signed.
    fn bundles(self) -> Result<Bundles, VerifyError> {
        let Some(bytes) = self.referrers()? else {
            return Ok(Bundles::default());
        };
        let mut bundles = Bundles::default();
        let entries = match Index::parse_referrers(&bytes) {
            Ok(index) => index.entries,
            Err(ManifestError::TooMany) => return Err(too_much("referrers", MAX_EVIDENCE)),
            Err(error) => {
                // Nobody can say whether a bundle would be in it.
                bundles.add_unclassifiable(&Fault::Unreadable(cut(&format!(
                    "the list of referrers: {error}"
                ))));
                return Ok(bundles);
            }
        };
        check_count("referrers", entries.len())?;
        for found in each(&entries, |descriptor| self.bundle(descriptor)) {
            match found? {
                Found::Bundle(bytes) => {
                    bundles.add(&bytes);
                }
                Found::Unclassifiable(fault) => bundles.add_unclassifiable(&fault),
                Found::Ignored(why) => bundles.ignore(why),
                Found::Other => {}
            }
        }
        Ok(bundles)
    }

    fn referrers(self) -> Result<Option<Vec<u8>>, VerifyError> {
        match self.source.referrers(self.reference, &self.digest)? {
            Referrers::Index(bytes) => Ok(Some(bytes)),
            Referrers::NoApi => {
                let tag = format!("sha256-{}", self.digest.as_hex());
                let found = self.source.manifest_by_tag(self.reference, &tag)?;
                Ok(found.map(|manifest| manifest.bytes))
            }
        }
    }

    fn bundle(self, descriptor: &Descriptor) -> Result<Found, VerifyError> {
        let digest = &descriptor.digest;
        let Some(manifest) = self.source.manifest(self.reference, digest)? else {
            // A list that was not tidied up after something was removed.
            return Ok(Found::Ignored(format!("the referrer {digest} is not there")));
        };
        let Ok(Content::Image(manifest)) = Content::parse(&manifest.media_type, &manifest.bytes) else {
            return Ok(Found::Ignored(format!("the referrer {digest} is not a manifest")));
        };
        let is_bundle = |layer: &Descriptor| layer.media_type.starts_with(BUNDLE_PREFIX);
        match manifest.layers.as_slice() {
            [layer] if is_bundle(layer) => match self.layer(layer, MAX_BUNDLE) {
                Ok(bytes) => Ok(Found::Bundle(bytes)),
                Err(Missing::Unacceptable(fault)) => Ok(Found::Unclassifiable(fault)),
                // It is listed as a bundle, and nobody can say what it would have been.
                Err(Missing::Registry(RegistryError::NotFound { .. })) => Ok(Found::Unclassifiable(
                    Fault::Unreadable(format!("the content of the referrer {digest} is not there")),
                )),
                Err(Missing::Registry(error)) => Err(error.into()),
                Err(Missing::TooMuch) => Err(too_much("bytes of signatures", MAX_TOTAL)),
            },
            layers if layers.iter().any(is_bundle) => Ok(Found::Unclassifiable(Fault::Unreadable(format!(
                "the referrer {digest} has a Sigstore bundle and other layers"
            )))),
            _ => Ok(Found::Other),
        }
    }

    fn legacy(self, suffix: &str, media_type: &str) -> Result<Vec<LegacyLayer>, VerifyError> {
        let tag = format!("sha256-{}.{suffix}", self.digest.as_hex());
        let Some(manifest) = self.source.manifest_by_tag(self.reference, &tag)? else {
            return Ok(Vec::new());
        };
        let invalid = |source| VerifyError::manifest(manifest.digest, source);
        let Content::Image(image) = Content::parse(&manifest.media_type, &manifest.bytes).map_err(invalid)?
        else {
            return Ok(Vec::new());
        };
        let layers: Vec<Descriptor> = image
            .layers
            .into_iter()
            .filter(|layer| layer.media_type == media_type)
            .collect();
        check_count("legacy signatures", layers.len())?;
        let mut found = Vec::with_capacity(layers.len());
        let contents = each(&layers, |layer| self.layer(layer, MAX_LEGACY));
        for (layer, bytes) in layers.iter().zip(contents) {
            let bytes = match bytes {
                Ok(bytes) => bytes,
                // Refused later for what it is not.
                Err(Missing::Unacceptable(_)) => Vec::new(),
                Err(Missing::Registry(error)) => return Err(error.into()),
                Err(Missing::TooMuch) => return Err(too_much("bytes of signatures", MAX_TOTAL)),
            };
            found.push(LegacyLayer {
                annotations: layer.annotations.clone(),
                bytes,
            });
        }
        Ok(found)
    }

    fn layer(self, layer: &Descriptor, limit: usize) -> Result<Vec<u8>, Missing> {
        if let Ok(size) = usize::try_from(layer.size)
            && size <= limit
        {
            // Before it is asked for: what many small requests bring together is kept until all of them are answered.
            if self.spent.fetch_add(size, Ordering::Relaxed).saturating_add(size) > MAX_TOTAL {
                return Err(Missing::TooMuch);
            }
            return Ok(self.source.blob(self.reference, &layer.digest, size)?);
        }
        Err(Missing::Unacceptable(Fault::Unreadable(format!(
            "{} has {} bytes; at most {limit} are read",
            layer.digest, layer.size
        ))))
    }
}

enum Missing {
    Unacceptable(Fault),
    Registry(RegistryError),
    TooMuch,
}

impl From<RegistryError> for Missing {
    fn from(error: RegistryError) -> Self {
        Self::Registry(error)
    }
}

enum Found {
    Bundle(Vec<u8>),
    Unclassifiable(Fault),
    Ignored(String),
    Other,
}

fn check_count(what: &'static str, found: usize) -> Result<(), VerifyError> {
    if found <= MAX_EVIDENCE {
        return Ok(());
    }
    Err(too_much(what, MAX_EVIDENCE))
}

fn too_much(what: &'static str, limit: usize) -> VerifyError {
    VerifyError::TooMuch { what, limit }
}

#[cfg(test)]
#[path = "collect_tests.rs"]
mod tests;
