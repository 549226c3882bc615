//! Labels of the containers that are made here. They say what was done; nothing is decided by them but whose a container is.

use std::collections::BTreeMap;

/// The operation that made it: 16 hex digits.
pub const TRANSACTION: &str = "io.ochk.guardian.transaction";
/// What it is for: `guardian`.
pub const ROLE: &str = "io.ochk.guardian.role";
/// The verified digest: of the index, or of a manifest for one platform.
pub const DIGEST: &str = "io.ochk.guardian.digest";
/// Name of the image, without tag.
pub const IMAGE: &str = "io.ochk.guardian.image";
/// The certified version, where something certifies one.
pub const VERSION: &str = "io.ochk.guardian.version";
/// The config bundle, on the machine of the engine.
pub const BUNDLE: &str = "io.ochk.guardian.bundle";
/// Version of the specification that a container was made by: 1.
pub const SPEC: &str = "io.ochk.guardian.spec";
/// An image's own: version of the format of its data folder.
pub const DATA_VERSION: &str = "io.ochk.guardian.data-version";

/// What the labels of an image or container say of the format of the data folder; 0 where they say nothing, as images
/// from before the label.
///
/// # Errors
/// What they say instead of a number.
pub fn data_version(labels: &BTreeMap<String, String>) -> Result<u64, BadDataVersion> {
    let Some(text) = labels.get(DATA_VERSION) else {
        return Ok(0);
    };
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse()
        .ok()
        .filter(|_| is_plain)
        .ok_or_else(|| BadDataVersion {
            found: text.chars().take(64).collect(),
        })
}

/// The label is no number, so nobody knows whether the data can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the label {DATA_VERSION} is not a number: {found}")]
pub struct BadDataVersion {
    /// Its beginning; from outside.
    pub found: String,
}

/// Data that a newer guardian wrote, in a form that an older one cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the data folder may have format {written} by now, and the guardian that is to take it reads up to {read}"
)]
pub struct DataTooNew {
    /// Format of the one that writes it now.
    pub written: u64,
    /// Format of the one that is to read it.
    pub read: u64,
}

/// Whether a guardian that reads format `read` may take the data folder of one that writes format `written`.
///
/// # Errors
/// [`DataTooNew`]
pub fn may_take_data(written: u64, read: u64) -> Result<(), DataTooNew> {
    if written > read {
        return Err(DataTooNew { written, read });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_goes_only_to_a_guardian_that_can_read_it() {
        assert_eq!(may_take_data(1, 1), Ok(()));
        assert_eq!(may_take_data(1, 2), Ok(()));
        assert_eq!(may_take_data(2, 1), Err(DataTooNew { written: 2, read: 1 }));
    }

    #[test]
    fn a_label_that_is_no_number_is_not_taken_for_none() {
        let labels = |text: &str| BTreeMap::from([(DATA_VERSION.to_owned(), text.to_owned())]);
        assert_eq!(data_version(&BTreeMap::new()), Ok(0));
        assert_eq!(data_version(&labels("3")), Ok(3));
        for bad in ["", "-1", "+1", "1.0", " 1", "v1", "99999999999999999999999"] {
            assert!(data_version(&labels(bad)).is_err(), "{bad}");
        }
        let long = data_version(&labels(&"x".repeat(1 << 20))).unwrap_err();
        assert_eq!(long.found.len(), 64);
    }
}
