//! What the legacy system cached of SPUR: eighteen values without names.
//!
//! Two of its programs wrote them in different orders: one kept the types of JSON, the other made
//! everything text, lists as Python prints them. A failure became eighteen empty texts in both.

use cowrie_enrichment::Outcome;
use serde_json::{Value, json};

use crate::facts::facts;

/// How many values there are in either order.
const LENGTH: usize = 18;

/// Where the order with types has lists.
const LISTS: [usize; 6] = [1, 7, 9, 15, 16, 17];

/// Where the order with types has numbers.
const NUMBERS: [usize; 4] = [4, 5, 6, 8];

/// Translates `{"spur_data": [...]}`.
///
/// `None` when it is something else, when its order cannot be told, or when it holds nothing:
/// that was a failure as often as an address that SPUR does not know.
pub fn from_legacy_cache(value: Value) -> Option<Outcome> {
    let Value::Object(mut cached) = value else { return None };
    let Value::Array(items) = cached.remove("spur_data")? else { return None };
    let items: [Value; LENGTH] = items.try_into().ok()?;
    let context = if items.iter().all(Value::is_string) {
        in_order_of_text(&items)?
    } else {
        in_order_of_types(items)?
    };
    let context = serde_json::from_value(context).ok()?;
    facts(context).map(Outcome::Found)
}

/// The order of values that kept their types.
fn in_order_of_types(items: [Value; LENGTH]) -> Option<Value> {
    let fits = |(at, item): (usize, &Value)| match item {
        Value::Array(_) => LISTS.contains(&at),
        Value::Number(_) => NUMBERS.contains(&at),
        Value::String(text) => text.is_empty() || !LISTS.contains(&at),
        Value::Null => true,
        Value::Bool(_) | Value::Object(_) => false,
    };
    let has_types = items.iter().any(|item| item.is_array() || item.is_number());
    if !has_types || !items.iter().enumerate().all(fits) {
        return None;
    }
    let [as_organization, behaviors, _, _, _, countries, count, proxies, _, types, rest @ ..] =
        items;
    let [infrastructure, city, country, state, organization, risks, services, tunnels] = rest;
    Some(json!({
        "as": {"organization": as_organization},
        "client": {
            "types": types, "count": count, "countries": countries, "behaviors": behaviors,
            "proxies": proxies
        },
        "infrastructure": infrastructure,
        "location": {"city": city, "state": state, "country": country},
        "organization": organization,
        "risks": risks,
        "services": services,
        "tunnels": tunnels
    }))
}

/// The order of values that were made text.
fn in_order_of_text(items: &[Value; LENGTH]) -> Option<Value> {
    let texts = items.each_ref().map(|item| item.as_str().filter(|text| *text != "None"));
    let [asn, as_organization, organization, infrastructure, rest @ ..] =
        texts.map(Option::unwrap_or_default);
    let [behaviors, proxies, types, count, _, countries, _, risks, services, rest @ ..] = rest;
    let [place, anonymous, entries, operator, kind] = rest;
    // At least one value must have the shape of its place, and none may contradict it.
    let shaped = [asn, count, behaviors, proxies, types, risks, services, anonymous];
    if shaped.iter().all(|text| text.is_empty()) {
        return None;
    }
    let place = place.split(", ").collect::<Vec<_>>();
    let place = <[&str; 3]>::try_from(place).unwrap_or_default();
    let [city, state, country] = place;
    Some(json!({
        "as": {"number": number(asn)?, "organization": as_organization},
        "client": {
            "types": list(types)?, "count": number(count)?, "countries": number(countries),
            "behaviors": list(behaviors)?, "proxies": list(proxies)?
        },
        "infrastructure": infrastructure,
        "location": {"city": city, "state": state, "country": country},
        "organization": organization,
        "risks": list(risks)?,
        "services": list(services)?,
        "tunnels": [{
            "type": kind, "operator": operator, "anonymous": truth(anonymous)?,
            "entries": list(entries)
        }]
    }))
}

/// A number, or `null` for an empty text; `None` for any other text.
fn number(text: &str) -> Option<Value> {
    if text.is_empty() {
        return Some(Value::Null);
    }
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse::<u64>().ok()).flatten().map(Value::from)
}

/// A truth value as Python prints it, or `null` for an empty text; `None` for any other text.
fn truth(text: &str) -> Option<Value> {
    match text {
        "" => Some(Value::Null),
        "True" => Some(true.into()),
        "False" => Some(false.into()),
        _ => None,
    }
}

/// A list of plain words as Python prints it, or none for an empty text; `None` for any other.
fn list(text: &str) -> Option<Value> {
    if text.is_empty() {
        return Some(json!([]));
    }
    let inside = text.strip_prefix('[')?.strip_suffix(']')?;
    if inside.is_empty() {
        return Some(json!([]));
    }
    inside.split(", ").map(word).collect::<Option<Vec<_>>>().map(Value::Array)
}

fn word(text: &str) -> Option<Value> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let inside = text.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inside.contains(['\'', '"', '\\'])).then(|| inside.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(cached: Value, expected: Option<&Value>) {
        let found = match from_legacy_cache(cached) {
            Some(Outcome::Found(data)) => Some(Value::Object(data.as_map().clone())),
            None => None,
            other => panic!("{other:?}"),
        };
        assert_eq!(found.as_ref(), expected);
    }

    #[test]
    fn values_with_types_are_in_the_order_of_the_service() {
        // What the legacy programs stored from a stand-in for SPUR.
        let stored = json!({"spur_data": ["ORG-64500", [], "", "", "", "", "", [], "",
            ["DATACENTER"], "DATACENTER", "", "BD", "", "ORG-64501", [], [], []]});
        let expected = json!({"as": {"organization": "ORG-64500"},
            "client": {"types": ["DATACENTER"]}, "infrastructure": "DATACENTER",
            "location": {"country": "BD"}, "organization": "ORG-64501"});
        check(stored, Some(&expected));
        let full = json!({"spur_data": ["ORG", ["FILE_SHARING"], "SE", "u3b", 45, 2, 14,
            ["EXAMPLE_PROXY"], 4_941, ["MOBILE"], "MOBILE", "Lund", "SE", "Skåne County", "Users",
            ["TUNNEL"], ["IPSEC"], [{"anonymous": true, "operator": "EXAMPLE_VPN", "type": "VPN"}]]});
        let expected = json!({"as": {"organization": "ORG"},
            "client": {"types": ["MOBILE"], "count": 14, "countries": 2,
                "behaviors": ["FILE_SHARING"], "proxies": ["EXAMPLE_PROXY"]},
            "infrastructure": "MOBILE",
            "location": {"city": "Lund", "state": "Skåne County", "country": "SE"},
            "organization": "Users", "risks": ["TUNNEL"], "services": ["IPSEC"],
            "tunnels": [{"anonymous": true, "operator": "EXAMPLE_VPN", "type": "VPN"}]});
        check(full, Some(&expected));
    }

    #[test]
    fn values_made_text_are_in_the_order_of_the_parser() {
        let full = json!({"spur_data": ["64500", "ORG", "Users", "DATACENTER", "['FILE_SHARING']",
            "[\"EXAMPLE_PROXY\", 'OTHER_PROXY']", "['MOBILE']", "14", "{'country': 'SE'}", "2",
            "4941", "['TUNNEL']", "[]", "Lund, Skåne County, SE", "True", "['89.160.20.113']",
            "EXAMPLE_VPN", "VPN"]});
        let expected = json!({"as": {"number": 64500, "organization": "ORG"},
            "client": {"types": ["MOBILE"], "count": 14, "countries": 2,
                "behaviors": ["FILE_SHARING"], "proxies": ["EXAMPLE_PROXY", "OTHER_PROXY"]},
            "infrastructure": "DATACENTER",
            "location": {"city": "Lund", "state": "Skåne County", "country": "SE"},
            "organization": "Users", "risks": ["TUNNEL"],
            "tunnels": [{"anonymous": true, "operator": "EXAMPLE_VPN", "type": "VPN",
                "entries": ["89.160.20.113"]}]});
        check(full, Some(&expected));
        let mut few = vec![""; LENGTH];
        (few[0], few[3], few[7], few[8]) = ("64500", "DATACENTER", "None", "None");
        let expected = json!({"as": {"number": 64500}, "infrastructure": "DATACENTER"});
        check(json!({"spur_data": few}), Some(&expected));
    }

    /// All empty but one value.
    fn only(at: usize, value: Value) -> Value {
        let mut items = vec![json!(""); LENGTH];
        items[at] = value;
        json!({ "spur_data": items })
    }

    #[test]
    fn nothing_is_made_of_shells_and_riddles() {
        for other in [json!(null), json!([]), json!({}), json!({"spur_data": null}), json!("x")] {
            check(other, None);
        }
        for length in [0, 17, 19] {
            check(json!({"spur_data": vec!["64500"; length]}), None);
        }
        check(json!({"spur_data": vec![""; LENGTH]}), None);
        check(json!({"spur_data": vec![Value::Null; LENGTH]}), None);
        // Empty lists: an answer without facts, or what a failure left.
        check(only(15, json!([])), None);
        // These two could be from either order.
        check(only(10, json!("DATACENTER")), None);
        check(only(2, json!("Users")), None);
        // Shapes that contradict their places.
        check(only(0, json!("ORG")), None);
        check(only(4, json!("FILE_SHARING")), None);
        check(only(6, json!("['a, b']")), None);
        check(only(14, json!("Users")), None);
        check(only(2, json!(["FILE_SHARING"])), None);
        check(only(0, json!(64500)), None);
        check(only(17, json!({"type": "VPN"})), None);
        check(only(9, json!(true)), None);
        check(json!({"spur_data": vec![json!(["A"]); LENGTH]}), None);
    }
}
