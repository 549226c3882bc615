use super::super::container::{Privileges, Process};
use super::*;

fn image() -> LocalImage {
    LocalImage {
        id: "sha256:0f".into(),
        process: Process {
            environment: vec!["PATH=/".into()],
            entrypoint: vec!["/oc-guardian".into(), "guardian".into()],
            command: Vec::new(),
            user: "65532:65532".into(),
            working_dir: String::new(),
        },
        volumes: vec!["/var/lib/oc-guardian".into()],
        ..LocalImage::default()
    }
}

fn mount(kind: MountKind, source: &str, target: &str) -> Mount {
    Mount {
        kind,
        source: source.into(),
        target: target.into(),
        writable: false,
    }
}

/// As the runbook's command makes it.
fn runbook() -> Container {
    Container {
        image_id: "sha256:0f".into(),
        process: image().process,
        mounts: vec![
            mount(MountKind::Bind, "/home/op/bundle", "/etc/oc-guardian/config.json"),
            mount(MountKind::Volume, "5f0c", "/var/lib/oc-guardian"),
        ],
        network_mode: "default".into(),
        ..Container::default()
    }
}

fn aspects(change: impl FnOnce(&mut Container)) -> Vec<Aspect> {
    let mut container = runbook();
    change(&mut container);
    let found = unsound(&container, &image());
    found.into_iter().map(|it| it.aspect).collect()
}

#[test]
fn the_runbooks_container_is_sound() {
    assert_eq!(unsound(&runbook(), &image()), []);
}

#[test]
fn so_is_what_run_and_careful_people_add() {
    let found = aspects(|it| {
        it.process.environment.extend(
            [
                "OC_GUARDIAN_IMAGE_DIGEST=sha256:00",
                "TZ=UTC",
                "HTTPS_PROXY=http://proxy:3128",
                "LC_ALL=C",
            ]
            .map(str::to_owned),
        );
        it.mounts
            .push(mount(MountKind::Bind, "/srv/signer", "/run/oc-guardian"));
        it.mounts
            .push(mount(MountKind::Bind, "/srv/ca.pem", "/etc/oc-guardian/ca.pem"));
        it.mounts.push(mount(MountKind::Tmpfs, "", "/tmp"));
        it.privileges = Privileges {
            read_only_root: true,
            dropped: vec!["ALL".into()],
            security_options: vec!["no-new-privileges".into()],
            unusual: vec![
                "ulimits=nofile".into(),
                "tmpfs=/run".into(),
                "memory=1000000".into(),
            ],
            ..Privileges::default()
        };
    });
    assert_eq!(found, []);
}

#[test]
fn nothing_is_mounted_over_the_images_files() {
    for target in [
        "/oc-guardian",
        "/",
        "/lib",
        "/lib64/ld-linux-x86-64.so.2",
        "/usr/lib/x86_64-linux-gnu/libc.so.6",
        "/etc/ld.so.preload",
        "/etc",
        "/etc/oc-guardian-not",
        "/var/lib",
        "/running",
        "/run/../oc-guardian",
        "/run//x",
        "/etc/oc-guardian/./../ld.so.preload",
        "run",
        "",
    ] {
        for kind in [
            MountKind::Bind,
            MountKind::Volume,
            MountKind::Tmpfs,
            MountKind::Other("npipe".into()),
        ] {
            let found = aspects(|it| it.mounts.push(mount(kind.clone(), "/evil", target)));
            assert_eq!(found, [Aspect::Mount], "{kind:?} at {target}");
        }
    }
}

#[test]
fn no_variable_but_known_ones_is_added_or_changed() {
    for variable in [
        "LD_PRELOAD=/x",
        "LD_AUDIT=/x",
        "LD_LIBRARY_PATH=/x",
        "GLIBC_TUNABLES=x",
        "ld_preload",
        "PATH=/evil",
        "LCX=1",
        "OC_GUARDIAN_HOME=/x",
        "=",
        "",
    ] {
        let found = aspects(|it| it.process.environment.push(variable.into()));
        assert_eq!(found, [Aspect::Variable], "{variable}");
    }
    let found = unsound(
        &Container {
            process: Process {
                environment: vec!["PATH=/".into(), "TOKEN=geheim".into()],
                ..image().process
            },
            ..runbook()
        },
        &image(),
    );
    assert_eq!(found[0].to_string(), "variable TOKEN");
}

#[test]
fn what_runs_and_as_whom_is_what_the_image_says() {
    use Aspect::{Command, Image, User};
    assert_eq!(
        aspects(|it| it.process.entrypoint = vec!["/evil".into()]),
        [Command]
    );
    assert_eq!(aspects(|it| it.process.entrypoint.clear()), [Command]);
    assert_eq!(
        aspects(|it| it.process.command = vec!["--config".into(), "/x".into()]),
        [Command]
    );
    assert_eq!(aspects(|it| it.process.working_dir = "/x".into()), [Command]);
    assert_eq!(aspects(|it| it.process.user = String::new()), [User]);
    assert_eq!(aspects(|it| it.process.user = "0".into()), [User]);
    assert_eq!(aspects(|it| it.image_id = "sha256:f0".into()), [Image]);
}

#[test]
fn it_has_no_rights_that_the_runbook_does_not_give() {
    use Aspect::{Device, Namespace, Option, Privilege, SecurityOption};
    assert_eq!(aspects(|it| it.privileges.privileged = true), [Privilege]);
    assert_eq!(
        aspects(|it| it.privileges.added = vec!["SYS_PTRACE".into()]),
        [Privilege]
    );
    assert_eq!(
        aspects(|it| it.privileges.devices = vec!["/dev/mem".into()]),
        [Device]
    );
    assert_eq!(
        aspects(|it| it.privileges.shared_namespaces = vec!["pid=host".into()]),
        [Namespace]
    );
    for option in [
        "seccomp=unconfined",
        "apparmor=unconfined",
        "label=disable",
        "no-new-privileges=false",
        "systempaths=unconfined",
    ] {
        assert_eq!(
            aspects(|it| it.privileges.security_options = vec![option.into()]),
            [SecurityOption],
            "{option}"
        );
    }
    for option in [
        "runtime=evil",
        "volumes_from=other",
        "systempaths=unconfined",
        "dnsx=1",
        "",
    ] {
        assert_eq!(
            aspects(|it| it.privileges.unusual = vec![option.into()]),
            [Option],
            "{option}"
        );
    }
}
