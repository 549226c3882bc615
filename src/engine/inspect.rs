//! What engines tell, in our words.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use bollard::models::{
    ContainerConfig, ContainerInspectResponse, ContainerState, EndpointSettings, HostConfig, ImageConfig,
    ImageInspect, MountPoint, NetworkInspect, NetworkSettings, PortBinding, RestartPolicy,
    RestartPolicyNameEnum,
};

use super::container::{Container, LocalImage, Mount, MountKind, Network, Port, Process, Restart, State};
use super::privileges::privileges;

pub(super) fn container(told: ContainerInspectResponse) -> Container {
    let host = told.host_config.unwrap_or_default();
    let config = told.config.unwrap_or_default();
    let settings = told.network_settings.unwrap_or_default();
    let mut id = told.id.unwrap_or_default();
    id.make_ascii_lowercase();
    Container {
        name: told.name.unwrap_or_default().trim_start_matches('/').to_owned(),
        image_id: told.image.unwrap_or_default(),
        image_name: config.image.clone().unwrap_or_default(),
        state: state(told.state.unwrap_or_default()),
        restart_count: told
            .restart_count
            .unwrap_or_default()
            .try_into()
            .unwrap_or_default(),
        restart: restart(host.restart_policy.as_ref()),
        labels: labels(config.labels.clone()),
        mounts: told.mounts.unwrap_or_default().into_iter().map(mount).collect(),
        ports: ports(&host, &settings),
        network_mode: host.network_mode.clone().unwrap_or_default(),
        networks: networks(settings.networks),
        privileges: privileges(&id, &host, &config),
        process: process(config),
        id,
    }
}

fn state(told: ContainerState) -> State {
    State {
        status: told.status.map(|it| it.to_string()).unwrap_or_default(),
        running: told.running.unwrap_or_default(),
        restarting: told.restarting.unwrap_or_default(),
        exit_code: told.exit_code.unwrap_or_default(),
        out_of_memory: told.oom_killed.unwrap_or_default(),
        error: told.error.unwrap_or_default(),
    }
}

fn restart(told: Option<&RestartPolicy>) -> Restart {
    let count = told.and_then(|it| it.maximum_retry_count).unwrap_or_default();
    match told.and_then(|it| it.name) {
        Some(RestartPolicyNameEnum::UNLESS_STOPPED) => Restart::UnlessStopped,
        Some(RestartPolicyNameEnum::ALWAYS) => Restart::Always,
        Some(RestartPolicyNameEnum::ON_FAILURE) => Restart::OnFailure(count.try_into().unwrap_or_default()),
        _ => Restart::No,
    }
}

fn labels(told: Option<HashMap<String, String>>) -> BTreeMap<String, String> {
    told.unwrap_or_default().into_iter().collect()
}

fn process(told: ContainerConfig) -> Process {
    Process {
        environment: told.env.unwrap_or_default(),
        entrypoint: told.entrypoint.unwrap_or_default(),
        command: told.cmd.unwrap_or_default(),
        user: told.user.unwrap_or_default(),
        working_dir: told.working_dir.unwrap_or_default(),
    }
}

fn mount(told: MountPoint) -> Mount {
    let kind = match told.typ.unwrap_or_default().as_str() {
        "bind" => MountKind::Bind,
        "volume" => MountKind::Volume,
        "tmpfs" => MountKind::Tmpfs,
        other => MountKind::Other(other.to_owned()),
    };
    let source = match kind {
        // For a volume, the source is a path within the engine's own folder.
        MountKind::Volume => told.name,
        MountKind::Tmpfs => None,
        MountKind::Bind | MountKind::Other(_) => told.source,
    };
    Mount {
        kind,
        source: source.unwrap_or_default(),
        target: told.destination.unwrap_or_default(),
        writable: told.rw.unwrap_or_default(),
    }
}

/// As they were asked for at create. Where the engine was to choose a port, the one that it chose, while the container runs.
fn ports(host: &HostConfig, settings: &NetworkSettings) -> Vec<Port> {
    let mut ports = Vec::new();
    for (key, bindings) in host.port_bindings.iter().flatten() {
        let (container, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
        let Ok(container) = container.parse() else {
            continue;
        };
        let now = settings
            .ports
            .as_ref()
            .and_then(|ports| ports.get(key)?.as_deref());
        for binding in bindings.iter().flatten() {
            let port = match host_port(binding) {
                0 => chosen(binding, now.unwrap_or_default()),
                port => port,
            };
            ports.push(Port {
                container,
                protocol: protocol.to_owned(),
                host_ip: host_ip(binding),
                host: port,
            });
        }
    }
    ports.sort_by(|a, b| {
        (a.container, &a.protocol, a.host_ip, a.host).cmp(&(b.container, &b.protocol, b.host_ip, b.host))
    });
    ports
}

fn chosen(asked: &PortBinding, now: &[PortBinding]) -> u16 {
    let wanted = host_ip(asked);
    let same = now.iter().find(|it| wanted.is_none() || host_ip(it) == wanted);
    same.map(host_port).unwrap_or_default()
}

fn host_port(binding: &PortBinding) -> u16 {
    let port = binding.host_port.as_deref().unwrap_or_default();
    port.parse().unwrap_or_default()
}

fn host_ip(binding: &PortBinding) -> Option<IpAddr> {
    binding.host_ip.as_deref()?.parse().ok()
}

fn networks(told: Option<HashMap<String, EndpointSettings>>) -> BTreeMap<String, Option<IpAddr>> {
    let address = |endpoint: EndpointSettings| {
        let addresses = [endpoint.ip_address, endpoint.global_ipv6_address];
        addresses.into_iter().flatten().find_map(|it| it.parse().ok())
    };
    let told = told.unwrap_or_default().into_iter();
    told.map(|(name, endpoint)| (name, address(endpoint))).collect()
}

pub(super) fn image(told: ImageInspect) -> LocalImage {
    let config: ImageConfig = told.config.unwrap_or_default();
    let mut volumes = config.volumes.unwrap_or_default();
    volumes.sort();
    LocalImage {
        id: told.id.unwrap_or_default(),
        repo_digests: told.repo_digests.unwrap_or_default(),
        os: told.os.unwrap_or_default(),
        architecture: told.architecture.unwrap_or_default(),
        labels: labels(config.labels),
        process: Process {
            environment: config.env.unwrap_or_default(),
            entrypoint: config.entrypoint.unwrap_or_default(),
            command: config.cmd.unwrap_or_default(),
            user: config.user.unwrap_or_default(),
            working_dir: config.working_dir.unwrap_or_default(),
        },
        volumes,
        size: told.size.unwrap_or_default().try_into().unwrap_or_default(),
    }
}

pub(super) fn network(told: NetworkInspect) -> Network {
    let mut containers: Vec<String> = told.containers.unwrap_or_default().into_keys().collect();
    containers.sort();
    Network {
        id: told.id.unwrap_or_default(),
        name: told.name.unwrap_or_default(),
        internal: told.internal.unwrap_or_default(),
        labels: labels(told.labels),
        containers,
    }
}

#[cfg(test)]
#[path = "inspect_tests.rs"]
mod tests;
