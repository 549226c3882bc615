//! Small and read-only file systems, in a mount namespace of their own.

use std::process::Command;

use super::{Home, Transcript, needs};

/// A script that is run before the program. It starts in the folder of the home and may mount what it likes.
pub struct Namespace(&'static str);

impl Namespace {
    /// `None` where there are no namespaces; see [`needs`].
    #[track_caller]
    pub fn with(script: &'static str) -> Option<Self> {
        needs("NAMESPACES", "unshare -m and mount, as root,", || {
            Command::new("unshare")
                .args(["-m", "mount", "-t", "tmpfs", "none", "/mnt"])
                .output()
                .is_ok_and(|output| output.status.success())
        })
        .then_some(Self(script))
    }

    /// Runs the binary; `size` is `$SIZE` of the script. Afterwards the namespace is gone, and with it what was mounted;
    /// `after` is run inside before that, and what it prints is returned too.
    pub fn run(&self, home: &Home, size: &str, arguments: &[&str], after: &str) -> (Transcript, String) {
        let after = if after.is_empty() { ":" } else { after };
        let command = home.command(arguments);
        let script = format!(
            "set -e; {}; set +e; \"$@\"; code=$?; ({after}) >after.out 2>&1; exit $code",
            self.0
        );
        let mut outer = Command::new("unshare");
        outer
            .args(["-m", "sh", "-c", &script, "sh"])
            .arg(command.get_program())
            .args(arguments);
        outer.current_dir(home.path("")).env_clear().env("SIZE", size);
        for (name, value) in command.get_envs() {
            if let Some(value) = value {
                outer.env(name, value);
            }
        }
        let run = home.transcript(arguments, &outer.output().unwrap());
        let after = home.text("after.out");
        (run, after)
    }
}
