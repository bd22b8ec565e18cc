//! Autonomous system numbers.

use std::fmt;
use std::num::{NonZeroU32, ParseIntError};
use std::str::FromStr;

/// An autonomous system number: unsigned, 32 bits, never zero (RFC 7607 reserves zero).
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Asn(NonZeroU32);

/// A text or number that is not an AS number.
#[derive(Debug, thiserror::Error)]
pub enum BadAsn {
    /// The text is not a 32-bit number.
    #[error("`{text}` is not an AS number")]
    NotANumber {
        /// What was read.
        text: String,
        /// Why the number could not be read.
        source: ParseIntError,
    },
    /// The number is zero or larger than 32 bits.
    #[error("{0} is outside the range of AS numbers")]
    OutOfRange(i64),
}

impl Asn {
    /// The number, as databases keep it.
    pub fn as_i64(self) -> i64 {
        i64::from(self.0.get())
    }
}

impl fmt::Display for Asn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AS{}", self.0)
    }
}

impl FromStr for Asn {
    type Err = BadAsn;

    /// Reads `AS15169` and `15169`.
    fn from_str(text: &str) -> Result<Self, BadAsn> {
        let digits =
            text.strip_prefix("AS").or_else(|| text.strip_prefix("as")).unwrap_or(text).trim();
        // A sign would pass as part of a number.
        let digits = if digits.starts_with('+') { "" } else { digits };
        digits
            .parse()
            .map(Self)
            .map_err(|source| BadAsn::NotANumber { text: text.to_owned(), source })
    }
}

impl TryFrom<i64> for Asn {
    type Error = BadAsn;

    fn try_from(number: i64) -> Result<Self, BadAsn> {
        u32::try_from(number)
            .ok()
            .and_then(NonZeroU32::new)
            .map(Self)
            .ok_or(BadAsn::OutOfRange(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_spellings_and_refuses_the_rest() {
        let read = |text: &str| text.parse::<Asn>().ok().map(Asn::as_i64);
        assert_eq!(read("AS15169"), Some(15169));
        assert_eq!(read("4294967295"), Some(4_294_967_295));
        assert_eq!(read("0"), None);
        assert_eq!(read("4294967296"), None);
        assert_eq!(read("AS"), None);
        assert_eq!(read("AS+5"), None);
        assert!(Asn::try_from(-1).is_err());
    }
}
