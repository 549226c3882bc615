use std::collections::BTreeMap;

use proptest::prelude::*;

use super::super::desired::{Bind, Data, Extra, Making, Volume};
use super::super::journal::Image;
use super::*;
use crate::engine::{Mount, MountKind, Privileges, Process, Restart, Spec, unsound};
use crate::image::Digest;

const STAGE: &str = "oc-guardian-stage";

fn image() -> LocalImage {
    LocalImage {
        id: "sha256:0f".into(),
        labels: BTreeMap::from([(labels::DATA_VERSION.into(), "1".into())]),
        process: Process {
            environment: vec!["PATH=/bin".into()],
            entrypoint: vec!["/oc-guardian".into(), "guardian".into()],
            command: Vec::new(),
            user: "65532:65532".into(),
            working_dir: "/".into(),
        },
        volumes: vec!["/var/lib/oc-guardian".into(), "/var/cache/other".into()],
        ..LocalImage::default()
    }
}

fn expected() -> Expected {
    Expected {
        data_dir: "/var/lib/oc-guardian".into(),
        signer: Some("/run/signer".into()),
        files: vec!["/etc/oc-guardian/ca.pem".into()],
    }
}

fn mount(kind: MountKind, source: &str, target: &str, writable: bool) -> Mount {
    Mount {
        kind,
        source: source.into(),
        target: target.into(),
        writable,
    }
}

fn port(host_ip: Option<&str>, host: u16, container: u16) -> Port {
    Port {
        container,
        protocol: "tcp".into(),
        host_ip: host_ip.map(|it| it.parse().unwrap()),
        host,
    }
}

/// As `docker run -d --name oc-guardian --restart unless-stopped -v FILE:/etc/oc-guardian/config.json:ro -p 9000:9000 -p
/// 9001:9001 IMAGE` makes it.
fn runbook() -> Container {
    Container {
        id: "0c".repeat(32),
        name: "oc-guardian".into(),
        image_id: "sha256:0f".into(),
        image_name: "ghcr.io/orangecheck/oc-guardian:v1".into(),
        restart: Restart::UnlessStopped,
        labels: image().labels,
        process: image().process,
        mounts: vec![
            mount(
                MountKind::Bind,
                "/home/op/oc-guardian.config",
                "/etc/oc-guardian/config.json",
                false,
            ),
            mount(MountKind::Volume, &"5f".repeat(32), "/var/lib/oc-guardian", true),
            mount(MountKind::Volume, &"6f".repeat(32), "/var/cache/other", true),
        ],
        ports: vec![port(None, 9000, 9000), port(None, 9001, 9001)],
        network_mode: "default".into(),
        networks: BTreeMap::from([("bridge".into(), None)]),
        ..Container::default()
    }
}

fn look_with(change: impl FnOnce(&mut Container), adopt: &[&str]) -> Adoption {
    let mut container = runbook();
    change(&mut container);
    let adopt: Vec<Adopt> = adopt.iter().map(|it| it.parse().unwrap()).collect();
    compare(
        &container,
        &image(),
        &expected(),
        &Names::of("oc-guardian"),
        &adopt,
    )
}

fn look(change: impl FnOnce(&mut Container)) -> Adoption {
    look_with(change, &[])
}

fn obstacles(change: impl FnOnce(&mut Container)) -> Vec<String> {
    look(change).obstacles().map(Difference::to_string).collect()
}

/// What an engine says of a container that was made so: after it was warmed, named and attached.
fn made(spec: Spec, image: &LocalImage, wanted: &Wanted) -> Container {
    let mut labels = image.labels.clone();
    labels.extend(spec.labels);
    let mut environment = image.process.environment.clone();
    environment.extend(spec.environment);
    let mut mounts = spec.mounts;
    for (count, mount) in mounts.iter_mut().enumerate() {
        if mount.kind == MountKind::Volume && mount.source.is_empty() {
            mount.source = format!("{count:064x}");
        }
    }
    Container {
        labels,
        image_id: image.id.clone(),
        process: Process {
            environment,
            ..image.process.clone()
        },
        mounts,
        ports: spec.ports,
        restart: wanted.restart.clone(),
        network_mode: spec.network,
        networks: BTreeMap::from([(wanted.network.clone(), None)]),
        privileges: Privileges {
            read_only_root: spec.read_only_root,
            dropped: vec!["ALL".into()],
            security_options: vec!["no-new-privileges".into()],
            ..Privileges::default()
        },
        ..Container::default()
    }
}

fn release() -> Image {
    Image {
        name: "ghcr.io/orangecheck/oc-guardian".into(),
        digest: Digest::of(b"index"),
        version: Some("v1.2.3".parse().unwrap()),
    }
}

#[test]
fn the_runbooks_own_container_is_carried_over_without_a_word() {
    let adoption = look(|_| {});
    assert_eq!(adoption.differences, []);
    let carried = adoption.carried;
    assert_eq!(carried.bundle, "/home/op/oc-guardian.config");
    assert_eq!(carried.data, Some(Data::Volume("5f".repeat(32))));
    assert_eq!(carried.volumes[0].target, "/var/cache/other");
    let plain = Wanted::runbook("/home/op/oc-guardian.config");
    assert_eq!(carried.ports, plain.ports);
    assert_eq!(
        (carried.network, carried.restart, carried.extra),
        (plain.network, plain.restart, plain.extra)
    );
}

fn wanted() -> impl Strategy<Value = Wanted> {
    let data = prop_oneof![
        "[a-z0-9]{1,8}".prop_map(Data::Volume),
        "/[a-z]{1,8}".prop_map(Data::Folder),
    ];
    let bind = |target: &'static str| {
        "/[a-z/]{1,8}".prop_map(move |host| Bind {
            host,
            target: target.into(),
        })
    };
    let variable = prop_oneof![
        "TZ=[A-Z]{0,3}",
        "HTTPS_PROXY=http://[a-z]{1,5}",
        "LC_[A-Z]{1,4}=[a-z]{0,4}"
    ];
    let restart = prop_oneof![
        Just(Restart::UnlessStopped),
        Just(Restart::Always),
        (0..9_u64).prop_map(Restart::OnFailure)
    ];
    (
        "/[a-z/ :=]{1,20}",
        data,
        proptest::option::of(bind("/run/signer")),
        proptest::collection::vec(bind("/etc/oc-guardian/ca.pem"), 0..2),
        proptest::collection::vec(variable, 0..3),
        restart,
        1..u16::MAX,
        any::<bool>(),
    )
        .prop_map(
            |(bundle, data, signer, files, environment, restart, host, is_local)| {
                let address = is_local.then_some("127.0.0.1");
                Wanted {
                    data: Some(data),
                    signer,
                    files,
                    volumes: vec![Volume {
                        name: "cache".into(),
                        target: "/var/cache/other".into(),
                    }],
                    ports: vec![port(address, host, 9000), port(Some("::1"), host, 9001)],
                    environment,
                    restart,
                    ..Wanted::runbook(bundle)
                }
            },
        )
}

proptest! {
    #[test]
    fn what_was_made_here_is_found_again_and_does_not_differ(wanted in wanted(), is_warmed: bool) {
        let network = if is_warmed { STAGE } else { "bridge" };
        let image_facts = release();
        let making = Making { name: "oc-guardian-next", network, transaction: "00112233aabbccdd", image: &image_facts };
        let container = made(wanted.spec(&making), &image(), &wanted);
        let adoption = compare(&container, &image(), &expected(), &Names::of("oc-guardian"), &[]);
        prop_assert_eq!(&adoption.differences, &[]);
        // And the signing server serves it.
        prop_assert_eq!(unsound(&container, &image()), []);
        prop_assert_eq!(adoption.carried, wanted);
    }
}

#[test]
fn an_anonymous_volume_of_run_is_carried_over_by_name() {
    let image_facts = release();
    let making = Making {
        name: "oc-guardian",
        network: "bridge",
        transaction: "00112233aabbccdd",
        image: &image_facts,
    };
    let wanted = Wanted::runbook("/b");
    let container = made(wanted.spec(&making), &image(), &wanted);
    let adoption = compare(&container, &image(), &expected(), &Names::of("oc-guardian"), &[]);
    assert_eq!(adoption.carried.data, Some(Data::Volume(format!("{:064x}", 1))));
}

#[test]
fn whatever_may_run_other_code_is_an_obstacle_and_left_behind() {
    let add = |target: &'static str| {
        move |it: &mut Container| it.mounts.push(mount(MountKind::Bind, "/evil", target, false))
    };
    assert_eq!(obstacles(add("/oc-guardian")), ["bind=/evil:/oc-guardian"]);
    assert_eq!(
        obstacles(add("/etc/oc-guardian")),
        ["bind=/evil:/etc/oc-guardian"]
    );
    assert_eq!(
        obstacles(add("/var/lib/oc-guardian/x")),
        ["bind=/evil:/var/lib/oc-guardian/x"]
    );
    let variable = |text: &'static str| move |it: &mut Container| it.process.environment.push(text.into());
    assert_eq!(
        obstacles(variable("LD_PRELOAD=/evil.so")),
        ["variable=LD_PRELOAD"]
    );
    assert_eq!(obstacles(variable("PATH=/evil")), ["variable=PATH"]);
    assert_eq!(obstacles(variable("TOKEN=geheim")), ["variable=TOKEN"]);
    assert_eq!(
        obstacles(|it| it.process.entrypoint = vec!["/bin/sh".into(), "-c".into()]),
        ["entrypoint=/bin/sh -c"]
    );
    assert_eq!(
        obstacles(|it| it.process.command = vec!["run".into()]),
        ["command=run"]
    );
    assert_eq!(obstacles(|it| it.process.user = String::new()), ["user=root"]);
    assert_eq!(
        obstacles(|it| it.process.working_dir = "/x".into()),
        ["working-folder=/x"]
    );
    let adoption = look(add("/oc-guardian"));
    assert_eq!(adoption.carried.extra, Extra::default());
}

#[test]
fn rights_that_the_runbook_does_not_give_are_obstacles() {
    assert_eq!(
        obstacles(|it| it.privileges.privileged = true),
        ["privileged=true"]
    );
    assert_eq!(
        obstacles(|it| it.privileges.added = vec!["SYS_ADMIN".into()]),
        ["capability=SYS_ADMIN"]
    );
    assert_eq!(
        obstacles(|it| it.privileges.devices = vec!["/dev/mem".into(), "rule c 1:1 rwm".into()]),
        ["device=/dev/mem", "device=rule c 1:1 rwm"]
    );
    assert_eq!(
        obstacles(|it| it.privileges.shared_namespaces = vec!["pid=host".into()]),
        ["namespace=pid=host"]
    );
    assert_eq!(
        obstacles(|it| it.privileges.security_options = vec!["seccomp=unconfined".into()]),
        ["security=seccomp=unconfined"]
    );
    assert_eq!(
        obstacles(|it| it.privileges.unusual = vec!["dns=1.1.1.1".into()]),
        ["option=dns=1.1.1.1"]
    );
    assert_eq!(
        obstacles(|it| {
            it.network_mode = "host".into();
            it.privileges.shared_namespaces = vec!["network=host".into()];
        }),
        ["network=host"]
    );
}

#[test]
fn each_thing_that_is_named_is_carried_and_the_others_still_stand_in_the_way() {
    let change = |it: &mut Container| {
        it.mounts.push(mount(MountKind::Bind, "/a", "/x", true));
        it.mounts.push(mount(MountKind::Volume, "v", "/y", false));
        it.process.environment.push("TOKEN=geheim".into());
        it.process.user = "0".into();
        it.privileges.devices = vec!["/dev/tpm0".into()];
        it.labels.insert("traefik.enable".into(), "true".into());
    };
    let adoption = look_with(
        change,
        &[
            "bind=/a:/x",
            "variable=TOKEN",
            "device=/dev/tpm0",
            "label=traefik.enable",
        ],
    );
    let left: Vec<String> = adoption.obstacles().map(Difference::to_string).collect();
    assert_eq!(left, ["volume=v:/y", "user=0"]);
    let extra = &adoption.carried.extra;
    assert_eq!(extra.mounts, [mount(MountKind::Bind, "/a", "/x", true)]);
    assert_eq!(extra.environment, ["TOKEN=geheim"]);
    assert_eq!(extra.devices, ["/dev/tpm0"]);
    assert_eq!(extra.labels["traefik.enable"], "true");
    assert_eq!(extra.user, None);
    let image_facts = release();
    let making = Making {
        name: "oc-guardian-next",
        network: STAGE,
        transaction: "00112233aabbccdd",
        image: &image_facts,
    };
    let spec = adoption.carried.spec(&making);
    assert!(spec.environment.contains(&"TOKEN=geheim".into()));
    assert!(spec.mounts.contains(&mount(MountKind::Bind, "/a", "/x", true)));
    let all = look_with(change, &["none"]);
    assert_eq!(all.obstacles().count(), 0);
    assert_eq!(all.carried.extra, Extra::default());
}

#[test]
fn a_word_about_something_that_is_not_there_is_given_back() {
    let adoption = look_with(|_| {}, &["bind=/a:/x", "none"]);
    assert_eq!(adoption.unmatched, [Adopt::This(Kind::Bind, "/a:/x".into())]);
    // What cannot be carried over cannot be insisted on.
    let adoption = look_with(
        |it| it.privileges.shared_namespaces = vec!["pid=host".into()],
        &["namespace=pid=host"],
    );
    assert_eq!(adoption.unmatched.len(), 1);
    assert_eq!(adoption.obstacles().count(), 1);
}

#[test]
fn nothing_makes_up_for_a_missing_bundle_or_for_data_that_would_be_lost() {
    for (target, named) in [
        (
            "/etc/oc-guardian/config.json",
            "bundle=/etc/oc-guardian/config.json",
        ),
        ("/var/lib/oc-guardian", "data=/var/lib/oc-guardian"),
    ] {
        let adoption = look_with(|it| it.mounts.retain(|mount| mount.target != target), &["none"]);
        let found: Vec<_> = adoption
            .obstacles()
            .map(|it| (it.to_string(), it.weight))
            .collect();
        assert_eq!(found, [(named.to_owned(), Weight::Forbids)]);
    }
}

#[test]
fn a_network_of_ones_own_is_carried_only_when_named() {
    let own = |it: &mut Container| {
        it.network_mode = "net".into();
        it.networks = BTreeMap::from([("net".into(), None)]);
    };
    assert_eq!(obstacles(own), ["network=net"]);
    assert_eq!(look(own).carried.network, "bridge");
    assert_eq!(look_with(own, &["network=net"]).carried.network, "net");
    let two = |it: &mut Container| {
        it.networks.insert("net".into(), None);
    };
    assert_eq!(obstacles(two), ["network=net"]);
    assert_eq!(look_with(two, &["network=net"]).unmatched.len(), 1);
}

#[test]
fn the_stage_network_is_ours() {
    let adoption = look(|it| {
        it.network_mode = STAGE.into();
        it.networks.insert(STAGE.into(), None);
    });
    assert_eq!(adoption.differences, []);
    assert_eq!(adoption.carried.network, "bridge");
}

#[test]
fn neither_bundle_nor_old_image_can_have_files_of_the_next_image_hidden() {
    let hidden = Expected {
        data_dir: "/usr/lib".into(),
        signer: Some("/".into()),
        files: vec!["/oc-guardian".into()],
    };
    let mut image = image();
    image.volumes = vec!["/lib".into()];
    let mut container = runbook();
    container.mounts = vec![
        mount(MountKind::Bind, "/b", "/etc/oc-guardian/config.json", false),
        mount(MountKind::Bind, "/x", "/", false),
        mount(MountKind::Bind, "/x", "/oc-guardian", false),
        mount(MountKind::Volume, "x", "/lib", true),
        mount(MountKind::Volume, "x", "/usr/lib", true),
    ];
    let adoption = compare(&container, &image, &hidden, &Names::of("oc-guardian"), &[]);
    let found: Vec<String> = adoption.obstacles().map(Difference::to_string).collect();
    assert_eq!(
        found,
        [
            "bind=/x:/",
            "bind=/x:/oc-guardian",
            "volume=x:/lib",
            "volume=x:/usr/lib"
        ]
    );
    assert_eq!((adoption.carried.signer, adoption.carried.files), (None, vec![]));
}

#[test]
fn a_port_that_is_not_published_is_told_and_stays_so() {
    let adoption = look(|it| it.ports.retain(|port| port.container == 9000));
    let told: Vec<_> = adoption
        .differences
        .iter()
        .map(|it| (it.to_string(), it.weight))
        .collect();
    assert_eq!(told, [("port=9001".to_owned(), Weight::Told)]);
    assert_eq!(adoption.carried.ports.len(), 1);
}

#[test]
fn another_tool_that_would_make_it_again_is_told_once() {
    let compose = |it: &mut Container| {
        for name in [
            "com.docker.compose.project",
            "com.docker.compose.project.config_files",
        ] {
            it.labels.insert(name.into(), "x".into());
        }
    };
    assert_eq!(obstacles(compose), ["supervisor=Docker Compose"]);
    let labelled = look(|it| {
        it.labels.insert("note".into(), "x".into());
    });
    assert_eq!(labelled.obstacles().count(), 0);
    assert_eq!(labelled.differences[0].to_string(), "label=note");
}

#[test]
fn one_that_the_engine_removes_by_itself_has_no_way_back() {
    let adoption = look(|it| it.privileges.unusual = vec!["auto_remove=true".into()]);
    assert!(adoption.differences[0].why.contains("no way back"));
    assert_eq!(adoption.differences[0].weight, Weight::Forbids);
}

#[test]
fn without_its_image_nothing_is_taken_for_the_images() {
    let adoption = compare(
        &runbook(),
        &LocalImage::default(),
        &expected(),
        &Names::of("oc-guardian"),
        &[],
    );
    let kinds: Vec<Kind> = adoption.obstacles().map(|it| it.kind).collect();
    assert_eq!(
        kinds,
        [
            Kind::Volume,
            Kind::Variable,
            Kind::Entrypoint,
            Kind::User,
            Kind::WorkingFolder
        ]
    );
}

#[test]
fn texts_from_outside_are_bounded_and_one_line() {
    let long = "x".repeat(1 << 16);
    let adoption = look(|it| {
        it.process.entrypoint = vec![format!("/evil\n{long}")];
        it.process.environment.push(format!("{long}=1"));
        it.mounts
            .push(mount(MountKind::Bind, &format!("/\u{1b}{long}"), "/x", false));
    });
    assert_eq!(adoption.obstacles().count(), 3);
    for difference in adoption.differences {
        assert!(difference.value.chars().count() < 300);
        assert!(!difference.value.contains(char::is_control));
    }
    // And are named so.
    let named = shown(&long);
    let adoption = look_with(
        |it| it.process.environment.push(format!("{long}=1")),
        &[&format!("variable={named}")],
    );
    assert_eq!(adoption.obstacles().count(), 0);
}
