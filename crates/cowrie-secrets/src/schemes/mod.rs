//! The places where secrets are kept, one module each: how a reference to it is written, and how
//! it is read.

pub(crate) mod aws;
pub(crate) mod file;
pub(crate) mod op;
pub(crate) mod program;
pub(crate) mod sops;
pub(crate) mod variable;
pub(crate) mod vault;

/// What precedes a `#`, and the key that follows it; an empty key is none.
fn split_key(text: &str) -> (&str, Option<String>) {
    match text.split_once('#') {
        Some((before, key)) => (before, Some(key).filter(|key| !key.is_empty()).map(str::to_owned)),
        None => (text, None),
    }
}

/// The key with its `#`, or nothing.
fn shown_key(key: Option<&str>) -> String {
    key.map(|key| format!("#{key}")).unwrap_or_default()
}
