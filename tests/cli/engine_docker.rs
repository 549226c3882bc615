//! The engine's adapter against a real Docker engine.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use oc_guardian::engine::{Endpoint, Engine, EngineError, Mount, MountKind, Port, Restart};
use oc_guardian::image::Digest;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::engine_scene::{LABEL, Scene};
use crate::support::docker_image::can_docker;
use crate::support::release_image::architectures;

const TIME: Duration = Duration::from_secs(20);
const HEALTHCHECK: &[&str] = &["/oc-guardian", "guardian", "healthcheck", "--json"];

/// What the healthcheck in a container says, once it is well.
fn health(scene: &Scene, id: &str) -> Value {
    let begin = Instant::now();
    loop {
        let output = scene.run(scene.engine.exec(id, HEALTHCHECK, TIME)).unwrap();
        if output.code == 0 {
            return serde_json::from_slice(&output.stdout).unwrap();
        }
        assert!(
            begin.elapsed() < TIME,
            "{output:?}\n{}",
            scene.run(scene.engine.logs(id, 50)).unwrap()
        );
        std::thread::sleep(Duration::from_millis(200));
    }
}

#[test]
fn a_verified_image_runs_in_docker_from_pull_to_removal() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let engine = &scene.engine;
    assert!(scene.run(engine.image(&scene.verified)).unwrap().is_none());
    let unpulled = scene.run(engine.create(&scene.verified, &scene.spec("a")));
    assert!(
        matches!(unpulled, Err(EngineError::NoSuchImage(_))),
        "{unpulled:?}"
    );
    let mut layers = BTreeMap::new();
    let mut progress = |it: oc_guardian::engine::Pull| {
        layers.insert(it.layer, it.phase);
    };
    scene
        .run(engine.pull(&scene.verified, None, &mut progress))
        .unwrap();
    assert_eq!(layers.len(), 2, "{layers:?}");
    let local = scene.run(engine.image(&scene.verified)).unwrap().unwrap();
    assert_eq!(local.id, scene.image.config.to_string());
    assert_eq!(local.labels["io.ochk.guardian.data-version"], "1");
    assert_eq!(local.volumes, ["/var/lib/oc-guardian"]);
    // By digest alone, and never by the tag.
    let asked = scene.registry.paths();
    assert!(
        !asked.iter().rev().take(5).any(|path| path.ends_with("/latest")),
        "{asked:?}"
    );

    let id = scene.started(&scene.spec("a"));
    assert_eq!(health(&scene, &id)["version"], "1.2.3");
    let container = scene.run(engine.container(&scene.name("a"))).unwrap().unwrap();
    assert_eq!(container.id, id);
    assert_eq!(container.image_id, scene.image.config.to_string());
    assert_eq!(container.image_name, scene.image.pinned);
    assert!(container.state.running && !container.state.restarting);
    assert!(container.privileges.read_only_root);
    assert_eq!(container.privileges.dropped, ["ALL"]);
    assert_eq!(container.privileges.security_options, ["no-new-privileges"]);
    assert!(
        container.privileges.unusual.is_empty(),
        "{:?}",
        container.privileges
    );
    let volume = container
        .mounts
        .iter()
        .find(|it| it.kind == MountKind::Volume)
        .unwrap()
        .source
        .clone();
    let labelled = scene.run(engine.labelled(LABEL, Some(scene.label()))).unwrap();
    assert_eq!(
        labelled.iter().map(|it| it.id.as_str()).collect::<Vec<_>>(),
        [id.as_str()]
    );
    assert!(
        scene
            .run(engine.labelled(LABEL, Some("another")))
            .unwrap()
            .is_empty()
    );

    scene
        .run(engine.set_restart(&id, &Restart::UnlessStopped))
        .unwrap();
    scene.run(engine.rename(&id, &scene.name("b"))).unwrap();
    let renamed = scene.run(engine.container(&scene.name("b"))).unwrap().unwrap();
    assert_eq!(
        (renamed.id.as_str(), renamed.restart),
        (id.as_str(), Restart::UnlessStopped)
    );
    assert!(scene.run(engine.container(&scene.name("a"))).unwrap().is_none());
    scene.run(engine.stop(&id, Duration::from_secs(10))).unwrap();
    scene.run(engine.stop(&id, Duration::from_secs(10))).unwrap();
    let stopped = scene.run(engine.container(&id)).unwrap().unwrap();
    assert_eq!((stopped.state.running, stopped.state.exit_code), (false, 0));
    let late = scene.run(engine.exec(&id, HEALTHCHECK, TIME));
    assert!(matches!(late, Err(EngineError::NotRunning(_))), "{late:?}");
    scene.run(engine.kill(&id)).unwrap();
    scene.run(engine.remove(&id, false)).unwrap();
    assert!(scene.run(engine.container(&id)).unwrap().is_none());
    let gone = scene.run(engine.start(&id));
    assert!(matches!(gone, Err(EngineError::NoSuchContainer(_))), "{gone:?}");
    // The data outlives its container.
    scene.run(engine.remove_volume(&volume)).unwrap();
    let gone = scene.run(engine.remove_volume(&volume));
    assert!(matches!(gone, Err(EngineError::NoSuchVolume(_))), "{gone:?}");
}

#[test]
fn names_and_ports_that_are_taken_in_docker_are_told() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    scene.pull().unwrap();
    let spec = scene.spec("a");
    let id = scene.run(scene.engine.create(&scene.verified, &spec)).unwrap();
    let twice = scene.run(scene.engine.create(&scene.verified, &spec));
    assert!(
        matches!(&twice, Err(EngineError::NameTaken { name }) if *name == spec.name),
        "{twice:?}"
    );
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut other = scene.spec("b");
    other.ports = vec![Port {
        container: 9000,
        protocol: "tcp".into(),
        host_ip: Some([127, 0, 0, 1].into()),
        host: port,
    }];
    let second = scene.run(scene.engine.create(&scene.verified, &other)).unwrap();
    let taken = scene.run(scene.engine.rename(&second, &spec.name));
    assert!(matches!(taken, Err(EngineError::NameTaken { .. })), "{taken:?}");
    let refused = scene.run(scene.engine.start(&second));
    assert!(
        matches!(refused, Err(EngineError::PortTaken { port: it }) if it == port),
        "{refused:?}"
    );
    drop(listener);
    scene.run(scene.engine.start(&second)).unwrap();
    let running = scene.run(scene.engine.container(&second)).unwrap().unwrap();
    assert_eq!(running.ports, other.ports);
    // By another container, and not by another program.
    let mut third = other.clone();
    third.name = scene.name("c");
    let third = scene.run(scene.engine.create(&scene.verified, &third)).unwrap();
    let refused = scene.run(scene.engine.start(&third));
    assert!(
        matches!(refused, Err(EngineError::PortTaken { port: it }) if it == port),
        "{refused:?}"
    );
    scene.run(scene.engine.remove(&id, false)).unwrap();
}

#[test]
fn commands_and_logs_in_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    scene.pull().unwrap();
    let id = scene.started(&scene.spec("a"));
    health(&scene, &id);
    let engine = &scene.engine;
    let absent = scene.run(engine.exec(&id, &["/no-such-program"], TIME));
    match absent {
        Ok(output) => assert!([126, 127].contains(&output.code), "{output:?}"),
        Err(error) => assert!(matches!(error, EngineError::Api { .. }), "{error:?}"),
    }
    let wrong = scene
        .run(engine.exec(&id, &["/oc-guardian", "no-such-verb"], TIME))
        .unwrap();
    assert_eq!(wrong.code, 2);
    assert!(wrong.stdout.is_empty() && !wrong.stderr.is_empty());
    // Another guardian, which never ends by itself.
    let slow = scene.run(engine.exec(
        &id,
        &[
            "/oc-guardian",
            "guardian",
            "--api-listen",
            "127.0.0.1:0",
            "--p2p-listen",
            "127.0.0.1:0",
        ],
        Duration::from_secs(2),
    ));
    assert!(matches!(slow, Err(EngineError::Timeout { .. })), "{slow:?}");

    // The kit's way to the requests, and its end.
    scene.run(async {
        let command = ["/oc-guardian", "guardian", "rpc"];
        let mut stream = engine.exec_stream(&id, &command).await.unwrap();
        stream.write_all(b"\n").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut all = Vec::new();
        let read = tokio::time::timeout(TIME, stream.read_to_end(&mut all)).await;
        read.expect("it ends with its input").unwrap();
        assert!(stream.complaints().len() <= 4096);
        let mut stream = engine
            .exec_stream(&id, &["/oc-guardian", "no-such-verb"])
            .await
            .unwrap();
        stream.read_to_end(&mut all).await.unwrap();
        assert!(
            stream.complaints().contains("no-such-verb"),
            "{}",
            stream.complaints()
        );
    });

    let log = scene.run(engine.logs(&id, 50)).unwrap();
    assert!(log.contains("9000"), "{log}");
    assert_eq!(scene.run(engine.logs(&id, 1)).unwrap().lines().count(), 1);
    let mut first = None;
    let follow = engine.follow_logs(&id, 50, |line| {
        first = Some(line);
        ControlFlow::Break(())
    });
    scene.run(follow).unwrap();
    assert_eq!(first.unwrap().text, log.lines().next().unwrap());
    let mut lines = 0;
    scene.run(async {
        let follow = engine.follow_logs(&id, 50, |_| {
            lines += 1;
            ControlFlow::Continue(())
        });
        let (followed, stopped) = tokio::join!(follow, engine.stop(&id, Duration::from_secs(10)));
        followed.and(stopped).unwrap();
    });
    assert!(lines >= log.lines().count());
    let absent = scene.run(engine.logs(&scene.name("absent"), 1));
    assert!(
        matches!(absent, Err(EngineError::NoSuchContainer(_))),
        "{absent:?}"
    );
}

#[test]
fn networks_in_docker() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    scene.pull().unwrap();
    let (engine, name) = (&scene.engine, scene.name("stage"));
    assert!(scene.run(engine.network(&name)).unwrap().is_empty());
    let labels = BTreeMap::from([(LABEL.to_owned(), "x".to_owned())]);
    let stage = scene.run(engine.create_network(&name, true, &labels)).unwrap();
    // A part of the name is not the name.
    assert!(
        scene
            .run(engine.network(&name[..name.len() - 1]))
            .unwrap()
            .is_empty()
    );
    let mut spec = scene.spec("a");
    spec.network.clone_from(&name);
    let id = scene.started(&spec);
    let found = scene.run(engine.network(&name)).unwrap();
    assert_eq!((found.len(), &found[0].id, found[0].internal), (1, &stage, true));
    assert_eq!(
        (&found[0].labels, &found[0].containers),
        (&labels, &vec![id.clone()])
    );
    let in_use = scene.run(engine.remove_network(&stage));
    assert!(matches!(in_use, Err(EngineError::InUse { .. })), "{in_use:?}");
    scene.run(engine.attach("bridge", &id)).unwrap();
    scene.run(engine.attach("bridge", &id)).unwrap();
    let networks = scene.run(engine.container(&id)).unwrap().unwrap().networks;
    assert!(
        networks["bridge"].is_some() && networks[&name].is_some(),
        "{networks:?}"
    );
    scene.run(engine.detach(&stage, &id)).unwrap();
    scene.run(engine.detach(&stage, &id)).unwrap();
    let networks = scene.run(engine.container(&id)).unwrap().unwrap().networks;
    assert_eq!(networks.keys().collect::<Vec<_>>(), ["bridge"]);
    let absent = scene.run(engine.attach(&scene.name("absent"), &id));
    assert!(matches!(absent, Err(EngineError::NoSuchNetwork(_))), "{absent:?}");
    let absent = scene.run(engine.attach(&stage, &scene.name("absent")));
    assert!(
        matches!(absent, Err(EngineError::NoSuchContainer(_))),
        "{absent:?}"
    );
    scene.run(engine.remove_network(&stage)).unwrap();
    let gone = scene.run(engine.remove_network(&stage));
    assert!(matches!(gone, Err(EngineError::NoSuchNetwork(_))), "{gone:?}");
}

#[test]
fn a_bind_that_is_not_there_is_refused_by_docker_and_not_made() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    scene.pull().unwrap();
    let mut spec = scene.spec("a");
    let absent = scene.home.path("absent");
    spec.mounts.push(Mount {
        kind: MountKind::Bind,
        source: absent.display().to_string(),
        target: "/run/oc-guardian".into(),
        writable: true,
    });
    let refused = scene.run(scene.engine.create(&scene.verified, &spec));
    assert!(matches!(refused, Err(EngineError::Api { .. })), "{refused:?}");
    assert!(!absent.exists());
}

#[test]
fn what_docker_is() {
    if !can_docker() {
        return;
    }
    let scene = Scene::new();
    let about = scene.run(scene.engine.about()).unwrap();
    assert_eq!(
        (about.os.as_str(), about.architecture.as_str()),
        ("linux", architectures().0)
    );
    assert!(about.data_root.starts_with('/') && !about.version.is_empty() && !about.name.is_empty());
    let absent = Digest::of(b"absent").to_string();
    assert_eq!(scene.run(scene.engine.local_image(&absent)).unwrap(), None);
    assert_eq!(scene.run(scene.engine.local_image("../../x?y")).unwrap(), None);
}

#[test]
fn where_nothing_or_something_else_listens_there_is_no_engine() {
    let home = crate::support::Home::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let connect = |endpoint: Endpoint| runtime.block_on(Engine::connect(&endpoint)).unwrap_err();
    let absent = connect(Endpoint::Unix(home.path("absent.sock")));
    assert!(matches!(absent, EngineError::NoEngine { .. }), "{absent:?}");
    let file = home.write("file", "");
    let refused = connect(Endpoint::Unix(file));
    assert!(matches!(refused, EngineError::NoEngine { .. }), "{refused:?}");
    let registry = crate::support::registry::Registry::start();
    let other = connect(Endpoint::Tcp {
        host: "127.0.0.1".into(),
        port: registry.address().port(),
        tls: None,
    });
    assert!(
        matches!(other, EngineError::Api { .. } | EngineError::Misbehaved { .. }),
        "{other:?}"
    );
    for (fault, wanted) in [
        (crate::support::registry::Fault::Endless, "engine-misbehaved"),
        (crate::support::registry::Fault::NotHttp, "engine-connection"),
        (crate::support::registry::Fault::Closed, "engine-connection"),
        (crate::support::registry::Fault::Silent, "engine-timeout"),
    ] {
        let registry = crate::support::registry::Registry::start();
        registry.fault("/version", fault);
        let begin = Instant::now();
        let refused = connect(Endpoint::Tcp {
            host: "127.0.0.1".into(),
            port: registry.address().port(),
            tls: None,
        });
        assert_eq!(refused.reason(), wanted, "{refused:?}");
        assert!(begin.elapsed() < Duration::from_secs(15));
    }
}
