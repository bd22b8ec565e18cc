//! A strict, allocation-free walk over JSON text: where values begin and end, and nothing else.

use std::borrow::Cow;

/// How deep values may nest before the text is refused.
const MAX_DEPTH: u32 = 128;

/// How many members an object may have before the text is refused; no event has a hundred, and
/// each costs memory while the event is read.
const MAX_MEMBERS: usize = 65_536;

/// Where a text stops being JSON.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{what} at byte {at}")]
pub struct JsonError {
    /// Offset of the offending byte, from the start of the text.
    pub at: usize,
    /// What was wrong there.
    pub what: &'static str,
}

/// One member of an object, both parts as they stand in the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Member<'a> {
    /// Offset of the key's closing quote in the text.
    pub(crate) key_end: usize,
    /// The key without its quotes, still escaped.
    pub(crate) key: &'a str,
    /// The value, whole.
    pub(crate) value: &'a str,
}

/// A position in a text that is read as JSON.
#[derive(Debug)]
pub(crate) struct Walker<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Walker<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The members of the object that the whole text is.
    pub(crate) fn object(mut self) -> Result<Vec<Member<'a>>, JsonError> {
        let mut members = Vec::with_capacity(16);
        self.blanks();
        self.expect(b'{', "no `{`")?;
        self.members(0, &mut |member| members.push(member))?;
        self.end()?;
        Ok(members)
    }

    /// The values of the array that the whole text is.
    pub(crate) fn array(mut self) -> Result<Vec<&'a str>, JsonError> {
        let mut values = Vec::new();
        self.blanks();
        self.expect(b'[', "no `[`")?;
        self.values(0, &mut |value| values.push(value))?;
        self.end()?;
        Ok(values)
    }

    fn end(mut self) -> Result<(), JsonError> {
        self.blanks();
        if self.at == self.text.len() { Ok(()) } else { Err(self.error("text after the value")) }
    }

    /// Members up to and with the closing brace; the opening one is behind us.
    fn members(&mut self, depth: u32, see: &mut dyn FnMut(Member<'a>)) -> Result<(), JsonError> {
        self.blanks();
        if self.eat(b'}') {
            return Ok(());
        }
        for _ in 0..MAX_MEMBERS {
            self.blanks();
            let key_start = self.at + 1;
            self.string()?;
            let key_end = self.at - 1;
            self.blanks();
            self.expect(b':', "no `:` after a key")?;
            self.blanks();
            let value_start = self.at;
            self.value(depth + 1)?;
            let key = self.slice(key_start, key_end);
            see(Member { key_end, key, value: self.slice(value_start, self.at) });
            self.blanks();
            if self.eat(b'}') {
                return Ok(());
            }
            self.expect(b',', "no `,` or `}` after a member")?;
        }
        Err(self.error("too many members"))
    }

    /// Values up to and with the closing bracket; the opening one is behind us.
    fn values(&mut self, depth: u32, see: &mut dyn FnMut(&'a str)) -> Result<(), JsonError> {
        self.blanks();
        if self.eat(b']') {
            return Ok(());
        }
        loop {
            self.blanks();
            let start = self.at;
            self.value(depth + 1)?;
            see(self.slice(start, self.at));
            self.blanks();
            if self.eat(b']') {
                return Ok(());
            }
            self.expect(b',', "no `,` or `]` after a value")?;
        }
    }

    fn value(&mut self, depth: u32) -> Result<(), JsonError> {
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => {
                self.at += 1;
                self.members(depth, &mut |_| ())
            }
            Some(b'[') => {
                self.at += 1;
                self.values(depth, &mut |_| ())
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => self.literal(),
        }
    }

    fn string(&mut self) -> Result<(), JsonError> {
        self.expect(b'"', "no string")?;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            match memchr::memchr2(b'"', b'\\', rest) {
                None => {
                    self.at = self.text.len();
                    return Err(self.error("string without an end"));
                }
                Some(found) => self.at += found + 1,
            }
            if self.text.as_bytes().get(self.at - 1) == Some(&b'"') {
                return Ok(());
            }
            self.escape_sequence()?;
        }
    }

    fn escape_sequence(&mut self) -> Result<(), JsonError> {
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                let digits = self.text.as_bytes().get(self.at + 1..self.at + 5);
                if !digits.is_some_and(|four| four.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.error("`\\u` without four hex digits"));
                }
                self.at += 5;
            }
            _ => return Err(self.error("unknown escape")),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), JsonError> {
        self.eat(b'-');
        if self.eat(b'0') {
            // A leading zero stands alone.
        } else {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if self.eat(b'e') || self.eat(b'E') {
            let _sign = self.eat(b'+') || self.eat(b'-');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.error("number without digits")) } else { Ok(()) }
    }

    fn literal(&mut self) -> Result<(), JsonError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let word = ["true", "false", "null"].into_iter().find(|w| rest.starts_with(w.as_bytes()));
        self.at += word.ok_or_else(|| self.error("no value"))?.len();
        Ok(())
    }

    fn blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), JsonError> {
        if self.eat(byte) { Ok(()) } else { Err(self.error(what)) }
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        // Both ends stand beside ASCII punctuation, so they are character boundaries.
        self.text.get(start..end).unwrap_or_default()
    }

    fn error(&self, what: &'static str) -> JsonError {
        JsonError { at: self.at, what }
    }
}

/// The values of a JSON array, each as it stands in the text.
///
/// # Errors
///
/// Where the text stops being a JSON array.
pub fn split_array(text: &str) -> Result<Vec<&str>, JsonError> {
    Walker::new(text).array()
}

/// The characters of a string between its quotes.
///
/// Half a surrogate pair becomes U+FFFD; the stored form of an event holds none.
pub(crate) fn decode(inner: &str) -> Cow<'_, str> {
    let Some(first) = memchr::memchr(b'\\', inner.as_bytes()) else {
        return Cow::Borrowed(inner);
    };
    let (plain, mut rest) = inner.split_at(first);
    let mut out = String::with_capacity(inner.len());
    out.push_str(plain);
    while let Some(tail) = rest.strip_prefix('\\') {
        let (character, after) = decode_escape(tail);
        out.push(character);
        let next = memchr::memchr(b'\\', after.as_bytes()).unwrap_or(after.len());
        let (plain, remaining) = after.split_at(next);
        out.push_str(plain);
        rest = remaining;
    }
    Cow::Owned(out)
}

/// The character behind a backslash, and what follows it.
fn decode_escape(tail: &str) -> (char, &str) {
    let mut characters = tail.chars();
    let character = match characters.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return decode_unicode(characters.as_str()),
        Some(other) => other,
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, characters.as_str())
}

/// The character whose UTF-16 spelling begins with the four hex digits that `tail` begins with.
fn decode_unicode(tail: &str) -> (char, &str) {
    let Some((unit, after)) = utf16_unit(tail) else {
        return (char::REPLACEMENT_CHARACTER, tail);
    };
    if let Some(character) = char::from_u32(u32::from(unit)) {
        return (character, after);
    }
    let pair = after.strip_prefix("\\u").and_then(utf16_unit).and_then(|(low, after)| {
        let character = char::decode_utf16([unit, low]).next()?.ok()?;
        Some((character, after))
    });
    pair.unwrap_or((char::REPLACEMENT_CHARACTER, after))
}

fn utf16_unit(tail: &str) -> Option<(u16, &str)> {
    let (digits, after) = tail.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_slices_of_the_text() {
        let members = Walker::new(r#" {"a" : [1, {"b":"}"}], "c\"d":-1.5e+3} "#).object().unwrap();
        let seen: Vec<_> = members.iter().map(|m| (m.key, m.value)).collect();
        assert_eq!(seen, [("a", r#"[1, {"b":"}"}]"#), (r#"c\"d"#, "-1.5e+3")]);
    }

    #[test]
    fn what_is_not_json_is_refused_where_it_breaks() {
        let check = |text: &str| Walker::new(text).object().err().map(|error| error.at);
        assert_eq!(check(r#"{"a":1"#), Some(6));
        assert_eq!(check(r#"{"a":01}"#), Some(6));
        assert_eq!(check(r#"{"a":"b}"#), Some(8));
        assert_eq!(check(r#"{"a":"\x"}"#), Some(7));
        assert_eq!(check(r"[1]"), Some(0));
        assert_eq!(check(r"{} {}"), Some(3));
        assert_eq!(check(&format!("{}1{}", "{\"a\":".repeat(200), "}".repeat(200))), Some(645));
    }

    #[test]
    fn an_object_has_a_bounded_number_of_members() {
        let members = |count: usize| format!("{{{}}}", vec![r#""":1"#; count].join(","));
        assert!(Walker::new(&members(MAX_MEMBERS)).object().is_ok());
        let error = Walker::new(&members(MAX_MEMBERS + 1)).object().unwrap_err();
        assert_eq!(error.what, "too many members");
    }

    #[test]
    fn strings_are_decoded() {
        assert_eq!(decode(r#"a\"\\\/\n\u00e9\ud83d\ude00z"#), "a\"\\/\né😀z");
        assert_eq!(decode(r"\ud83dx"), "\u{fffd}x");
    }

    #[test]
    fn an_array_is_split_into_its_values() {
        assert_eq!(split_array("[{\"a\":[1]},\n 2]").unwrap(), ["{\"a\":[1]}", "2"]);
        assert!(split_array("[1,]").is_err());
    }

    proptest::proptest! {
        #[test]
        fn agrees_with_serde_json(text in "[\\[\\]{}\",:\\\\a0-9eE.+\\- \nutrlsfn]{0,40}") {
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok_and(|v| v.is_object());
            let raw_control = text.contains('\n') && text.contains('"');
            let lone = text.to_lowercase().contains("\\ud");
            if !raw_control && !lone {
                proptest::prop_assert_eq!(Walker::new(&text).object().is_ok(), theirs, "{}", text);
            }
        }
    }
}
