//! `DShield`: `GET /api/ip/{ip}?json` with a contact in the `User-Agent`.
//!
//! Source: <https://isc.sans.edu/api/>.

use serde_json::json;

use super::{Rules, address, only, step, unchanged};
use crate::{Asked, Canned};

pub(super) const RULES: Rules = Rules {
    key,
    canonical: address,
    refusal: |asked| only("GET", asked).or_else(|| nameless(asked)).or_else(|| xml(asked)),
    unknown: |asked, _book| unknown(&asked.key),
    finish: unchanged,
    samples: || {
        let sample = |text: &str| Canned::json(text);
        vec![
            ("45.148.10.121", sample(include_str!("../../samples/dshield/45.148.10.121.json"))),
            ("71.6.135.131", sample(include_str!("../../samples/dshield/71.6.135.131.json"))),
        ]
    },
};

fn key(asked: &Asked) -> Option<String> {
    step(asked, &["api", "ip", "*"])
}

/// Whoever does not say whom to write to is shut out.
fn nameless(asked: &Asked) -> Option<Canned> {
    let agent = asked.header("user-agent").unwrap_or_default();
    let refusal = || Canned::bytes("text/html", "<html><body>403 Forbidden</body></html>");
    (!agent.contains('@')).then(|| refusal().with_status(403))
}

/// Without `json` in the query, the answer is XML.
fn xml(asked: &Asked) -> Option<Canned> {
    if asked.query_value("json").is_some() {
        return None;
    }
    let number = key(asked)?.replace(['<', '&'], "");
    let text =
        format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<ip><number>{number}</number></ip>");
    Some(Canned::bytes("text/xml", text))
}

fn unknown(key: &str) -> Canned {
    let said = json!({"ip": {
        "number": key, "count": null, "attacks": null, "maxdate": null, "mindate": null,
        "updated": null, "comment": null, "maxrisk": null, "asabusecontact": null, "as": null,
        "asname": null, "ascountry": null, "assize": null, "network": null, "threatfeeds": null,
    }});
    Canned::json(said.to_string())
}
