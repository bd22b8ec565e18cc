//! Spur: `GET /v2/context/{ip}` with the header `Token`.
//!
//! Each answer says in `x-balance-remaining` how many questions are left.
//! Source: <https://docs.spur.us/context-api>.

use serde_json::json;

use super::{Rules, address, has_key, only, step, unchanged};
use crate::Canned;

pub(super) const RULES: Rules = Rules {
    key: |asked| step(asked, &["v2", "context", "*"]),
    canonical: address,
    refusal: |asked| {
        let no_key = || Canned::json(json!({"message": "Unauthorized"}).to_string());
        only("GET", asked).or_else(|| (!has_key(asked, "token")).then(|| no_key().with_status(401)))
    },
    unknown: |_asked, _book| {
        with_balance(Canned::json(json!({"message": "Not Found"}).to_string())).with_status(404)
    },
    finish: unchanged,
    samples: || {
        let sample = |text: &str| with_balance(Canned::json(text));
        vec![
            ("45.148.10.121", sample(include_str!("../../samples/spur/45.148.10.121.json"))),
            ("71.6.135.131", sample(include_str!("../../samples/spur/71.6.135.131.json"))),
        ]
    },
};

/// The answer, with a balance that never shrinks.
pub(crate) fn with_balance(answer: Canned) -> Canned {
    answer.with_header("x-balance-remaining", "9999")
}
