//! An operator with a home, a registry of signed releases, and a guardian on the real engine under a name of its own.

use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use oc_guardian::image::Digest;
use serde_json::{Value, json};

use super::Home;
use super::in_docker::docker;
use super::registry::{Fault, Registry};
use super::release_image::{Release, ReleaseImage, bundle_in_container};
use super::signer::eventually;
use super::sigstore::Sigstore;

const REPOSITORY: &str = "orangecheck/oc-guardian";

pub struct Operated {
    pub home: Home,
    pub registry: Registry,
    pub sigstore: Sigstore,
    pub name: String,
    pub health_port: u16,
    pub peer_port: u16,
}

impl Operated {
    /// With an identity and a config bundle.
    pub fn new() -> Self {
        let home = Home::with_identity();
        bundle_in_container(&home);
        let it = Self::in_home(home);
        it.home.write(
            "home/config/oc-guardian.config",
            it.home.text("oc-guardian.config"),
        );
        it.home.chmod("home/config/oc-guardian.config", 0o644);
        it
    }

    /// In a home where the rest is still to be made.
    pub fn in_home(home: Home) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let sigstore = Sigstore::new();
        home.write("root.json", sigstore.trusted_root_json());
        let [health_port, peer_port] = free_ports();
        Self {
            home,
            registry: Registry::start(),
            sigstore,
            name: format!(
                "ocg-{}-{}",
                std::process::id(),
                NEXT.fetch_add(1, Ordering::Relaxed)
            ),
            health_port,
            peer_port,
        }
    }

    pub fn release(&self, version: &str) -> ReleaseImage {
        self.release_as(version, Release::default())
    }

    pub fn release_as(&self, version: &str, release: Release) -> ReleaseImage {
        ReleaseImage::push_as(
            &self.registry,
            &self.sigstore,
            REPOSITORY,
            &format!("v{version}"),
            version,
            release,
        )
    }

    /// An image that an engine can run, of whose signatures the registry knows nothing; by its tag.
    pub fn unsigned(&self, version: &str) -> String {
        let image = self.release(version);
        self.registry
            .fault(&format!("/referrers/{}", image.digest), Fault::Status(404));
        image.reference.clone()
    }

    /// The registry serves other bytes for this blob from now on.
    pub fn tamper(&self, digest: &Digest) {
        self.registry.fault(
            &format!("/blobs/{digest}"),
            Fault::OtherBytes(b"tampered".to_vec()),
        );
    }

    /// The volume with the guardian's data.
    pub fn data_volume(&self) -> String {
        let format =
            r#"{{range .Mounts}}{{if eq .Destination "/var/lib/oc-guardian"}}{{.Name}}{{end}}{{end}}"#;
        docker(&["inspect", "-f", format, &self.name])
    }

    /// As [`Operated::ok`], with the ports published at this address.
    #[track_caller]
    pub fn ok_on(&self, address: &str, arguments: &[&str]) -> Value {
        let output = self.command_on(address, arguments).output().unwrap();
        let document = last(&output);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}\n{document}");
        document
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        self.command_on("127.0.0.1", arguments)
    }

    fn command_on(&self, address: &str, arguments: &[&str]) -> Command {
        let mut all = vec!["--json"];
        all.extend_from_slice(arguments);
        all.extend(["--name", &self.name]);
        let ports = [self.health_port, self.peer_port].map(|it| format!("{address}:{it}"));
        let is_image_verb = matches!(arguments[0], "run" | "upgrade");
        if is_image_verb {
            all.extend(["--trusted-root", "root.json"]);
        }
        if arguments[0] == "run" {
            all.extend(["--health-port", &ports[0], "--peer-port", &ports[1]]);
        }
        self.home.command(&all)
    }

    /// The last document of the verb, which must end with this code.
    #[track_caller]
    pub fn json(&self, arguments: &[&str], code: i32) -> Value {
        let output = self.command(arguments).output().unwrap();
        let document = last(&output);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
        document
    }

    #[track_caller]
    pub fn ok(&self, arguments: &[&str]) -> Value {
        self.json(arguments, 0)
    }

    pub fn try_health(&self) -> Option<Value> {
        let agent = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(2)))
            .proxy(None)
            .build();
        let agent: ureq::Agent = agent.into();
        let url = format!("http://127.0.0.1:{}/healthz", self.health_port);
        let text = agent.get(url).call().ok()?.body_mut().read_to_string().ok()?;
        serde_json::from_str(&text).ok()
    }

    /// `/healthz` through the published port.
    #[track_caller]
    pub fn health(&self) -> Value {
        eventually(|| self.try_health()).expect("nobody answers on the published port")
    }

    /// Id of the serving container.
    #[track_caller]
    pub fn id(&self) -> String {
        docker(&["inspect", "-f", "{{.Id}}", &self.name])
    }

    /// What the names of all containers of this guardian have behind its own.
    pub fn names(&self) -> Vec<String> {
        let filter = format!("name=^/{}", self.name);
        let text = docker(&["ps", "-a", "--filter", &filter, "--format", "{{.Names}}"]);
        let mut names: Vec<String> = text
            .lines()
            .map(|name| name[self.name.len()..].to_owned())
            .collect();
        names.sort();
        names
    }
}

/// The last line of output, as JSON.
pub fn last(output: &Output) -> Value {
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().last().unwrap_or_default();
    serde_json::from_str(line)
        .unwrap_or_else(|_| json!({ "output": text, "error": String::from_utf8_lossy(&output.stderr) }))
}

/// Two that are free, below those that the system gives to connections: while a port changes hands, none of them takes it.
fn free_ports() -> [u16; 2] {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let start = 20_000 + (std::process::id() % 100) * 100;
    let mut free = std::iter::repeat_with(|| {
        let at = NEXT.fetch_add(1, Ordering::Relaxed);
        u16::try_from(20_000 + (start - 20_000 + at) % 10_000).unwrap()
    })
    .filter(|port| std::net::TcpListener::bind(("0.0.0.0", *port)).is_ok());
    [free.next().unwrap(), free.next().unwrap()]
}

impl Drop for Operated {
    fn drop(&mut self) {
        let filter = format!("name=^/{}", self.name);
        let ids = docker(&["ps", "-aq", "--filter", &filter]);
        for id in ids.lines() {
            let _ = Command::new("docker").args(["rm", "-f", "-v", id]).output();
        }
        let _ = Command::new("docker")
            .args(["network", "rm", &format!("{}-stage", self.name)])
            .output();
        let _ = Command::new("docker")
            .args(["volume", "rm", &format!("{}-data", self.name)])
            .output();
    }
}
