//! From bytes to a secret.

use secrecy::SecretString;
use secrecy::zeroize::Zeroizing;
use serde_json::Value;

use crate::error::Problem;

/// The longest secret that is taken, in bytes.
pub const MAX_SECRET_BYTES: usize = 64 * 1024;

/// The longest document that a secret is one value of.
pub(crate) const MAX_DOCUMENT_BYTES: usize = 1024 * 1024;

/// The bytes as a secret: text, not empty and not too long.
pub(crate) fn secret_of(bytes: &[u8]) -> Result<SecretString, Problem> {
    if bytes.is_empty() {
        return Err(Problem::Empty);
    }
    if bytes.len() > MAX_SECRET_BYTES {
        return Err(Problem::TooLong);
    }
    match std::str::from_utf8(bytes) {
        // The copy has exactly the size of the text, so that boxing it does not make another.
        Ok(text) => Ok(SecretString::from(text)),
        Err(_) => Err(Problem::NotText),
    }
}

/// Without the one line ending that editors, `echo` and programs leave at the end.
pub(crate) fn without_line_ending(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}

/// The value in the document at `key`, or the document itself without one.
pub(crate) fn part_of(document: &[u8], key: Option<&str>) -> Result<SecretString, Problem> {
    let Some(key) = key else { return secret_of(without_line_ending(document)) };
    let root: Value = serde_json::from_slice(document).map_err(|_bad| Problem::NotJson)?;
    let secret = member(&root, key);
    wipe(root);
    secret
}

/// The value at `key` of a JSON object: a key of that very name, else a path of keys (and numbers,
/// from 0, of lists) with dots between them. What is not a string is given as JSON.
pub(crate) fn member(root: &Value, key: &str) -> Result<SecretString, Problem> {
    let no_key = || Problem::NoKey { key: key.to_owned() };
    let found = root.get(key).or_else(|| walk(root, key)).ok_or_else(no_key)?;
    match found {
        Value::Null => Err(Problem::Empty),
        Value::String(text) => secret_of(text.as_bytes()),
        other => secret_of(Zeroizing::new(other.to_string()).as_bytes()),
    }
}

fn walk<'a>(root: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(root, |at, step| match at {
        Value::Object(object) => object.get(step),
        Value::Array(list) => list.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Overwrites the texts of a document that held secrets.
pub(crate) fn wipe(document: Value) {
    match document {
        Value::String(text) => drop(Zeroizing::new(text)),
        Value::Array(list) => list.into_iter().for_each(wipe),
        Value::Object(object) => object.into_iter().for_each(|(_, value)| wipe(value)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[track_caller]
    fn check(document: &str, key: Option<&str>, expected: Result<&str, &str>) {
        let found = part_of(document.as_bytes(), key);
        let shown = found.as_ref().map(ExposeSecret::expose_secret).map_err(ToString::to_string);
        assert_eq!(shown, expected.map_err(str::to_owned), "{document} {key:?}");
    }

    #[test]
    fn keys_name_values_and_paths_lead_to_them() {
        let document = r#"{"a":{"b":["x","y"]},"a.c":"dotted","n":5432,"t":true,"z":null,"e":""}"#;
        check(document, Some("a.b.1"), Ok("y"));
        check(document, Some("a.c"), Ok("dotted"));
        check(document, Some("n"), Ok("5432"));
        check(document, Some("t"), Ok("true"));
        check(document, Some("a.b"), Ok(r#"["x","y"]"#));
        check(document, Some("z"), Err("the value is empty"));
        check(document, Some("e"), Err("the value is empty"));
        for key in ["b", "a.b.2", "a.b.-1", "n.x", "", "a..b"] {
            check(document, Some(key), Err(&format!("the value has no key `{key}`")));
        }
    }

    #[test]
    fn documents_without_a_key_are_the_secret() {
        check("s3cret\n", None, Ok("s3cret"));
        check("{\"a\":1}", None, Ok("{\"a\":1}"));
        check("", None, Err("the value is empty"));
        let not_json = "the value is not JSON, so it has no keys; leave out what follows `#`";
        check("s3cret", Some("a"), Err(not_json));
    }
}
