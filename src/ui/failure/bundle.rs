use std::path::Path;

use super::Failure;
use super::store::shell_quoted;
use crate::bundle::Checked;
use crate::doctor::BundleFileError;
use crate::ui::tally;

impl From<BundleFileError> for Failure {
    fn from(error: BundleFileError) -> Self {
        match error {
            BundleFileError::Absent(..) => {
                Self::new("no-config", error.to_string()).hint("Write one with: oc-guardian config gen")
            }
            BundleFileError::Store(source) => source.into(),
        }
    }
}

impl Failure {
    /// A config bundle cannot be used; the findings are shown elsewhere.
    pub fn bad_bundle(file: &str, checked: &Checked) -> Self {
        let reason = if checked.has_secret() {
            "secret-in-config"
        } else {
            "config-schema-mismatch"
        };
        Self::new(reason, format!("{file} has {}", tally(checked)))
    }

    /// Adds the command that shows what is wrong with a bundle.
    #[must_use]
    pub fn hint_check(self, file: &str) -> Self {
        let file = shell_quoted(Path::new(file));
        self.hint(format!("See them with: oc-guardian config check {file}"))
    }
}
