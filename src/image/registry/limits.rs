use std::time::Duration;

/// Largest manifest or index, in bytes. Registries accept no larger ones (OCI distribution-spec, Pushing Manifests).
pub const MAX_MANIFEST: usize = 4 << 20;
/// Largest list of referrers, in bytes, all pages together.
pub(super) const MAX_REFERRERS: usize = MAX_MANIFEST;
/// Most pages of the referrers API.
pub(super) const MAX_PAGES: usize = 16;
/// Largest answer of a login service, in bytes.
pub(super) const MAX_LOGIN: usize = 64 << 10;
/// Most of an error's body that is read, in bytes.
pub(super) const MAX_ERROR: usize = 64 << 10;
/// Largest head of an answer, in bytes.
pub(super) const MAX_HEAD: usize = 32 << 10;
/// Most redirects from a blob to where it lies.
pub(super) const MAX_REDIRECTS: usize = 3;

/// How long a registry may take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To find the host and connect to it, including TLS.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub read: Duration,
    /// For one answer as a whole.
    pub request: Duration,
    /// For everything that one client asks of one registry, from its first request on. No request is begun after it.
    pub total: Duration,
    /// To wait, in one request, because the registry asks to (`Retry-After`) or has trouble.
    pub wait: Duration,
    /// Times that one request is sent.
    pub attempts: u32,
    /// Pause before the second attempt, where the registry does not name one; doubled each time.
    pub pause: Duration,
    /// For a credential helper to answer.
    pub helper: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(15),
            request: Duration::from_secs(60),
            total: Duration::from_secs(180),
            wait: Duration::from_secs(30),
            attempts: 3,
            pause: Duration::from_millis(300),
            helper: Duration::from_secs(15),
        }
    }
}
