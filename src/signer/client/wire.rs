use std::net::SocketAddr;
use std::path::Path;

use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::task::JoinHandle;

use super::ClientError;

/// Largest answer that is read, in bytes: one question about a request of 64 KiB, which has its payload twice, each escaped.
const MAX_ANSWER: usize = 1024 * 1024;

/// One HTTP connection.
pub(super) struct Wire {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
    authorization: Option<HeaderValue>,
    connection: JoinHandle<()>,
}

/// Status and body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Bytes,
}

impl Wire {
    pub(super) async fn unix(path: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path)
            .await
            .map_err(|source| ClientError::Unreachable {
                endpoint: path.display().to_string(),
                source,
            })?;
        Self::over(stream, HeaderValue::from_static("localhost"), None).await
    }

    /// `None` where the token cannot stand in a header.
    pub(super) async fn loopback(address: SocketAddr, token: &str) -> Option<Result<Self, ClientError>> {
        let mut authorization = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        authorization.set_sensitive(true);
        let host = HeaderValue::from_str(&address.to_string()).ok()?;
        Some(match TcpStream::connect(address).await {
            Ok(stream) => {
                let _ = stream.set_nodelay(true);
                Self::over(stream, host, Some(authorization)).await
            }
            Err(source) => Err(ClientError::Unreachable {
                endpoint: address.to_string(),
                source,
            }),
        })
    }

    async fn over<S>(
        stream: S,
        host: HeaderValue,
        authorization: Option<HeaderValue>,
    ) -> Result<Self, ClientError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(broken)?;
        // Its error is the exchange's, too.
        let connection = tokio::spawn(async move {
            let _ = connection.await;
        });
        Ok(Self {
            sender,
            host,
            authorization,
            connection,
        })
    }

    /// Whether the server has not closed it meanwhile.
    pub(super) fn is_open(&self) -> bool {
        !self.sender.is_closed()
    }

    pub(super) async fn exchange(
        &mut self,
        method: &'static str,
        path: &str,
        body: &[u8],
    ) -> Result<Answer, ClientError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.host.clone());
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization.clone());
        }
        if method == "POST" {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(body)))
            .map_err(|error| ClientError::Broken(error.to_string()))?;
        self.sender.ready().await.map_err(broken)?;
        let response = self.sender.send_request(request).await.map_err(broken)?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), MAX_ANSWER)
            .collect()
            .await
            .map_err(|error| ClientError::Broken(error.to_string()))?;
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.connection.abort();
    }
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn broken(error: hyper::Error) -> ClientError {
    ClientError::Broken(error.to_string())
}
