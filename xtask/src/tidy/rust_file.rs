//! A Rust file in which code, comments and literals can be told apart.
//!
//! This is no parser: it knows where strings and comments begin and end, which is enough to
//! count braces and to look for words where they matter.

use std::ops::Range;

/// What a byte of the file belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Code,
    Comment,
    Literal,
}

#[derive(Debug)]
pub(crate) struct RustFile {
    /// Below the root of the workspace.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments and literals blanked out, byte for byte.
    pub(crate) code: String,
    kinds: Vec<Kind>,
    test_parts: Vec<Range<usize>>,
}

impl RustFile {
    pub(crate) fn new(path: &str, text: &str) -> Self {
        let kinds = classify(text.as_bytes());
        let code = view(text, &kinds, Kind::Code);
        let test_parts = test_parts(&code);
        Self { path: path.to_owned(), text: text.to_owned(), code, kinds, test_parts }
    }

    /// The text with everything but one kind blanked out, byte for byte.
    pub(crate) fn view(&self, kind: Kind) -> String {
        view(&self.text, &self.kinds, kind)
    }

    /// Where the literals stand.
    pub(crate) fn literals(&self) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut at = 0;
        for part in self.kinds.chunk_by(|a, b| a == b) {
            if part.first() == Some(&Kind::Literal) {
                found.push(at..at + part.len());
            }
            at += part.len();
        }
        found
    }

    /// Whether the byte stands in something that only tests compile.
    pub(crate) fn is_test_at(&self, at: usize) -> bool {
        self.is_test_file() || self.test_parts.iter().any(|part| part.contains(&at))
    }

    /// Whether the whole file is a test, by its place or name.
    pub(crate) fn is_test_file(&self) -> bool {
        let mut parts = self.path.split('/');
        parts.any(|part| matches!(part, "tests" | "tests.rs" | "benches"))
    }

    /// The line of a byte, counted from one.
    pub(crate) fn line_of(&self, at: usize) -> usize {
        n_lines(self.text.as_bytes().get(..at).unwrap_or_default()) + 1
    }

    /// Lines that the released code has, without its tests.
    pub(crate) fn n_lines_without_tests(&self) -> usize {
        if self.is_test_file() {
            return 0;
        }
        let bytes = self.text.as_bytes();
        let in_tests = self.test_parts.iter().filter_map(|part| bytes.get(part.clone()));
        n_lines(bytes).saturating_sub(in_tests.map(|part| n_lines(part) + 1).sum())
    }
}

/// The byte after the `}` that closes the first `{` at or after `from`.
pub(crate) fn end_of_block(code: &str, from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in code.bytes().enumerate().skip(from) {
        match byte {
            b'{' => depth += 1,
            b'}' => {
                depth = depth.checked_sub(1)?;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// Where `word` stands as a word of its own.
pub(crate) fn words_at(code: &str, word: &str) -> Vec<usize> {
    let bytes = code.as_bytes();
    let is_free = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        let after = bytes.get(at + word.len());
        [before, after].into_iter().flatten().all(|byte| !is_word_byte(*byte))
    };
    code.match_indices(word).map(|(at, _)| at).filter(|at| is_free(*at)).collect()
}

pub(crate) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn n_lines(bytes: &[u8]) -> usize {
    bytes.split(|byte| *byte == b'\n').count() - 1
}

fn view(text: &str, kinds: &[Kind], wanted: Kind) -> String {
    let keep = |(byte, kind): (u8, &Kind)| {
        if *kind == wanted || byte == b'\n' { byte } else { b' ' }
    };
    let bytes: Vec<u8> = text.bytes().zip(kinds).map(keep).collect();
    // Kinds change at ASCII bytes only, so no character is cut.
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What follows each `#[cfg(test)]`, up to its closing brace or its semicolon.
fn test_parts(code: &str) -> Vec<Range<usize>> {
    const MARK: &str = "#[cfg(test)]";
    let parts = code.match_indices(MARK).filter_map(|(start, _)| {
        let after = start + MARK.len();
        let found = code.bytes().enumerate().skip(after).find(|(_, b)| matches!(b, b'{' | b';'))?;
        match found {
            (at, b'{') => end_of_block(code, at).map(|end| start..end),
            (at, _) => Some(start..at + 1),
        }
    });
    parts.collect()
}

fn classify(text: &[u8]) -> Vec<Kind> {
    let mut kinds = Vec::with_capacity(text.len());
    while let Some(rest) = text.get(kinds.len()..).filter(|rest| !rest.is_empty()) {
        let (length, kind) = next_token(rest);
        kinds.resize(text.len().min(kinds.len() + length.max(1)), kind);
    }
    kinds
}

/// How long the token at the start is, and of which kind.
fn next_token(rest: &[u8]) -> (usize, Kind) {
    match rest {
        [b'/', b'/', ..] => (length_until(rest, b"\n", 0), Kind::Comment),
        [b'/', b'*', ..] => (length_of_block_comment(rest), Kind::Comment),
        [b'"', ..] => (length_of_string(rest), Kind::Literal),
        [b'\'', ..] => length_of_char(rest).map_or((1, Kind::Code), |n| (n, Kind::Literal)),
        [first, ..] if is_word_byte(*first) => {
            let n_word = rest.iter().take_while(|byte| is_word_byte(**byte)).count();
            let (word, after) = rest.split_at(n_word);
            match length_of_raw_string(word, after) {
                Some(length) => (n_word + length, Kind::Literal),
                None => (n_word, Kind::Code),
            }
        }
        _ => (1, Kind::Code),
    }
}

/// The length up to and including `end`, looked for from `from`; all when it never comes.
fn length_until(rest: &[u8], end: &[u8], from: usize) -> usize {
    let tail = rest.get(from..).unwrap_or_default();
    let found = tail.windows(end.len()).position(|window| window == end);
    found.map_or(rest.len(), |at| from + at + end.len())
}

fn length_of_block_comment(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(pair) = rest.get(at..at + 2) {
        match pair {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn length_of_string(rest: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// The length of a character literal; `None` for a lifetime.
fn length_of_char(rest: &[u8]) -> Option<usize> {
    match rest {
        [_, b'\\', ..] => Some(length_until(rest, b"'", 3)),
        [_, first, ..] => {
            let n_bytes = match first {
                0xF0.. => 4,
                0xE0.. => 3,
                0xC0.. => 2,
                _ => 1,
            };
            (rest.get(1 + n_bytes) == Some(&b'\'')).then_some(n_bytes + 2)
        }
        _ => None,
    }
}

/// The length of a raw string after its letter, hashes included.
fn length_of_raw_string(word: &[u8], after: &[u8]) -> Option<usize> {
    let n_hashes = after.iter().take_while(|byte| **byte == b'#').count();
    let is_raw = matches!(word, b"r" | b"br" | b"cr") && after.get(n_hashes) == Some(&b'"');
    let end = [&b"\""[..], &vec![b'#'; n_hashes]].concat();
    is_raw.then(|| length_until(after, &end, n_hashes + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, code: &str) {
        let file = RustFile::new("src/lib.rs", text);
        let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(words(&file.code), words(code));
        assert_eq!(file.code.len(), text.len());
    }

    #[test]
    fn comments_and_literals_are_blanked() {
        check("a // b\nc", "a c");
        check("a /* b /* c */ d */ e", "a e");
        check("f(\"x { \\\" y\", z)", "f( , z)");
        check("f(r#\"x \" y\"#, br\"\\\", b\"é\")", "f( , , b )");
        check(
            "let r#type = '{'; let q = '\\''; let e = 'é';",
            "let r#type = ; let q = ; let e = ;",
        );
        check("fn f<'a>(x: &'a str) -> &'static str {}", "fn f<'a>(x: &'a str) -> &'static str {}");
        check("unfinished \"string", "unfinished");
        check("unfinished /* comment", "unfinished");
    }

    #[test]
    fn views_show_one_kind_each() {
        let file = RustFile::new("src/lib.rs", "a(\"b\"); // c\n");
        assert_eq!(file.view(Kind::Comment).trim(), "// c");
        assert_eq!(file.view(Kind::Literal).trim(), "\"b\"");
        assert_eq!(file.literals().first(), Some(&(2..5)));
    }

    #[test]
    fn tests_are_told_from_code() {
        let text = "fn a() {}\n\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
        let file = RustFile::new("src/lib.rs", text);
        assert!(!file.is_test_at(text.find("fn a").unwrap()));
        assert!(file.is_test_at(text.find("fn b").unwrap()));
        assert_eq!(file.n_lines_without_tests(), 2);
        assert_eq!(file.line_of(text.find("fn b").unwrap()), 5);
        assert!(RustFile::new("crates/x/tests/y.rs", "").is_test_file());
        assert!(!RustFile::new("crates/x/src/latest.rs", "").is_test_file());
    }

    #[test]
    fn words_stand_alone() {
        assert_eq!(words_at("fn fnord() { a_fn; fn }", "fn"), [0, 19]);
    }
}
