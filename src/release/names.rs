/// The names of the containers and the network that belong to one guardian.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    main: String,
}

impl Names {
    /// Those of the guardian whose container has this name.
    pub fn of(main: &str) -> Self {
        Self {
            main: main.to_owned(),
        }
    }

    /// Whether a guardian's container of this name would have the name of what belongs to another one, or its journal the
    /// name of another one's.
    pub fn is_taken_by_others(name: &str) -> bool {
        let ends = ["-next", "-prev", "-undone", "-stage", ".last"];
        name.contains("-old-") || ends.iter().any(|end| name.ends_with(end))
    }

    /// The container that serves.
    pub fn main(&self) -> &str {
        &self.main
    }

    /// The one that is being warmed. The name is a lock: no other machine can warm a second one meanwhile.
    pub fn next(&self) -> String {
        format!("{}-next", self.main)
    }

    /// The one that served before, while the other has to prove itself.
    pub fn old(&self, transaction: &str) -> String {
        format!("{}-old-{transaction}", self.main)
    }

    /// The one that served before, stopped, for a rollback.
    pub fn prev(&self) -> String {
        format!("{}-prev", self.main)
    }

    /// The one that was rolled back from, stopped, for a look at its log.
    pub fn undone(&self) -> String {
        format!("{}-undone", self.main)
    }

    /// The network without a way out in which the next one is warmed.
    pub fn stage(&self) -> String {
        format!("{}-stage", self.main)
    }
}

/// Docker's rule, with room for what is put behind it: at most 64 characters.
pub(super) fn is_container_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|it: char| it.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'.' | b'-'))
}
