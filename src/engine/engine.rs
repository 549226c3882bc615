#![allow(
    missing_docs,
    unused_variables,
    clippy::unused_async,
    clippy::missing_errors_doc
)]
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

use super::container::{About, Container, LocalImage, Network, Restart};
use super::{Endpoint, EngineError, Login, Spec};
use crate::image::VerifiedImage;

#[derive(Clone, Debug)]
pub struct Engine {
    endpoint: Endpoint,
}

/// What a command in a container printed and ended with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Output {
    /// Exit code.
    pub code: i64,
    /// At most 64 KiB.
    pub stdout: Vec<u8>,
    /// At most 64 KiB.
    pub stderr: Vec<u8>,
}

/// A line of a container's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Standard error rather than output.
    pub stderr: bool,
    /// Without the line's end.
    pub text: String,
}

/// How far one layer is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pull {
    /// Short id of the layer.
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
    Waiting,
    Downloading,
    Verifying,
    Extracting,
    Done,
}

pub struct ExecStream {}

impl ExecStream {
    /// The last 4 KiB of standard error.
    pub fn complaints(&self) -> String {
        String::new()
    }
}

impl tokio::io::AsyncRead for ExecStream {
    fn poll_read(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &mut tokio::io::ReadBuf<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        unimplemented!()
    }
}

impl tokio::io::AsyncWrite for ExecStream {
    fn poll_write(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
        _: &[u8],
    ) -> std::task::Poll<std::io::Result<usize>> {
        unimplemented!()
    }
    fn poll_flush(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        unimplemented!()
    }
    fn poll_shutdown(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<std::io::Result<()>> {
        unimplemented!()
    }
}

impl Engine {
    pub async fn connect(endpoint: &Endpoint) -> Result<Self, EngineError> {
        unimplemented!()
    }
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
    pub async fn about(&self) -> Result<About, EngineError> {
        unimplemented!()
    }
    pub async fn container(&self, name_or_id: &str) -> Result<Option<Container>, EngineError> {
        unimplemented!()
    }
    pub async fn labelled(&self, label: &str, value: Option<&str>) -> Result<Vec<Container>, EngineError> {
        unimplemented!()
    }
    pub async fn create(&self, image: &VerifiedImage, spec: &Spec) -> Result<String, EngineError> {
        unimplemented!()
    }
    pub async fn start(&self, id: &str) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn stop(&self, id: &str, grace: Duration) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn kill(&self, id: &str) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn rename(&self, id: &str, name: &str) -> Result<(), EngineError> {
        unimplemented!()
    }
    /// Never its volumes.
    pub async fn remove(&self, id: &str, force: bool) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn set_restart(&self, id: &str, restart: &Restart) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn network(&self, name: &str) -> Result<Vec<Network>, EngineError> {
        unimplemented!()
    }
    pub async fn create_network(
        &self,
        name: &str,
        internal: bool,
        labels: &BTreeMap<String, String>,
    ) -> Result<String, EngineError> {
        unimplemented!()
    }
    pub async fn remove_network(&self, id: &str) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn attach(&self, network: &str, container: &str) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn detach(&self, network: &str, container: &str) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn exec(&self, id: &str, command: &[&str], time: Duration) -> Result<Output, EngineError> {
        unimplemented!()
    }
    pub async fn exec_stream(&self, id: &str, command: &[&str]) -> Result<ExecStream, EngineError> {
        unimplemented!()
    }
    pub async fn logs(&self, id: &str, last_lines: u32) -> Result<String, EngineError> {
        unimplemented!()
    }
    pub async fn follow_logs(
        &self,
        id: &str,
        last_lines: u32,
        each: impl FnMut(Line) -> ControlFlow<()>,
    ) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn pull(
        &self,
        image: &VerifiedImage,
        login: Option<Login>,
        progress: &mut (dyn FnMut(Pull) + Send),
    ) -> Result<(), EngineError> {
        unimplemented!()
    }
    pub async fn image(&self, image: &VerifiedImage) -> Result<Option<LocalImage>, EngineError> {
        unimplemented!()
    }
    pub async fn local_image(&self, id_or_name: &str) -> Result<Option<LocalImage>, EngineError> {
        unimplemented!()
    }
    pub async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        unimplemented!()
    }
}
