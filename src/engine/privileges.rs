//! What sets a container apart from an ordinary one.

use bollard::models::{ContainerConfig, HostConfig};

use super::container::Privileges;

/// What engines give to everything, in bytes.
const SHARED_MEMORY: i64 = 64 << 20;

pub(super) fn privileges(id: &str, host: &HostConfig, config: &ContainerConfig) -> Privileges {
    let privileged = host.privileged.unwrap_or_default();
    Privileges {
        privileged,
        read_only_root: host.readonly_rootfs.unwrap_or_default(),
        added: capabilities(host.cap_add.as_deref()),
        dropped: capabilities(host.cap_drop.as_deref()),
        security_options: host.security_opt.clone().unwrap_or_default(),
        devices: devices(host),
        shared_namespaces: shared_namespaces(host),
        unusual: unusual(id, host, config, privileged),
    }
}

fn capabilities(told: Option<&[String]>) -> Vec<String> {
    let told = told.unwrap_or_default().iter();
    told.map(|name| name.trim_start_matches("CAP_").to_owned())
        .collect()
}

fn devices(host: &HostConfig) -> Vec<String> {
    let paths = host
        .devices
        .iter()
        .flatten()
        .filter_map(|it| it.path_on_host.clone());
    let rules = host
        .device_cgroup_rules
        .iter()
        .flatten()
        .map(|rule| format!("rule {rule}"));
    let requests = host.device_requests.iter().flatten().map(|request| {
        let driver = request.driver.as_deref().unwrap_or_default();
        let kinds: Vec<&str> = request
            .capabilities
            .iter()
            .flatten()
            .flatten()
            .map(String::as_str)
            .collect();
        format!("request {driver} {}", kinds.join(","))
    });
    paths.chain(rules).chain(requests).collect()
}

/// Those of the network are in `network_mode`.
fn shared_namespaces(host: &HostConfig) -> Vec<String> {
    let modes = [
        ("pid", &host.pid_mode),
        ("ipc", &host.ipc_mode),
        ("uts", &host.uts_mode),
        ("userns", &host.userns_mode),
    ];
    let shared = modes.into_iter().filter_map(|(name, mode)| {
        let mode = mode.as_deref()?;
        let own = matches!(mode, "" | "private" | "shareable" | "none");
        (!own).then(|| format!("{name}={mode}"))
    });
    let network = host.network_mode.as_deref().unwrap_or_default();
    let joined = network == "host" || network.starts_with("container:");
    shared
        .chain(joined.then(|| format!("network={network}")))
        .collect()
}

fn unusual(id: &str, host: &HostConfig, config: &ContainerConfig, privileged: bool) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |name: &str, value: Option<String>| {
        found.extend(
            value
                .filter(|value| !value.is_empty())
                .map(|value| format!("{name}={value}")),
        );
    };
    let list = |told: &Option<Vec<String>>| told.as_ref().map(|it| it.join(","));
    let map = |told: &Option<std::collections::HashMap<String, String>>| {
        let mut pairs: Vec<String> = told
            .iter()
            .flatten()
            .map(|(name, value)| format!("{name}:{value}"))
            .collect();
        pairs.sort();
        Some(pairs.join(","))
    };
    let number = |told: Option<i64>, usual: &[i64]| {
        let told = told.filter(|it| !usual.contains(it));
        told.map(|it| it.to_string())
    };
    let yes = |told: Option<bool>| told.unwrap_or_default().then(|| "true".to_owned());
    let runtime = host.runtime.clone();
    note(
        "runtime",
        runtime.filter(|it| !matches!(it.as_str(), "runc" | "io.containerd.runc.v2")),
    );
    note("sysctls", map(&host.sysctls));
    note("extra_hosts", list(&host.extra_hosts));
    note("dns", list(&host.dns));
    note("dns_options", list(&host.dns_options));
    note("dns_search", list(&host.dns_search));
    note("links", list(&host.links));
    note("volumes_from", list(&host.volumes_from));
    note("group_add", list(&host.group_add));
    let ulimits = host.ulimits.iter().flatten();
    let ulimits: Vec<&str> = ulimits.filter_map(|it| it.name.as_deref()).collect();
    note("ulimits", Some(ulimits.join(",")));
    note("tmpfs", map(&host.tmpfs));
    note("cgroup_parent", host.cgroup_parent.clone());
    note("storage_opt", map(&host.storage_opt));
    note("memory", number(host.memory, &[0]));
    note("cpus", number(host.nano_cpus, &[0]));
    note("cpu_quota", number(host.cpu_quota, &[0]));
    note("cpu_shares", number(host.cpu_shares, &[0]));
    note("cpuset", host.cpuset_cpus.clone());
    note("pids_limit", number(host.pids_limit, &[0, -1]));
    note("shm_size", number(host.shm_size, &[0, SHARED_MEMORY]));
    note("oom_score_adj", number(host.oom_score_adj, &[0]));
    note("oom_kill_disable", yes(host.oom_kill_disable));
    note("auto_remove", yes(host.auto_remove));
    note("publish_all_ports", yes(host.publish_all_ports));
    note("init", yes(host.init));
    note("tty", yes(config.tty));
    // A privileged container has none of them anyway.
    let unmasked = |told: &Option<Vec<String>>| told.as_ref().is_some_and(Vec::is_empty);
    if !privileged && (unmasked(&host.masked_paths) || unmasked(&host.readonly_paths)) {
        note("systempaths", Some("unconfined".into()));
    }
    let hostname = config.hostname.clone();
    // The engine's own choice is the start of the id.
    note(
        "hostname",
        hostname
            .filter(|name| !id.starts_with(name.as_str()) && host.network_mode.as_deref() != Some("host")),
    );
    found
}
