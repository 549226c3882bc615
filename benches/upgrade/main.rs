//! What an upgrade costs the federation: how long nobody answers at the published port, and how long nothing is signed.
//!
//!     cargo bench --bench upgrade -- --swaps 10
//!
//! The runbook's recipe by hand, docker-compose where it is there, and `oc-guardian upgrade`, on one engine, with the same
//! program in images that differ in version only and that the engine has already. Needs Docker; removes what it made.

// A check fails by panicking, and the counts are what it is run for.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_precision_loss,
    clippy::format_push_string,
    clippy::used_underscore_binding,
    unreachable_pub,
    missing_docs
)]
#![allow(dead_code, unused_imports, reason = "support/ is shared with the tests")]

#[path = "../../tests/support/mod.rs"]
mod support;

mod changes;
mod watcher;
mod ways;

use std::time::Duration;

use changes::Changes;
use support::in_docker::docker;
use support::operated::Operated;
use support::release_image::ReleaseImage;
use support::signer::SigningServer;
use watcher::{Pauses, Watcher};
use ways::{Compose, Kit, Recipe, Way};

struct Options {
    swaps: usize,
    only: Option<String>,
}

fn options() -> Options {
    let mut options = Options {
        swaps: 10,
        only: None,
    };
    let mut arguments = std::env::args().skip(1).filter(|it| it != "--bench");
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match name.as_str() {
            "--swaps" => options.swaps = value.parse().unwrap_or_else(|_| panic!("--swaps needs a number")),
            "--only" => options.only = Some(value),
            _ => panic!("{name}: one of --swaps NUMBER, --only recipe|compose|upgrade"),
        }
    }
    assert!(options.swaps > 0, "--swaps needs a number above 0");
    options
}

fn main() {
    let options = options();
    println!(
        "load: {}",
        std::fs::read_to_string("/proc/loadavg").unwrap().trim()
    );
    println!(
        "engine: {}\n",
        docker(&["version", "--format", "{{.Server.Version}}"])
    );
    let mut changes = Changes::default();
    let mut table = Table::default();
    let mut bench = Bench {
        operated: Operated::new(),
        next: 1,
        swaps: options.swaps,
    };
    let is_wanted = |name: &str| options.only.as_deref().is_none_or(|only| only == name);
    if is_wanted("recipe") {
        table.row("docker stop, rm, run", &bench.measure(&mut Recipe));
    }
    if is_wanted("compose") {
        match Compose::version() {
            Some(version) => table.row(
                &format!("docker-compose {version} up -d"),
                &bench.measure(&mut Compose),
            ),
            None => println!("docker-compose is not installed: its row is left out"),
        }
    }
    if is_wanted("upgrade") {
        let pauses = bench.measure(&mut Kit {
            changes: &mut changes,
        });
        table.row("oc-guardian upgrade", &pauses);
    }
    table.print();
    changes.print();
}

struct Bench {
    operated: Operated,
    /// Number of the next version: an engine and a signing server are never offered an older one.
    next: usize,
    swaps: usize,
}

impl Bench {
    fn measure(&mut self, way: &mut impl Way) -> Vec<Pauses> {
        let it = &self.operated;
        let mut serving = Self::image(it, &mut self.next);
        way.first(it, &serving);
        it.health();
        let server = SigningServer::start(&it.home, &["--guardian", &it.name, "--trusted-root", "root.json"]);
        let mut pauses = Vec::new();
        for _ in 0..self.swaps {
            let image = Self::image(it, &mut self.next);
            let watcher = Watcher::start(it.health_port);
            way.swap(it, &image);
            pauses.push(watcher.finish());
            way.tidy(it);
            serving = image;
        }
        assert_eq!(server.stop(), Some(0));
        way.remove(it);
        drop(serving);
        pauses
    }

    /// A new version, which the engine has.
    fn image(it: &Operated, next: &mut usize) -> ReleaseImage {
        let image = it.release(&format!("0.1.{next}"));
        *next += 1;
        docker(&["pull", "-q", &image.pinned]);
        image
    }
}

#[derive(Default)]
struct Table {
    rows: Vec<[String; 4]>,
}

impl Table {
    fn row(&mut self, name: &str, pauses: &[Pauses]) {
        let millis = |value: fn(&Pauses) -> Duration| {
            shown(pauses.iter().map(|it| value(it).as_secs_f64() * 1000.0).collect())
        };
        self.rows.push([
            name.to_owned(),
            millis(|it| it.http),
            millis(|it| it.signing),
            shown(pauses.iter().map(|it| it.failed as f64).collect()),
        ]);
    }

    fn print(&self) {
        println!("Least / median / most; pauses in ms.\n");
        println!("| way | HTTP pause | signing pause | questions without an answer |");
        println!("|---|---|---|---|");
        for row in &self.rows {
            println!("| {} |", row.join(" | "));
        }
    }
}

fn shown(values: Vec<f64>) -> String {
    spread(values).map(|it| format!("{it:.0}")).join(" / ")
}

/// Least, median, most.
fn spread(mut values: Vec<f64>) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [values[0], values[values.len() / 2], values[values.len() - 1]]
}
