use serde::de::DeserializeOwned;

use super::*;

/// Of a real engine.
const CONTAINER_20_10: &str = include_str!("samples/container_20_10.json");
const IMAGE_20_10: &str = include_str!("samples/image_20_10.json");
const NETWORK_20_10: &str = include_str!("samples/network_20_10.json");
/// By the description of API 1.52, with containerd's store.
const CONTAINER_29: &str = include_str!("samples/container_29.json");

fn told<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn port(container: u16, host_ip: Option<IpAddr>, host: u16) -> Port {
    Port {
        container,
        protocol: "tcp".into(),
        host_ip,
        host,
    }
}

#[test]
fn a_container_of_engine_20_10_is_read() {
    let container = container(told(CONTAINER_20_10));
    assert_eq!(container.name, "ocg-engine-sample");
    assert_eq!(container.id.len(), 64);
    assert!(container.image_id.starts_with("sha256:7d5500ff"));
    assert_eq!(container.image_name, "7d5500ff7cee");
    assert_eq!(container.state.status, "created");
    assert!(!container.state.running);
    assert_eq!(container.restart, Restart::OnFailure(3));
    assert_eq!(container.labels["x"], "y");
    assert_eq!(container.process.environment, ["A=B"]);
    assert_eq!(container.process.entrypoint, ["/oc-guardian", "guardian"]);
    assert_eq!(container.process.command, ["serve", "--x"]);
    assert_eq!(container.process.user, "65532:65532");
    assert_eq!(container.network_mode, "ocg-engine-sample");
    assert_eq!(container.networks["ocg-engine-sample"], None);
    let ports = [port(9000, None, 9000), port(9001, Some(ip("127.0.0.1")), 0)];
    assert_eq!(container.ports, ports);
}

#[test]
fn mounts_are_named_by_what_they_are() {
    let container = container(told(CONTAINER_20_10));
    let mounts: Vec<_> = container
        .mounts
        .iter()
        .map(|it| {
            (
                it.kind.clone(),
                it.source.as_str(),
                it.target.as_str(),
                it.writable,
            )
        })
        .collect();
    assert_eq!(
        mounts[0],
        (MountKind::Volume, "ocg-engine-samplevol", "/data", false)
    );
    assert_eq!(mounts[1], (MountKind::Bind, "/tmp", "/host", true));
    let (kind, anonymous, target, writable) = &mounts[2];
    assert_eq!(
        (kind, *target, *writable),
        (&MountKind::Volume, "/var/lib/oc-guardian", true)
    );
    assert_eq!(anonymous.len(), 64);
}

#[test]
fn whatever_sets_a_container_apart_is_seen() {
    let privileges = container(told(CONTAINER_20_10)).privileges;
    assert!(privileges.read_only_root && !privileges.privileged);
    assert_eq!(privileges.added, ["NET_ADMIN"]);
    assert_eq!(privileges.dropped, ["ALL"]);
    assert_eq!(
        privileges.security_options,
        ["no-new-privileges", "label=disable"]
    );
    assert_eq!(privileges.devices, ["/dev/null"]);
    assert_eq!(privileges.shared_namespaces, ["pid=host"]);
    assert_eq!(
        privileges.unusual,
        [
            "extra_hosts=a:1.2.3.4",
            "ulimits=nofile",
            "tmpfs=/scratch:",
            "memory=134217728"
        ]
    );
}

#[test]
fn each_privilege_of_the_host_is_seen() {
    for (member, value, wanted) in [
        ("Runtime", "\"kata\"", "runtime=kata"),
        (
            "Sysctls",
            r#"{"net.ipv4.ip_forward":"1"}"#,
            "sysctls=net.ipv4.ip_forward:1",
        ),
        ("Dns", r#"["192.0.2.1"]"#, "dns=192.0.2.1"),
        ("Links", r#"["/a:/b"]"#, "links=/a:/b"),
        ("VolumesFrom", r#"["other"]"#, "volumes_from=other"),
        ("GroupAdd", r#"["0"]"#, "group_add=0"),
        ("CgroupParent", "\"/x\"", "cgroup_parent=/x"),
        ("AutoRemove", "true", "auto_remove=true"),
        ("MaskedPaths", "[]", "systempaths=unconfined"),
    ] {
        let mut sample: serde_json::Value = told(CONTAINER_29);
        sample["HostConfig"][member] = told(value);
        let privileges = container(serde_json::from_value(sample).unwrap()).privileges;
        assert_eq!(privileges.unusual, [wanted], "{member}");
    }
    for (mode, wanted) in [
        ("IpcMode", "ipc=host"),
        ("UTSMode", "uts=host"),
        ("UsernsMode", "userns=host"),
        ("NetworkMode", "network=host"),
    ] {
        let mut sample: serde_json::Value = told(CONTAINER_29);
        sample["HostConfig"][mode] = "host".into();
        let privileges = container(serde_json::from_value(sample).unwrap()).privileges;
        assert_eq!(privileges.shared_namespaces, [wanted], "{mode}");
    }
}

#[test]
fn a_running_container_of_a_new_engine_is_read() {
    let container = container(told(CONTAINER_29));
    assert_eq!(
        (container.name.as_str(), container.restart_count),
        ("oc-guardian", 2)
    );
    assert!(container.state.running && container.state.status == "running");
    assert_eq!(container.restart, Restart::UnlessStopped);
    assert_eq!(container.networks["bridge"], Some(ip("172.17.0.2")));
    // The port that the engine chose.
    let ports = [port(9000, None, 9000), port(9001, Some(ip("127.0.0.1")), 49153)];
    assert_eq!(container.ports, ports);
    let privileges = container.privileges;
    assert_eq!((privileges.added, privileges.unusual), (vec![], vec![]));
    assert_eq!(
        (privileges.devices, privileges.shared_namespaces),
        (vec![], vec![])
    );
}

#[test]
fn images_and_networks_are_read() {
    let image = image(told(IMAGE_20_10));
    assert_eq!(
        (image.os.as_str(), image.architecture.as_str()),
        ("linux", "amd64")
    );
    assert!(image.id.starts_with("sha256:7d5500ff") && image.size == 46_450_696);
    assert_eq!(image.volumes, ["/var/lib/oc-guardian"]);
    assert_eq!(image.process.user, "65532:65532");
    let mut sample: serde_json::Value = told(NETWORK_20_10);
    sample["Containers"] = told(r#"{"0f":{"Name":"a","IPv4Address":"172.19.0.2/16"}}"#);
    let network = network(serde_json::from_value(sample).unwrap());
    assert_eq!(
        (network.name.as_str(), network.internal),
        ("ocg-engine-sample", true)
    );
    assert_eq!(
        (network.labels["a"].as_str(), network.containers),
        ("b", vec!["0f".to_owned()])
    );
}

#[test]
fn an_engine_that_tells_nothing_makes_no_container_that_runs() {
    let container = container(told("{}"));
    assert_eq!(container, Container::default());
    assert_eq!(image(told("{}")), LocalImage::default());
}
