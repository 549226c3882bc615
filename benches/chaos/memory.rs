//! Resident memory of the processes, over the whole run.

use std::collections::BTreeMap;

use crate::support::devnet::{Devnet, pid_of};

/// What may be more in the second half than in the first: a tenth, and what a page cache of an allocator takes.
const ALLOWED: fn(u64) -> u64 = |before| before + before / 10 + 4 * 1024;

#[derive(Default)]
pub struct Memory {
    /// By role, in KiB, one value for each process and time.
    samples: BTreeMap<&'static str, Vec<Vec<u64>>>,
}

impl Memory {
    pub fn sample(&mut self, devnet: &Devnet) {
        let own = i32::try_from(devnet.child.id()).unwrap();
        let mut now: BTreeMap<&'static str, Vec<i32>> = BTreeMap::new();
        now.insert("devnet", vec![own]);
        now.insert("portal", devnet.portal().into_iter().collect());
        let mut number = 1;
        while let Some(line) = devnet.guardian(number) {
            for role in ["guardian", "signer"] {
                now.entry(role).or_default().extend(pid_of(&line[role]));
            }
            number += 1;
        }
        for (role, pids) in now {
            let sizes = pids.into_iter().filter_map(resident).collect();
            self.samples.entry(role).or_default().push(sizes);
        }
    }

    /// Fails where a role's largest process was larger later than sooner.
    pub fn check(&self) -> String {
        let mut parts = Vec::new();
        for (role, times) in &self.samples {
            let largest = |part: &[Vec<u64>]| part.iter().flatten().max().copied().unwrap_or(0);
            let (sooner, later) = times.split_at(times.len() / 2);
            let (sooner, later) = (largest(sooner), largest(later));
            // Half a run of a few samples says nothing.
            assert!(
                times.len() < 8 || later <= ALLOWED(sooner),
                "{role} grew from {sooner} to {later} KiB"
            );
            parts.push(format!("{role} {} then {} MiB", sooner / 1024, later / 1024));
        }
        format!("largest of each, first and second half: {}", parts.join(", "))
    }
}

fn resident(pid: i32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}
