use std::collections::HashMap;
use std::time::Duration;

use bollard::models::ContainerUpdateBody;
use bollard::query_parameters::{
    InspectContainerOptions, KillContainerOptionsBuilder, ListContainersOptionsBuilder,
    RemoveContainerOptionsBuilder, RemoveVolumeOptions, RenameContainerOptionsBuilder, StartContainerOptions,
    StopContainerOptionsBuilder,
};

use super::container::{Container, Restart};
use super::create;
use super::engine::{CHANGE, TELL};
use super::refusal::Asked;
use super::text::is_name;
use super::{Engine, EngineError, inspect};

/// Most containers that are looked at by a label.
const MAX_LABELLED: usize = 64;
/// How much longer a stop may take than the grace that the container has.
const STOP: Duration = Duration::from_secs(30);

impl Engine {
    /// A container by its name or id; `None` where there is none.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn container(&self, name_or_id: &str) -> Result<Option<Container>, EngineError> {
        if !is_name(name_or_id) {
            return Ok(None);
        }
        let asked = Asked::Container("looking at", name_or_id);
        let answer = self
            .docker
            .inspect_container(name_or_id, None::<InspectContainerOptions>);
        Ok(self.ask_if_any(asked, answer).await?.map(inspect::container))
    }

    /// Containers with a label, and this value of it if one is given; stopped ones, too. At most 64.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn labelled(&self, label: &str, value: Option<&str>) -> Result<Vec<Container>, EngineError> {
        let filter = match value {
            Some(value) => format!("{label}={value}"),
            None => label.to_owned(),
        };
        let filters = HashMap::from([("label", vec![filter])]);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let answer = self.docker.list_containers(Some(options));
        let listed = self.ask(Asked::Engine("its containers"), TELL, answer).await?;
        let mut containers = Vec::new();
        for id in listed.into_iter().filter_map(|it| it.id).take(MAX_LABELLED) {
            // One that is gone by now is none.
            containers.extend(self.container(&id).await?);
        }
        Ok(containers)
    }

    /// The name of a container, stopped or not, whose name begins like this; `None` where there is none.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn name_beginning(&self, start: &str) -> Result<Option<String>, EngineError> {
        // The engine's filter finds a part of a name anywhere; letters, digits and hyphens mean themselves in it.
        let filters = HashMap::from([("name", vec![start.to_owned()])]);
        let options = ListContainersOptionsBuilder::new()
            .all(true)
            .filters(&filters)
            .build();
        let answer = self.docker.list_containers(Some(options));
        let listed = self.ask(Asked::Engine("its containers"), TELL, answer).await?;
        let names = listed.into_iter().flat_map(|it| it.names.unwrap_or_default());
        Ok(names
            .map(|name| name.trim_start_matches('/').to_owned())
            .find(|name| name.starts_with(start)))
    }

    /// Starts it; it may run already.
    ///
    /// # Errors
    /// [`EngineError::PortTaken`]: it then stays as it was created. [`EngineError::NoSuchContainer`], and others.
    pub async fn start(&self, id: &str) -> Result<(), EngineError> {
        let id = known(id)?;
        let answer = self.docker.start_container(id, None::<StartContainerOptions>);
        self.ask(Asked::Container("starting", id), CHANGE, answer).await
    }

    /// SIGTERM, and SIGKILL if it still runs after the grace, in whole seconds. It may be stopped already.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`], and others.
    pub async fn stop(&self, id: &str, grace: Duration) -> Result<(), EngineError> {
        let id = known(id)?;
        let seconds = i32::try_from(grace.as_secs()).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::new().t(seconds).build();
        let answer = self.docker.stop_container(id, Some(options));
        let time = grace.saturating_add(STOP);
        self.ask(Asked::Container("stopping", id), time, answer).await
    }

    /// SIGKILL. It may be stopped already.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`], and others.
    pub async fn kill(&self, id: &str) -> Result<(), EngineError> {
        let id = known(id)?;
        let options = KillContainerOptionsBuilder::new().signal("SIGKILL").build();
        let answer = self.docker.kill_container(id, Some(options));
        match self.ask(Asked::Container("killing", id), CHANGE, answer).await {
            Err(EngineError::NotRunning(_)) => Ok(()),
            other => other,
        }
    }

    /// Gives it another name.
    ///
    /// # Errors
    /// [`EngineError::NameTaken`], [`EngineError::NoSuchContainer`], and others.
    pub async fn rename(&self, id: &str, name: &str) -> Result<(), EngineError> {
        let id = known(id)?;
        let options = RenameContainerOptionsBuilder::new().name(name).build();
        let answer = self.docker.rename_container(id, options);
        match self.ask(Asked::Name(name), CHANGE, answer).await {
            Err(EngineError::NoSuchContainer(_)) => Err(EngineError::NoSuchContainer(id.to_owned())),
            other => other,
        }
    }

    /// Removes it, never its volumes. A running one only by `force`, which kills it.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`], and others.
    pub async fn remove(&self, id: &str, force: bool) -> Result<(), EngineError> {
        let id = known(id)?;
        let options = RemoveContainerOptionsBuilder::new().v(false).force(force).build();
        let answer = self.docker.remove_container(id, Some(options));
        self.ask(Asked::Container("removing", id), CHANGE, answer).await
    }

    /// Changes when it is started again by itself.
    ///
    /// # Errors
    /// [`EngineError::NoSuchContainer`], and others.
    pub async fn set_restart(&self, id: &str, restart: &Restart) -> Result<(), EngineError> {
        let id = known(id)?;
        let body = ContainerUpdateBody {
            restart_policy: Some(create::restart_policy(restart)),
            ..ContainerUpdateBody::default()
        };
        let answer = self.docker.update_container(id, body);
        self.ask(Asked::Container("changing", id), CHANGE, answer).await
    }

    /// Removes a volume and what is in it.
    ///
    /// # Errors
    /// [`EngineError::NoSuchVolume`], [`EngineError::InUse`], and others.
    pub async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        if !is_name(name) {
            return Err(EngineError::NoSuchVolume(name.to_owned()));
        }
        let answer = self.docker.remove_volume(name, None::<RemoveVolumeOptions>);
        self.ask(Asked::Volume("removing", name), CHANGE, answer).await
    }
}

/// A name or id that can be part of a path; no container has another.
pub(super) fn known(id: &str) -> Result<&str, EngineError> {
    if is_name(id) {
        Ok(id)
    } else {
        Err(EngineError::NoSuchContainer(id.to_owned()))
    }
}
