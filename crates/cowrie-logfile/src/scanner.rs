//! Checks JSON's grammar (RFC 8259) byte by byte, and finds where an object ends.
//!
//! The scanner keeps its state between calls, so that an object may arrive in pieces. It builds
//! nothing and allocates nothing.

/// How many objects and arrays may lie within one another; `serde_json` draws the same line.
const MAX_NESTING: u32 = 127;

/// What the scanner made of some bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// All bytes belong to the object, and it goes on.
    More,
    /// The object ends after this many of the bytes.
    Complete { length: usize },
    /// The byte at this index cannot follow.
    Broken { at: usize, what: &'static str },
}

/// What may come next.
#[derive(Clone, Copy, Debug)]
enum State {
    Start,
    KeyOrEnd,
    Key,
    Colon,
    Value,
    ValueOrEnd,
    CommaOrEnd,
    Text { is_key: bool },
    Escape { is_key: bool },
    Hex { is_key: bool, left: u8 },
    Literal { rest: &'static [u8] },
    Number(Digits),
}

/// How far a number is.
#[derive(Clone, Copy, Debug)]
enum Digits {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    PowerSign,
    Power,
}

/// What to do after a byte.
enum Turn {
    /// Go on with the next byte in this state.
    To(State),
    /// Look at the same byte again in this state.
    Again(State),
    /// The object is complete.
    End,
}

type Taken = Result<Turn, &'static str>;

/// Scans one object at a time.
#[derive(Debug)]
pub(crate) struct Scanner {
    state: State,
    /// One bit for each open container, the innermost lowest; set for an object.
    containers: u128,
    depth: u32,
}

impl Scanner {
    pub(crate) fn new() -> Self {
        Self { state: State::Start, containers: 0, depth: 0 }
    }

    /// Goes on with `bytes`; the first byte of an object is its `{`.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Step {
        let mut at = 0;
        loop {
            if let State::Text { .. } = self.state {
                let Some(skipped) = text_length(bytes.get(at..).unwrap_or_default()) else {
                    return Step::More;
                };
                at += skipped;
            }
            let Some(&byte) = bytes.get(at) else {
                return Step::More;
            };
            match self.take(byte) {
                Ok(Turn::To(state)) => self.state = state,
                Ok(Turn::Again(state)) => {
                    self.state = state;
                    continue;
                }
                Ok(Turn::End) => return Step::Complete { length: at + 1 },
                Err(what) => return Step::Broken { at, what },
            }
            at += 1;
        }
    }

    #[inline]
    fn take(&mut self, byte: u8) -> Taken {
        match self.state {
            State::Text { is_key } => match byte {
                b'"' if is_key => Ok(Turn::To(State::Colon)),
                b'"' => Ok(Turn::To(State::CommaOrEnd)),
                b'\\' => Ok(Turn::To(State::Escape { is_key })),
                _ => Err("a line ends inside a string"),
            },
            State::Escape { is_key } => escape(byte, is_key),
            State::Hex { is_key, left } => hex(byte, is_key, left),
            State::Literal { rest } => literal(byte, rest),
            State::Number(digits) => number(byte, digits),
            state if matches!(byte, b' ' | b'\n' | b'\r' | b'\t') => Ok(Turn::To(state)),
            state => self.structure(state, byte),
        }
    }

    #[inline]
    fn structure(&mut self, state: State, byte: u8) -> Taken {
        match (state, byte) {
            (State::KeyOrEnd | State::Key, b'"') => Ok(Turn::To(State::Text { is_key: true })),
            (State::CommaOrEnd, b',') if self.is_in_object() => Ok(Turn::To(State::Key)),
            (State::Colon, b':') | (State::CommaOrEnd, b',') => Ok(Turn::To(State::Value)),
            (State::CommaOrEnd | State::KeyOrEnd, b'}') if self.is_in_object() => self.close(),
            (State::CommaOrEnd | State::ValueOrEnd, b']') if !self.is_in_object() => self.close(),
            (State::Start, b'{') => self.open(State::KeyOrEnd),
            (State::Value | State::ValueOrEnd, _) => self.value(byte),
            (State::Start, _) => Err("an object was expected"),
            (State::KeyOrEnd | State::Key, _) => Err("a key was expected"),
            (State::Colon, _) => Err("a colon was expected"),
            _ if self.is_in_object() => Err("a comma or the object's end was expected"),
            _ => Err("a comma or the array's end was expected"),
        }
    }

    #[inline]
    fn value(&mut self, byte: u8) -> Taken {
        match byte {
            b'"' => Ok(Turn::To(State::Text { is_key: false })),
            b'{' => self.open(State::KeyOrEnd),
            b'[' => self.open(State::ValueOrEnd),
            b'-' => Ok(Turn::To(State::Number(Digits::Minus))),
            b'0' => Ok(Turn::To(State::Number(Digits::Zero))),
            b'1'..=b'9' => Ok(Turn::To(State::Number(Digits::Integer))),
            b't' => Ok(Turn::To(State::Literal { rest: b"rue" })),
            b'f' => Ok(Turn::To(State::Literal { rest: b"alse" })),
            b'n' => Ok(Turn::To(State::Literal { rest: b"ull" })),
            _ => Err("a value was expected"),
        }
    }

    fn is_in_object(&self) -> bool {
        self.containers & 1 == 1
    }

    fn open(&mut self, state: State) -> Taken {
        if self.depth == MAX_NESTING {
            return Err("objects and arrays are nested too deeply");
        }
        self.depth += 1;
        self.containers = self.containers << 1 | u128::from(matches!(state, State::KeyOrEnd));
        Ok(Turn::To(state))
    }

    #[expect(clippy::unnecessary_wraps, reason = "one of several answers to a byte")]
    fn close(&mut self) -> Taken {
        self.depth -= 1;
        self.containers >>= 1;
        Ok(if self.depth == 0 { Turn::End } else { Turn::To(State::CommaOrEnd) })
    }
}

fn escape(byte: u8, is_key: bool) -> Taken {
    match byte {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
            Ok(Turn::To(State::Text { is_key }))
        }
        b'u' => Ok(Turn::To(State::Hex { is_key, left: 4 })),
        _ => Err("no such escape"),
    }
}

fn hex(byte: u8, is_key: bool, left: u8) -> Taken {
    match (byte.is_ascii_hexdigit(), left) {
        (true, 1) => Ok(Turn::To(State::Text { is_key })),
        (true, _) => Ok(Turn::To(State::Hex { is_key, left: left - 1 })),
        (false, _) => Err("a hexadecimal digit was expected"),
    }
}

fn literal(byte: u8, rest: &'static [u8]) -> Taken {
    match rest.split_first() {
        Some((&next, [])) if next == byte => Ok(Turn::To(State::CommaOrEnd)),
        Some((&next, rest)) if next == byte => Ok(Turn::To(State::Literal { rest })),
        _ => Err("true, false or null was expected"),
    }
}

fn number(byte: u8, digits: Digits) -> Taken {
    use Digits::{Exponent, Fraction, Integer, Minus, Point, Power, PowerSign, Zero};
    let next = match (digits, byte) {
        (Minus, b'0') => Zero,
        (Minus, b'1'..=b'9') | (Integer, b'0'..=b'9') => Integer,
        (Zero | Integer, b'.') => Point,
        (Point | Fraction, b'0'..=b'9') => Fraction,
        (Zero | Integer | Fraction, b'e' | b'E') => Exponent,
        (Exponent, b'+' | b'-') => PowerSign,
        (Exponent | PowerSign | Power, b'0'..=b'9') => Power,
        (Zero | Integer | Fraction | Power, _) => {
            return Ok(Turn::Again(State::CommaOrEnd));
        }
        (Minus | Point | Exponent | PowerSign, _) => return Err("a digit was expected"),
    };
    Ok(Turn::To(State::Number(next)))
}

/// How many bytes come before the next quote, backslash or newline, eight bytes at a time.
///
/// The arithmetic is the well-known test for a zero byte in a word (Warren, Hacker's Delight,
/// 6-1); its lowest hit is exact.
#[inline]
fn text_length(bytes: &[u8]) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let hits = |word: u64, byte: u8| {
        let zeroed = word ^ (LOW * u64::from(byte));
        zeroed.wrapping_sub(LOW) & !zeroed & HIGH
    };
    let (words, tail) = bytes.as_chunks::<8>();
    let mut length = 0;
    for word in words {
        let word = u64::from_le_bytes(*word);
        let found = hits(word, b'"') | hits(word, b'\\') | hits(word, b'\n');
        if found != 0 {
            let before = usize::try_from(found.trailing_zeros() / 8).unwrap_or(0);
            return Some(length + before);
        }
        length += 8;
    }
    let before = tail.iter().position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))?;
    Some(length + before)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Feeds `text` in pieces of every size up to its length, and whole.
    #[track_caller]
    fn check(text: &[u8], expected: Step) {
        for size in 1..=text.len() {
            assert_eq!(scan(text, size), expected, "in pieces of {size}: {text:?}");
        }
    }

    fn scan(text: &[u8], size: usize) -> Step {
        let mut scanner = Scanner::new();
        let mut fed = 0;
        for piece in text.chunks(size) {
            match scanner.feed(piece) {
                Step::More => fed += piece.len(),
                Step::Complete { length } => return Step::Complete { length: fed + length },
                Step::Broken { at, what } => return Step::Broken { at: fed + at, what },
            }
        }
        Step::More
    }

    /// Whether the whole text is one object and nothing else.
    fn is_object(text: &[u8]) -> bool {
        scan(text, text.len().max(1)) == Step::Complete { length: text.len() }
    }

    #[track_caller]
    fn check_complete(text: &str) {
        check(text.as_bytes(), Step::Complete { length: text.len() });
        check(format!("{text}x").as_bytes(), Step::Complete { length: text.len() });
    }

    #[track_caller]
    fn check_broken(text: &str, at: usize, what: &'static str) {
        check(text.as_bytes(), Step::Broken { at, what });
    }

    #[test]
    fn complete_objects_end_at_their_brace() {
        check_complete("{}");
        check_complete("{ }");
        check_complete(r#"{"a":1}"#);
        check_complete(r#"{"a":[],"b":{},"c":[{}]}"#);
        check_complete(r#"{"a":[1,-0,0.5,-1.5e+10,2E3,1e-9],"b":true,"c":false,"d":null}"#);
        check_complete("{\n\t\"a\" : [ 1 ,\r\n 2 ] }");
        check_complete(r#"{"brace in a string":"}","quote":"\"}","slash":"\\"}"#);
        check_complete(r#"{"escapes":"\b\f\n\r\t\/\u0000\uD800"}"#);
        check_complete("{\"nul and tab\":\"\0\t\"}");
        check(b"{\"\xff\":\"\xc3\x28\"}", Step::Complete { length: 10 });
    }

    #[test]
    fn what_cannot_follow_is_told() {
        check_broken("[]", 0, "an object was expected");
        check_broken("{1:2}", 1, "a key was expected");
        check_broken(r#"{"a":1,}"#, 7, "a key was expected");
        check_broken(r#"{"a" 1}"#, 5, "a colon was expected");
        check_broken(r#"{"a":}"#, 5, "a value was expected");
        check_broken(r#"{"a":[1,]}"#, 8, "a value was expected");
        check_broken(r#"{"a":[1}"#, 7, "a comma or the array's end was expected");
        check_broken(r#"{"a":1]"#, 6, "a comma or the object's end was expected");
        check_broken(r#"{"a":["x"{"a":1}"#, 9, "a comma or the array's end was expected");
        check_broken(r#"{"a":01}"#, 6, "a comma or the object's end was expected");
        check_broken(r#"{"a":1.}"#, 7, "a digit was expected");
        check_broken(r#"{"a":-}"#, 6, "a digit was expected");
        check_broken(r#"{"a":1e}"#, 7, "a digit was expected");
        check_broken(r#"{"a":NaN}"#, 5, "a value was expected");
        check_broken(r#"{"a":nul}"#, 8, "true, false or null was expected");
        check_broken(r#"{"a":"\x"}"#, 7, "no such escape");
        check_broken(r#"{"a":"\u12g4"}"#, 10, "a hexadecimal digit was expected");
        check_broken("{\"a\":\"b\nc\"}", 7, "a line ends inside a string");
        check_broken("{\"a\":1\0}", 6, "a comma or the object's end was expected");
    }

    #[test]
    fn nesting_is_limited_as_serde_json_limits_it() {
        for (depth, expected) in [(126, true), (127, true), (128, false), (10_000, false)] {
            let text = format!("{{\"a\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
            assert_eq!(is_object(text.as_bytes()), expected, "{depth}");
            let read = serde_json::from_str::<serde_json::Value>(&text);
            assert_eq!(read.is_ok(), expected, "{depth}");
        }
    }

    #[test]
    fn an_object_that_goes_on_asks_for_more() {
        for text in ["{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":tr", "{\"a\":\"\\u00"] {
            check(text.as_bytes(), Step::More);
        }
    }

    /// Text made of pieces that occur in JSON, valid more often than chance would have it.
    fn jsonish() -> impl Strategy<Value = String> {
        let pieces = prop::sample::select(vec![
            "{",
            "}",
            "[",
            "]",
            ",",
            ":",
            "\"",
            "\"a\"",
            "\"a\":",
            "1",
            "0",
            "-",
            ".",
            "e",
            "+",
            "true",
            "null",
            "\\",
            "\\u0041",
            "\\n",
            " ",
            "\t",
            "é",
            "{\"a\":1}",
            "[1,2]",
            "\"x\"",
        ]);
        prop_oneof![
            prop::collection::vec(pieces.clone(), 0..12).prop_map(|all| all.concat()),
            prop::collection::vec(pieces, 0..6)
                .prop_map(|all| format!("{{\"k\":{}}}", all.concat())),
        ]
    }

    /// Whether `serde_json` takes the text for an object; a number too large is none of the
    /// scanner's business, and a tab in a string is one of its liberties.
    fn serde_accepts(text: &str) -> Option<bool> {
        match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => Some(value.is_object()),
            Err(error) => {
                let why = error.to_string();
                let is_liberty = why.contains("out of range")
                    || why.contains("control character")
                    || why.contains("surrogate");
                (!is_liberty).then_some(false)
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]

        #[test]
        fn agrees_with_serde_json(text in jsonish()) {
            let text = text.trim();
            if let Some(expected) = serde_accepts(text) {
                prop_assert_eq!(is_object(text.as_bytes()), expected);
            }
        }

        #[test]
        fn pieces_do_not_matter(bytes in prop::collection::vec(any::<u8>(), 0..40), size in 1usize..9) {
            let text = [b"{\"a\":\"".as_slice(), &bytes].concat();
            prop_assert_eq!(scan(&text, size), scan(&text, text.len()));
        }
    }
}
