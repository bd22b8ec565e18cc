//! `URLhaus`: `POST /v1/host/` with the header `Auth-Key` and the form `host=`.
//!
//! The status is in `query_status`, not in the head.
//! Source: <https://urlhaus-api.abuse.ch/>.

use serde_json::json;

use super::{Rules, address, has_key, unchanged};
use crate::{Asked, Canned};

pub(super) const RULES: Rules = Rules {
    key: |asked| {
        let path = asked.path.trim_matches('/');
        let is_right = ["v1/host", "host", ""].contains(&path);
        is_right.then(|| asked.form_value("host").unwrap_or_default())
    },
    canonical: address,
    refusal,
    unknown: |_asked, _book| status("no_results"),
    finish: unchanged,
    samples: || {
        let sample = Canned::json(include_str!("../../samples/urlhaus/45.148.10.121.json"));
        vec![("45.148.10.121", sample)]
    },
};

fn refusal(asked: &Asked) -> Option<Canned> {
    if asked.method != "POST" {
        return Some(status("http_post_expected"));
    }
    if asked.header("auth-key").is_none() {
        return Some(Canned::json(json!({"error": "Unauthorized"}).to_string()).with_status(401));
    }
    if !has_key(asked, "auth-key") {
        return Some(status("unknown_auth_key").with_status(401));
    }
    let is_at_host = asked.path.trim_matches('/').ends_with("host");
    (is_at_host && asked.key.is_empty()).then(|| status("invalid_host"))
}

fn status(status: &str) -> Canned {
    Canned::json(json!({"query_status": status}).to_string())
}
