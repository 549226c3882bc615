use std::io;
use std::path::Path;

use super::Failure;
use crate::store::StoreError;

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        (&error).into()
    }
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        let failure = |reason| Self::new(reason, error.to_string());
        match error {
            StoreError::NotFound { .. } => failure("not-found").hint("Check the path."),
            StoreError::Read { path, source } => {
                failure("read-failed").hint(system_hint(path, source, "read"))
            }
            StoreError::NotAFile { .. } => {
                failure("not-a-file").hint("Put a regular file there, or name another one.")
            }
            StoreError::NotAFolder { .. } => failure("not-a-folder").hint("Move the file away."),
            StoreError::TooLarge { .. } => {
                failure("too-large").hint("Check that this is the right file: a genuine one is far smaller.")
            }
            StoreError::Exposed { path, wanted, .. } => {
                failure("permissions-too-open").hint(format!("Run: chmod {wanted:o} {}", shell_quoted(path)))
            }
            StoreError::ForeignOwner { path, .. } => failure("foreign-owner").hint(format!(
                "Run as the owner, or copy it to a file of your own: {}",
                shell_quoted(path)
            )),
            StoreError::Write { path, source } => {
                failure("write-failed").hint(system_hint(path, source, "write"))
            }
            StoreError::Exists { .. } => failure("exists")
                .hint("Nothing is overwritten. Choose another path, or move the old file away."),
            StoreError::Locked { .. } => failure("identity-locked")
                .hint(
                    "Wait until it has finished, or stop it, then run this again. If it is sign --serve, which goes on until \
                     stopped: answer what waits there, or with oc-guardian sign --pending.",
                ),
        }
    }
}

fn system_hint(path: &Path, error: &io::Error, verb: &str) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("Check the permissions and owner of {}.", shell_quoted(path))
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "Make room on this file system, then run this again.".into()
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "Mount the file system writable, or set OC_GUARDIAN_HOME to a folder that is.".into()
        }
        io::ErrorKind::NotFound => "Make the folder first.".into(),
        io::ErrorKind::NotADirectory => {
            format!(
                "A file is in the way of a folder: look along {}.",
                shell_quoted(path)
            )
        }
        _ => format!("See whether anything else can {verb} there; the disk may be failing."),
    }
}

/// A path as it can be pasted into a shell.
pub fn shell_quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=:@%,".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
