//! A D-Bus session and a gnome-keyring of our own. Both end with the value.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use super::{Home, needs, starts};

/// No services are started on demand, so that nothing outlives the test and no prompt can open a window.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=SOCKET</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/></policy></busconfig>"#;

const LOGIN: &str = "/org/freedesktop/secrets/collection/login";

/// A running keychain.
pub struct Keyring {
    bus: Child,
    daemon: Child,
}

impl Keyring {
    /// Starts an unlocked keychain for everything that `home` runs from now on; `None` where it cannot be had.
    #[track_caller]
    pub fn start(home: &mut Home) -> Option<Self> {
        let available = needs(
            "KEYRING",
            "gnome-keyring-daemon, dbus-daemon, gdbus or secret-tool",
            || {
                [
                    ("gnome-keyring-daemon", "--version"),
                    ("dbus-daemon", "--version"),
                    ("gdbus", "help"),
                ]
                .iter()
                .all(|(program, argument)| starts(program, argument))
                    && starts("secret-tool", "--version")
            },
        );
        available.then(|| Self::started(home))
    }

    fn started(home: &mut Home) -> Self {
        // In the home, so that the socket goes with it.
        home.write(
            "bus.conf",
            BUS.replace("SOCKET", home.path("bus").to_str().unwrap()),
        );
        std::fs::create_dir_all(home.path("runtime")).unwrap();
        home.chmod("runtime", 0o700);
        let mut bus = outside(home, "dbus-daemon")
            .arg(format!("--config-file={}", home.path("bus.conf").display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap())
            .read_line(&mut address)
            .unwrap();
        address.trim().clone_into(&mut home.bus);
        let mut daemon = outside(home, "gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        daemon
            .stdin
            .take()
            .unwrap()
            .write_all(b"the keyring's own")
            .unwrap();
        let keyring = Self { bus, daemon };
        let started = Instant::now();
        while !keyring
            .call(
                home,
                "org.freedesktop.DBus.Properties.Get",
                &["org.freedesktop.Secret.Collection", "Locked"],
            )
            .status
            .success()
        {
            assert!(
                started.elapsed() < Duration::from_secs(20),
                "gnome-keyring does not come up"
            );
            std::thread::sleep(Duration::from_millis(30));
        }
        keyring
    }

    fn call(&self, home: &Home, method: &str, arguments: &[&str]) -> Output {
        let path = if method.ends_with(".Lock") {
            "/org/freedesktop/secrets"
        } else {
            LOGIN
        };
        outside(home, "gdbus")
            .args([
                "call",
                "--session",
                "--timeout",
                "5",
                "--dest",
                "org.freedesktop.secrets",
            ])
            .args(["--object-path", path, "--method", method])
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Locks the collection; the next access has to prompt, and cannot.
    pub fn lock(&self, home: &Home) {
        let output = self.call(
            home,
            "org.freedesktop.Secret.Service.Lock",
            &[&format!("['{LOGIN}']")],
        );
        assert!(output.status.success(), "{output:?}");
    }

    /// The secret that is stored for an operator id.
    pub fn lookup(&self, home: &Home, id: &str) -> Option<String> {
        let output = outside(home, "secret-tool")
            .args(["lookup", "service", "io.ochk.oc-guardian", "username", id])
            .output()
            .unwrap();
        output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).unwrap())
    }

    /// Puts something else into the entry of an operator id.
    pub fn overwrite(&self, home: &Home, id: &str, secret: &str) {
        let mut child = outside(home, "secret-tool")
            .args([
                "store",
                "--label",
                "x",
                "service",
                "io.ochk.oc-guardian",
                "username",
                id,
            ])
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(secret.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(self.lookup(home, id).as_deref(), Some(secret));
    }

    /// Deletes the entry of an operator id behind the program's back.
    pub fn clear(&self, home: &Home, id: &str) {
        let output = outside(home, "secret-tool")
            .args(["clear", "service", "io.ochk.oc-guardian", "username", id])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
    }

    /// Ends the daemon; the bus stays.
    pub fn kill(&mut self) {
        self.daemon.kill().unwrap();
        self.daemon.wait().unwrap();
    }

    /// Stops the daemon from running without ending it: it does not answer any more.
    pub fn freeze(&self) {
        let pid = rustix::process::Pid::from_child(&self.daemon);
        rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
    }
}

impl Drop for Keyring {
    fn drop(&mut self) {
        for child in [&mut self.daemon, &mut self.bus] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A program that is not ours, in the same session.
fn outside(home: &Home, program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", home.path(""))
        .env("XDG_DATA_HOME", home.path("share"))
        .env("XDG_RUNTIME_DIR", home.path("runtime"))
        .env("DBUS_SESSION_BUS_ADDRESS", &home.bus)
        .stdin(Stdio::null());
    command
}
