use std::fmt::Write as _;

use super::container::{BUNDLE_TARGET, Container, DATA_VOLUME, DIGEST_VARIABLE, NAME, PORTS, STOP_GRACE};
use super::host_path::{HostPath, PathError};

const FORMAT: &str = "a Quadlet unit";
const APPLY: &str = "Save as ~/.config/containers/systemd/oc-guardian.container (or /etc/containers/systemd), then:\n\
     #   systemctl --user daemon-reload && systemctl --user start oc-guardian\n\
     # To keep it running without a session: loginctl enable-linger. Needs Podman 4.5 or later.";

/// <https://docs.podman.io/en/latest/markdown/podman-systemd.unit.5.html>
pub(super) fn write(container: &Container) -> Result<String, PathError> {
    let mut volumes = String::new();
    let mut volume = |source: &str, target: &HostPath, options: &str| {
        let target = plain(target)?;
        let _ = writeln!(volumes, "Volume={source}:{target}{options}");
        Ok::<_, PathError>(())
    };
    if let Some(path) = &container.bundle_path {
        let target = HostPath::new(BUNDLE_TARGET.as_ref())?;
        // `z`: where SELinux is on, the container could not read the file otherwise.
        volume(&plain(path)?, &target, ":ro,z")?;
    }
    volume(DATA_VOLUME, &container.data_dir, "")?;
    if let Some(signer) = &container.signer {
        volume(&plain(&signer.host)?, &signer.target, "")?;
    }
    let mut labels = String::new();
    for (name, value) in container.labels() {
        let _ = writeln!(labels, "Label={name}={}", value.as_str().unwrap_or_default());
    }
    let mut ports = String::new();
    for port in PORTS {
        let _ = writeln!(ports, "PublishPort={port}:{port}");
    }
    let Container {
        federation, digest, ..
    } = container;
    let (heading, image) = (container.heading(APPLY), container.pinned());
    Ok(format!(
        r#"{heading}
[Unit]
Description=Guardian of the federation {federation}
Documentation=man:oc-guardian(1)
Wants=network-online.target
After=network-online.target

[Container]
ContainerName={NAME}
Image={image}
ReadOnly=true
DropCapability=all
NoNewPrivileges=true
{ports}{volumes}Environment={DIGEST_VARIABLE}={digest}
{labels}# The journal is rotated by itself.
LogDriver=journald
# Podman does not take the health check from an image in OCI form.
HealthCmd=["CMD","/oc-guardian","guardian","healthcheck"]
HealthInterval=15s
HealthTimeout=5s
HealthStartPeriod=5s

[Service]
Restart=always
# The first start pulls the image.
TimeoutStartSec=900
TimeoutStopSec={STOP_GRACE}

[Install]
WantedBy=default.target
"#
    ))
}

/// A path as a part of `Volume=`. Podman splits it at colons, and writes it into an `ExecStart=`, where systemd would put
/// in specifiers (`%`) and variables (`$`). A backslash can continue the line, and quotes are read differently by different
/// versions.
fn plain(path: &HostPath) -> Result<String, PathError> {
    let text = path.without(&[':', '\\', '"', '\''], FORMAT)?;
    // A space at the end would be cut off.
    if text.ends_with(' ') {
        return Err(PathError::Character {
            path: text.to_owned(),
            character: ' ',
            format: FORMAT,
        });
    }
    Ok(text.replace('%', "%%").replace('$', "$$"))
}
