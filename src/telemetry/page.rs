use std::sync::LazyLock;

use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use maud::{DOCTYPE, PreEscaped, html};
use sha2::{Digest, Sha256};

use super::status::{FeedHealth, ScopeStatus};

const STYLE: &str = include_str!("page.css");

/// Nothing may be loaded or run; the one inline style is named by its hash.
pub(super) static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    // Base64 and the words above are all printable ASCII; if they were not, the strictest policy is the answer.
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
});

pub(super) fn render(
    scopes: &[ScopeStatus],
    _feed: &FeedHealth,
    _missing: &[String],
    _now: Timestamp,
) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head { style { (PreEscaped(STYLE)) } }
            body { p { (scopes.len()) " scopes" } }
        }
    }
    .into_string()
}
