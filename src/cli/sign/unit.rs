use std::path::{Path, PathBuf};

use super::guardian::Source;
use super::{GuardianImage, Serving};
use crate::cli::context::{Context, HOME_VARIABLE};
use crate::cli::input;
use crate::operator::Keystore;
use crate::ui::{Exit, Failure, printable, shell_quoted};
use crate::vault;

/// Prints a systemd user unit that serves with the same options. The passphrase of a key file reaches the server as a
/// credential: a file that only this service sees.
pub(super) fn print(context: &Context, options: &Serving, image: &GuardianImage) -> Result<Exit, Failure> {
    let program = std::env::current_exe()
        .map_err(|error| Failure::new("internal", format!("this program has no path: {error}")))?;
    let folders = context.folders()?;
    let home = std::env::var_os(HOME_VARIABLE).filter(|home| !home.is_empty());
    let home = home.map(|home| input::absolute(Path::new(&home))).transpose()?;
    let in_keychain = vault::load_identity(&folders)?.is_some_and(|it| it.keystore == Keystore::Keychain {});
    let unit = Unit {
        program: text(&program)?,
        home: home.as_deref().map(text).transpose()?,
        credential: match &options.passphrase_file {
            Some(_) => None,
            None if in_keychain => None,
            None => Some(folders.config.join("passphrase.cred")),
        },
        arguments: arguments(options, image)?,
    };
    context.ui.raw(&unit.to_text()?)?;
    Ok(Exit::Done)
}

/// What the server is to be started with.
fn arguments(options: &Serving, image: &GuardianImage) -> Result<Vec<String>, Failure> {
    let mut arguments = Vec::new();
    let mut add = |flag: &str, value: String| arguments.extend([flag.to_owned(), value]);
    if let Some(address) = options.listen {
        add("--listen", address.to_string());
    }
    match &options.guardian {
        None => {}
        Some(Source::None) => add("--guardian", "none".into()),
        Some(Source::Socket(path)) => add("--guardian", text(&input::absolute(path)?)?),
        Some(Source::Container(name)) => add("--guardian", name.clone()),
    }
    if let Some(policy) = &options.policy {
        add("--policy", text(&input::absolute(policy)?)?);
    }
    for uid in &options.allow_uid {
        add("--allow-uid", uid.to_string());
    }
    match &options.passphrase_file {
        Some(file) if file == Path::new("-") => {
            return Err(Failure::usage(
                "a unit has no standard input to take a passphrase from",
            ));
        }
        Some(file) => add("--passphrase-file", text(&input::absolute(file)?)?),
        None => {}
    }
    for (flag, value) in image.trust.given().into_iter().chain(image.signer.given()) {
        add(flag, value);
    }
    for (flag, is_given) in [
        ("--ask-only", options.ask_only),
        ("--allow-stale-trust-root", image.trust.allows_stale()),
        ("--unverified-guardian", image.unverified_guardian),
    ] {
        if is_given {
            arguments.push(flag.into());
        }
    }
    Ok(arguments)
}

/// A path as a line of a unit can hold it.
fn text(path: &Path) -> Result<String, Failure> {
    match path.to_str() {
        Some(text) if !text.contains(char::is_control) => Ok(text.to_owned()),
        _ => Err(Failure::usage(format!(
            "no unit can hold this path, which has line breaks, control characters or other than UTF-8 in it: {}",
            printable(&path.display().to_string())
        ))),
    }
}

struct Unit {
    program: String,
    home: Option<String>,
    /// Where the encrypted passphrase is.
    credential: Option<PathBuf>,
    arguments: Vec<String>,
}

/// A percent sign starts a specifier, in every setting (systemd.unit(5)).
fn specified(text: &str) -> String {
    text.replace('%', "%%")
}

/// One word, whatever is in it: backslashes and double quotes are systemd's own (systemd.syntax(7)).
fn word(text: &str) -> String {
    let text = specified(text).replace('\\', r"\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// A word of a command line after its first, where a dollar sign would start a variable (systemd.service(5)).
fn argument(text: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-+=:,[]".contains(letter);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    word(&text.replace('$', "$$"))
}

impl Unit {
    fn to_text(&self) -> Result<String, Failure> {
        let mut command = format!("{} sign --serve --no-input", word(&self.program));
        let (mut note, mut settings) = (String::new(), String::new());
        if let Some(home) = &self.home {
            settings += "Environment=";
            settings += &word(&format!("{HOME_VARIABLE}={home}"));
            settings += "\n";
        }
        if let Some(file) = &self.credential {
            note = format!(
                "#\n\
                 # Once, to store the passphrase of the key file, encrypted for this user and machine (systemd 256 or later):\n\
                 #   systemd-ask-password -n | systemd-creds --user encrypt --name=passphrase - {}\n\
                 # With an older systemd, or without it: a file of your own (0600), and LoadCredential=passphrase:FILE below.\n",
                shell_quoted(file)
            );
            // The whole rest of the line is the path: quotes would be part of it.
            settings += "LoadCredentialEncrypted=passphrase:";
            settings += &specified(&text(file)?);
            settings += "\n";
            command += " --passphrase-file \"%d/passphrase\"";
        }
        for given in &self.arguments {
            command += " ";
            command += &argument(given);
        }
        Ok(format!(
            r"# ~/.config/systemd/user/oc-guardian-sign.service
{note}#
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
{settings}ExecStart={command}
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
"
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_options_mean_themselves() {
        let unit = Unit {
            program: "/opt/50% \"off\"/oc-guardian".into(),
            home: Some("/home/o p/$kit%".into()),
            credential: Some("/home/o p/50%/passphrase.cred".into()),
            arguments: vec!["--policy".into(), "/etc/a $b\\c%".into()],
        };
        let text = unit.to_text().unwrap();
        for line in [
            r#"ExecStart="/opt/50%% \"off\"/oc-guardian" sign --serve --no-input --passphrase-file "%d/passphrase" --policy "/etc/a $$b\\c%%""#,
            r#"Environment="OC_GUARDIAN_HOME=/home/o p/$kit%%""#,
            "LoadCredentialEncrypted=passphrase:/home/o p/50%%/passphrase.cred",
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
    }

    #[test]
    fn without_a_key_file_there_is_no_credential() {
        let unit = Unit {
            program: "/usr/bin/oc-guardian".into(),
            home: None,
            credential: None,
            arguments: vec![],
        };
        let text = unit.to_text().unwrap();
        assert!(
            !text.to_lowercase().contains("credential") && !text.contains("passphrase-file"),
            "{text}"
        );
    }
}
