use std::io::Read;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;

use crate::ui::Failure;

/// Largest health document that is read, in bytes.
const MAX_ANSWER: u64 = 16 * 1024;

/// Which guardian to ask.
#[derive(Args)]
pub(super) struct Probe {
    /// Base URL of the guardian's health port
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:9000")]
    api: String,
}

/// `/healthz`, as far as it matters here.
#[derive(Deserialize)]
pub(super) struct Health {
    pub(super) ok: bool,
    #[serde(default)]
    pub(super) version: Option<String>,
    #[serde(default)]
    pub(super) federation_slug: Option<String>,
    #[serde(default)]
    pub(super) state: Option<String>,
    #[serde(default)]
    pub(super) operator_id: Option<String>,
    #[serde(default)]
    pub(super) signer: Option<String>,
    #[serde(default)]
    pub(super) signed_at: Option<u64>,
    #[serde(default)]
    pub(super) attested_at: Option<u64>,
    #[serde(default)]
    pub(super) problems: Vec<String>,
    #[serde(default)]
    pub(super) reason: Option<String>,
}

impl Probe {
    pub(super) fn url(&self) -> String {
        format!("{}/healthz", self.api.trim_end_matches('/'))
    }

    /// One question, answered within the time.
    pub(super) fn ask(&self, time: Duration) -> Result<Health, Failure> {
        let url = self.url();
        let failed = |why: String| {
            Failure::new("guardian-unreachable", format!("{url} does not answer: {why}"))
                .hint("See whether the guardian runs, and on which port: --api URL")
        };
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(time))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .build();
        let agent: ureq::Agent = config.into();
        let mut response = agent
            .get(&url)
            .call()
            .map_err(|error| failed(error.to_string()))?;
        let mut body = Vec::new();
        response
            .body_mut()
            .as_reader()
            .take(MAX_ANSWER)
            .read_to_end(&mut body)
            .map_err(|error| failed(error.to_string()))?;
        serde_json::from_slice(&body).map_err(|_| failed("what answers is not a guardian".into()))
    }
}
