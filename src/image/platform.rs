use std::fmt;
use std::str::FromStr;

/// Where an image runs: operating system and processor, as in `linux/arm64` or `linux/arm/v7`.
///
/// Names are Go's, as the OCI image specification has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Platform {
    os: String,
    architecture: String,
    variant: Option<String>,
}

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
    /// The index names a manifest that the registry does not have.
    #[error("the registry does not have the manifest for {0}, which the image's index names")]
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
    /// A platform of these names, where they are some.
    pub fn new(os: &str, architecture: &str, variant: Option<&str>) -> Option<Self> {
        let is_name = |text: &str| {
            let letters =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
            (1..=32).contains(&text.len()) && text.bytes().all(letters)
        };
        (is_name(os) && is_name(architecture) && variant.is_none_or(is_name)).then(|| Self {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.map(str::to_owned),
        })
    }

    /// What containers on this machine run: Linux, also where the engine puts it into a virtual machine.
    pub fn of_this_machine() -> Self {
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            other => other,
        };
        Self {
            os: "linux".into(),
            architecture: architecture.into(),
            variant: None,
        }
    }

    /// Whether an image for `self` is one for what was asked for. Who names no variant takes any.
    pub fn serves(&self, wanted: &Self) -> bool {
        self.os == wanted.os
            && self.architecture == wanted.architecture
            && (wanted.variant.is_none() || self.variant == wanted.variant)
    }
}

impl FromStr for Platform {
    type Err = NotAPlatform;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('/');
        let (os, architecture, variant) = (parts.next(), parts.next(), parts.next());
        match (os, architecture, parts.next()) {
            (Some(os), Some(architecture), None) => Self::new(os, architecture, variant).ok_or(NotAPlatform),
            _ => Err(NotAPlatform),
        }
    }
}

impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        self.variant
            .iter()
            .try_for_each(|variant| write!(f, "/{variant}"))
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
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        for good in ["linux/amd64", "linux/arm/v7", "windows/386"] {
            assert_eq!(good.parse::<Platform>().unwrap().to_string(), good);
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
    fn a_variant_counts_where_it_is_asked_for() {
        let platform = |text: &str| text.parse::<Platform>().unwrap();
        assert!(platform("linux/arm64/v8").serves(&platform("linux/arm64")));
        assert!(platform("linux/arm64/v8").serves(&platform("linux/arm64/v8")));
        assert!(!platform("linux/arm64").serves(&platform("linux/arm64/v8")));
        assert!(!platform("linux/arm/v6").serves(&platform("linux/arm/v7")));
        assert!(!platform("linux/amd64").serves(&platform("linux/arm64")));
    }
}
