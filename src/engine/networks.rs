use std::collections::{BTreeMap, HashMap};

use bollard::models::{NetworkConnectRequest, NetworkCreateRequest, NetworkDisconnectRequest};
use bollard::query_parameters::{InspectNetworkOptions, ListNetworksOptionsBuilder};

use super::container::Network;
use super::containers::known;
use super::engine::{CHANGE, TELL};
use super::refusal::Asked;
use super::text::is_name;
use super::{Engine, EngineError, inspect};

impl Engine {
    /// All networks with exactly this name: engines let several have one.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn network(&self, name: &str) -> Result<Vec<Network>, EngineError> {
        // The engine's filter takes a part of a name for the name.
        let filters = HashMap::from([("name", vec![name])]);
        let options = ListNetworksOptionsBuilder::new().filters(&filters).build();
        let answer = self.docker.list_networks(Some(options));
        let listed = self.ask(Asked::Engine("its networks"), TELL, answer).await?;
        let same = listed.into_iter().filter(|it| it.name.as_deref() == Some(name));
        let mut networks = Vec::new();
        for id in same.filter_map(|it| it.id).filter(|id| is_name(id)) {
            // Who is attached to it is told only of one.
            let answer = self.docker.inspect_network(&id, None::<InspectNetworkOptions>);
            let asked = Asked::Network("looking at", name);
            networks.extend(self.ask_if_any(asked, answer).await?.map(inspect::network));
        }
        Ok(networks)
    }

    /// Makes a network, `internal` without a way out, and returns its id. Another one may have the name already.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn create_network(
        &self,
        name: &str,
        internal: bool,
        labels: &BTreeMap<String, String>,
    ) -> Result<String, EngineError> {
        let config = NetworkCreateRequest {
            name: name.to_owned(),
            driver: Some("bridge".into()),
            internal: Some(internal),
            labels: Some(labels.clone().into_iter().collect()),
            ..NetworkCreateRequest::default()
        };
        let answer = self.docker.create_network(config);
        let created = self.ask(Asked::Network("making", name), CHANGE, answer).await?;
        Ok(created.id)
    }

    /// Removes a network.
    ///
    /// # Errors
    /// [`EngineError::NoSuchNetwork`], [`EngineError::InUse`], and others.
    pub async fn remove_network(&self, id: &str) -> Result<(), EngineError> {
        let id = network(id)?;
        let answer = self.docker.remove_network(id);
        self.ask(Asked::Network("removing", id), CHANGE, answer).await
    }

    /// Attaches a container; it may be attached already.
    ///
    /// # Errors
    /// [`EngineError::NoSuchNetwork`], [`EngineError::NoSuchContainer`], [`EngineError::PortTaken`], and others.
    pub async fn attach(&self, network_id: &str, container: &str) -> Result<(), EngineError> {
        let (id, container) = (network(network_id)?, known(container)?);
        let request = NetworkConnectRequest {
            container: container.to_owned(),
            endpoint_config: None,
        };
        let answer = self.docker.connect_network(id, request);
        match self
            .ask(Asked::Member("attaching", id, container), CHANGE, answer)
            .await
        {
            Err(EngineError::Api { message, .. }) if message.contains("already exists in network") => Ok(()),
            other => other,
        }
    }

    /// Detaches a container; it may be detached already.
    ///
    /// # Errors
    /// [`EngineError::NoSuchNetwork`], [`EngineError::NoSuchContainer`], and others.
    pub async fn detach(&self, network_id: &str, container: &str) -> Result<(), EngineError> {
        let (id, container) = (network(network_id)?, known(container)?);
        let request = NetworkDisconnectRequest {
            container: container.to_owned(),
            force: Some(false),
        };
        let answer = self.docker.disconnect_network(id, request);
        match self
            .ask(Asked::Member("detaching", id, container), CHANGE, answer)
            .await
        {
            Err(EngineError::Api { message, .. }) if message.contains("is not connected to") => Ok(()),
            other => other,
        }
    }
}

fn network(id: &str) -> Result<&str, EngineError> {
    if is_name(id) {
        Ok(id)
    } else {
        Err(EngineError::NoSuchNetwork(id.to_owned()))
    }
}
