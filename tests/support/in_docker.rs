//! Guardians in containers of this machine's engine, started as the runbook says, and a signing server that is to find them.

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::Home;
use super::registry::Registry;
use super::release_image::ReleaseImage;
use super::running::{NO_PORTAL, bundle};
use super::signer::{SigningServer, eventually, http, read_answer};
use super::sigstore::Sigstore;

pub const REPOSITORY: &str = "orangecheck/oc-guardian";

/// A signed release that the engine has pulled, and the home of an operator.
pub struct Scene {
    pub home: Home,
    pub registry: Registry,
    pub sigstore: Sigstore,
    pub release: ReleaseImage,
    name: String,
}

impl Scene {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let (registry, sigstore) = (Registry::start(), Sigstore::new());
        let release = ReleaseImage::push(&registry, &sigstore, REPOSITORY, "latest", "1.2.3");
        docker(&["pull", "-q", &release.pinned]);
        let home = Home::with_identity();
        home.write("root.json", sigstore.trusted_root_json());
        let scene = Self {
            home,
            registry,
            sigstore,
            release,
            name: format!(
                "ocg-pull-{}-{}",
                std::process::id(),
                NEXT.fetch_add(1, Ordering::Relaxed)
            ),
        };
        scene.write_bundle(&json!({}));
        scene
    }

    /// The bundle that containers mount, with more fields than the usual ones.
    pub fn write_bundle(&self, more: &Value) {
        let mut config = bundle(&self.home, NO_PORTAL, more);
        config.as_object_mut().unwrap().shift_remove("data_dir");
        self.home.write("oc-guardian.config", config.to_string());
        // As `config gen` writes it; the container's user is another one.
        self.home.chmod("oc-guardian.config", 0o644);
    }

    /// The name that is followed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Another name of this test's.
    pub fn named(&self, end: &str) -> String {
        format!("{}-{end}", self.name)
    }

    /// The runbook's container with more options.
    pub fn start(&self, options: &[&str]) -> Container {
        self.start_as(&self.name, &self.release.pinned, options)
    }

    pub fn start_as(&self, name: &str, image: &str, options: &[&str]) -> Container {
        let mount = format!(
            "{}:/etc/oc-guardian/config.json:ro",
            self.home.path("oc-guardian.config").display()
        );
        let mut arguments = vec![
            "run",
            "-d",
            "--name",
            name,
            "--restart",
            "unless-stopped",
            "-v",
            &mount,
        ];
        arguments.extend(["-p", "127.0.0.1::9000", "-p", "127.0.0.1::9001"]);
        arguments.extend(options);
        arguments.push(image);
        let container = Container(docker(&arguments));
        let healthy = eventually(|| container.health());
        assert!(healthy.is_some(), "{}", docker(&["logs", &container.0]));
        container
    }

    /// A signing server that follows the name, and verifies with the test's Sigstore.
    #[track_caller]
    pub fn serve(&self, more: &[&str]) -> SigningServer {
        let mut arguments = vec!["--guardian", self.name(), "--trusted-root", "root.json"];
        arguments.extend(more);
        SigningServer::start(&self.home, &arguments)
    }
}

/// A container by its id; removed with its volumes when dropped.
pub struct Container(pub String);

impl Container {
    /// What its guardian says, once it does.
    pub fn health(&self) -> Option<Value> {
        health(self.port()?)
    }

    /// Where its health is published; another one after each start.
    pub fn port(&self) -> Option<u16> {
        let output = Command::new("docker")
            .args(["port", &self.0, "9000"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().next()?.rsplit(':').next()?.trim().parse().ok()
    }

    /// Whether a signing server fetches requests now, by the guardian's own word.
    pub fn is_served(&self) -> bool {
        self.port().is_some_and(is_served)
    }

    pub fn state(&self) -> String {
        let health = self.health();
        health.map_or_else(String::new, |it| it["state"].as_str().unwrap().to_owned())
    }

    #[track_caller]
    pub fn wait_until_served(&self, server: &SigningServer) {
        assert!(
            eventually(|| self.is_served().then_some(())).is_some(),
            "{:?}\n{}",
            server.events("guardian"),
            docker(&["logs", &self.0])
        );
    }

    /// What runs in it.
    pub fn processes(&self) -> Vec<String> {
        let text = docker(&["top", &self.0, "-eo", "pid,args"]);
        text.lines().skip(1).map(str::to_owned).collect()
    }

    /// Whether nothing but the guardian runs in it, soon.
    #[track_caller]
    pub fn assert_nothing_left(&self) {
        let alone = eventually(|| (bridges(&self.processes()) == 0).then_some(()));
        assert!(alone.is_some(), "{:?}", self.processes());
    }
}

/// What a guardian says at this port of this machine; `None` where the engine's proxy has nobody behind it yet.
fn health(port: u16) -> Option<Value> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let request = http("GET", "/healthz", &[("host", "guardian")], "");
    stream.write_all(request.as_bytes()).ok()?;
    Some(read_answer(&mut stream)?.json())
}

/// As [`Container::is_served`], without asking the engine for the port.
pub fn is_served(port: u16) -> bool {
    health(port).is_some_and(|it| it["signer"] == "connected")
}

/// How many of these are bridges to a kit.
pub fn bridges(processes: &[String]) -> usize {
    processes.iter().filter(|it| it.ends_with("guardian rpc")).count()
}

impl Drop for Container {
    fn drop(&mut self) {
        let _ = Command::new("docker").args(["rm", "-f", "-v", &self.0]).output();
    }
}

/// A volume, removed when dropped.
pub struct Volume(pub String);

impl Drop for Volume {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["volume", "rm", "-f", &self.0])
            .output();
    }
}

/// A name for an image, removed when dropped.
pub struct Tag(String);

impl Tag {
    pub fn of(image: &str, name: &str) -> Self {
        docker(&["tag", image, name]);
        Self(name.to_owned())
    }
}

impl Drop for Tag {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["image", "rm", "-f", &self.0])
            .output();
    }
}

#[track_caller]
pub fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{arguments:?}: {text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text.trim().to_owned()
}
