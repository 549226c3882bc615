//! What a registry answers when nothing goes wrong: OCI distribution-spec 1.1, reading only.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oc_guardian::image::Digest;

use super::OCI_INDEX;
use super::state::{Auth, Challenge, State};
use super::wire::{Answer, Request};

pub fn answer(state: &mut State, request: &Request, address: SocketAddr) -> Answer {
    let (path, query) = request.path.split_once('?').unwrap_or((&request.path, ""));
    if let Some(bytes) = state.files.get(path) {
        return Answer::new(200, bytes.clone()).with("Content-Type", "application/octet-stream");
    }
    if path == "/token" {
        return token(state, request);
    }
    let Some(rest) = path.strip_prefix("/v2/") else {
        return error(404, "NOT_FOUND");
    };
    if !is_allowed(state, request) {
        return challenge(state, rest, address);
    }
    if rest.is_empty() {
        return Answer::new(200, "{}");
    }
    for (kind, get) in [
        ("/manifests/", manifest as fn(&State, &str, &str, &str) -> Answer),
        ("/blobs/", blob),
        ("/referrers/", referrers),
    ] {
        if let Some((repository, name)) = rest.rsplit_once(kind) {
            return get(state, repository, name, query);
        }
    }
    error(404, "NOT_FOUND")
}

pub fn error(status: u16, code: &str) -> Answer {
    let body = serde_json::json!({"errors": [{"code": code, "message": "as the test wants it"}]});
    Answer::new(status, body.to_string()).with("Content-Type", "application/json")
}

fn manifest(state: &State, repository: &str, name: &str, _: &str) -> Answer {
    let digest = match name.parse::<Digest>() {
        Ok(digest) => Some(digest),
        Err(_) => state.tags.get(&(repository.to_owned(), name.to_owned())).copied(),
    };
    let found = digest.and_then(|digest| {
        let stored = state.manifests.get(&(repository.to_owned(), digest))?;
        Some((digest, stored))
    });
    match found {
        Some((digest, (media_type, bytes))) => Answer::new(200, bytes.clone())
            .with("Content-Type", media_type)
            .with("Docker-Content-Digest", digest.to_string()),
        None => error(404, "MANIFEST_UNKNOWN"),
    }
}

fn blob(state: &State, _: &str, name: &str, _: &str) -> Answer {
    let found = name
        .parse()
        .ok()
        .and_then(|digest: Digest| state.blobs.get(&digest));
    match found {
        Some(bytes) => Answer::new(200, bytes.clone())
            .with("Content-Type", "application/octet-stream")
            .with("Docker-Content-Digest", name),
        None => error(404, "BLOB_UNKNOWN"),
    }
}

fn referrers(state: &State, repository: &str, name: &str, query: &str) -> Answer {
    if !state.referrers_api {
        return Answer::new(404, "404 page not found\n").with("Content-Type", "text/plain");
    }
    let all = state
        .referrers
        .get(&(repository.to_owned(), name.to_owned()))
        .cloned()
        .unwrap_or_default();
    let from: usize = query
        .strip_prefix("from=")
        .and_then(|it| it.parse().ok())
        .unwrap_or(0);
    let next = from.saturating_add(state.referrers_page);
    let page: Vec<_> = all.iter().skip(from).take(state.referrers_page).collect();
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": page});
    let answer = Answer::new(200, index.to_string()).with("Content-Type", OCI_INDEX);
    if next < all.len() {
        let link = format!("</v2/{repository}/referrers/{name}?from={next}>; rel=\"next\"");
        answer.with("Link", link)
    } else {
        answer
    }
}

fn is_allowed(state: &State, request: &Request) -> bool {
    let sent = request.header("authorization").unwrap_or_default();
    let token = sent.strip_prefix("Bearer ");
    match &state.auth {
        Auth::Open => true,
        Auth::AnonymousToken | Auth::Token { .. } | Auth::RefreshToken(_) => {
            token.is_some_and(|token| state.tokens.contains(token))
        }
        Auth::Basic { user, password } => sent == basic(user, password),
        Auth::Fixed(wanted) => token == Some(wanted),
        Auth::Nobody => false,
    }
}

fn challenge(state: &State, rest: &str, address: SocketAddr) -> Answer {
    let repository = ["/manifests/", "/blobs/", "/referrers/"]
        .iter()
        .find_map(|kind| rest.rsplit_once(kind))
        .map_or("", |(repository, _)| repository);
    let bearer = |realm: &str| {
        format!(r#"Bearer realm="{realm}",service="test.example",scope="repository:{repository}:pull""#)
    };
    let text = match (&state.challenge, &state.auth) {
        (Challenge::Missing, _) => String::new(),
        (Challenge::Text(text), _) => text.clone(),
        (Challenge::Realm(realm), _) => bearer(realm),
        (Challenge::Right, Auth::Basic { .. }) => r#"Basic realm="test", charset="UTF-8""#.into(),
        (Challenge::Right, _) => bearer(&format!("http://{address}/token")),
    };
    error(401, "UNAUTHORIZED").with("WWW-Authenticate", text)
}

fn token(state: &mut State, request: &Request) -> Answer {
    let sent = request.header("authorization");
    let allowed = match &state.auth {
        Auth::AnonymousToken => sent.is_none(),
        Auth::Token { user, password } => sent == Some(basic(user, password)),
        Auth::RefreshToken(token) => {
            request.method == "POST" && request.body.contains(&format!("refresh_token={token}"))
        }
        _ => false,
    };
    if !allowed {
        return error(403, "DENIED");
    }
    state.tokens_given += 1;
    let token = format!("token-{}", state.tokens_given);
    state.tokens.insert(token.clone());
    let body = serde_json::json!({"token": token, "expires_in": 300});
    Answer::new(200, body.to_string()).with("Content-Type", "application/json")
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}
