//! Finding hosts: a public registry cannot send us to addresses that only this machine or its network can reach.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::url::is_public;
use crate::image::host::address;

/// Finds the registry itself, and notes whether it is on this network.
#[derive(Debug)]
pub(super) struct OfRegistry {
    pub(super) is_local: Arc<AtomicBool>,
}

/// Finds hosts that the registry names.
#[derive(Debug)]
pub(super) struct OfOthers {
    /// Of the registry: then what it names may be local, too.
    pub(super) is_local: Arc<AtomicBool>,
}

/// Why [`OfOthers`] did not give an address.
#[derive(Debug)]
pub(super) struct LocalAddress;

impl std::error::Error for LocalAddress {}

impl fmt::Display for LocalAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a local address")
    }
}

impl Resolver for OfRegistry {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = find(uri, config, timeout)?;
        if found.iter().all(|address| !is_public(address.ip())) {
            self.is_local.store(true, Ordering::Relaxed);
        }
        Ok(found)
    }
}

impl Resolver for OfOthers {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = find(uri, config, timeout)?;
        if self.is_local.load(Ordering::Relaxed) {
            return Ok(found);
        }
        // Checked here and not before: a name could have another address the second time.
        let mut public = self.empty();
        for address in found.iter().filter(|address| is_public(address.ip())) {
            public.push(*address);
        }
        if public.is_empty() {
            return Err(ureq::Error::Other(Box::new(LocalAddress)));
        }
        Ok(public)
    }
}

fn find(uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
    // The library starts a thread for each request to look a name up, be it an address.
    if let Some(address) = uri.host().and_then(address) {
        let port = uri
            .port_u16()
            .unwrap_or(if uri.scheme_str() == Some("http") { 80 } else { 443 });
        let mut found = DefaultResolver::default().empty();
        found.push(SocketAddr::new(address, port));
        return Ok(found);
    }
    match DefaultResolver::default().resolve(uri, config, timeout) {
        // What the system says of an unknown name has no kind of its own, and would look like a failed connection.
        Err(ureq::Error::Io(_)) => Err(ureq::Error::HostNotFound),
        other => other,
    }
}
