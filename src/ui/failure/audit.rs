use super::Failure;
use super::store::shell_quoted;
use crate::audit::AuditError;

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        let failure = |reason| Self::new(reason, error.to_string());
        match &error {
            AuditError::Read { .. } => failure("read-failed")
                .hint("Check the permissions of the state folder, and whether its disk is failing."),
            AuditError::Full { .. } => {
                failure("audit-full").hint("Make room on this file system; signing goes on by itself then.")
            }
            AuditError::Poisoned { .. } => failure("audit-failed")
                .hint("Check the disk, then start again: the end of the log is checked at each start."),
            AuditError::Damaged { path, .. } => failure("audit-damaged").hint(format!(
                "Keep a copy of {} as it is, and see what is wrong with: oc-guardian audit verify. If nobody should have \
                 touched it, treat this machine as compromised; otherwise put the state folder back from its newest backup.",
                shell_quoted(path)
            )),
            AuditError::StateOlder { state, epoch, .. } => failure("state-older").hint(format!(
                "Put the newest copy of {} back. If there is none, everything signed since is forgotten: compare with what \
                 the guardian and the portal have of this operator, wait until nothing of it is valid any more (an action is for up to 30 days, all else for up to 24 hours), then \
                 move {} away and start again; that is recorded.",
                shell_quoted(state),
                shell_quoted(epoch)
            )),
            AuditError::StateForked { state, epoch, .. } => failure("state-forked").hint(format!(
                "The same key was used with two copies of {}. Put the one back that was used last. If there is none, wait \
                 until nothing that was signed is valid any more (an action is for up to 30 days, all else for up to 24 hours), \
                 then move {} away and start again; that is recorded.",
                shell_quoted(state),
                shell_quoted(epoch)
            )),
            AuditError::Epoch { path, .. } => failure("epoch-invalid").hint(format!(
                "Put {} back from a backup that was made together with the state folder. If there is none, move it away \
                 and start again; that is recorded.",
                shell_quoted(path)
            )),
            AuditError::EpochNotWritten(source) => {
                let store = Self::from(&**source);
                failure("epoch-not-written").hint(store.remedy().unwrap_or_default())
            }
            AuditError::Entry { .. } => {
                failure("audit-entry-too-large").hint("Shorten what is to be recorded.")
            }
            AuditError::Backlog => {
                failure("audit-backlog").hint("Wait a little, then try again; if it stays so, check the disk.")
            }
            AuditError::Closed => failure("audit-closed").hint("Start the signing server again."),
            AuditError::Store(source) => (&**source).into(),
        }
    }
}
