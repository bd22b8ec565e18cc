//! An explanation for people.

use std::fmt::Write as _;

use cowrie_cli::safe;
use cowrie_explain::Explanation;
use cowrie_parse::unescape_text;
use serde_json::Value;

/// All of it, line by line: texts of the attacker as the bytes that they stand for.
pub(super) fn text(explanation: &Explanation) -> String {
    let mut text = String::new();
    for (name, value) in &explanation.facts {
        match value {
            // What is stored is shown as it is stored.
            Value::String(stored) if *name == "stored" => {
                line(&mut text, 0, name, &safe::bytes(stored.as_bytes()));
            }
            _ => tell(&mut text, 0, name, value),
        }
    }
    line(&mut text, 0, "original", &safe::bytes(&explanation.original));
    text.push('\n');
    text
}

/// A value and what is in it; what is not there is not told.
fn tell(text: &mut String, depth: usize, name: &str, value: &Value) {
    match value {
        Value::String(stored) => {
            line(text, depth, name, &safe::bytes(&unescape_text(stored)));
        }
        Value::Object(members) if !members.is_empty() => {
            line(text, depth, name, "");
            for (name, value) in members {
                tell(text, depth + 1, name, value);
            }
        }
        Value::Array(values) => {
            for value in values {
                tell(text, depth, name, value);
            }
        }
        Value::Null | Value::Object(_) => {}
        Value::Bool(_) | Value::Number(_) => line(text, depth, name, &value.to_string()),
    }
}

/// One line; the value is harmless already.
fn line(text: &mut String, depth: usize, name: &str, value: &str) {
    let name = safe::bytes(&unescape_text(name));
    let shown = format!("{:indent$}{name:<12} {value}", "", indent = 2 * depth);
    // Writing into a string cannot fail.
    writeln!(text, "{}", shown.trim_end()).unwrap_or_default();
}
