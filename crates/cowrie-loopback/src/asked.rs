//! One question as it came over the wire.

use std::collections::BTreeMap;
use std::time::Instant;

/// A request that a provider was sent.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What it asks about: address, host, digest, prefix, or path of a file. Empty when the path is
    /// none of the provider's.
    pub key: String,
    /// `GET`, `POST`...
    pub method: String,
    /// The path as the real provider would see it, without the first step that names the provider.
    pub path: String,
    /// What stands behind the `?`, undecoded; empty when there is nothing.
    pub query: String,
    /// Headers by their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body as text; bytes that are no UTF-8 are replaced.
    pub body: String,
    /// When it came in.
    pub at: Instant,
}

impl Asked {
    /// The value of a header; the name is in lower case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// A value of the query.
    pub(crate) fn query_value(&self, name: &str) -> Option<String> {
        form_value(&self.query, name)
    }

    /// A value of the body, which is a form.
    pub(crate) fn form_value(&self, name: &str) -> Option<String> {
        form_value(&self.body, name)
    }
}

/// The value of a name in `application/x-www-form-urlencoded`.
fn form_value(form: &str, name: &str) -> Option<String> {
    let pairs = form.trim().split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    let (_, value) = pairs.into_iter().find(|(other, _)| *other == name)?;
    Some(percent_decoded(&value.replace('+', " ")))
}

/// Text without percent-encoding; what is no UTF-8 then is replaced.
pub(crate) fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let escape = (first == b'%').then(|| behind.split_at_checked(2)).flatten();
        let decoded = escape.and_then(|(digits, behind)| Some((byte_of(digits)?, behind)));
        let (byte, behind) = decoded.unwrap_or((first, behind));
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn byte_of(digits: &[u8]) -> Option<u8> {
    u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(percent_decoded(text), expected);
    }

    #[test]
    fn text_is_decoded() {
        check("192.0.2.1", "192.0.2.1");
        check("2001%3Adb8%3a%3A1", "2001:db8::1");
        check("100%", "100%");
        check("%4", "%4");
        check("%zz%C3%A9", "%zz\u{e9}");
        check("%FF", "\u{fffd}");
    }

    #[test]
    fn forms_are_read() {
        assert_eq!(form_value("a=1&host=x%2By+z\r\n", "host").as_deref(), Some("x+y z"));
        assert_eq!(form_value("json", "json").as_deref(), Some(""));
        assert_eq!(form_value("", "host"), None);
    }
}
