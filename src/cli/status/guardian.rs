use serde_json::{Map, Value, json};

use crate::doctor::{GuardianContainer, GuardianContainers, Unfinished};
use crate::engine::EngineError;
use crate::release::pause::Health;
use crate::ui::{BAD, EMPHASIS, Failure, GOOD, HEADING, Lines, WARNING, paint, printable};

/// What is known of the guardian's container.
pub(super) struct Guardian {
    name: String,
    endpoint: Option<String>,
    /// An error: nothing is known, which is no problem of this machine. A guardian may run elsewhere.
    found: Result<GuardianContainers, EngineError>,
    unfinished: Option<Unfinished>,
}

impl Guardian {
    pub(super) fn new(
        name: String,
        endpoint: Option<String>,
        found: Result<GuardianContainers, EngineError>,
        unfinished: Option<Unfinished>,
    ) -> Self {
        Self {
            name,
            endpoint,
            found,
            unfinished,
        }
    }

    fn main(&self) -> Option<&GuardianContainer> {
        self.found.as_ref().ok()?.main.as_ref()
    }

    /// How to name it to a verb.
    fn flag(&self) -> String {
        if self.name == crate::release::CONTAINER {
            String::new()
        } else {
            format!(" --name {}", self.name)
        }
    }

    pub(super) fn problems(&self) -> Vec<Failure> {
        let mut problems = Vec::new();
        let flag = self.flag();
        if let Some(unfinished) = self.unfinished.as_ref().filter(|it| !it.under_way) {
            let journal = &unfinished.journal;
            let operation = journal.operation.as_str();
            problems.push(
                Failure::new(
                    "operation-unfinished",
                    format!(
                        "the {operation} of {}, begun at {}, was interrupted in step {}",
                        journal.container,
                        journal.started_at,
                        journal.step.as_str()
                    ),
                )
                .hint(format!(
                    "Run it again, which first finishes or undoes what was begun: oc-guardian {operation}{flag}"
                )),
            );
        }
        let Some(main) = self.main() else {
            return problems;
        };
        let container = &main.container;
        match &main.health {
            None if container.state.exit_code != 0 || container.state.restarting => problems.push(
                Failure::new(
                    "container-crashed",
                    format!(
                        "{} does not stay up: it ended with code {}",
                        container.name, container.state.exit_code
                    ),
                )
                .hint(format!("See why: oc-guardian logs{flag}")),
            ),
            None => {}
            Some(Ok(health)) if health.ok => {}
            Some(Ok(_)) => problems.push(
                Failure::new(
                    "not-healthy",
                    format!("{} says that it is not healthy", container.name),
                )
                .hint(format!("See why: oc-guardian logs{flag}")),
            ),
            Some(Err(why)) => problems.push(
                Failure::new(
                    "not-healthy",
                    format!("{} does not say how it is: {why}", container.name),
                )
                .hint(format!("See why: oc-guardian logs{flag}")),
            ),
        }
        problems
    }

    pub(super) fn fields(&self, fields: &mut Map<String, Value>) {
        fields.insert(
            "engine".into(),
            json!({
                "endpoint": self.endpoint,
                "reachable": self.found.is_ok(),
                "detail": self.found.as_ref().err().map(ToString::to_string),
            }),
        );
        let main = self.main().map(|main| {
            let container = &main.container;
            json!({
                "container": container.name,
                "state": container.state.status,
                "healthy": main.health.as_ref().map(|it| it.as_ref().is_ok_and(|it| it.ok)),
                "health": main.health.as_ref().and_then(|it| it.as_ref().ok()).map(health_fields),
                "version": main.version(),
                "digest": main.digest(),
                "image": container.image_name,
                "restarts": container.restart_count,
                "previous": self.previous(),
            })
        });
        fields.insert("guardian".into(), json!(main));
        let unfinished = self.unfinished.as_ref().map(|it| {
            json!({
                "operation": it.journal.operation.as_str(),
                "step": it.journal.step.as_str(),
                "started_at": it.journal.started_at,
                "engine": it.journal.engine,
                "under_way": it.under_way,
            })
        });
        fields.insert("operation".into(), json!(unfinished));
    }

    fn previous(&self) -> Option<&String> {
        self.found.as_ref().ok()?.previous.as_ref()
    }

    pub(super) fn lines(&self, lines: &mut Lines) {
        lines.gap().line(paint(HEADING, "Guardian"));
        match (&self.found, self.main()) {
            (Err(EngineError::NoEngine { .. }), _) => {
                lines.field("container", "not looked at: no Docker engine answers");
            }
            (Err(error), _) => {
                lines.field(
                    "container",
                    format!("not looked at: {}", printable(&error.to_string())),
                );
            }
            (Ok(_), None) => {
                lines.field("container", format!("none is named {}", printable(&self.name)));
            }
            (Ok(_), Some(main)) => container_lines(lines, main),
        }
        if let Some(previous) = self.previous() {
            lines.field("kept", format!("{} (oc-guardian rollback)", printable(previous)));
        }
        if let Some(unfinished) = &self.unfinished {
            let journal = &unfinished.journal;
            let how = if unfinished.under_way {
                "under way"
            } else {
                "interrupted"
            };
            lines.field(
                journal.operation.as_str(),
                paint(WARNING, &format!("{how}, step {}", journal.step.as_str())),
            );
        }
    }
}

fn health_fields(health: &Health) -> Value {
    json!({
        "state": health.state, "version": health.version, "federation": health.federation_slug,
        "operator_id": health.operator_id, "signer": health.signer, "signed_at": health.signed_at,
        "attested_at": health.attested_at, "problems": health.problems,
    })
}

fn container_lines(lines: &mut Lines, main: &GuardianContainer) {
    let container = &main.container;
    let restarts = match container.restart_count {
        0 => String::new(),
        1 => ", restarted once".into(),
        count => format!(", restarted {count} times"),
    };
    lines.field(
        "container",
        format!(
            "{}, {}{restarts}",
            printable(&container.name),
            printable(&container.state.status)
        ),
    );
    let health = match &main.health {
        None => None,
        Some(Ok(health)) if health.ok => {
            let state = health.state.as_deref().unwrap_or("in no known state");
            let signer = health.signer.as_deref().unwrap_or("unknown");
            Some(format!(
                "{}, {}, signing server {}",
                paint(GOOD, "healthy"),
                printable(state),
                printable(signer)
            ))
        }
        Some(_) => Some(paint(BAD, "not healthy")),
    };
    if let Some(health) = health {
        lines.field("health", health);
    }
    match main.version() {
        Some(version) => lines.field("runs", paint(EMPHASIS, &printable(version))),
        None => lines.field("runs", printable(&container.image_name)),
    };
    if let Some(digest) = main.digest() {
        lines.field("digest", printable(digest));
    }
}
