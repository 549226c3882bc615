use bollard::models::ImageInspect;

use super::container::LocalImage;
use super::refusal::Asked;
use super::text::is_image;
use super::{Engine, EngineError, inspect};
use crate::image::{Platform, VerifiedImage};

impl Engine {
    /// A verified image, if the engine has it: looked for by digest, and checked against what was verified.
    ///
    /// # Errors
    /// [`EngineError::WrongImage`], [`EngineError::Platform`], and others.
    pub async fn image(&self, image: &VerifiedImage) -> Result<Option<LocalImage>, EngineError> {
        Ok(self.find(image).await?.map(|(_, found)| found))
    }

    /// An image that the engine has under a name or id, whatever it is.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn local_image(&self, id_or_name: &str) -> Result<Option<LocalImage>, EngineError> {
        Ok(self.inspect_image(id_or_name).await?.map(inspect::image))
    }

    /// A verified image, and the name that the engine has it under.
    pub(super) async fn find(
        &self,
        image: &VerifiedImage,
    ) -> Result<Option<(String, LocalImage)>, EngineError> {
        // One that was loaded from a file, or pulled from elsewhere, is known by its id alone.
        for name in [image.pinned().to_string(), image.config_digest().to_string()] {
            if let Some(found) = self.inspect_image(&name).await? {
                let variant = found.variant.clone();
                let found = inspect::image(found);
                check(image, &found, variant)?;
                return Ok(Some((name, found)));
            }
        }
        Ok(None)
    }

    async fn inspect_image(&self, name: &str) -> Result<Option<ImageInspect>, EngineError> {
        if !is_image(name) {
            return Ok(None);
        }
        let asked = Asked::Image("looking at", name);
        self.ask_if_any(asked, self.docker.inspect_image(name)).await
    }
}

/// Whether an id is that of a verified image. Engines name an image by the digest of its config; with containerd's store, by that
/// of its manifest or of the index. Each of the three was verified, and names content.
pub(super) fn is_id_of(image: &VerifiedImage, id: &str) -> bool {
    [image.config_digest(), image.manifest_digest(), image.digest()]
        .iter()
        .any(|digest| digest.to_string() == id)
}

fn check(image: &VerifiedImage, found: &LocalImage, variant: Option<String>) -> Result<(), EngineError> {
    if !is_id_of(image, &found.id) {
        return Err(EngineError::WrongImage {
            image: image.pinned().to_string(),
            wanted: *image.config_digest(),
            found: found.id.clone(),
        });
    }
    let wanted = image.platform().normalized();
    let is = Platform {
        os: found.os.clone(),
        architecture: found.architecture.clone(),
        variant: variant.filter(|it| !it.is_empty()),
        os_version: None,
    }
    .normalized();
    // The variant is not in every config, and the digest says more than it would.
    if (&is.os, &is.architecture) == (&wanted.os, &wanted.architecture) {
        Ok(())
    } else {
        Err(EngineError::Platform {
            image: image.pinned().to_string(),
            wanted: Box::new(wanted),
            found: Box::new(is),
        })
    }
}
