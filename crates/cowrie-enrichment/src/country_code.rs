//! Country codes.

use std::fmt;

/// Two capitals after ISO 3166-1 alpha-2, never `XX` or `ZZ`, which say that nothing is known.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct CountryCode([u8; 2]);

impl CountryCode {
    /// Reads a code in either case; `None` for anything else, and for the codes of the unknown.
    pub fn parse(text: &str) -> Option<Self> {
        let code: [u8; 2] = text.trim().to_ascii_uppercase().into_bytes().try_into().ok()?;
        let is_known = code.iter().all(u8::is_ascii_uppercase) && !matches!(&code, b"XX" | b"ZZ");
        is_known.then_some(Self(code))
    }

    /// The two capitals.
    pub fn as_str(&self) -> &str {
        str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(CountryCode::parse(text).as_ref().map(CountryCode::as_str), expected, "{text}");
    }

    #[test]
    fn only_two_letters_that_name_a_country() {
        check("SE", Some("SE"));
        check(" gb ", Some("GB"));
        for text in ["", "XX", "xx", "ZZ", "A1", "USA", "U", "ÅL", "日本", "--"] {
            check(text, None);
        }
    }
}
