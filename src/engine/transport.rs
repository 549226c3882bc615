//! How requests reach an engine. bollard builds them; what it is connected to is ours.

use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::BollardRequest;
use http::header::HOST;
use http::{HeaderName, HeaderValue, Response, Uri};
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::{TcpStream, UnixStream};

use super::io::{Budget, Io, Metered, TOO_LARGE};
use super::ssh::{self, Said};
use super::text::{one_line, with_sources};
use super::{Endpoint, EngineError, tls};

/// Largest answer that is read whole, in bytes.
const MAX_ANSWER: u64 = 16 << 20;
/// Most that the story of a pull may be, in bytes.
const MAX_PULL: u64 = 128 << 20;
/// Connections that wait for a next request. An ssh connection takes half a second to make.
const MAX_IDLE: usize = 4;
const REGISTRY_AUTH: HeaderName = HeaderName::from_static("x-registry-auth");

type Body = UnsyncBoxBody<Bytes, Box<dyn std::error::Error + Send + Sync>>;

/// Connections to one engine.
#[derive(Clone)]
pub(super) struct Transport(Arc<Shared>);

struct Shared {
    endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
    patience: Duration,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    sender: SendRequest<Body>,
    budget: Budget,
    said: Option<Said>,
}

impl Transport {
    /// Connects to nothing yet; `patience` is for making one connection.
    pub(super) fn new(endpoint: &Endpoint, patience: Duration) -> Result<Self, EngineError> {
        let tls = match endpoint {
            Endpoint::Tcp { tls: Some(files), .. } => {
                let bad = |detail: String| EngineError::Tls {
                    endpoint: endpoint.to_string(),
                    detail: one_line(&detail),
                };
                Some(tls::config(files).map_err(bad)?)
            }
            _ => None,
        };
        Ok(Self(Arc::new(Shared {
            endpoint: endpoint.clone(),
            tls,
            patience,
            idle: Mutex::default(),
        })))
    }

    /// The answer to a request; its body may still be on the way.
    pub(super) fn request(
        &self,
        request: BollardRequest,
    ) -> impl Future<Output = Result<Response<Incoming>, bollard::errors::Error>> + Send + use<> {
        let shared = Arc::clone(&self.0);
        async move { shared.send(request).await.map_err(carried) }
    }
}

/// bollard has no room for errors of others but this.
fn carried(error: EngineError) -> bollard::errors::Error {
    io::Error::other(error).into()
}

impl Shared {
    async fn send(&self, request: BollardRequest) -> Result<Response<Incoming>, EngineError> {
        let (mut head, body) = request.into_parts();
        let path = head.uri.path_and_query().cloned();
        let path = path.unwrap_or_else(|| http::uri::PathAndQuery::from_static("/"));
        let budget = budget(path.path());
        let what = format!("{} {}", head.method, path.path());
        head.uri = Uri::from(path);
        head.headers.insert(HOST, HeaderValue::from_static("docker"));
        if let Some(value) = head.headers.get_mut(REGISTRY_AUTH) {
            *value = url_safe(value);
        }
        let request = http::Request::from_parts(head, body.map_err(Into::into).boxed_unsync());
        let mut connection = match self.idle() {
            Some(connection) => connection,
            None => self.connect().await?,
        };
        connection.budget.set(budget);
        match connection.sender.send_request(request).await {
            Ok(response) => {
                // It is taken up again when the answer has been read. One that was upgraded, or left in the middle, never is.
                self.keep(connection);
                Ok(response)
            }
            Err(error) => Err(self.broken(&connection, what, &error).await),
        }
    }

    fn idle(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| !connection.sender.is_closed());
        let ready = idle.iter().position(|connection| connection.sender.is_ready())?;
        Some(idle.swap_remove(ready))
    }

    fn keep(&self, connection: Connection) {
        // Over a local socket a new connection costs nothing, and an old one may have been closed meanwhile.
        if !matches!(self.endpoint, Endpoint::Ssh(_)) {
            return;
        }
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }

    async fn broken(&self, connection: &Connection, what: String, error: &hyper::Error) -> EngineError {
        let endpoint = self.endpoint.to_string();
        if connection.budget.is_spent() {
            return EngineError::Misbehaved {
                endpoint,
                what,
                detail: TOO_LARGE.into(),
            };
        }
        if let Some(said) = &connection.said {
            // What ssh says comes by another way, a moment later.
            tokio::time::sleep(Duration::from_millis(200)).await;
            let said = one_line(&said.text());
            if !said.is_empty() {
                return EngineError::Ssh {
                    endpoint,
                    detail: said,
                };
            }
        }
        EngineError::Connection {
            endpoint,
            what,
            detail: one_line(&with_sources(error)),
        }
    }

    async fn connect(&self) -> Result<Connection, EngineError> {
        match tokio::time::timeout(self.patience, self.dial()).await {
            Ok(connection) => connection,
            Err(_) => Err(EngineError::Timeout {
                endpoint: self.endpoint.to_string(),
                what: "connection".into(),
                after: self.patience,
            }),
        }
    }

    async fn dial(&self) -> Result<Connection, EngineError> {
        let no_engine = |error: io::Error| no_engine(&self.endpoint, &error);
        let (io, said): (Box<dyn Io>, _) = match &self.endpoint {
            Endpoint::Unix(path) => (
                Box::new(UnixStream::connect(path).await.map_err(no_engine)?),
                None,
            ),
            Endpoint::Tcp { host, port, .. } => {
                let tcp = TcpStream::connect((host.as_str(), *port))
                    .await
                    .map_err(no_engine)?;
                let _ = tcp.set_nodelay(true);
                match &self.tls {
                    None => (Box::new(tcp), None),
                    Some(config) => {
                        let bad = |detail: String| EngineError::Tls {
                            endpoint: self.endpoint.to_string(),
                            detail: one_line(&detail),
                        };
                        let tls = tls::open(Arc::clone(config), host, tcp).await.map_err(bad)?;
                        (Box::new(tls), None)
                    }
                }
            }
            Endpoint::Ssh(destination) => {
                let (ssh, said) = ssh::open(destination).map_err(|error| EngineError::Ssh {
                    endpoint: self.endpoint.to_string(),
                    detail: format!("ssh does not start: {error}"),
                })?;
                (Box::new(ssh), Some(said))
            }
        };
        let budget = Budget::default();
        budget.set(MAX_ANSWER);
        let metered = Metered {
            io,
            budget: budget.clone(),
        };
        let handshake = http1::handshake(TokioIo::new(metered)).await;
        let (sender, connection) = handshake.map_err(|error| EngineError::Connection {
            endpoint: self.endpoint.to_string(),
            what: "connection".into(),
            detail: one_line(&with_sources(&error)),
        })?;
        // Ends with the sender and the answer. What goes wrong in it is told to whoever reads the answer.
        tokio::spawn(async move {
            let _ = connection.with_upgrades().await;
        });
        Ok(Connection { sender, budget, said })
    }
}

fn no_engine(endpoint: &Endpoint, error: &io::Error) -> EngineError {
    let endpoint = endpoint.to_string();
    match error.kind() {
        io::ErrorKind::PermissionDenied => EngineError::Denied { endpoint },
        _ => EngineError::NoEngine {
            endpoint,
            detail: one_line(&error.to_string()),
        },
    }
}

/// How much may come in answer to a request for this path. Streams are bounded by those who read them.
fn budget(path: &str) -> u64 {
    if path.ends_with("/logs") || (path.starts_with("/exec/") && path.ends_with("/start")) {
        u64::MAX
    } else if path == "/images/create" {
        MAX_PULL
    } else {
        MAX_ANSWER
    }
}

/// bollard encodes credentials with the standard alphabet; engines expect the URL-safe one and silently take a header in which
/// `+` or `/` stands for none at all.
fn url_safe(value: &HeaderValue) -> HeaderValue {
    let replaced: Vec<u8> = value
        .as_bytes()
        .iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => *other,
        })
        .collect();
    let mut value = HeaderValue::from_bytes(&replaced).unwrap_or_else(|_| value.clone());
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_sent_in_the_alphabet_that_engines_read() {
        let value = url_safe(&HeaderValue::from_static("ab+/cd=="));
        assert_eq!(value, "ab-_cd==");
        assert!(value.is_sensitive());
    }

    #[test]
    fn only_streams_have_no_end() {
        assert_eq!(budget("/containers/x/logs"), u64::MAX);
        assert_eq!(budget("/exec/x/start"), u64::MAX);
        assert_eq!(budget("/containers/x/start"), MAX_ANSWER);
        assert_eq!(budget("/images/create"), MAX_PULL);
    }
}
