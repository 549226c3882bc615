use crate::cli::context::Context;
use crate::ui::{Exit, Failure, shell_quoted};

/// Prints a systemd user unit. The passphrase reaches the server as a credential: a file that only this service sees.
pub(super) fn print(context: &Context) -> Result<Exit, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new("internal", format!("this program has no path: {error}")))?;
    let folders = context.folders()?;
    let text = unit(&program.display().to_string(), &shell_quoted(&folders.config));
    context.ui.raw(&text)?;
    Ok(Exit::Done)
}

fn unit(program: &str, config: &str) -> String {
    // A percent sign starts a specifier; quotes and backslashes are systemd's own.
    let program = program
        .replace('\\', r"\\")
        .replace('"', "\\\"")
        .replace('%', "%%");
    format!(
        r#"# ~/.config/systemd/user/oc-guardian-sign.service
#
# Once, to store the passphrase of the key file, encrypted for this user and machine (systemd 256 or later):
#   systemd-ask-password -n | systemd-creds --user encrypt --name=passphrase - {config}/passphrase.cred
# With an older systemd, or without it: a file of your own (0600), and LoadCredential=passphrase:FILE below.
#
# Then: systemctl --user daemon-reload && systemctl --user enable --now oc-guardian-sign
# To keep it running without a session: loginctl enable-linger

[Unit]
Description=Signing server of an oc-guardian operator
Documentation=man:oc-guardian-sign(1)
# A wrong passphrase or a damaged log does not mend itself.
StartLimitIntervalSec=300
StartLimitBurst=5

[Service]
Type=notify
NotifyAccess=main
LoadCredentialEncrypted=passphrase:{config}/passphrase.cred
ExecStart="{program}" sign --serve --no-input --passphrase-file "%d/passphrase"
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=5
TimeoutStartSec=60
TimeoutStopSec=15
UMask=0077
# The key stays in memory: locked there, never in a core dump, never read by a debugger.
LimitMEMLOCK=infinity
LimitCORE=0
LimitNOFILE=16384
NoNewPrivileges=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=mlock mlock2

[Install]
WantedBy=default.target
"#
    )
}

#[cfg(test)]
mod tests {
    use super::unit;

    #[test]
    fn paths_mean_themselves() {
        let text = unit("/opt/50% \"off\"/oc-guardian", "/home/op/.config/oc-guardian");
        assert!(
            text.contains(r#"ExecStart="/opt/50%% \"off\"/oc-guardian" sign --serve"#),
            "{text}"
        );
        assert!(text.contains("passphrase:/home/op/.config/oc-guardian/passphrase.cred"));
    }
}
