//! The pages and what they load. They are the same for everybody: what they show comes in as data, and goes onto the
//! page as text.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::refusal::Refusal;

/// Where the board is.
pub(super) const BOARD: &str = "/me/operator/attestation";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";

pub(super) fn board() -> Response {
    ([(CONTENT_TYPE, HTML)], include_str!("page/board.html")).into_response()
}

pub(super) fn federation() -> Response {
    ([(CONTENT_TYPE, HTML)], include_str!("page/federation.html")).into_response()
}

pub(super) fn absent() -> Response {
    let page = ([(CONTENT_TYPE, HTML)], include_str!("page/absent.html"));
    (StatusCode::NOT_FOUND, page).into_response()
}

pub(super) fn asset(name: &str) -> Response {
    let (kind, content) = match name {
        "portal.css" => (STYLE, include_str!("page/portal.css")),
        "board.js" => (SCRIPT, include_str!("page/board.js")),
        "federation.js" => (SCRIPT, include_str!("page/federation.js")),
        "live.js" => (SCRIPT, include_str!("page/live.js")),
        _ => return Refusal::new(404, "not-found", "there is nothing at this address").into_response(),
    };
    ([(CONTENT_TYPE, kind)], content).into_response()
}
