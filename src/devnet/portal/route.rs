use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Path, Query, Request, State as Given};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::clock::Now;
use super::refusal::Refusal;
use super::server::Shared;
use super::state::State;
use super::{body, live, page};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// On every answer. A page may load what the portal itself serves, and nothing else.
const HEADERS: [(HeaderName, HeaderValue); 5] = [
    (
        HeaderName::from_static("content-security-policy"),
        HeaderValue::from_static(
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
             form-action 'none'; frame-ancestors 'none'",
        ),
    ),
    (
        HeaderName::from_static("x-content-type-options"),
        HeaderValue::from_static("nosniff"),
    ),
    (
        HeaderName::from_static("referrer-policy"),
        HeaderValue::from_static("no-referrer"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (CACHE_CONTROL, HeaderValue::from_static("no-store")),
];

type Portal = Given<Arc<Shared>>;
type From = ConnectInfo<SocketAddr>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/",
            get(async || (StatusCode::SEE_OTHER, [(LOCATION, page::BOARD)])),
        )
        .route(page::BOARD, get(async || page::board()))
        .route("/federations/{slug}", get(federation_page))
        .route(
            "/assets/{name}",
            get(async |Path(name): Path<String>| page::asset(&name)),
        )
        .route("/api/operator/registry", get(registry))
        .route("/api/federations", get(federations))
        .route("/api/public/federations/{slug}", get(federation))
        .route("/api/public/federations/{slug}/directory", get(directory))
        .route("/api/public/federations/{slug}/live", get(federation_live))
        .route("/api/operator/attestation", get(board).post(post_attestation))
        .route("/api/operator/attestation/live", get(board_live))
        .route("/api/operator/charter", get(charters).post(post_charter))
        .route("/api/operator/incidents", get(incidents).post(post_incident))
        .method_not_allowed_fallback(wrong_method)
        .fallback(async || Refusal::new(404, "not-found", "there is nothing at this address"))
        .layer(axum::middleware::map_response(with_headers))
        .with_state(shared)
}

async fn with_headers(mut response: Response) -> Response {
    response.headers_mut().extend(HEADERS);
    response
}

async fn wrong_method() -> Refusal {
    Refusal::new(405, "wrong-method", "this address does not take that method")
}

/// Which federation is asked about.
#[derive(Deserialize)]
struct About {
    federation: Option<String>,
}

async fn registry(Given(shared): Portal) -> Response {
    json(&shared.state().registry())
}

async fn federations(Given(shared): Portal) -> Response {
    json(&shared.state().federation_list())
}

async fn federation(Given(shared): Portal, Path(slug): Path<String>) -> Result<Response, Refusal> {
    shared.look(|state, now| Some(json(&state.federation(&slug, now)?)))
}

/// The directory file, byte for byte as it would be handed around.
async fn directory(Given(shared): Portal, Path(slug): Path<String>) -> Result<Response, Refusal> {
    let state = shared.state();
    let joined = state
        .federations
        .get(&slug)
        .ok_or_else(Refusal::unknown_federation)?;
    let directory = joined
        .directory
        .as_ref()
        .ok_or_else(|| Refusal::new(404, "no-directory", "this federation has no directory here"))?;
    Ok(([(CONTENT_TYPE, JSON)], directory.to_json()).into_response())
}

async fn charters(Given(shared): Portal, Query(about): Query<About>) -> Result<Response, Refusal> {
    let slug = about.slug()?;
    shared.look(|state, _| Some(json(&state.charters(&slug)?)))
}

async fn incidents(Given(shared): Portal, Query(about): Query<About>) -> Result<Response, Refusal> {
    let slug = about.slug()?;
    shared.look(|state, _| Some(json(&state.incidents(&slug)?)))
}

async fn board(Given(shared): Portal, Query(about): Query<About>) -> Result<Response, Refusal> {
    let slug = about.slug()?;
    shared.look(|state, now| Some(json(&state.board(&slug, now)?)))
}

async fn federation_page(Given(shared): Portal, Path(slug): Path<String>) -> Response {
    if shared.state().federations.contains_key(&slug) {
        page::federation()
    } else {
        page::absent()
    }
}

async fn board_live(Given(shared): Portal, Query(about): Query<About>) -> Result<Response, Refusal> {
    stream(&shared, about.slug()?, |state, slug, now| {
        text(&state.board(slug, now)?)
    })
}

async fn federation_live(Given(shared): Portal, Path(slug): Path<String>) -> Result<Response, Refusal> {
    stream(&shared, slug, |state, slug, now| {
        text(&state.federation(slug, now)?)
    })
}

fn stream(shared: &Arc<Shared>, slug: String, document: live::Document) -> Result<Response, Refusal> {
    if !shared.state().federations.contains_key(&slug) {
        return Err(Refusal::unknown_federation());
    }
    let Some(events) = live::events(shared, slug, document) else {
        let detail = "too many pages are kept up to date already";
        return Err(Refusal::new(503, "too-many-pages", detail));
    };
    Ok(([(CONTENT_TYPE, "text/event-stream")], Body::new(events)).into_response())
}

async fn post_attestation(
    Given(shared): Portal,
    ConnectInfo(from): From,
    request: Request,
) -> Result<Response, Refusal> {
    let bytes = envelope(&shared, request).await?;
    let taken = shared.change(|state, now| state.take_attestation(&bytes, from.ip(), now))?;
    Ok(json(&json!({
        "ok": true,
        "operator_id": taken.operator,
        "color": taken.standing.colour().as_str(),
        "cause": taken.standing.cause.as_str(),
        "repeated": taken.repeated,
    })))
}

async fn post_charter(
    Given(shared): Portal,
    ConnectInfo(from): From,
    request: Request,
) -> Result<Response, Refusal> {
    let bytes = envelope(&shared, request).await?;
    let done = shared.change(|state, now| state.take_charter(&bytes, from.ip(), now))?;
    Ok(json(
        &json!({ "ok": true, "operator_id": done.operator, "repeated": done.repeated }),
    ))
}

async fn post_incident(
    Given(shared): Portal,
    ConnectInfo(from): From,
    request: Request,
) -> Result<Response, Refusal> {
    let bytes = envelope(&shared, request).await?;
    let done = shared.change(|state, now| state.take_incident(&bytes, from.ip(), now))?;
    Ok(json(
        &json!({ "ok": true, "operator_id": done.operator, "id": done.id, "repeated": done.repeated }),
    ))
}

/// The body of a request that says it is JSON. A form of another site can say no such thing.
async fn envelope(shared: &Shared, request: Request) -> Result<Vec<u8>, Refusal> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default();
    if !kind.trim().eq_ignore_ascii_case("application/json") {
        return Err(Refusal::new(
            415,
            "not-json",
            "the content type is not application/json",
        ));
    }
    body::read(request.into_body(), shared.limits.body_time).await
}

impl About {
    fn slug(self) -> Result<String, Refusal> {
        self.federation
            .ok_or_else(|| Refusal::new(400, "no-federation", "the address needs ?federation=SLUG"))
    }
}

impl Shared {
    /// Looks at the state as it is now.
    fn look(&self, look: impl FnOnce(&State, Now) -> Option<Response>) -> Result<Response, Refusal> {
        let now = self.clock.now();
        let mut state = self.state();
        state.settle(now);
        look(&state, now).ok_or_else(Refusal::unknown_federation)
    }

    /// Changes the state, and wakes the pages.
    fn change<T>(&self, change: impl FnOnce(&mut State, Now) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let done = change(&mut self.state(), self.clock.now())?;
        self.changed.send_replace(());
        Ok(done)
    }
}

fn text(document: &impl Serialize) -> Option<String> {
    serde_json::to_string(document).ok()
}

fn json(document: &impl Serialize) -> Response {
    let text = text(document).expect("documents of strings, numbers and lists serialise");
    ([(CONTENT_TYPE, JSON)], text).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let document = json!({ "ok": false, "reason": self.reason, "detail": self.detail });
        let mut response = (status, json(&document)).into_response();
        // Of what is left of a body that was not read, nothing should be taken for the next request.
        if matches!(self.status, 408 | 413 | 415) {
            response
                .headers_mut()
                .insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
