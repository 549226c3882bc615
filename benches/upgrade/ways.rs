//! The ways in which a guardian gets another image.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::changes::Changes;
use crate::support::in_docker::docker;
use crate::support::operated::Operated;
use crate::support::release_image::ReleaseImage;

pub trait Way {
    /// Starts a first container.
    fn first(&mut self, it: &Operated, image: &ReleaseImage);
    /// What is measured.
    fn swap(&mut self, it: &Operated, image: &ReleaseImage);
    /// What is left afterwards and not needed.
    fn tidy(&mut self, _it: &Operated) {}
    /// Ends it all.
    fn remove(&mut self, it: &Operated);
}

/// The runbook's commands in a shell, with the data in a volume that has a name.
pub struct Recipe;

impl Recipe {
    fn run(it: &Operated, image: &ReleaseImage) -> String {
        format!(
            "docker run -d --name {name} --restart unless-stopped -v {bundle}:/etc/oc-guardian/config.json:ro \
             -v {name}-data:/var/lib/oc-guardian -p 127.0.0.1:{health}:9000 -p 127.0.0.1:{peers}:9001 {image}",
            name = it.name,
            bundle = it.home.path("home/config/oc-guardian.config").display(),
            health = it.health_port,
            peers = it.peer_port,
            image = image.pinned,
        )
    }
}

impl Way for Recipe {
    fn first(&mut self, it: &Operated, image: &ReleaseImage) {
        shell(&Self::run(it, image));
    }

    fn swap(&mut self, it: &Operated, image: &ReleaseImage) {
        let (name, run) = (&it.name, Self::run(it, image));
        shell(&format!("docker stop {name} && docker rm {name} && {run}"));
    }

    fn remove(&mut self, it: &Operated) {
        shell(&format!("docker rm -f {}", it.name));
    }
}

/// The same container by docker-compose.
pub struct Compose;

impl Compose {
    /// `None` where it is not installed.
    pub fn version() -> Option<String> {
        let output = Command::new("docker-compose")
            .args(["version", "--short"])
            .output();
        let output = output.ok().filter(|it| it.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    fn up(it: &Operated, image: &ReleaseImage) {
        let (name, bundle) = (&it.name, it.home.path("home/config/oc-guardian.config"));
        let (health, peers) = (it.health_port, it.peer_port);
        // The default network of a project would be another one than the other ways have.
        let file = it.home.write(
            "compose.yaml",
            format!(
                r#"version: "3"
services:
  guardian:
    image: {image}
    container_name: {name}
    restart: unless-stopped
    network_mode: bridge
    ports: ["127.0.0.1:{health}:9000", "127.0.0.1:{peers}:9001"]
    volumes:
      - {bundle}:/etc/oc-guardian/config.json:ro
      - data:/var/lib/oc-guardian
volumes:
  data:
    name: {name}-data
    external: true
"#,
                image = image.pinned,
                bundle = bundle.display(),
            ),
        );
        shell(&format!(
            "docker-compose -p {name} -f {} up -d 2>&1",
            file.display()
        ));
    }
}

impl Way for Compose {
    fn first(&mut self, it: &Operated, image: &ReleaseImage) {
        docker(&["volume", "create", &format!("{}-data", it.name)]);
        Self::up(it, image);
    }

    fn swap(&mut self, it: &Operated, image: &ReleaseImage) {
        Self::up(it, image);
    }

    fn remove(&mut self, it: &Operated) {
        shell(&format!("docker rm -f {}", it.name));
    }
}

/// `oc-guardian upgrade`.
pub struct Kit<'a> {
    pub changes: &'a mut Changes,
}

impl Way for Kit<'_> {
    fn first(&mut self, it: &Operated, image: &ReleaseImage) {
        it.ok(&["run", "--settle", "1s", "--image", &image.reference]);
    }

    fn swap(&mut self, it: &Operated, image: &ReleaseImage) {
        let mut command = it.command(&["upgrade", "--yes", "--settle", "2s", "--image", &image.reference]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut last = Value::Null;
        let mut timeline = self.changes.begin();
        for line in lines.map_while(Result::ok) {
            last = serde_json::from_str(&line).unwrap();
            timeline.event(&last);
        }
        self.changes.add(timeline);
        assert!(child.wait().unwrap().success(), "{last}");
        assert_eq!(last["strategy"], "handover", "{last}");
    }

    fn remove(&mut self, it: &Operated) {
        it.ok(&["uninstall", "--yes", "--volumes"]);
    }
}

#[track_caller]
fn shell(script: &str) {
    let output = Command::new("sh").args(["-c", script]).output().unwrap();
    assert!(
        output.status.success(),
        "{script}\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
