use super::super::names::Names;
use super::*;
use crate::image::Digest;

const TRANSACTION: &str = "00112233aabbccdd";

fn image() -> Image {
    Image {
        name: "ghcr.io/orangecheck/oc-guardian".into(),
        digest: Digest::of(b"index"),
        version: Some("v1.2.3".parse().unwrap()),
    }
}

fn spec(wanted: &Wanted) -> Spec {
    let name = Names::of("oc-guardian").next();
    wanted.spec(&Making {
        name: &name,
        network: "oc-guardian-stage",
        transaction: TRANSACTION,
        image: &image(),
    })
}

#[test]
fn it_is_the_runbooks_container_and_has_no_rights_to_spare() {
    let spec = spec(&Wanted::runbook("/home/op/oc-guardian.config"));
    assert_eq!(
        (spec.name.as_str(), spec.network.as_str()),
        ("oc-guardian-next", "oc-guardian-stage")
    );
    assert_eq!((spec.entrypoint, spec.command, spec.user), (None, None, None));
    assert!(spec.read_only_root && spec.drop_capabilities && spec.no_new_privileges && !spec.privileged);
    assert!(spec.add_capabilities.is_empty() && spec.devices.is_empty());
    assert_eq!((spec.log, spec.stop_grace), (Some((10_485_760, 3)), 30));
    let ports: Vec<_> = spec
        .ports
        .iter()
        .map(|it| (it.host, it.container, it.host_ip))
        .collect();
    assert_eq!(ports, [(9000, 9000, None), (9001, 9001, None)]);
    assert_eq!(
        spec.environment,
        [format!("OC_GUARDIAN_IMAGE_DIGEST={}", image().digest)]
    );
    let mounts: Vec<_> = spec
        .mounts
        .iter()
        .map(|it| (&it.kind, it.source.as_str(), it.target.as_str(), it.writable))
        .collect();
    assert_eq!(
        mounts,
        [
            (
                &MountKind::Bind,
                "/home/op/oc-guardian.config",
                "/etc/oc-guardian/config.json",
                false
            ),
            (&MountKind::Volume, "", "/var/lib/oc-guardian", true),
        ]
    );
}

#[test]
fn its_labels_say_what_it_was_made_from() {
    let labels = spec(&Wanted::runbook("/b")).labels;
    let text: Vec<String> = labels
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let digest = image().digest;
    assert_eq!(
        text,
        [
            "io.ochk.guardian.bundle=/b".to_owned(),
            format!("io.ochk.guardian.digest={digest}"),
            "io.ochk.guardian.image=ghcr.io/orangecheck/oc-guardian".into(),
            "io.ochk.guardian.role=guardian".into(),
            "io.ochk.guardian.spec=1".into(),
            format!("io.ochk.guardian.transaction={TRANSACTION}"),
            "io.ochk.guardian.version=v1.2.3".into(),
        ]
    );
}

#[test]
fn it_never_comes_back_by_itself_before_it_serves() {
    for restart in [Restart::Always, Restart::UnlessStopped, Restart::OnFailure(0)] {
        let wanted = Wanted {
            restart,
            ..Wanted::runbook("/b")
        };
        assert_eq!(spec(&wanted).restart, Restart::No);
    }
}

#[test]
fn what_was_insisted_on_is_in_it_and_does_not_replace_what_we_say() {
    let wanted = Wanted {
        extra: Extra {
            environment: vec!["TOKEN=x".into()],
            labels: [(labels::DIGEST.to_owned(), "sha256:evil".to_owned())].into(),
            user: Some("0".into()),
            capabilities: vec!["NET_ADMIN".into()],
            privileged: true,
            ..Extra::default()
        },
        ..Wanted::runbook("/b")
    };
    let spec = spec(&wanted);
    assert_eq!(spec.environment[1], "TOKEN=x");
    assert_eq!(spec.labels[labels::DIGEST], image().digest.to_string());
    assert_eq!(spec.user.as_deref(), Some("0"));
    assert!(spec.privileged && spec.drop_capabilities);
    assert_eq!(spec.add_capabilities, ["NET_ADMIN"]);
}

#[test]
fn a_bundle_does_not_decide_what_a_verified_image_runs() {
    let bind = |target: &str| Bind {
        host: "/x".into(),
        target: target.into(),
    };
    let wanted = |signer: &str, file: &str, data_dir: &str| Wanted {
        signer: Some(bind(signer)),
        files: vec![bind(file)],
        data_dir: data_dir.into(),
        ..Wanted::runbook("/b")
    };
    let good = wanted("/run/oc-guardian", "/etc/oc-guardian/ca.pem", DATA_DIR);
    assert_eq!(good.unsafe_targets(), Vec::<&str>::new());
    let bad = wanted("/", "/oc-guardian", "/usr/lib");
    assert_eq!(bad.unsafe_targets(), ["/", "/oc-guardian", "/usr/lib"]);
    let sly = wanted("/run/../lib", "/etc/oc-guardian/../ld.so.preload", "/tmp/data");
    assert_eq!(
        sly.unsafe_targets(),
        ["/run/../lib", "/etc/oc-guardian/../ld.so.preload"]
    );
}
