use std::fmt;
use std::future::Future;
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker};

use super::container::About;
use super::refusal::Asked;
use super::text::one_line;
use super::transport::Transport;
use super::{Endpoint, EngineError};

/// How long the first answer may take.
const FIRST: Duration = Duration::from_secs(10);
/// The same where ssh has to connect first.
const FIRST_BY_SSH: Duration = Duration::from_secs(20);
/// How long an engine may take to tell something.
pub(super) const TELL: Duration = Duration::from_secs(20);
/// How long an engine may take to change something.
pub(super) const CHANGE: Duration = Duration::from_secs(60);
/// bollard's own time-out, which must never be the one that fires: what is asked for decides.
const NEVER: u64 = 24 * 60 * 60;
/// Oldest API: that of engine 20.10.
const OLDEST: (u32, u32) = (1, 41);

/// A Docker engine that answered.
#[derive(Clone)]
pub struct Engine {
    pub(super) docker: Docker,
    endpoint: Endpoint,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Engine({})", self.endpoint)
    }
}

impl Engine {
    /// Connects, and asks which version it is: within 10 s, 20 s by ssh. Wants a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`EngineError::NoEngine`], [`EngineError::Denied`], [`EngineError::TooOld`], [`EngineError::Timeout`],
    /// [`EngineError::Tls`], [`EngineError::Ssh`], and those of a broken connection.
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, EngineError> {
        let patience = match endpoint {
            Endpoint::Ssh(_) => FIRST_BY_SSH,
            Endpoint::Unix(_) | Endpoint::Tcp { .. } => FIRST,
        };
        let transport = Transport::new(endpoint, patience)?;
        let address = Some("engine://docker");
        let docker = Docker::connect_with_custom_transport(
            move |request| transport.request(request),
            address,
            NEVER,
            API_DEFAULT_VERSION,
        );
        let engine = Self {
            docker: docker.map_err(|error| EngineError::Misbehaved {
                endpoint: endpoint.to_string(),
                what: "connection".into(),
                detail: one_line(&error.to_string()),
            })?,
            endpoint: endpoint.clone(),
        };
        let asked = Asked::Engine("its version");
        let version = engine.ask(asked, patience, engine.docker.version()).await?;
        let api_version = version.api_version.unwrap_or_default();
        match parse_api(&api_version) {
            Some(api) if api >= OLDEST => Ok(engine),
            Some(_) => Err(EngineError::TooOld {
                endpoint: endpoint.to_string(),
                version: one_line(&version.version.unwrap_or_default()),
                api_version,
            }),
            None => Err(EngineError::Misbehaved {
                endpoint: endpoint.to_string(),
                what: "its version".into(),
                detail: "not that of a Docker engine".into(),
            }),
        }
    }

    /// Where it is.
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// What it is.
    ///
    /// # Errors
    /// [`EngineError`]
    pub async fn about(&self) -> Result<About, EngineError> {
        let asked = || Asked::Engine("what it is");
        let version = self.ask(asked(), TELL, self.docker.version()).await?;
        let info = self.ask(asked(), TELL, self.docker.info()).await?;
        let has_pair = |name: &str, part: &str| {
            let pairs = info.driver_status.iter().flatten();
            pairs
                .into_iter()
                .any(|pair| matches!(pair.as_slice(), [key, value] if key == name && value.contains(part)))
        };
        let options = info.security_options.iter().flatten();
        let named = crate::image::Platform {
            os: version.os.or(info.os_type.clone()).unwrap_or_default(),
            architecture: version.arch.or(info.architecture.clone()).unwrap_or_default(),
            variant: None,
            os_version: None,
        };
        let platform = named.normalized();
        Ok(About {
            name: info.name.clone().unwrap_or_default(),
            version: version.version.unwrap_or_default(),
            api_version: version.api_version.unwrap_or_default(),
            os: platform.os,
            architecture: platform.architecture,
            containerd_store: has_pair("driver-type", "io.containerd.snapshotter"),
            rootless: options.into_iter().any(|option| option.contains("name=rootless")),
            data_root: info.docker_root_dir.clone().unwrap_or_default(),
        })
    }

    /// The answer, within a time.
    pub(super) async fn ask<T>(
        &self,
        asked: Asked<'_>,
        time: Duration,
        answer: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<T, EngineError> {
        match tokio::time::timeout(time, answer).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(error)) => Err(self.refused(asked, error)),
            Err(_) => Err(EngineError::Timeout {
                endpoint: self.endpoint.to_string(),
                what: asked.to_string(),
                after: time,
            }),
        }
    }

    /// The same where that there is no such thing is an answer, too.
    pub(super) async fn ask_if_any<T>(
        &self,
        asked: Asked<'_>,
        answer: impl Future<Output = Result<T, bollard::errors::Error>>,
    ) -> Result<Option<T>, EngineError> {
        match self.ask(asked, TELL, answer).await {
            Ok(answer) => Ok(Some(answer)),
            Err(
                EngineError::NoSuchContainer(_)
                | EngineError::NoSuchNetwork(_)
                | EngineError::NoSuchImage(_)
                | EngineError::NoSuchVolume(_),
            ) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn parse_api(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_the_api_are_numbers() {
        assert!(parse_api("1.41") >= Some(OLDEST) && parse_api("1.100") >= Some(OLDEST));
        assert!(parse_api("1.40") < Some(OLDEST) && parse_api("1.5") < Some(OLDEST));
        assert_eq!(parse_api("1"), None);
        assert_eq!(parse_api("v1.41"), None);
    }
}
