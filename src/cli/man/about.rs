//! Sections of the main page that no command's help has.

use clap_mangen::roff::{bold, italic};

use super::page::{entry, section};
use crate::cli::context::HOME_VARIABLE;
use crate::ui::Exit;

/// How the paragraph of `--help` begins that EXIT STATUS stands in for.
pub(super) const EXIT_CODES: &str = "Exit codes:";

const VARIABLES: [(&str, &str); 8] = [
    (
        HOME_VARIABLE,
        "Puts all folders below this one, as config, data, state and run. For tests, and for several identities.",
    ),
    (
        "OC_PORTAL_BASE",
        "Address of the portal, where --portal-base is not given; else it follows from the config bundle.",
    ),
    ("NO_COLOR", "If set, output has no colours; --color overrides it."),
    (
        "XDG_CONFIG_HOME, XDG_DATA_HOME, XDG_STATE_HOME, XDG_RUNTIME_DIR",
        "Move the folders under FILES, as the XDG Base Directory Specification says.",
    ),
    (
        "DBUS_SESSION_BUS_ADDRESS",
        "Where the keychain (Secret Service) is found on Linux.",
    ),
    (
        "DOCKER_CONFIG",
        "The folder with Docker's config.json, whose logins are used for private registries; else ~/.docker.",
    ),
    (
        "HTTPS_PROXY, ALL_PROXY, NO_PROXY",
        "The proxy through which the portal and registries are asked, and hosts to reach without it. Never used for\n         addresses of this machine.",
    ),
    (
        "CREDENTIALS_DIRECTORY",
        "Set by systemd(1): secret files in this folder may be readable for the group of the service.",
    ),
];

const FILES: [(&str, &str); 7] = [
    (
        "~/.config/oc-guardian/operator.json",
        "The operator identity: public key, scheme, where the private key rests. Holds no secret.",
    ),
    (
        "~/.config/oc-guardian/oc-guardian.config",
        "The guardian's config bundle. Holds no secret.",
    ),
    (
        "~/.local/share/oc-guardian/keys/",
        "Private keys encrypted with a passphrase, in the format of age(1), where the keychain is not used.",
    ),
    (
        "~/.local/state/oc-guardian/verified.json",
        "Images that were verified here, and the lowest version of each that is accepted.",
    ),
    (
        "~/.local/share/oc-guardian/trust/",
        "Trust roots that were fetched, with the versions seen, below which none is accepted.",
    ),
    ("~/.local/state/oc-guardian/", "Journals and logs."),
    (
        "/etc/oc-guardian/oc-guardian.config",
        "The config bundle of a whole machine.",
    ),
];

pub(super) fn sections(page: &mut String) {
    section(page, "EXIT STATUS", |roff| {
        for exit in Exit::ALL {
            entry(roff, bold((exit as u8).to_string()), exit.meaning());
        }
    });
    section(page, "ENVIRONMENT", |roff| {
        for (name, text) in VARIABLES {
            entry(roff, bold(name), text);
        }
    });
    section(page, "FILES", |roff| {
        for (path, text) in FILES {
            entry(roff, italic(path), text);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_and_page_agree_on_exit_codes() {
        let help = crate::cli::command().get_after_help().map(ToString::to_string);
        let help = help.unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
        let expected: Vec<String> = Exit::ALL
            .iter()
            .map(|exit| format!("{} {}", *exit as u8, exit.meaning()))
            .collect();
        let expected = format!("{EXIT_CODES} {}.", expected.join(", "));
        assert!(help.contains(&expected), "{expected}\nis not in\n{help}");
    }
}
