use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use serde::Serialize;

use super::HttpState;
use crate::telemetry::page;
use crate::telemetry::status::{AccountStatus, ScopeStatus};

const TEXT: &str = "text/plain; charset=utf-8";
const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";

/// `get` answers HEAD too, and 405 with `Allow` to everything else.
pub(super) fn router(state: HttpState) -> Router {
    let mut router = Router::new()
        .route("/metrics", get(metrics))
        .route("/livez", get(livez))
        .route("/readyz", get(readyz));
    if state.status_page {
        router = router
            .route("/", get(status_page))
            .route("/status", get(status_json));
    }
    router
        .fallback(not_found)
        .layer(from_fn(harden))
        .with_state(state)
}

async fn metrics(State(state): State<HttpState>) -> Response {
    let metrics = state.events.metrics();
    metrics.set_ready(state.board.missing().is_empty());
    match metrics.encode() {
        Ok(text) => answer(StatusCode::OK, METRICS, text),
        Err(error) => answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            TEXT,
            format!("the metrics cannot be written: {error}\n"),
        ),
    }
}

/// The process answers, that is all: it says nothing of AWS, whose outages no restart would mend.
async fn livez() -> Response {
    answer(StatusCode::OK, TEXT, "alive\n")
}

async fn readyz(State(state): State<HttpState>) -> Response {
    let missing = state.board.missing();
    if missing.is_empty() {
        return answer(StatusCode::OK, TEXT, "ready\n");
    }
    let mut text = String::from("not ready; waiting for:\n");
    for one in missing {
        text.push_str("- ");
        text.push_str(&crate::telemetry::sanitize(&one));
        text.push('\n');
    }
    answer(StatusCode::SERVICE_UNAVAILABLE, TEXT, text)
}

async fn status_page(State(state): State<HttpState>) -> Response {
    let html = page::render(
        &state.board.scopes(),
        (&state.board.feed(), &state.board.hearing()),
        &state.board.missing(),
        &state.board.wired(),
        &state.board.incidents(),
        Timestamp::now(),
    );
    answer(StatusCode::OK, HTML, html)
}

/// The document of several scopes: those without a verdict are named, so that their absence is no good news.
#[derive(Serialize)]
struct Scopes<'a> {
    accounts: Vec<&'a AccountStatus>,
    pending: Vec<&'a str>,
}

/// One scope is its account's object, several are a list; which of the two follows from the configuration alone.
async fn status_json(State(state): State<HttpState>) -> Response {
    let scopes = state.board.scopes();
    if let [
        ScopeStatus {
            last: Some(only), ..
        },
    ] = scopes.as_slice()
    {
        return json(StatusCode::OK, only.as_ref());
    }
    let accounts: Vec<_> = scopes
        .iter()
        .filter_map(|scope| scope.last.as_deref())
        .collect();
    let pending = scopes
        .iter()
        .filter(|scope| scope.last.is_none())
        .map(|scope| scope.name.as_str())
        .collect();
    // Nothing evaluated is no good news: without the status a reader would find no control that fails.
    let status = if accounts.is_empty() {
        StatusCode::SERVICE_UNAVAILABLE
    } else {
        StatusCode::OK
    };
    json(status, &Scopes { accounts, pending })
}

async fn not_found() -> Response {
    answer(StatusCode::NOT_FOUND, TEXT, "not found\n")
}

fn json(status: StatusCode, document: &impl Serialize) -> Response {
    match serde_json::to_string_pretty(document) {
        Ok(text) => answer(status, JSON, text),
        Err(error) => answer(
            StatusCode::INTERNAL_SERVER_ERROR,
            TEXT,
            format!("the status cannot be written: {error}\n"),
        ),
    }
}

fn answer(status: StatusCode, content_type: &'static str, body: impl Into<String>) -> Response {
    (status, [(CONTENT_TYPE, content_type)], body.into()).into_response()
}

/// Headers that hold for every answer: nothing is loaded, framed, guessed, kept or told to others.
async fn harden(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed: [(HeaderName, &'static str); 5] = [
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.insert(
        CONTENT_SECURITY_POLICY,
        page::CONTENT_SECURITY_POLICY.clone(),
    );
    response
}
