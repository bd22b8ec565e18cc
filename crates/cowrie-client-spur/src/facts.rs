//! What is kept of a context.

use cowrie_core::Asn;
use cowrie_enrichment::{CountryCode, Data};
use serde_json::{Map, Value};

use crate::wire::{AutonomousSystem, Client, Context, Location, Tunnel};

/// How many characters of a text are kept.
const MAX_TEXT: usize = 200;

/// How many words of a list are kept.
const MAX_WORDS: usize = 20;

/// How many tunnels are kept.
const MAX_TUNNELS: usize = 20;

/// How many addresses at either end of a tunnel are kept.
const MAX_ENDS: usize = 10;

type Facts = Map<String, Value>;

/// The facts in a context, by their names in `enrichment`; `None` when there are none.
pub(crate) fn facts(context: Context) -> Option<Data> {
    Data::new(collect([
        ("client", client(&context.client)),
        ("infrastructure", text(context.infrastructure.as_deref())),
        ("organization", text(context.organization.as_deref())),
        ("as", autonomous_system(&context.autonomous_system)),
        ("location", location(&context.location)),
        ("risks", words(&context.risks, MAX_WORDS)),
        ("services", words(&context.services, MAX_WORDS)),
        ("tunnels", tunnels(context.tunnels)),
    ]))
}

fn client(client: &Client) -> Option<Value> {
    object([
        ("types", words(&client.types, MAX_WORDS)),
        ("count", client.count.map(Value::from)),
        ("countries", client.countries.map(Value::from)),
        ("behaviors", words(&client.behaviors, MAX_WORDS)),
        ("proxies", words(&client.proxies, MAX_WORDS)),
    ])
}

fn autonomous_system(autonomous_system: &AutonomousSystem) -> Option<Value> {
    let number = autonomous_system.number.and_then(|number| Asn::try_from(number).ok());
    object([
        ("number", number.map(|number| number.as_i64().into())),
        ("organization", text(autonomous_system.organization.as_deref())),
    ])
}

fn location(location: &Location) -> Option<Value> {
    let country = location.country.as_deref().and_then(CountryCode::parse);
    object([
        ("city", text(location.city.as_deref())),
        ("state", text(location.state.as_deref())),
        ("country", country.map(|code| code.as_str().into())),
    ])
}

fn tunnels(tunnels: Vec<Value>) -> Option<Value> {
    // A list would pass as a tunnel without names.
    let objects = tunnels.into_iter().filter(Value::is_object);
    let read = objects.filter_map(|tunnel| serde_json::from_value(tunnel).ok());
    list(read.filter_map(|read: Tunnel| tunnel(&read)).take(MAX_TUNNELS).collect())
}

fn tunnel(tunnel: &Tunnel) -> Option<Value> {
    object([
        ("type", text(tunnel.kind.as_deref())),
        ("operator", text(tunnel.operator.as_deref())),
        ("anonymous", tunnel.anonymous.map(Value::from)),
        ("entries", words(&tunnel.entries, MAX_ENDS)),
        ("exits", words(&tunnel.exits, MAX_ENDS)),
    ])
}

fn collect<const N: usize>(facts: [(&str, Option<Value>); N]) -> Facts {
    facts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

fn object<const N: usize>(facts: [(&str, Option<Value>); N]) -> Option<Value> {
    let facts = collect(facts);
    (!facts.is_empty()).then_some(Value::Object(facts))
}

fn list(items: Vec<Value>) -> Option<Value> {
    (!items.is_empty()).then_some(Value::Array(items))
}

fn words(items: &[Value], max: usize) -> Option<Value> {
    list(items.iter().filter_map(|item| text(item.as_str())).take(max).collect())
}

/// The text without control characters, unless nothing is left of it.
fn text(text: Option<&str>) -> Option<Value> {
    let clean: String = text?.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect();
    let clean = clean.trim();
    (!clean.is_empty()).then(|| clean.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(context: Value, expected: &Value) {
        let context = serde_json::from_value(context).unwrap();
        let found = facts(context).map(|data| Value::Object(data.as_map().clone()));
        assert_eq!(found.unwrap_or_default(), *expected);
    }

    #[test]
    fn a_context_becomes_objects_with_spurs_own_words() {
        // The shape of the documentation's example, with other values.
        let context = json!({
            "as": {"number": 64500, "organization": "Example Hosting"},
            "client": {
                "behaviors": ["FILE_SHARING"],
                "concentration": {"city": "Lund", "country": "SE", "density": 0.2, "skew": 45},
                "count": 14, "countries": 2, "proxies": ["EXAMPLE_PROXY"],
                "spread": 4_941_431, "types": ["MOBILE", "DESKTOP"]
            },
            "infrastructure": "DATACENTER",
            "ip": "89.160.20.112",
            "location": {"city": "Lund", "country": "se", "state": "Skåne County"},
            "organization": "Example Users",
            "risks": ["TUNNEL", "CALLBACK_PROXY"],
            "services": ["IPSEC", "OPENVPN"],
            "tunnels": [{
                "anonymous": true, "entries": ["89.160.20.113"], "exits": ["89.160.20.112"],
                "operator": "EXAMPLE_VPN", "type": "VPN"
            }]
        });
        let expected = json!({
            "as": {"number": 64500, "organization": "Example Hosting"},
            "client": {
                "types": ["MOBILE", "DESKTOP"], "count": 14, "countries": 2,
                "behaviors": ["FILE_SHARING"], "proxies": ["EXAMPLE_PROXY"]
            },
            "infrastructure": "DATACENTER",
            "location": {"city": "Lund", "state": "Skåne County", "country": "SE"},
            "organization": "Example Users",
            "risks": ["TUNNEL", "CALLBACK_PROXY"],
            "services": ["IPSEC", "OPENVPN"],
            "tunnels": [{
                "type": "VPN", "operator": "EXAMPLE_VPN", "anonymous": true,
                "entries": ["89.160.20.113"], "exits": ["89.160.20.112"]
            }]
        });
        check(context, &expected);
    }

    #[test]
    fn what_is_empty_or_of_another_type_is_left_out() {
        check(json!({}), &Value::Null);
        check(json!({"ip": "89.160.20.112", "new": [[1]]}), &Value::Null);
        let nulls = json!({"as": null, "client": null, "location": null, "risks": null,
            "tunnels": null, "infrastructure": null});
        check(nulls, &Value::Null);
        let empty = json!({"as": {}, "client": {"types": [], "behaviors": [""]}, "risks": [],
            "location": {"country": "ZZ"}, "tunnels": [{}, {"entries": []}], "organization": " "});
        check(empty, &Value::Null);
        let odd = json!({"as": {"number": "64500"}, "client": {"count": -1, "types": "MOBILE"},
            "location": "Lund", "risks": [1, null, ["TUNNEL"], "TUNNEL"], "infrastructure": 7,
            "tunnels": [["VPN"], "VPN", {"type": "TOR", "operator": 5}]});
        check(odd, &json!({"risks": ["TUNNEL"], "tunnels": [{"type": "TOR"}]}));
        check(
            json!({"as": {"number": 0}, "client": {"count": 0}}),
            &json!({"client": {"count": 0}}),
        );
    }

    #[test]
    fn no_answer_grows_without_end() {
        let many = json!({"risks": vec!["TUNNEL"; 1_000], "organization": "x".repeat(1_000),
            "tunnels": vec![json!({"type": "VPN", "entries": vec!["89.160.20.113"; 50]}); 500]});
        let tunnel = json!({"type": "VPN", "entries": vec!["89.160.20.113"; MAX_ENDS]});
        let expected = json!({"risks": vec!["TUNNEL"; MAX_WORDS],
            "organization": "x".repeat(MAX_TEXT), "tunnels": vec![tunnel; MAX_TUNNELS]});
        check(many, &expected);
    }

    #[test]
    fn control_characters_are_dropped() {
        let dirty =
            json!({"organization": "a\u{0}\u{1b}[31mb\n", "risks": ["\u{0}", "TUN\u{0}NEL"]});
        check(dirty, &json!({"organization": "a[31mb", "risks": ["TUNNEL"]}));
    }
}
