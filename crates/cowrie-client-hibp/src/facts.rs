//! What is kept of a range.

use cowrie_enrichment::{Data, Outcome};
use serde_json::{Map, Value};

use crate::wire::{Line, Suffix};

/// Translates what the legacy system cached: a map from the suffix to the count.
///
/// `None` when it is something else or empty.
pub fn from_legacy_cache(value: Value) -> Option<Outcome> {
    let Value::Object(cached) = value else { return None };
    if cached.is_empty() {
        return None;
    }
    let lines = cached.iter().map(|(suffix, count)| {
        Some(Line { suffix: Suffix::parse(suffix)?, count: count.as_u64()? })
    });
    let lines: Vec<_> = lines.collect::<Option<_>>()?;
    Some(facts(lines).map_or(Outcome::NotFound, Outcome::Found))
}

/// How often each password was seen, by its suffix; `None` when none was.
pub(crate) fn facts(lines: Vec<Line<'_>>) -> Option<Data> {
    // What was seen zero times is padding.
    let seen = lines.into_iter().filter(|line| line.count > 0);
    let counts: Map<_, _> =
        seen.map(|line| (line.suffix.spelled(), Value::from(line.count))).collect();
    Data::new(counts)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const A: &str = "0018A45C4D1DEF81644B54AB7F969B88D65"; // pragma: allowlist secret
    const B: &str = "00D4F6E8FA6EECAD2A3AA415EEC418D38EC"; // pragma: allowlist secret

    #[track_caller]
    fn check(cached: Value, expected: &Value) {
        let found = match from_legacy_cache(cached) {
            Some(Outcome::Found(data)) => Value::Object(data.as_map().clone()),
            Some(Outcome::NotFound) => json!("not found"),
            None => json!(null),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, *expected);
    }

    #[test]
    fn the_legacy_cache_is_a_map_of_counts() {
        check(json!({A: 10, B: 2}), &json!({A: 10, B: 2}));
        check(json!({A.to_lowercase(): 10, B: 0}), &json!({A: 10}));
        check(json!({A: 0}), &json!("not found"));
        let others = [
            json!(null),
            json!({}),
            json!([A]),
            json!({A: "10"}),
            json!({A: -1}),
            json!({A: 1.5}),
            json!({A: null}),
            json!({A: 10, "error": "timed out"}),
            json!({"breached": false, "prevalence": 0}),
            json!({"0018A": 10}),
        ];
        for other in others {
            check(other, &json!(null));
        }
    }
}
