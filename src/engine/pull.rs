use std::time::Duration;

use bollard::auth::DockerCredentials;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;
use secrecy::ExposeSecret as _;

use super::refusal::Asked;
use super::text::one_line;
use super::{Engine, EngineError, Login, pull_error};
use crate::image::VerifiedImage;

/// How long a pull may go on without a word of the engine: it tells of each step, and unpacks without a word.
const SILENCE: Duration = Duration::from_secs(300);
/// How long all of it may take.
const ALL: Duration = Duration::from_secs(2 * 60 * 60);
/// Longest id of a layer, in bytes.
const MAX_LAYER: usize = 64;

/// How far one layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Short id of the layer, as the engine writes it.
    pub layer: String,
    /// What is done with it.
    pub phase: Phase,
    /// Bytes.
    pub done: u64,
    /// Bytes, where known.
    pub total: Option<u64>,
}

/// What happens to a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its turn has not come.
    Waiting,
    /// It comes from the registry.
    Downloading,
    /// It is hashed.
    Verifying,
    /// It is there and waits to be unpacked.
    Downloaded,
    /// It is unpacked.
    Extracting,
    /// It is in its place, or was there before.
    Done,
}

impl Phase {
    /// In one word, for a screen.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Downloading => "downloading",
            Self::Verifying => "verifying",
            Self::Downloaded => "downloaded",
            Self::Extracting => "extracting",
            Self::Done => "done",
        }
    }
}

impl Engine {
    /// Has the engine pull a verified image, by digest, and checks that what it then has is what was verified.
    ///
    /// # Errors
    /// [`EngineError::Platform`], before anything is pulled. [`EngineError::DiskFull`], [`EngineError::PullDenied`],
    /// [`EngineError::PullNotFound`], [`EngineError::PullUnreachable`], [`EngineError::PullFailed`]; [`EngineError::WrongImage`]
    /// where other content came; and others.
    pub async fn pull(
        &self,
        image: &VerifiedImage,
        login: Option<Login>,
        progress: &mut (dyn FnMut(Pull) + Send),
    ) -> Result<(), EngineError> {
        self.check_platform(image).await?;
        let pinned = image.pinned().to_string();
        let all = self.pull_by_digest(image, &pinned, login, progress);
        match tokio::time::timeout(ALL, all).await {
            Ok(pulled) => pulled?,
            Err(_) => return Err(self.too_slow(&pinned, ALL)),
        }
        match self.find(image).await? {
            Some(_) => Ok(()),
            None => Err(EngineError::NoSuchImage(pinned)),
        }
    }

    async fn pull_by_digest(
        &self,
        image: &VerifiedImage,
        pinned: &str,
        login: Option<Login>,
        progress: &mut (dyn FnMut(Pull) + Send),
    ) -> Result<(), EngineError> {
        // Without a tag, engines pull every tag; a digest may stand in its place.
        let options = CreateImageOptionsBuilder::new()
            .from_image(&image.reference().name())
            .tag(&image.digest().to_string())
            .build();
        let login = login.map(|login| credentials(&login, image.reference().host()));
        let mut story = Box::pin(self.docker.create_image(Some(options), None, login));
        loop {
            match tokio::time::timeout(SILENCE, story.next()).await {
                Ok(Some(Ok(told))) => progress_of(told).into_iter().for_each(&mut *progress),
                Ok(Some(Err(error))) => {
                    let refused = self.refused(Asked::Engine("pulling an image"), error);
                    return Err(pull_error::meaning(image, refused));
                }
                Ok(None) => return Ok(()),
                Err(_) => return Err(self.too_slow(pinned, SILENCE)),
            }
        }
    }

    fn too_slow(&self, pinned: &str, after: Duration) -> EngineError {
        EngineError::Timeout {
            endpoint: self.endpoint().to_string(),
            what: format!("pulling image {pinned}"),
            after,
        }
    }
}

fn credentials(login: &Login, host: &str) -> DockerCredentials {
    let mut credentials = DockerCredentials {
        serveraddress: Some(host.to_owned()),
        ..DockerCredentials::default()
    };
    match login {
        Login::Password { user, password } => {
            credentials.username = Some(user.clone());
            credentials.password = Some(password.expose_secret().to_owned());
        }
        Login::RefreshToken(token) => credentials.identitytoken = Some(token.expose_secret().to_owned()),
        Login::Token(token) => credentials.registrytoken = Some(token.expose_secret().to_owned()),
    }
    credentials
}

/// `None` for what is not about a layer.
fn progress_of(told: CreateImageInfo) -> Option<Pull> {
    let phase = match told.status.as_deref()? {
        "Pulling fs layer" | "Waiting" => Phase::Waiting,
        "Downloading" => Phase::Downloading,
        "Verifying Checksum" => Phase::Verifying,
        "Download complete" => Phase::Downloaded,
        "Extracting" => Phase::Extracting,
        "Pull complete" | "Already exists" => Phase::Done,
        _ => return None,
    };
    let layer = one_line(&told.id?);
    let detail = told.progress_detail.unwrap_or_default();
    let count = |told: Option<i64>| told.and_then(|it| u64::try_from(it).ok());
    (layer.len() <= MAX_LAYER).then(|| Pull {
        layer,
        phase,
        done: count(detail.current).unwrap_or_default(),
        total: count(detail.total).filter(|total| *total > 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Option<Pull> {
        progress_of(serde_json::from_str(text).unwrap())
    }

    #[test]
    fn the_story_of_a_pull_is_read() {
        let downloading = r#"{"status":"Downloading","progressDetail":{"current":540,"total":1024},"progress":"[=>  ]  540B/1kB","id":"7e01563b3d01"}"#;
        let wanted = Pull {
            layer: "7e01563b3d01".into(),
            phase: Phase::Downloading,
            done: 540,
            total: Some(1024),
        };
        assert_eq!(told(downloading), Some(wanted));
        let done = told(r#"{"status":"Pull complete","progressDetail":{},"id":"7e01563b3d01"}"#).unwrap();
        assert_eq!((done.phase, done.done, done.total), (Phase::Done, 0, None));
        for other in [
            r#"{"status":"Pulling from orangecheck/oc-guardian","id":"sha256:23ac"}"#,
            r#"{"status":"Digest: sha256:23ac"}"#,
            r#"{"status":"Downloading"}"#,
            "{}",
        ] {
            assert_eq!(told(other), None, "{other}");
        }
    }

    #[test]
    fn each_kind_of_login_has_its_field() {
        let told = |login| serde_json::to_value(credentials(&login, "ghcr.io")).unwrap();
        let password = told(Login::Password {
            user: "me".into(),
            password: "pass".into(),
        });
        assert_eq!(
            (&password["username"], &password["password"]),
            (&"me".into(), &"pass".into())
        );
        assert_eq!(password["serveraddress"], "ghcr.io");
        assert_eq!(told(Login::RefreshToken("t".into()))["identitytoken"], "t");
        assert_eq!(told(Login::Token("t".into()))["registrytoken"], "t");
    }
}
