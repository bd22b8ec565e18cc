//! Answers, in the way that was asked for: as text for people, as one line of JSON, or as CSV.

use anyhow::Context as _;
use serde_json::Value;

use crate::args::{Format, no_table};
use crate::{print, safe};

/// Prints an answer that is no table; CSV is refused for it. What such a command does must not be
/// done before [`OutputArgs::refuse_csv`](crate::args::OutputArgs::refuse_csv) agrees.
pub fn print_answer(
    format: Format,
    document: impl FnOnce() -> Value,
    text: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    let text = match format {
        Format::Json => json_line(&document()),
        Format::Human => text(),
        Format::Csv => return Err(no_table().into()),
    };
    print(&text).context("failed to print the answer")
}

/// Prints an answer that is a table: of the document, `rows` picks the objects that are its rows,
/// and `header` names their keys with commas between them; it is the first line and never changes.
pub fn print_table(
    format: Format,
    document: impl FnOnce() -> Value,
    text: impl FnOnce() -> String,
    header: &str,
    rows: impl FnOnce(&Value) -> Vec<Value>,
) -> anyhow::Result<()> {
    let text = match format {
        Format::Json => json_line(&document()),
        Format::Human => text(),
        Format::Csv => csv(header, &rows(&document())),
    };
    print(&text).context("failed to print the answer")
}

/// The objects of an array in a document.
pub fn rows_at(document: &Value, key: &str) -> Vec<Value> {
    document.get(key).and_then(Value::as_array).cloned().unwrap_or_default()
}

fn json_line(document: &Value) -> String {
    safe::json_line(&format!("{document}\n")).into_owned()
}

/// A header, and a line for each row; what a row lacks is empty.
fn csv(header: &str, rows: &[Value]) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        let cells: Vec<String> = header.split(',').map(|column| cell(row.get(column))).collect();
        text.push_str(&cells.join(","));
        text.push('\n');
    }
    text
}

/// Numbers are ours, and texts may be anybody's.
fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => safe::csv_field(text),
        Some(number @ (Value::Number(_) | Value::Bool(_))) => number.to_string(),
        Some(other) => safe::csv_field(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_table_is_csv_with_a_header() {
        let document = json!({ "rows": [
            { "id": 1, "what": "=cmd()", "more": "dropped", "yes": true },
            { "id": -2, "what": "a,\"b\"\n", "list": [1, "x"] },
            { "what": "", "share": 0.5 },
        ]});
        let text = csv("id,what,yes,list,share", &rows_at(&document, "rows"));
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(
            lines,
            [
                "id,what,yes,list,share",
                "1,\"'=cmd()\",true,,",
                "-2,\"a,\"\"b\"\"\\u{a}\",,\"[1,\"\"x\"\"]\",",
                ",,,,0.5"
            ]
        );
        assert_eq!(csv("a,b", &rows_at(&document, "none")), "a,b\n");
    }

    #[test]
    fn what_is_no_table_is_no_csv() {
        let error = print_answer(Format::Csv, || json!({}), String::new).unwrap_err();
        assert_eq!(crate::exit::exit_of(&error), crate::Exit::Usage);
        assert!(error.to_string().contains("--format json"), "{error}");
    }
}
