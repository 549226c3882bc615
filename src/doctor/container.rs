use std::time::Duration;

use crate::engine::{Container, Endpoint, Engine, EngineError};
use crate::release::pause::Health;
use crate::release::{Journal, JournalError, Names, Place, Program, ask, labels};
use crate::store::{Folders, StoreError};

/// How long an engine of this machine may take to answer. Most machines that are asked have none, or an idle one.
const HERE: Duration = Duration::from_secs(2);
/// The same of another machine, which somebody named.
const ELSEWHERE: Duration = Duration::from_secs(10);

/// What an engine says of one guardian's containers.
#[derive(Debug, Default)]
pub struct GuardianContainers {
    /// The one that serves, or should; `None` where there is none of that name.
    pub main: Option<GuardianContainer>,
    /// Version (or id of the image, where nothing says it) of the one that is kept for a rollback.
    pub previous: Option<String>,
}

/// A guardian's container. Texts in it come from outside.
#[derive(Debug)]
pub struct GuardianContainer {
    /// As the engine describes it.
    pub container: Container,
    /// What its guardian says, or why it says nothing; `None` where it does not run.
    pub health: Option<Result<Health, String>>,
}

impl GuardianContainer {
    /// The version that was certified when it was made.
    pub fn version(&self) -> Option<&str> {
        self.container.labels.get(labels::VERSION).map(String::as_str)
    }

    /// The digest that was verified when it was made.
    pub fn digest(&self) -> Option<&str> {
        self.container.labels.get(labels::DIGEST).map(String::as_str)
    }
}

/// An operation on the containers that has begun and not ended.
#[derive(Debug)]
pub struct Unfinished {
    /// What its journal says.
    pub journal: Journal,
    /// Another process is at it; else it was interrupted.
    pub under_way: bool,
}

/// Asks the engine, within 2 s for its first answer (10 s on another machine) and as long for the rest; changes nothing.
///
/// # Errors
/// [`EngineError`]
pub async fn look_at_containers(endpoint: &Endpoint, name: &str) -> Result<GuardianContainers, EngineError> {
    let patience = match endpoint {
        Endpoint::Unix(_) => HERE,
        Endpoint::Tcp { .. } | Endpoint::Ssh(_) => ELSEWHERE,
    };
    let timeout = |_| EngineError::Timeout {
        endpoint: endpoint.to_string(),
        what: "what runs there".into(),
        after: patience,
    };
    let engine = tokio::time::timeout(patience, Engine::connect(endpoint))
        .await
        .map_err(timeout)??;
    let (main, previous) = tokio::time::timeout(patience, async {
        let named = async |name: String| {
            let found = engine.container(&name).await?;
            Ok::<_, EngineError>(found.filter(|it| it.name == name))
        };
        Ok::<_, EngineError>((
            named(name.to_owned()).await?,
            named(Names::of(name).prev()).await?,
        ))
    })
    .await
    .map_err(timeout)??;
    let previous = previous.map(|it| it.labels.get(labels::VERSION).cloned().unwrap_or(it.image_id));
    let Some(container) = main else {
        return Ok(GuardianContainers { main: None, previous });
    };
    let health = if container.state.running && !container.state.restarting {
        Some(ask(&engine, &container.id, &Program::of(&container)).await)
    } else {
        None
    };
    Ok(GuardianContainers {
        main: Some(GuardianContainer { container, health }),
        previous,
    })
}

/// Whether an operation on the containers has begun and not ended.
///
/// # Errors
/// [`JournalError`]
pub fn unfinished_operation(folders: &Folders, name: &str) -> Result<Option<Unfinished>, JournalError> {
    let place = Place::new(&folders.state, name);
    let Some(journal) = place.load()? else {
        return Ok(None);
    };
    // The lock is there since the journal is; it is given back at once.
    let under_way = matches!(place.lock(), Err(StoreError::Locked { .. }));
    Ok(Some(Unfinished { journal, under_way }))
}
