use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{Method, Request};
use hyper::body::Incoming;
use serde::Deserialize;

use super::body;
use super::guard::{self, Door};
use super::limits::InFlight;
use crate::signer::{Caller, CallerId, Engine, Reply, Scope};

/// Longest that a request for an outcome waits, in seconds.
const MAX_WAIT: u64 = 60;

/// What all connections share.
pub(super) struct Shared {
    pub(super) engine: Arc<Engine>,
    pub(super) in_flight: InFlight,
}

/// Where a request goes.
enum Route<'a> {
    Health,
    Identity,
    Sign,
    Outcome(&'a str),
    Pending,
    Approve(&'a str),
    Deny(&'a str),
    Metrics,
    Reload,
}

impl<'a> Route<'a> {
    fn find(path: &'a str) -> Option<Self> {
        let segments: Vec<&str> = path.split('/').skip(1).take(5).collect();
        Some(match segments[..] {
            ["healthz"] => Self::Health,
            ["metrics"] => Self::Metrics,
            ["v1", "identity"] => Self::Identity,
            ["v1", "sign"] => Self::Sign,
            ["v1", "reload"] => Self::Reload,
            ["v1", "requests"] => Self::Pending,
            ["v1", "requests", id] => Self::Outcome(id),
            ["v1", "requests", id, "approve"] => Self::Approve(id),
            ["v1", "requests", id, "deny"] => Self::Deny(id),
            _ => return None,
        })
    }

    /// Nothing changes state on GET.
    fn method(&self) -> &'static str {
        match self {
            Self::Health | Self::Identity | Self::Outcome(_) | Self::Pending | Self::Metrics => "GET",
            Self::Sign | Self::Approve(_) | Self::Deny(_) | Self::Reload => "POST",
        }
    }

    fn is_operators(&self) -> bool {
        match self {
            Self::Health | Self::Identity | Self::Sign | Self::Outcome(_) => false,
            Self::Pending | Self::Approve(_) | Self::Deny(_) | Self::Metrics | Self::Reload => true,
        }
    }
}

/// What `approve` is told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Approval {
    /// Of the signed bytes that were shown: an approval is for what somebody has seen, not for an id.
    payload_sha256: String,
    #[serde(default)]
    scope: Scope,
}

/// What `deny` and `reload` are told.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Guards, then routes, then answers.
pub(super) async fn answer(shared: &Shared, door: &Door, request: Request<Incoming>) -> Reply {
    let (head, body) = request.into_parts();
    match handle(shared, door, &head, body).await {
        Ok(reply) | Err(reply) => {
            shared.engine.metrics().answered(reply.status);
            reply
        }
    }
}

async fn handle(shared: &Shared, door: &Door, head: &Parts, body: Incoming) -> Result<Reply, Reply> {
    guard::check(door, head)?;
    let caller = caller(door)?;
    let route = Route::find(head.uri.path())
        .ok_or_else(|| Reply::refused(404, "no-such-route", "there is no such path"))?;
    if route.is_operators() && !matches!(door, Door::Operator) {
        return Err(Reply::refused(
            403,
            "operator-only",
            "only the operator's own socket answers this",
        )
        .closing());
    }
    if head.method.as_str() != route.method() {
        return Err(Reply::refused(
            405,
            "wrong-method",
            format!("this path takes {} only", route.method()),
        )
        .allowing(route.method())
        .closing());
    }
    let wait = query(head, &route)?;
    let engine = &shared.engine;
    let permit = match route {
        Route::Health => return Ok(engine.health()),
        // Waiting takes nothing but a little memory, and must not keep the same caller from signing.
        Route::Outcome(_) => shared.in_flight.wait(&caller)?,
        _ => shared.in_flight.work(&caller)?,
    };
    let body = if head.method == Method::POST {
        body::read(head, body).await?
    } else {
        Vec::new()
    };
    Ok(match route {
        Route::Health => engine.health(),
        Route::Identity => engine.identity(),
        // Who hangs up has not made room for another one: the work goes on.
        Route::Sign => engine.sign_holding(caller, body, permit).await,
        Route::Outcome(id) => engine.outcome(&caller, id, wait).await,
        Route::Pending => engine.pending(),
        Route::Approve(id) => {
            let approval: Approval = parse(&body)?;
            let (engine, id) = (Arc::clone(engine), id.to_owned());
            let approved = tokio::spawn(async move {
                let reply = engine
                    .approve(&id, &approval.payload_sha256, approval.scope)
                    .await;
                drop(permit);
                reply
            });
            approved
                .await
                .unwrap_or_else(|_| Reply::refused(500, "internal", "the request could not be worked on"))
        }
        Route::Deny(id) => {
            let Nothing {} = parse(&body)?;
            engine.deny(id)
        }
        Route::Metrics => engine.metrics_text(),
        Route::Reload => {
            let Nothing {} = parse(&body)?;
            engine.reload().await
        }
    })
}

fn caller(door: &Door) -> Result<Caller, Reply> {
    match door {
        Door::Guardian { uid } => Ok(Caller::Guardian(CallerId::new(format!(
            "guardian socket, user {uid}"
        )))),
        Door::Loopback { .. } => Ok(Caller::Guardian(CallerId::new("loopback port"))),
        Door::Operator => Ok(Caller::Operator),
        Door::Stranger { uid } => Err(Reply::refused(
            403,
            "bad-uid",
            format!("user {uid} is not let in here; the operator can start with --allow-uid {uid}"),
        )
        .closing()),
    }
}

/// The only query that any path takes: `wait`, in seconds, for an outcome.
fn query(head: &Parts, route: &Route<'_>) -> Result<Duration, Reply> {
    let Some(query) = head.uri.query() else {
        return Ok(Duration::ZERO);
    };
    let wait = match route {
        Route::Outcome(_) => query.strip_prefix("wait=").and_then(|text| text.parse().ok()),
        _ => None,
    };
    match wait {
        Some(wait @ 0..=MAX_WAIT) => Ok(Duration::from_secs(wait)),
        _ => Err(Reply::refused(
            400,
            "bad-query",
            format!("the only query is ?wait=0 to ?wait={MAX_WAIT}, for the outcome of a request"),
        )),
    }
}

fn parse<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Reply> {
    if !body.trim_ascii_start().starts_with(b"{") {
        // The library would take an array for the fields in order.
        return Err(Reply::refused(422, "malformed", "the body is not a JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| {
        Reply::refused(
            422,
            "malformed",
            format!("the body is not as documented: {error}"),
        )
    })
}
