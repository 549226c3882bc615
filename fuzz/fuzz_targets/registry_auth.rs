//! `WWW-Authenticate`, and Docker's `config.json`.
#![no_main]

use libfuzzer_sys::fuzz_target;
use oc_guardian::image::registry::{DockerConfig, parse_challenges};

fuzz_target!(|bytes: &[u8]| {
    if let Some(challenges) = std::str::from_utf8(bytes).ok().and_then(parse_challenges) {
        for challenge in challenges {
            assert!(!challenge.scheme.is_empty());
            assert!(!challenge.scheme.bytes().any(|byte| byte.is_ascii_uppercase()));
        }
    }
    if let Ok(config) = DockerConfig::parse(bytes) {
        for host in ["docker.io", "ghcr.io", "127.0.0.1:5000"] {
            let _ = config.helper(host);
            let _ = config.credential(host);
        }
    }
});
