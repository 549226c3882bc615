//! What a signature costs: `sign --serve` under load, every record durable before its answer, with OpenSSH's
//! `ssh-agent` beside it in the same run. See README.md here.
//!
//! `cargo bench --bench signing -- [--seconds N] [--connections 1,4,16,64] [--requests N]`

// A bench ends by panicking where something is not as it should be; it prints.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    missing_docs
)]

mod agent;
mod load;
mod server;

use std::time::Duration;

use load::{Figures, Load};
use server::{Door, Server};

struct Options {
    seconds: Duration,
    connections: Vec<usize>,
    /// Requests of the run that looks at memory; 0 leaves it out.
    requests: u64,
}

impl Options {
    fn from_arguments() -> Self {
        let mut options = Self {
            seconds: Duration::from_secs(3),
            connections: vec![1, 4, 16, 64],
            requests: 0,
        };
        let mut arguments = std::env::args().skip(1);
        while let Some(name) = arguments.next() {
            let mut value = || arguments.next().unwrap_or_else(|| panic!("{name} needs a value"));
            match name.as_str() {
                "--seconds" => options.seconds = Duration::from_secs(value().parse().unwrap()),
                "--connections" => {
                    options.connections = value().split(',').map(|it| it.parse().unwrap()).collect();
                }
                "--requests" => options.requests = value().parse().unwrap(),
                // Cargo's own.
                "--bench" => {}
                _ => panic!("unknown option {name}"),
            }
        }
        options
    }
}

fn main() {
    let options = Options::from_arguments();
    println!(
        "machine: {} CPUs; load {}; each row {} s, client and server share the machine",
        std::thread::available_parallelism().unwrap(),
        std::fs::read_to_string("/proc/loadavg")
            .unwrap_or_default()
            .trim(),
        options.seconds.as_secs()
    );
    let folder = tempfile::tempdir().unwrap();
    println!("fdatasync of 512 bytes here: {}", load::fdatasync(folder.path()));
    println!();
    println!("{}", Figures::HEADING);
    agent_rows(&options);
    for scheme in ["ed25519", "bip340"] {
        let server = Server::start(scheme);
        let at_start = server.resident_mib();
        for door in [Door::Socket, Door::Tcp] {
            for connections in &options.connections {
                let load = Load {
                    connections: *connections,
                    seconds: options.seconds,
                    requests: None,
                };
                let figures = load.run(|number| server.client(door, number));
                println!(
                    "{}",
                    figures.row(&format!("{scheme}, {}", door.name()), *connections)
                );
            }
        }
        let after_load = server.resident_mib();
        println!(
            "{scheme}: resident memory {at_start:.1} MiB after the unlock, {after_load:.1} MiB after the load, peak since the unlock {:.1} MiB",
            server.peak_since_unlock_mib()
        );
        if options.requests > 0 {
            let load = Load {
                connections: 64,
                seconds: Duration::MAX,
                requests: Some(options.requests),
            };
            let figures = load.run(|number| server.client(Door::Socket, number));
            println!(
                "{}",
                figures.row(&format!("{scheme}, {} requests", options.requests), 64)
            );
            println!(
                "{scheme}: resident memory {:.1} MiB after {} more requests",
                server.resident_mib(),
                options.requests
            );
        }
        println!(
            "{scheme}: {} signatures verified, all good",
            server.verify_samples()
        );
    }
}

fn agent_rows(options: &Options) {
    let Some(agent) = agent::Agent::start() else {
        println!("ssh-agent: not installed here, so not measured");
        return;
    };
    for connections in &options.connections {
        let load = Load {
            connections: *connections,
            seconds: options.seconds,
            requests: None,
        };
        let figures = load.run(|_| agent.client());
        println!(
            "{}",
            figures.row("ssh-agent, ed25519 (no log, no policy)", *connections)
        );
    }
}
