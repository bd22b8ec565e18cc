//! `GreyNoise`: `GET /v3/community/{ip}` with the header `key`.
//!
//! Source: <https://docs.greynoise.io/reference/getcommunityip>.

use std::net::Ipv4Addr;

use serde_json::json;

use super::{Rules, address, has_key, only, step, unchanged};
use crate::Canned;

pub(super) const RULES: Rules = Rules {
    key: |asked| step(asked, &["v3", "community", "*"]),
    canonical: address,
    refusal: |asked| {
        let no_key = || Canned::json(json!({"message": "unauthorized"}).to_string());
        only("GET", asked).or_else(|| (!has_key(asked, "key")).then(|| no_key().with_status(401)))
    },
    unknown: |asked, _book| unknown(&asked.key),
    finish: unchanged,
    samples: || {
        vec![
            ("8.8.8.8", sample(include_str!("../../samples/greynoise/8.8.8.8.json"))),
            ("71.6.135.131", sample(include_str!("../../samples/greynoise/71.6.135.131.json"))),
            ("45.148.10.121", sample(include_str!("../../samples/greynoise/45.148.10.121.json"))),
        ]
    },
};

fn sample(text: &str) -> Canned {
    Canned::json(text)
}

/// What is no IPv4 address is a bad question; the service knows no others.
fn unknown(key: &str) -> Canned {
    if key.parse::<Ipv4Addr>().is_err() {
        let message = "Request is not a valid routable IPv4 address";
        return Canned::json(json!({"message": message}).to_string()).with_status(400);
    }
    let message = "IP not observed scanning the internet or contained in RIOT data set.";
    let said = json!({"ip": key, "noise": false, "riot": false, "message": message});
    Canned::json(said.to_string()).with_status(404)
}
