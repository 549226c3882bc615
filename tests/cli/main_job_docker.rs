//! The main job on real input, from `init` to `uninstall`, on a real engine: with the times of its steps. By itself, with its
//! output: tests/main-job.sh

use std::time::{Duration, Instant};

use oc_guardian::devnet::portal::{Federation, Operator, Portal, PortalConfig};
use oc_guardian::federation::{Address, Directory};
use oc_guardian::operator::{PublicKey, Scheme};
use serde_json::Value;

use crate::support::Home;
use crate::support::docker_image::can_docker;
use crate::support::federation::{agreed, membership, small_key};
use crate::support::operated::Operated;
use crate::support::release_image::{Release, Shape, Variant};
use crate::support::signer::{FEDERATION, SigningServer, serve_command};
use crate::support::tls_relay::TlsRelay;

/// Builds use the cores, too.
const PATIENCE: Duration = Duration::from_secs(90);

#[track_caller]
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    wait_or(what, || look().ok_or_else(String::new))
}

/// As [`wait`]; says why not, if it never comes.
#[track_caller]
fn wait_or<T>(what: &str, mut look: impl FnMut() -> Result<T, String>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        let why = match look() {
            Ok(found) => return found,
            Err(why) => why,
        };
        assert!(Instant::now() < end, "{what} {why}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Address of the engine's machine on the bridge where containers are by default.
fn gateway() -> String {
    let format = "{{(index .IPAM.Config 0).Subnet}}";
    let subnet = crate::support::in_docker::docker(&["network", "inspect", "bridge", "-f", format]);
    let (start, _) = subnet.rsplit_once('.').unwrap();
    format!("{start}.1")
}

/// Prints how long a step took.
fn timed<T>(what: &str, step: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let done = step();
    println!("{:>8} ms  {what}", start.elapsed().as_millis());
    done
}

/// The portal's port by its URL.
fn port_of(portal: &Portal) -> u16 {
    portal.url().rsplit(':').next().unwrap().parse().unwrap()
}

fn row(portal: &Portal, at: usize) -> Value {
    crate::support::running::board_row(portal, at)
}

/// Answers requests through the engine under the policy that it makes by itself.
fn serve(it: &Operated) -> SigningServer {
    let command = serve_command(&it.home, &["--guardian", &it.name, "--trusted-root", "root.json"]);
    SigningServer::start_command(command, &it.home)
}

/// As the portal shows it.
#[track_caller]
fn green(portal: &Portal, at: usize, digest: &str) {
    wait("the board does not turn green", || {
        let row = row(portal, at);
        (row["color"] == "green" && row["image_digest"] == digest).then_some(())
    });
}

/// A refusal leaves the serving container as it is.
#[track_caller]
fn refused(it: &Operated, arguments: &[&str], code: i32, reason: &str) {
    let id = it.id();
    let answer = it.json(arguments, code);
    assert_eq!(answer["reason"], reason, "{answer}");
    assert_eq!(it.id(), id);
    assert_eq!(it.health()["state"], "active");
}

fn upgrade<'a>(image: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["upgrade", "--yes", "--settle", "1s", "--image", image];
    arguments.extend_from_slice(more);
    arguments
}

#[test]
fn the_main_job_docker() {
    if !can_docker() {
        return;
    }
    let home = Home::new();
    home.write("pass.txt", "correct horse battery staple\n");
    timed("init", || {
        let arguments = [
            "init",
            "--yes",
            "--no-input",
            "--keystore",
            "file",
            "--passphrase-file",
            "pass.txt",
            "--words-file",
            "words.txt",
        ];
        home.run(&arguments).exits(0);
    });
    let it = Operated::in_home(home);
    let shown: Value =
        serde_json::from_str(&it.home.run(&["key", "show", "--json"]).exits(0).stdout).unwrap();
    let key = PublicKey::from_hex(Scheme::Bip340, shown["operator_pubkey_hex"].as_str().unwrap()).unwrap();
    let portal = portal_of(&[key], Vec::new());
    let gateway = gateway();
    let relay = TlsRelay::start(&it.home, &gateway, port_of(&portal));
    let url = format!("https://{gateway}:{}/api/operator/attestation", relay.port);
    let authority = it.home.path("ca.pem").display().to_string();
    timed("config gen", || {
        let arguments = [
            "config",
            "gen",
            "--federation",
            FEDERATION,
            "--attestation-url",
            &url,
            "--extra-ca-file",
            &authority,
        ];
        it.home.run(&arguments).exits(0);
    });
    let first = it.release("0.2.0");
    timed("verify v0.2.0", || {
        it.home
            .run(&["verify", &first.reference, "--trusted-root", "root.json"])
            .exits(0);
    });
    timed("run v0.2.0", || {
        it.ok(&["run", "--settle", "1s", "--image", &first.reference])
    });
    let server = timed("sign --serve is ready", || serve(&it));
    timed("the board is green", || {
        green(&portal, 0, &first.digest.to_string());
    });

    let second = it.release("0.3.0");
    let upgraded = timed("upgrade to v0.3.0", || it.ok(&upgrade(&second.reference, &[])));
    println!(
        "             HTTP pause {} ms, {} of {} questions failed; signing pause {} ms",
        upgraded["http_pause_ms"],
        upgraded["http_failed"],
        upgraded["http_failed"].as_u64().unwrap() + upgraded["http_answered"].as_u64().unwrap(),
        upgraded["signing_pause_ms"]
    );
    assert_eq!(upgraded["strategy"], "handover");
    assert!(upgraded["http_pause_ms"].as_u64().unwrap() < 30_000, "{upgraded}");
    assert!(
        upgraded["signing_pause_ms"].as_u64().unwrap() < 30_000,
        "{upgraded}"
    );
    timed("the board is green again", || {
        green(&portal, 0, &second.digest.to_string());
    });

    let tampered = it.release("0.4.0");
    it.tamper(&tampered.layers[1]);
    timed("a tampered layer is refused", || {
        refused(&it, &upgrade(&tampered.reference, &[]), 3, "wrong-image");
    });
    let stranger = it.unsigned("0.4.1");
    timed("an image that nobody signed is refused", || {
        refused(&it, &upgrade(&stranger, &[]), 3, "unsigned");
    });
    let broken = it.release_as(
        "0.4.2",
        Release {
            variant: Variant::Crashes,
            ..Release::default()
        },
    );
    timed("a broken release is rolled back", || {
        refused(&it, &upgrade(&broken.reference, &[]), 4, "container-crashed");
    });
    let foreign = it.release_as(
        "0.4.3",
        Release {
            shape: Shape::Foreign,
            ..Release::default()
        },
    );
    timed("one for another processor is refused", || {
        let answer = it.json(&upgrade(&foreign.reference, &[]), 1);
        assert_eq!(answer["reason"], "platform-missing", "{answer}");
    });
    timed("an old release is refused", || {
        refused(&it, &upgrade(&first.reference, &[]), 3, "downgrade");
    });
    green(&portal, 0, &second.digest.to_string());
    let back = timed("rollback", || it.ok(&["rollback", "--yes", "--settle", "1s"]));
    assert_eq!(back["version"], "v0.2.0");
    timed("the board is green", || {
        green(&portal, 0, &first.digest.to_string());
    });
    timed("audit verify", || {
        it.home
            .run(&["audit", "verify", "--passphrase-file", "pass.txt"])
            .exits(0);
    });
    assert_eq!(server.stop(), Some(0));
    timed("uninstall", || it.ok(&["uninstall", "--yes", "--volumes"]));
    assert_eq!(it.names(), [""; 0]);
}

/// The runbook's own command with the runbook's five fields; the kit adopts what it started.
#[test]
fn the_runbooks_own_container_is_adopted_and_upgraded_docker() {
    if !can_docker() {
        return;
    }
    let it = Operated::in_home(Home::with_identity());
    timed("config gen", || {
        it.home
            .run(&["config", "gen", "--federation", FEDERATION])
            .exits(0);
    });
    let bundle = it.home.path("home/config/oc-guardian.config");
    let text = std::fs::read_to_string(&bundle).unwrap();
    let fields = serde_json::from_str::<Value>(&text).unwrap();
    assert_eq!(fields.as_object().unwrap().len(), 5, "{text}");
    let first = it.release("0.2.0");
    let mount = format!("{}:/etc/oc-guardian/config.json:ro", bundle.display());
    let ports = [(it.health_port, 9000), (it.peer_port, 9001)]
        .map(|(host, inside)| format!("127.0.0.1:{host}:{inside}"));
    timed("the runbook's docker run", || {
        crate::support::in_docker::docker(&[
            "run",
            "-d",
            "--name",
            &it.name,
            "--restart",
            "unless-stopped",
            "-v",
            &mount,
            "-p",
            &ports[0],
            "-p",
            &ports[1],
            &first.reference,
        ]);
        it.health();
    });
    let server = timed("sign --serve is ready", || serve(&it));
    wait("no signature comes", || {
        it.try_health().filter(|it| !it["signed_at"].is_null())
    });
    let volume = it.data_volume();
    let second = it.release("0.3.0");
    let upgraded = timed("upgrade to v0.3.0", || it.ok(&upgrade(&second.reference, &[])));
    println!(
        "             HTTP pause {} ms, signing pause {} ms",
        upgraded["http_pause_ms"], upgraded["signing_pause_ms"]
    );
    assert_eq!(upgraded["strategy"], "handover");
    assert_eq!(it.health()["version"], "0.3.0");
    assert_eq!(it.data_volume(), volume, "the anonymous volume is carried over");
    wait("no signature comes", || {
        it.try_health().filter(|it| !it["signed_at"].is_null())
    });
    let back = timed("rollback", || it.ok(&["rollback", "--yes", "--settle", "1s"]));
    assert_eq!(it.health()["version"], "0.2.0", "{back}");
    assert_eq!(server.stop(), Some(0));
}

const MEMBERS: [u8; 4] = [1, 2, 3, 4];

#[test]
fn a_federation_is_upgraded_one_guardian_after_another_docker() {
    if !can_docker() {
        return;
    }
    let operators: Vec<Operated> = MEMBERS
        .iter()
        .map(|secret| Operated::in_home(home_of(*secret)))
        .collect();
    let gateway = gateway();
    let keys: Vec<PublicKey> = MEMBERS.iter().map(|secret| small_key(*secret).public()).collect();
    let mut directory: Directory = agreed(membership(FEDERATION, 3, &MEMBERS), &MEMBERS);
    directory.addresses = operators
        .iter()
        .zip(&keys)
        .map(|(it, key)| Address {
            operator_id: key.operator_id(),
            api_url: format!("http://{gateway}:{}", it.health_port),
            p2p_url: format!("http://{gateway}:{}", it.peer_port),
        })
        .collect();
    let portal = portal_of(&keys, vec![directory.clone()]);
    let relay = TlsRelay::start(&operators[0].home, &gateway, port_of(&portal));
    let authority = operators[0].home.path("ca.pem").display().to_string();
    let base = format!("https://{gateway}:{}", relay.port);
    // All have the same registry, as in the world.
    let first = operators[0].release("0.2.0");
    let second = operators[0].release("0.3.0");
    let hash = directory.membership.hash().to_string();
    let mut servers = Vec::new();
    timed("four guardians run, each with its signing server", || {
        for it in &operators {
            it.home.write("root.json", operators[0].home.text("root.json"));
            it.home.write("directory.json", directory.to_json());
            let url = format!("{base}/api/operator/attestation");
            let directory_url = format!("{base}/api/public/federations/{FEDERATION}/directory");
            let arguments = [
                "config",
                "gen",
                "--federation",
                FEDERATION,
                "--attestation-url",
                &url,
                "--extra-ca-file",
                &authority,
                "--directory-url",
                &directory_url,
            ];
            it.home.run(&arguments).exits(0);
            it.home
                .run(&["federation", "trust", "directory.json", "--expect-hash", &hash])
                .exits(0);
            it.ok_on(&gateway, &["run", "--settle", "1s", "--image", &first.reference]);
            servers.push(serve(it));
            if servers.len() == 1 {
                // Nobody else is there yet.
                let answer = it.json(&upgrade(&second.reference, &[]), 4);
                assert_eq!(answer["reason"], "federation-gate", "{answer}");
                assert!(
                    answer["detail"].as_str().unwrap().contains("never heard of"),
                    "{answer}"
                );
            }
        }
    });
    timed("the board is green", || {
        (0..4).for_each(|at| green(&portal, at, &first.digest.to_string()));
    });
    for (at, it) in operators.iter().enumerate() {
        // A guardian that has just come back is heard of at its next health envelope.
        let upgraded = timed(&format!("guardian {} is upgraded", at + 1), || {
            wait_or("the gate stays closed", || {
                let output = it
                    .command(&upgrade(&second.reference, &["--require-notice"]))
                    .output()
                    .unwrap();
                let answer = crate::support::operated::last(&output);
                let is_done = output.status.code() == Some(0);
                assert!(is_done || answer["reason"] == "federation-gate", "{answer}");
                if is_done {
                    Ok(answer)
                } else {
                    Err(answer.to_string())
                }
            })
        });
        println!(
            "             HTTP pause {} ms, signing pause {} ms",
            upgraded["http_pause_ms"], upgraded["signing_pause_ms"]
        );
    }
    timed("the board is green", || {
        (0..4).for_each(|at| green(&portal, at, &second.digest.to_string()));
    });
    for server in servers {
        assert_eq!(server.stop(), Some(0));
    }
}

fn home_of(secret: u8) -> Home {
    let home = Home::new();
    home.write("pass.txt", "correct horse battery staple\n");
    home.write("key.hex", format!("{secret:064x}"));
    let arguments = [
        "init",
        "--import-hex",
        "--scheme",
        "bip340",
        "--from",
        "key.hex",
        "--keystore",
        "file",
        "--passphrase-file",
        "pass.txt",
        "--yes",
    ];
    home.run(&arguments).exits(0);
    home
}

fn portal_of(keys: &[PublicKey], directories: Vec<Directory>) -> Portal {
    let operators = keys.iter().enumerate().map(|(at, key)| Operator {
        name: format!("Operator {at}"),
        key: key.clone(),
    });
    let federation = Federation {
        slug: FEDERATION.into(),
        name: "Test federation".into(),
        threshold: if keys.len() > 1 { 3 } else { 1 },
        members: keys.iter().map(PublicKey::operator_id).collect(),
        pins: Vec::new(),
    };
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let mut config = PortalConfig::new(listen, operators.collect(), vec![federation]);
    config.directories = directories;
    Portal::start(config).unwrap()
}
