use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest version, in bytes.
const MAX_VERSION: usize = 128;

/// A released version, as its tag spells it: `v1.2.3` or `v1.2.3-rc.1`.
///
/// Grammar and order are those of [Semantic Versioning 2.0.0], with a `v` before it. What follows a `+` says how it was
/// built and has no order: it is refused, so that equal means the same text.
///
/// [Semantic Versioning 2.0.0]: https://semver.org/spec/v2.0.0.html
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    text: String,
    numbers: [u64; 3],
}

/// Text that is not a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a version (wanted: v and three numbers, such as v1.2.3 or v1.2.3-rc.1)")]
pub struct NotAVersion;

impl Version {
    /// The version that a Git ref names, if it is a tag that names one.
    pub fn of_ref(git_ref: &str) -> Option<Self> {
        git_ref.strip_prefix("refs/tags/")?.parse().ok()
    }

    /// As the tag spells it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// As programs report it: without the leading `v`.
    pub fn without_v(&self) -> &str {
        self.text.strip_prefix('v').unwrap_or(&self.text)
    }

    /// Identifiers after the first hyphen; `None` for a release.
    fn pre_release(&self) -> Option<impl Iterator<Item = &str>> {
        self.text.split_once('-').map(|(_, rest)| rest.split('.'))
    }
}

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rest = text.strip_prefix('v').ok_or(NotAVersion)?;
        if text.len() > MAX_VERSION {
            return Err(NotAVersion);
        }
        let (core, pre_release) = match rest.split_once('-') {
            Some((core, pre_release)) => (core, Some(pre_release)),
            None => (rest, None),
        };
        let parts: Vec<u64> = core
            .split('.')
            .map(|part| number(part).ok_or(NotAVersion))
            .collect::<Result<_, _>>()?;
        let numbers = parts.try_into().map_err(|_| NotAVersion)?;
        if pre_release.is_some_and(|identifiers| !identifiers.split('.').all(is_identifier)) {
            return Err(NotAVersion);
        }
        Ok(Self {
            text: text.to_owned(),
            numbers,
        })
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn number(text: &str) -> Option<u64> {
    (is_number(text) && (text == "0" || !text.starts_with('0')))
        .then(|| text.parse().ok())
        .flatten()
}

fn is_identifier(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    !text.is_empty() && text.bytes().all(letters) && (!is_number(text) || number(text).is_some())
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        self.numbers
            .cmp(&other.numbers)
            .then_with(|| match (self.pre_release(), other.pre_release()) {
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(ours), Some(theirs)) => ours.map(identifier_key).cmp(theirs.map(identifier_key)),
            })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Numbers by value and before letters; letters by byte.
fn identifier_key(text: &str) -> (bool, u64, &str) {
    match number(text) {
        Some(value) => (false, value, ""),
        None => (true, 0, text),
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(text: &str) -> Version {
        text.parse().unwrap()
    }

    #[test]
    fn order_is_that_of_semantic_versioning() {
        // The list of section 11 of the specification, and numbers that strings would put the wrong way round.
        let ascending = [
            "v0.9.10",
            "v1.0.0-2",
            "v1.0.0-10",
            "v1.0.0-alpha",
            "v1.0.0-alpha.1",
            "v1.0.0-alpha.beta",
            "v1.0.0-beta",
            "v1.0.0-beta.2",
            "v1.0.0-beta.11",
            "v1.0.0-rc.1",
            "v1.0.0",
            "v1.0.9",
            "v1.0.10",
            "v1.2.0",
            "v1.10.0",
            "v10.0.0",
        ];
        for (at, one) in ascending.iter().enumerate() {
            for (beside, other) in ascending.iter().enumerate() {
                assert_eq!(
                    version(one).cmp(&version(other)),
                    at.cmp(&beside),
                    "{one} {other}"
                );
            }
        }
    }

    #[test]
    fn refuses_what_is_no_version() {
        let long = format!("v1.2.3-{}", "a".repeat(MAX_VERSION));
        for bad in [
            "",
            "v",
            "1.2.3",
            "V1.2.3",
            "v1",
            "v1.2",
            "v1.2.3.4",
            "v01.2.3",
            "v1.2.03",
            "v1..3",
            "v1.2.",
            "v+1.2.3",
            "v1.2.3-",
            "v1.2.3-a..b",
            "v1.2.3-01",
            "v1.2.3-ä",
            "v1.2.3+build",
            "v1.2.3-a+b",
            "v1.2.3 ",
            " v1.2.3",
            "v1.2.3/4",
            "vx.y.z",
            "v1.2.18446744073709551616",
            "v1.2.3-18446744073709551616",
            &long,
        ] {
            assert_eq!(bad.parse::<Version>(), Err(NotAVersion), "{bad}");
        }
    }

    #[test]
    fn only_a_tag_names_one() {
        assert_eq!(Version::of_ref("refs/tags/v1.2.3"), Some(version("v1.2.3")));
        for bad in [
            "refs/heads/v1.2.3",
            "v1.2.3",
            "refs/tags/latest",
            "refs/tags/refs/tags/v1.2.3",
            "",
        ] {
            assert_eq!(Version::of_ref(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_as_it_stands_or_refused(text in "v?[0-9a-z.+-]{0,20}") {
            if let Ok(read) = text.parse::<Version>() {
                prop_assert_eq!(read.as_str(), text.as_str());
                prop_assert_eq!(read.cmp(&read), Ordering::Equal);
            }
        }

        #[test]
        fn only_the_same_text_is_equal(one in "v[0-9]\\.[0-9]\\.[0-9](-[a-b0-2.]{1,3})?", other in "v[0-9]\\.[0-9]\\.[0-9](-[a-b0-2.]{1,3})?") {
            if let (Ok(one), Ok(other)) = (one.parse::<Version>(), other.parse::<Version>()) {
                prop_assert_eq!(one == other, one.cmp(&other) == Ordering::Equal);
            }
        }
    }
}
