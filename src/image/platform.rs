use std::str::FromStr;

use super::descriptor::{Descriptor, Platform};
use super::manifest::Index;
use super::manifest_error::ManifestError;

/// Why an image has no manifest to run.
#[derive(Debug, thiserror::Error)]
pub enum PlatformError {
    /// It was not built for this platform.
    #[error("the image is not built for {wanted}; it is for {}", listed(.found))]
    Missing {
        /// What was asked for.
        wanted: Platform,
        /// What there is.
        found: Vec<Platform>,
    },
    /// The registry does not have what the image names for the platform.
    #[error("the registry does not have what the image names for {0}")]
    Absent(Platform),
}

impl PlatformError {
    /// Stable slug.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "platform-missing",
            Self::Absent(_) => "not-found",
        }
    }
}

/// Text that is not a platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a platform (wanted: OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT, such as linux/amd64)")]
pub struct NotAPlatform;

impl Platform {
    /// What containers on this machine run: Linux, also where the engine puts it into a virtual machine.
    pub fn of_this_machine() -> Self {
        let named = Self {
            os: "linux".into(),
            architecture: std::env::consts::ARCH.into(),
            variant: None,
            os_version: None,
        };
        named.normalized()
    }

    /// The platform that the config of an image is for.
    ///
    /// Format: <https://github.com/opencontainers/image-spec/blob/v1.1.1/config.md>
    pub(super) fn of_config(config: &[u8]) -> Result<Self, ManifestError> {
        let form = |error: serde_json::Error| ManifestError::Form(error.to_string());
        super::json::check(config, &["architecture", "os", "os.version", "variant"]).map_err(form)?;
        let platform: Self = serde_json::from_slice(config).map_err(form)?;
        Ok(platform.normalized())
    }

    /// Whether an image for `self` is one for what was asked for, both normalized. Who names no variant takes any; for
    /// `arm`, normalizing names one.
    pub(super) fn serves(&self, wanted: &Self) -> bool {
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_none() || self.variant == wanted.variant)
    }
}

impl Index {
    /// The manifest for a platform and the platform as the index spells it; or all platforms that there are.
    pub(super) fn choose(
        &self,
        wanted: &Platform,
    ) -> Result<Result<(&Descriptor, Platform), Vec<Platform>>, ManifestError> {
        let wanted = wanted.normalized();
        let images = self.images()?;
        let mut serving = images.iter().filter(|(platform, _)| platform.serves(&wanted));
        match (serving.next(), serving.next()) {
            (Some((platform, descriptor)), None) => Ok(Ok((descriptor, platform.clone()))),
            (Some((platform, _)), Some(_)) => Err(ManifestError::DoubledPlatform(platform.clone())),
            (None, _) => Ok(Err(images.into_keys().collect())),
        }
    }
}

impl FromStr for Platform {
    type Err = NotAPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_name = |text: &&str| {
            let letters =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
            (1..=32).contains(&text.len()) && text.bytes().all(letters)
        };
        let parts: Vec<&str> = text.split('/').collect();
        match parts.as_slice() {
            [os, architecture, variant @ ..] if variant.len() <= 1 && parts.iter().all(is_name) => Ok(Self {
                os: (*os).to_owned(),
                architecture: (*architecture).to_owned(),
                variant: variant.first().map(|variant| (*variant).to_owned()),
                os_version: None,
            }),
            _ => Err(NotAPlatform),
        }
    }
}

fn listed(found: &[Platform]) -> String {
    const SHOWN: usize = 8;
    let names: Vec<String> = found.iter().take(SHOWN).map(ToString::to_string).collect();
    match (names.as_slice(), found.len().saturating_sub(SHOWN)) {
        ([], _) => "none".into(),
        (names, 0) => names.join(", "),
        (names, more) => format!("{} and {more} more", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::digest::Digest;
    use super::super::manifest::{OCI_INDEX, OCI_MANIFEST};
    use super::*;

    fn platform(text: &str) -> Platform {
        text.parse().unwrap()
    }

    fn entry(name: &str, os: &str, architecture: &str, variant: &str) -> Value {
        json!({
            "mediaType": OCI_MANIFEST, "digest": Digest::of(name.as_bytes()), "size": 2,
            "platform": { "os": os, "architecture": architecture, "variant": variant },
        })
    }

    fn choose(entries: &[Value], wanted: &str) -> Result<Result<Digest, Vec<String>>, ManifestError> {
        let index = json!({ "schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries });
        let index = Index::parse_referrers(index.to_string().as_bytes())?;
        let chosen = index.choose(&platform(wanted))?;
        Ok(chosen
            .map(|(descriptor, _)| descriptor.digest)
            .map_err(|found| found.iter().map(ToString::to_string).collect()))
    }

    #[test]
    fn reads_what_it_prints() {
        for good in ["linux/amd64", "linux/arm/v7", "windows/386"] {
            assert_eq!(platform(good).to_string(), good);
        }
        for bad in [
            "",
            "linux",
            "linux/",
            "/amd64",
            "linux/arm/",
            "linux/arm/v7/x",
            "Linux/amd64",
            "linux/amd 64",
        ] {
            assert_eq!(bad.parse::<Platform>(), Err(NotAPlatform), "{bad}");
        }
        let this = Platform::of_this_machine();
        assert_eq!(this.to_string().parse(), Ok(this));
    }

    #[test]
    fn the_manifest_for_a_platform_is_chosen() {
        let entries = [
            entry("amd", "linux", "amd64", ""),
            entry("arm", "linux", "arm64", "v8"),
            entry("six", "linux", "arm", "v6"),
            entry("seven", "linux", "arm", "v7"),
            entry("note 1", "unknown", "unknown", ""),
            entry("note 2", "unknown", "unknown", "x"),
        ];
        for (wanted, name) in [
            ("linux/amd64", "amd"),
            ("linux/x86_64", "amd"),
            ("linux/arm64", "arm"),
            ("linux/arm64/v8", "arm"),
            ("linux/arm", "seven"),
            ("linux/arm/v6", "six"),
        ] {
            assert_eq!(
                choose(&entries, wanted).unwrap(),
                Ok(Digest::of(name.as_bytes())),
                "{wanted}"
            );
        }
        for wanted in ["linux/riscv64", "windows/amd64", "linux/arm/v5", "linux/amd64/v3"] {
            let there = ["linux/amd64", "linux/arm/v6", "linux/arm/v7", "linux/arm64"].map(str::to_owned);
            assert_eq!(choose(&entries, wanted).unwrap(), Err(there.to_vec()), "{wanted}");
        }
    }

    #[test]
    fn an_index_with_two_images_to_choose_from_is_refused() {
        let twice = [
            entry("one", "linux", "amd64", ""),
            entry("two", "linux", "amd64", "v1"),
        ];
        assert!(matches!(
            choose(&twice, "linux/arm64"),
            Err(ManifestError::DoubledPlatform(_))
        ));
        let levels = [
            entry("one", "linux", "amd64", "v2"),
            entry("two", "linux", "amd64", "v3"),
        ];
        assert!(matches!(
            choose(&levels, "linux/amd64"),
            Err(ManifestError::DoubledPlatform(_))
        ));
        assert!(choose(&levels, "linux/amd64/v3").unwrap().is_ok());
    }

    #[test]
    fn a_config_names_its_platform() {
        let read = |text: &str| Platform::of_config(text.as_bytes()).map(|platform| platform.to_string());
        let good = r#"{"architecture":"arm64","os":"linux","variant":"v8","rootfs":{}}"#;
        assert_eq!(read(good).unwrap(), "linux/arm64");
        for bad in [
            "",
            "{}",
            r#"{"os":"linux"}"#,
            r#"{"os":"linux","os":"linux","architecture":"amd64"}"#,
            r#"{"os":"linux","OS":"windows","architecture":"amd64"}"#,
        ] {
            assert!(matches!(read(bad), Err(ManifestError::Form(_))), "{bad}");
        }
    }
}
