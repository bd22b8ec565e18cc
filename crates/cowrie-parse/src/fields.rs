//! The fields of a stored event, decoded when asked for.

use std::borrow::Cow;

use crate::json::{JsonError, Member, Walker, decode};

/// The top-level fields of one stored event.
///
/// Texts are in the stored form: [`unescape_text`](crate::unescape_text) gives the bytes the
/// attacker sent.
#[derive(Debug)]
pub struct Fields<'a> {
    members: Vec<Member<'a>>,
    /// Whether no key holds an escape, so that keys can be compared as they stand.
    are_keys_plain: bool,
}

/// Up to so many keys, comparing each with each is quicker than a table of them.
const FEW_KEYS: usize = 32;

impl<'a> Fields<'a> {
    /// Reads the fields of a stored event.
    ///
    /// # Errors
    ///
    /// Where the text stops being a JSON object.
    pub fn read(text: &'a str) -> Result<Self, JsonError> {
        let members = Walker::new(text).object()?;
        let are_keys_plain = members.iter().all(|member| !member.key.contains('\\'));
        Ok(Self { members, are_keys_plain })
    }

    pub(crate) fn members(&self) -> &[Member<'a>] {
        &self.members
    }

    /// Whether no key stands there twice; `false` also where that is not seen at a glance.
    pub(crate) fn are_keys_distinct(&self) -> bool {
        let keys = || self.members.iter().map(|member| member.key);
        self.are_keys_plain
            && self.members.len() <= FEW_KEYS
            && !keys().enumerate().any(|(at, key)| keys().take(at).any(|other| other == key))
    }

    /// A field's value as it stands in the event; of equal keys, the last.
    fn raw(&self, name: &str) -> Option<&'a str> {
        let is_it = |member: &&Member<'a>| {
            member.key == name || (!self.are_keys_plain && decode(member.key) == name)
        };
        self.members.iter().rev().find(is_it).map(|member| member.value)
    }

    /// A field that is a string.
    pub fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        let inner = self.raw(name)?.strip_prefix('"')?.strip_suffix('"')?;
        Some(decode(inner))
    }

    /// A field that is a number, or a string that holds one (durations have been both).
    pub fn number(&self, name: &str) -> Option<f64> {
        let text = self.text(name).or_else(|| self.raw(name).map(Cow::Borrowed))?;
        text.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_by_name() {
        let fields =
            Fields::read(r#"{"a":"x\ny","n":1.5,"s":"2.5","o":{"a":1},"b":null,"a2":[]}"#).unwrap();
        assert_eq!(fields.text("a").as_deref(), Some("x\ny"));
        assert_eq!(fields.number("n"), Some(1.5));
        assert_eq!(fields.number("s"), Some(2.5));
        assert_eq!(Fields::read(r#"{"n":"\u0031\u0032"}"#).unwrap().number("n"), Some(12.0));
        assert_eq!(fields.text("n"), None);
        assert_eq!(fields.text("o"), None);
        assert_eq!(fields.text("b"), None);
        assert_eq!(fields.number("missing"), None);
    }
}
