use std::collections::VecDeque;

use serde::Serialize;

use crate::operator::OperatorId;

/// Events that a federation's page shows at most; the oldest go first.
const MOST: usize = 200;

/// What happened in a federation, newest last.
#[derive(Default)]
pub(super) struct Timeline(VecDeque<Event>);

/// One thing that happened.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Event {
    /// Unix seconds.
    pub(super) at: u64,
    #[serde(flatten)]
    pub(super) what: What,
}

/// What happened.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub(super) enum What {
    /// An operator signed the charter.
    Charter {
        operator_id: OperatorId,
        membership_hash: Option<String>,
    },
    /// A guardian says that it runs another image or version than before.
    Upgrade {
        operator_id: OperatorId,
        from: Release,
        to: Release,
    },
    /// Other images are accepted now; none means any.
    Pins { pins: Vec<String> },
}

/// What a guardian says it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Release {
    pub(super) guardian_version: String,
    pub(super) image_digest: Option<String>,
}

impl Timeline {
    pub(super) fn push(&mut self, at: u64, what: What) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(Event { at, what });
    }

    pub(super) fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.0.iter()
    }
}
