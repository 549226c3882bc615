//! Docker's contexts: names for engines, in files of its client.
//!
//! Source: <https://github.com/docker/cli/tree/v28.0.0/cli/context/store>

use std::path::Path;

use serde::Deserialize;

use super::endpoint::TlsFiles;
use super::text::one_line;
use super::{Endpoint, EngineError, Environment};
use crate::image::Digest;
use crate::store::{self, StoreError};

/// Largest `meta.json`, in bytes.
const MAX_META: usize = 64 << 10;
/// Largest `config.json`, in bytes.
const MAX_CONFIG: usize = 1 << 20;
const MAX_NAME: usize = 128;

#[derive(Deserialize)]
struct Config {
    #[serde(default, rename = "currentContext")]
    current: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Name")]
    name: String,
    #[serde(rename = "Endpoints")]
    endpoints: Endpoints,
}

#[derive(Deserialize)]
struct Endpoints {
    docker: Docker,
}

#[derive(Deserialize)]
struct Docker {
    #[serde(default, rename = "Host")]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

/// The engine of the context that is chosen; `None` where none is.
pub(super) fn current(environment: &Environment) -> Result<Option<Endpoint>, EngineError> {
    let folder = environment.docker_folder();
    let named = environment.docker_context.clone().filter(|name| !name.is_empty());
    let name = match (named, &folder) {
        (Some(name), _) => Some(name),
        (None, Some(folder)) => configured(folder)?,
        (None, None) => None,
    };
    match name {
        // Docker's own name for: no context.
        None => Ok(None),
        Some(name) if name.is_empty() || name == "default" => Ok(None),
        Some(name) => {
            let no_folder = || problem(&name, "there is no folder of Docker's configuration");
            let folder = folder.ok_or_else(no_folder)?;
            open(&folder, &name).map(Some)
        }
    }
}

fn configured(folder: &Path) -> Result<Option<String>, EngineError> {
    let path = folder.join("config.json");
    let bad = |problem: String| EngineError::Config {
        path: path.display().to_string(),
        problem,
    };
    let bytes = match store::read(&path, MAX_CONFIG) {
        Ok(bytes) => zeroize::Zeroizing::new(bytes),
        Err(StoreError::NotFound { .. }) => return Ok(None),
        Err(error) => return Err(bad(error.to_string())),
    };
    // Without a word of the content: there are passwords in it.
    let config: Config = serde_json::from_slice(&bytes)
        .map_err(|error| bad(format!("not a Docker configuration (line {})", error.line())))?;
    Ok(config.current)
}

fn open(folder: &Path, name: &str) -> Result<Endpoint, EngineError> {
    let bad = |text: &str| problem(name, text);
    if !is_name(name) {
        return Err(bad("not the name of a context"));
    }
    let id = Digest::of(name.as_bytes()).as_hex();
    let path = folder.join("contexts/meta").join(&id).join("meta.json");
    let bytes = match store::read(&path, MAX_META) {
        Ok(bytes) => bytes,
        Err(StoreError::NotFound { .. }) => return Err(bad("there is no such context")),
        Err(error) => return Err(bad(&error.to_string())),
    };
    let meta: Meta =
        serde_json::from_slice(&bytes).map_err(|error| bad(&format!("{}: {error}", path.display())))?;
    if meta.name != name {
        return Err(bad("its file is about another context"));
    }
    let docker = meta.endpoints.docker;
    if docker.host.is_empty() {
        return Err(bad("it names no host"));
    }
    let tls_folder = folder.join("contexts/tls").join(&id).join("docker");
    let has_tls = tls_folder.exists();
    let endpoint = Endpoint::parse(&docker.host, has_tls, || Some(TlsFiles::in_folder(&tls_folder)))
        .map_err(|error| bad(&error.to_string()))?;
    if docker.skip_tls_verify && matches!(endpoint, Endpoint::Tcp { .. }) {
        return Err(bad(
            "it leaves the engine's certificate unchecked, which this kit does not do",
        ));
    }
    Ok(endpoint)
}

fn problem(name: &str, problem: &str) -> EngineError {
    EngineError::Context {
        name: one_line(name),
        problem: one_line(problem),
    }
}

/// As Docker has it.
fn is_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_.+-".contains(&byte);
    let starts_well = text.bytes().next().is_some_and(|it| it.is_ascii_alphanumeric());
    starts_well && text.len() <= MAX_NAME && text.bytes().all(allowed)
}
