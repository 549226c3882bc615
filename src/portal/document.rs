use std::io::Read;
use std::time::Duration;

use super::error::PortalError;
use super::http;

/// How long a document may take.
const TIME: Duration = Duration::from_secs(15);

/// Why a document could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The authority's file cannot be used.
    #[error(transparent)]
    Authority(#[from] PortalError),
    /// No answer came.
    #[error("{url} cannot be reached: {why}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// Why not.
        why: String,
    },
    /// Not 200.
    #[error("{url} answered with status {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// More than was allowed.
    #[error("{url} has more than {limit} bytes")]
    TooLarge {
        /// What was asked for.
        url: String,
        /// Bytes allowed.
        limit: usize,
    },
}

/// An agent for addresses that are not the portal's: no redirects, no proxy, and the certificate authorities of the PEM text
/// instead of the public ones, where there is one.
///
/// # Errors
/// [`PortalError::Authority`]
pub fn plain_agent(authority: Option<&[u8]>) -> Result<ureq::Agent, PortalError> {
    let authorities = authority
        .map(|pem| http::authorities(pem).map_err(PortalError::Authority))
        .transpose()?;
    Ok(http::agent(authorities, None))
}

/// Fetches a document of at most `limit` bytes from any address, following no redirect. What it is worth is for its reader
/// to say: nothing is believed because of where it came from.
///
/// # Errors
/// [`DocumentError`]
pub fn fetch_document(url: &str, authority: Option<&[u8]>, limit: usize) -> Result<Vec<u8>, DocumentError> {
    let agent = plain_agent(authority)?;
    let unreachable = |why: String| DocumentError::Unreachable {
        url: url.to_owned(),
        why,
    };
    let request = agent.get(url).config().timeout_global(Some(TIME)).build();
    let mut response = request.call().map_err(|error| unreachable(error.to_string()))?;
    if response.status() != 200 {
        return Err(DocumentError::Status {
            url: url.to_owned(),
            status: response.status().as_u16(),
        });
    }
    let mut bytes = Vec::new();
    let body = response.body_mut().as_reader();
    body.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| unreachable(error.to_string()))?;
    if bytes.len() > limit {
        return Err(DocumentError::TooLarge {
            url: url.to_owned(),
            limit,
        });
    }
    Ok(bytes)
}
