//! Finding hosts: a public registry cannot send us to addresses that only this machine or its network can reach.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Uri;
use ureq::Proxy;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::url::is_public;
use crate::image::host::address;

/// Finds the registry itself, and notes whether it is on this network.
#[derive(Debug)]
pub(super) struct OfRegistry {
    pub(super) is_local: Arc<AtomicBool>,
    pub(super) proxy: Option<Proxy>,
}

/// Finds hosts that the registry names.
#[derive(Debug)]
pub(super) struct OfOthers {
    /// Of the registry: then what it names may be local, too.
    pub(super) is_local: Arc<AtomicBool>,
    pub(super) proxy: Option<Proxy>,
}

/// Whether what is looked up is the proxy itself. The operator named it: it may be local, and where it is says nothing of
/// the registry behind it. (A host that a registry names is spoken to by https, and a proxy usually by http: it does not pass
/// for the proxy.)
fn is_proxy(uri: &Uri, proxy: Option<&Proxy>) -> bool {
    proxy.is_some_and(|proxy| {
        let named = proxy.uri();
        uri.scheme() == named.scheme() && uri.authority() == named.authority()
    })
}

/// Refuses an address that only a network behind the proxy has. Names are looked up by the proxy, and what it lets through
/// is for its own rules to say: there, no check of ours sees the address.
pub(super) fn check_named(uri: &Uri, is_local: &AtomicBool) -> Result<(), LocalAddress> {
    let named = uri.host().and_then(address);
    if is_local.load(Ordering::Relaxed) || named.is_none_or(is_public) {
        return Ok(());
    }
    Err(LocalAddress)
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
        if is_proxy(uri, self.proxy.as_ref()) {
            return Ok(found);
        }
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
        if self.is_local.load(Ordering::Relaxed) || is_proxy(uri, self.proxy.as_ref()) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        text.parse().unwrap()
    }

    #[test]
    fn a_proxy_is_told_from_what_lies_behind_it() {
        let proxy = Proxy::new("http://10.0.0.1:3128").unwrap();
        let is = |text: &str| is_proxy(&uri(text), Some(&proxy));
        assert!(is_proxy(proxy.uri(), Some(&proxy)));
        for other in [
            "https://10.0.0.1:3128/",
            "http://10.0.0.1/",
            "http://10.0.0.2:3128/",
            "https://registry.example/",
        ] {
            assert!(!is(other), "{other}");
        }
        assert!(!is_proxy(proxy.uri(), None));
    }

    #[test]
    fn where_the_proxy_is_says_nothing_of_the_registry() {
        let proxy = Proxy::new("http://127.0.0.1:3128").unwrap();
        let is_local = Arc::new(AtomicBool::new(false));
        let timeout = NextTimeout::default;
        let config = Config::default();
        let of_registry = OfRegistry {
            is_local: Arc::clone(&is_local),
            proxy: Some(proxy.clone()),
        };
        let of_others = OfOthers {
            is_local: Arc::clone(&is_local),
            proxy: Some(proxy.clone()),
        };
        // Both go to the proxy, wherever it is.
        assert!(of_registry.resolve(proxy.uri(), &config, timeout()).is_ok());
        assert!(of_others.resolve(proxy.uri(), &config, timeout()).is_ok());
        assert!(!is_local.load(Ordering::Relaxed));
        // What is answered directly (NO_PROXY) has to be public as before.
        let direct = uri("https://127.0.0.1:8443/");
        assert!(of_others.resolve(&direct, &config, timeout()).is_err());
        assert!(check_named(&direct, &is_local).is_err());
        assert!(check_named(&uri("https://blobs.example/"), &is_local).is_ok());
        // A registry that is itself on this network may name others there.
        assert!(of_registry.resolve(&direct, &config, timeout()).is_ok());
        assert!(of_others.resolve(&direct, &config, timeout()).is_ok());
        assert!(check_named(&direct, &is_local).is_ok());
    }
}
