use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// One connection that asks again as soon as it was answered.
pub(crate) trait Client: Send {
    /// One signature.
    fn ask(&mut self);
}

/// How much to ask.
pub(crate) struct Load {
    pub(crate) connections: usize,
    pub(crate) seconds: Duration,
    /// Ends the run earlier.
    pub(crate) requests: Option<u64>,
}

/// What came of it.
pub(crate) struct Figures {
    elapsed: Duration,
    /// Microseconds from request to answer, sorted.
    latencies: Vec<u32>,
}

impl Load {
    /// Runs it; the connections are made before the clock starts.
    pub(crate) fn run<C: Client>(&self, connect: impl Fn(usize) -> C) -> Figures {
        let left = AtomicU64::new(self.requests.unwrap_or(u64::MAX));
        let mut clients: Vec<C> = (0..self.connections).map(connect).collect();
        for client in &mut clients {
            client.ask();
        }
        let start = Instant::now();
        let mut latencies: Vec<u32> = std::thread::scope(|scope| {
            let threads: Vec<_> = clients
                .into_iter()
                .map(|mut client| {
                    let left = &left;
                    scope.spawn(move || {
                        let mut latencies = Vec::new();
                        while start.elapsed() < self.seconds
                            && left
                                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |it| it.checked_sub(1))
                                .is_ok()
                        {
                            let asked = Instant::now();
                            client.ask();
                            latencies.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
                        }
                        latencies
                    })
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|thread| thread.join().unwrap())
                .collect()
        });
        let elapsed = start.elapsed();
        latencies.sort_unstable();
        Figures { elapsed, latencies }
    }
}

impl Figures {
    pub(crate) const HEADING: &str = "                                         connections  signatures/s   p50 ms   p90 ms   p99 ms   max ms";

    pub(crate) fn row(&self, name: &str, connections: usize) -> String {
        let at = |share: f64| {
            let index = (self.latencies.len() as f64 * share) as usize;
            f64::from(self.latencies[index.min(self.latencies.len() - 1)]) / 1000.0
        };
        format!(
            "{name:<41}{connections:>11}{:>14.0}{:>9.2}{:>9.2}{:>9.2}{:>9.2}",
            self.latencies.len() as f64 / self.elapsed.as_secs_f64(),
            at(0.5),
            at(0.9),
            at(0.99),
            at(1.0)
        )
    }
}

/// Median and 90th percentile of making 512 bytes durable: below this no durable answer can come.
pub(crate) fn fdatasync(folder: &Path) -> String {
    let mut file = File::create(folder.join("sync")).unwrap();
    let mut times: Vec<Duration> = (0..200)
        .map(|_| {
            file.write_all(&[b'x'; 512]).unwrap();
            let start = Instant::now();
            file.sync_data().unwrap();
            start.elapsed()
        })
        .collect();
    file.rewind().unwrap();
    times.sort_unstable();
    format!(
        "p50 {:.2} ms, p90 {:.2} ms",
        times[100].as_secs_f64() * 1000.0,
        times[180].as_secs_f64() * 1000.0
    )
}
