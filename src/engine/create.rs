use std::collections::HashMap;

use bollard::models::{
    ContainerCreateBody, DeviceMapping, HostConfig, HostConfigLogConfig, Mount as ApiMount, MountType,
    PortBinding, RestartPolicy, RestartPolicyNameEnum,
};
use bollard::query_parameters::CreateContainerOptionsBuilder;

use super::container::{Mount, MountKind, Port, Restart};
use super::engine::CHANGE;
use super::images::is_id_of;
use super::refusal::Asked;
use super::{Engine, EngineError, Spec};
use crate::image::{Platform, VerifiedImage};

impl Engine {
    /// Creates a container of a verified image, which must have been pulled, and returns its id. Does not start it.
    ///
    /// # Errors
    /// [`EngineError::NoSuchImage`], [`EngineError::WrongImage`] and [`EngineError::Platform`] where what the engine has is not
    /// what was verified; [`EngineError::NameTaken`], and others.
    pub async fn create(&self, image: &VerifiedImage, spec: &Spec) -> Result<String, EngineError> {
        self.check_platform(image).await?;
        let missing = || EngineError::NoSuchImage(image.pinned().to_string());
        let (image_name, _) = self.find(image).await?.ok_or_else(missing)?;
        let options = CreateContainerOptionsBuilder::new().name(&spec.name).build();
        let answer = self
            .docker
            .create_container(Some(options), body(image_name, spec));
        let created = self.ask(Asked::Name(&spec.name), CHANGE, answer).await?;
        // Whoever else uses the engine could have moved a name meanwhile. A digest cannot be moved, an engine's opinion can.
        let container = self.container(&created.id).await?;
        let found = container.map(|it| it.image_id).unwrap_or_default();
        if is_id_of(image, &found) {
            return Ok(created.id);
        }
        self.remove(&created.id, true).await?;
        Err(EngineError::WrongImage {
            image: image.pinned().to_string(),
            wanted: *image.config_digest(),
            found,
        })
    }

    /// Refuses an image that was verified for another kind of machine: engines only warn.
    pub(super) async fn check_platform(&self, image: &VerifiedImage) -> Result<(), EngineError> {
        let about = self.about().await?;
        let found = image.platform().normalized();
        if (&about.os, &about.architecture) == (&found.os, &found.architecture) {
            return Ok(());
        }
        Err(EngineError::Platform {
            image: image.pinned().to_string(),
            wanted: Box::new(Platform {
                os: about.os,
                architecture: about.architecture,
                variant: None,
                os_version: None,
            }),
            found: Box::new(found),
        })
    }
}

fn body(image: String, spec: &Spec) -> ContainerCreateBody {
    let ports: Vec<String> = spec.ports.iter().map(port_key).collect();
    ContainerCreateBody {
        image: Some(image),
        labels: Some(spec.labels.clone().into_iter().collect()),
        env: Some(spec.environment.clone()),
        entrypoint: spec.entrypoint.clone(),
        cmd: spec.command.clone(),
        user: spec.user.clone(),
        exposed_ports: (!ports.is_empty()).then_some(ports),
        stop_timeout: Some(spec.stop_grace.into()),
        host_config: Some(host_config(spec)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(spec: &Spec) -> HostConfig {
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for port in &spec.ports {
        let same = bindings.entry(port_key(port)).or_default();
        same.get_or_insert_default().push(PortBinding {
            host_ip: port.host_ip.map(|it| it.to_string()),
            host_port: Some(if port.host == 0 {
                String::new()
            } else {
                port.host.to_string()
            }),
        });
    }
    let text = |text: &str| Some(vec![text.to_owned()]);
    HostConfig {
        network_mode: (!spec.network.is_empty()).then(|| spec.network.clone()),
        mounts: Some(spec.mounts.iter().map(mount).collect()),
        port_bindings: Some(bindings),
        restart_policy: Some(restart_policy(&spec.restart)),
        readonly_rootfs: Some(spec.read_only_root),
        cap_drop: spec.drop_capabilities.then(|| vec!["ALL".to_owned()]),
        cap_add: (!spec.add_capabilities.is_empty()).then(|| spec.add_capabilities.clone()),
        security_opt: if spec.no_new_privileges {
            text("no-new-privileges")
        } else {
            None
        },
        privileged: Some(spec.privileged),
        devices: Some(spec.devices.iter().map(|path| device(path)).collect()),
        log_config: spec.log.map(|(bytes, files)| HostConfigLogConfig {
            typ: Some("json-file".into()),
            config: Some(HashMap::from([
                ("max-size".into(), bytes.to_string()),
                ("max-file".into(), files.to_string()),
            ])),
        }),
        ..HostConfig::default()
    }
}

fn port_key(port: &Port) -> String {
    format!("{}/{}", port.container, port.protocol)
}

/// By `Mounts`, not by `Binds`: a host path that is not there is then refused and not made into an empty folder.
fn mount(mount: &Mount) -> ApiMount {
    let (typ, source) = match &mount.kind {
        MountKind::Bind => (Some(MountType::BIND), Some(mount.source.clone())),
        MountKind::Volume => {
            let named = (!mount.source.is_empty()).then(|| mount.source.clone());
            (Some(MountType::VOLUME), named)
        }
        MountKind::Tmpfs => (Some(MountType::TMPFS), None),
        // Engines refuse a mount without a type.
        MountKind::Other(_) => (None, Some(mount.source.clone())),
    };
    ApiMount {
        target: Some(mount.target.clone()),
        source,
        typ,
        read_only: Some(!mount.writable),
        ..ApiMount::default()
    }
}

fn device(path: &str) -> DeviceMapping {
    DeviceMapping {
        path_on_host: Some(path.to_owned()),
        path_in_container: Some(path.to_owned()),
        cgroup_permissions: Some("rwm".into()),
    }
}

pub(super) fn restart_policy(restart: &Restart) -> RestartPolicy {
    let (name, count) = match restart {
        Restart::No => (RestartPolicyNameEnum::NO, None),
        Restart::UnlessStopped => (RestartPolicyNameEnum::UNLESS_STOPPED, None),
        Restart::Always => (RestartPolicyNameEnum::ALWAYS, None),
        Restart::OnFailure(count) => (
            RestartPolicyNameEnum::ON_FAILURE,
            Some(i64::try_from(*count).unwrap_or(i64::MAX)),
        ),
    };
    RestartPolicy {
        name: Some(name),
        maximum_retry_count: count,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn created(spec: &Spec) -> Value {
        serde_json::to_value(body("image".into(), spec)).unwrap()
    }

    #[test]
    fn a_spec_becomes_what_engines_read() {
        let bind = Mount {
            kind: MountKind::Bind,
            source: "/srv/config.json".into(),
            target: "/etc/oc-guardian/config.json".into(),
            writable: false,
        };
        let anonymous = Mount {
            kind: MountKind::Volume,
            source: String::new(),
            target: "/data".into(),
            writable: true,
        };
        let port = |container, host_ip: Option<&str>, host| Port {
            container,
            protocol: "tcp".into(),
            host_ip: host_ip.map(|it| it.parse().unwrap()),
            host,
        };
        let spec = Spec {
            mounts: vec![bind, anonymous],
            ports: vec![port(9000, None, 9000), port(9001, Some("127.0.0.1"), 0)],
            network: "stage".into(),
            restart: Restart::OnFailure(3),
            read_only_root: true,
            drop_capabilities: true,
            no_new_privileges: true,
            log: Some((10_000_000, 3)),
            stop_grace: 15,
            ..Spec::default()
        };
        let body = created(&spec);
        assert_eq!(body["Image"], "image");
        assert_eq!(body["StopTimeout"], 15);
        assert_eq!(body["ExposedPorts"], json!({ "9000/tcp": {}, "9001/tcp": {} }));
        let host = &body["HostConfig"];
        assert_eq!(host["NetworkMode"], "stage");
        assert_eq!(host["PortBindings"]["9000/tcp"], json!([{ "HostPort": "9000" }]));
        assert_eq!(
            host["PortBindings"]["9001/tcp"],
            json!([{ "HostIp": "127.0.0.1", "HostPort": "" }])
        );
        assert_eq!(host["Mounts"][0]["Type"], "bind");
        assert_eq!(host["Mounts"][0]["ReadOnly"], true);
        assert_eq!(
            host["Mounts"][1],
            json!({ "Target": "/data", "Type": "volume", "ReadOnly": false })
        );
        assert_eq!(
            host["RestartPolicy"],
            json!({ "Name": "on-failure", "MaximumRetryCount": 3 })
        );
        assert_eq!(host["ReadonlyRootfs"], true);
        assert_eq!(host["CapDrop"], json!(["ALL"]));
        assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
        assert_eq!(
            host["LogConfig"],
            json!({ "Type": "json-file", "Config": { "max-size": "10000000", "max-file": "3" } })
        );
        assert_eq!(host["Privileged"], false);
    }

    #[test]
    fn what_is_not_asked_for_stays_the_image_s() {
        let body = created(&Spec::default());
        for name in ["Entrypoint", "Cmd", "User", "ExposedPorts"] {
            assert_eq!(body[name], Value::Null, "{name}");
        }
        for name in ["CapDrop", "CapAdd", "SecurityOpt", "LogConfig", "NetworkMode"] {
            assert_eq!(body["HostConfig"][name], Value::Null, "{name}");
        }
        assert_eq!(body["HostConfig"]["RestartPolicy"]["Name"], "no");
    }
}
