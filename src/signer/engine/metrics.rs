use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::signer::Kind;

/// Counts since the start.
#[derive(Default)]
pub(in crate::signer) struct Metrics {
    /// By the hundreds of the status, from 2xx to 5xx.
    answered: [AtomicU64; 4],
    signed: [AtomicU64; Kind::ALL.len()],
    asked: AtomicU64,
    repeated: AtomicU64,
    connections: AtomicU64,
    connections_refused: AtomicU64,
}

impl Metrics {
    pub(in crate::signer) fn answered(&self, status: u16) {
        let class = usize::from(status / 100).clamp(2, 5) - 2;
        self.answered[class].fetch_add(1, Relaxed);
    }

    pub(in crate::signer) fn connection_accepted(&self) {
        self.connections.fetch_add(1, Relaxed);
    }

    pub(in crate::signer) fn connection_refused(&self) {
        self.connections_refused.fetch_add(1, Relaxed);
    }

    pub(super) fn signed(&self, kind: Kind) {
        if let Some(at) = Kind::ALL.iter().position(|it| *it == kind) {
            self.signed[at].fetch_add(1, Relaxed);
        }
    }

    pub(super) fn asked(&self) {
        self.asked.fetch_add(1, Relaxed);
    }

    pub(super) fn repeated(&self) {
        self.repeated.fetch_add(1, Relaxed);
    }

    /// How many signatures left.
    pub(super) fn signatures(&self) -> u64 {
        self.signed.iter().map(|count| count.load(Relaxed)).sum()
    }

    /// In the text format of Prometheus; `gauges` are name, help and value.
    pub(super) fn text(&self, gauges: &[(&str, &str, u64)]) -> String {
        let mut text = String::new();
        let mut counter = |name: &str, help: &str, values: &[(String, u64)]| {
            let _ = writeln!(
                text,
                "# HELP oc_guardian_{name} {help}\n# TYPE oc_guardian_{name} counter"
            );
            for (labels, value) in values {
                let _ = writeln!(text, "oc_guardian_{name}{labels} {value}");
            }
        };
        let one = |count: &AtomicU64| vec![(String::new(), count.load(Relaxed))];
        let by_kind: Vec<_> = Kind::ALL
            .iter()
            .zip(&self.signed)
            .map(|(kind, count)| (format!("{{kind=\"{}\"}}", kind.as_str()), count.load(Relaxed)))
            .collect();
        let by_class: Vec<_> = (2..)
            .zip(&self.answered)
            .map(|(class, count)| (format!("{{class=\"{class}xx\"}}"), count.load(Relaxed)))
            .collect();
        counter("signatures_total", "Signatures made.", &by_kind);
        counter(
            "answers_total",
            "Answers over HTTP, by class of status.",
            &by_class,
        );
        counter("asked_total", "Questions put to a person.", &one(&self.asked));
        counter(
            "repeated_total",
            "Requests answered with a signature made before.",
            &one(&self.repeated),
        );
        counter(
            "connections_total",
            "Connections accepted.",
            &one(&self.connections),
        );
        counter(
            "connections_refused_total",
            "Connections closed because too many were open.",
            &one(&self.connections_refused),
        );
        for (name, help, value) in gauges {
            let _ = writeln!(
                text,
                "# HELP oc_guardian_{name} {help}\n# TYPE oc_guardian_{name} gauge\noc_guardian_{name} {value}"
            );
        }
        text
    }
}
