//! Where the time of a handover goes: from each event of `upgrade --json` to the next.

use std::time::Instant;

use serde_json::Value;

use crate::spread;

/// Of all upgrades: what was done, in the order of the first one, with its times in ms.
#[derive(Default)]
pub struct Changes {
    rows: Vec<(String, Vec<f64>)>,
}

/// Of one upgrade.
pub struct Timeline {
    step: String,
    last: Option<(String, Instant)>,
    rows: Vec<(String, f64)>,
}

impl Timeline {
    /// A line that was just read.
    pub fn event(&mut self, event: &Value) {
        let now = Instant::now();
        let name = match (event["event"].as_str(), event["state"].as_str()) {
            (Some("step"), Some("started")) => {
                event["step"]
                    .as_str()
                    .unwrap_or_default()
                    .clone_into(&mut self.step);
                format!("{}: look", self.step)
            }
            (Some("step"), _) => return self.close(now),
            (Some("change"), _) => {
                let change = event["change"].as_str().unwrap_or_default();
                // Names are others in each upgrade.
                let (what, _) = change.split_once(", \"").unwrap_or((change, ""));
                format!("{}: {}", self.step, what.trim_end_matches(')').replace('(', " "))
            }
            _ => return,
        };
        self.close(now);
        self.last = Some((name, now));
    }

    fn close(&mut self, now: Instant) {
        if let Some((name, since)) = self.last.take() {
            self.rows.push((name, (now - since).as_secs_f64() * 1000.0));
        }
    }
}

impl Changes {
    pub fn begin(&self) -> Timeline {
        Timeline {
            step: String::new(),
            last: None,
            rows: Vec::new(),
        }
    }

    pub fn add(&mut self, timeline: Timeline) {
        for (name, time) in timeline.rows {
            match self.rows.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => times.push(time),
                None => self.rows.push((name, vec![time])),
            }
        }
    }

    /// The last change of a step includes what the step waits for.
    pub fn print(&self) {
        if self.rows.is_empty() {
            return;
        }
        println!(
            "\nThe steps of oc-guardian upgrade; the last row of each includes what the step waits for.\n"
        );
        println!("| step: change | least / median / most, ms |");
        println!("|---|---|");
        for (name, times) in &self.rows {
            let shown = spread(times.clone()).map(|it| format!("{it:.0}")).join(" / ");
            println!("| {name} | {shown} |");
        }
    }
}
