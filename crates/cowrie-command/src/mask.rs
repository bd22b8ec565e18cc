//! Masks what varies in one statement.

mod escape;
mod value;

use std::ops::Range;

use cowrie_shell::Piece;

use self::escape::escapes_end;
use self::value::{is_network_tool, is_number};

/// Writes the statement to `out`, masked; `secrets` are the parts of its text that are passwords.
pub(crate) fn mask(piece: &Piece<'_>, secrets: &[Range<usize>], out: &mut String) {
    let mut masker = Masker {
        text: piece.text,
        body_start: piece.body_start,
        out,
        at: 0,
        quote: None,
        secrets,
        previous: Previous::Nothing,
        is_network: false,
    };
    masker.run();
}

/// What stood before the run of characters at hand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Previous {
    Nothing,
    Other,
    Address,
    Busybox,
}

struct Masker<'a, 'out> {
    text: &'a str,
    body_start: usize,
    out: &'out mut String,
    at: usize,
    quote: Option<u8>,
    secrets: &'a [Range<usize>],
    previous: Previous,
    /// Whether a program of this statement talks to the network.
    is_network: bool,
}

impl<'a> Masker<'a, '_> {
    fn run(&mut self) {
        while let Some(&byte) = self.text.as_bytes().get(self.at) {
            if self.secrets.first().is_some_and(|secret| secret.start <= self.at) {
                self.secret();
                continue;
            }
            match byte {
                b'\n' => self.line_end(),
                _ if byte.is_ascii_whitespace() => self.space(1),
                b'\'' | b'"' => self.quote_mark(byte),
                b'\\' => self.backslash(),
                b'$' => self.variable(),
                b'<' | b'>' if self.quote.is_none() && self.at < self.body_start => self.redirect(),
                _ if is_run_byte(byte) => self.word(),
                _ if byte.is_ascii_control() => self.put("\u{fffd}", 1),
                _ => self.copy_while(|next| !next.is_ascii()),
            }
        }
    }

    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or_default()
    }

    fn slice(&self, start: usize, end: usize) -> &'a str {
        self.text.get(start..end).unwrap_or_default()
    }

    /// Writes `mask` in place of the next `length` bytes.
    fn put(&mut self, mask: &str, length: usize) {
        self.out.push_str(mask);
        self.at += length;
    }

    /// Copies one character, and more while `more` holds for the next byte.
    fn copy_while(&mut self, more: impl Fn(u8) -> bool) {
        let start = self.at;
        self.at += 1;
        while self.at < self.text.len() && more(self.byte(self.at)) {
            self.at += 1;
        }
        self.out.push_str(self.slice(start, self.at));
    }

    fn secret(&mut self) {
        let Some((secret, rest)) = self.secrets.split_first() else { return };
        self.secrets = rest;
        self.out.push_str("<credential>");
        self.at = self.at.max(secret.end);
    }

    fn space(&mut self, length: usize) {
        self.at += length;
        if !self.out.is_empty() && !self.out.ends_with([' ', '(']) {
            self.out.push(' ');
        }
    }

    /// A line end inside quotes or a heredoc reads like `;`, as Cowrie itself once logged it.
    fn line_end(&mut self) {
        let length = self.out.trim_end_matches(' ').len();
        self.out.truncate(length);
        if !self.out.is_empty() && !self.out.ends_with([';', '&', '|', '(', '"', '\'']) {
            self.out.push(';');
        }
        self.space(1);
    }

    fn quote_mark(&mut self, byte: u8) {
        match self.quote {
            None => self.quote = Some(byte),
            Some(open) if open == byte => self.quote = None,
            Some(_) => {}
        }
        self.copy_while(|_| false);
    }

    /// Bytes written as escapes are a payload; any other escape is copied.
    fn backslash(&mut self) {
        let end = escapes_end(self.text.as_bytes(), self.at);
        if end > self.at {
            self.put("<hex>", end - self.at);
        } else if self.byte(self.at + 1).is_ascii_graphic() {
            self.copy_while(|_| false);
            self.copy_while(|_| false);
        } else {
            self.copy_while(|_| false);
        }
    }

    fn variable(&mut self) {
        self.copy_while(|next| next.is_ascii_alphanumeric() || next == b'_');
    }

    /// Writes ` >> `, ` 2> `, ` 2>&1` whatever the spacing was.
    fn redirect(&mut self) {
        let start = self.at;
        while matches!(self.byte(self.at), b'<' | b'>' | b'&' | b'|') && self.at < self.body_start {
            self.at += 1;
        }
        let operator = self.slice(start, self.at);
        if self.out.ends_with(" 2 ") || self.out.ends_with(" 1 ") {
            self.out.pop();
        } else if !self.out.is_empty()
            && !self.out.ends_with([' ', '&', '('])
            && !self.ends_with_descriptor()
        {
            self.out.push(' ');
        }
        self.out.push_str(operator);
        while matches!(self.byte(self.at), b' ' | b'\t') {
            self.at += 1;
        }
        let next = self.byte(self.at);
        if !(operator.ends_with('&') && (next.is_ascii_digit() || next == b'-')) && next != b'(' {
            self.out.push(' ');
        }
    }

    fn ends_with_descriptor(&self) -> bool {
        let word = self.out.rsplit(' ').next().unwrap_or_default();
        !word.is_empty() && word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit())
    }

    /// A run of characters that words, paths and addresses are made of.
    fn word(&mut self) {
        let start = self.at;
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let stop = self.secrets.first().map_or(usize::MAX, |secret| secret.start - start);
        let length = rest.iter().take(stop).take_while(|byte| is_run_byte(**byte)).count();
        let run = self.slice(start, start + length);
        let previous = std::mem::replace(&mut self.previous, Previous::Other);
        let scheme_end = run.find(':').and_then(|_| run.find("://"));
        if let Some(scheme_end) = scheme_end {
            self.url(run, scheme_end);
        } else if is_key_type(run) && self.key(start + length) {
            self.out.push_str("<key>");
        } else {
            self.at = start + length;
            self.run_without_url(run, previous);
        }
    }

    fn run_without_url(&mut self, run: &str, previous: Previous) {
        let is_probe = previous == Previous::Busybox
            && (3..=16).contains(&run.len())
            && run.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let is_port = previous == Previous::Address && run.len() <= 5 && is_number(run);
        // A program found through PATH is no throw-away name, however odd it looks.
        let is_program = matches!(previous, Previous::Nothing | Previous::Busybox)
            && run.bytes().all(|byte| byte.is_ascii_lowercase());
        if is_program {
            self.out.push_str(run);
        } else if is_probe {
            self.out.push_str("<name>");
        } else if is_port {
            self.out.push_str("<port>");
        } else {
            self.value(run);
        }
        let name = run.rsplit('/').next().unwrap_or_default();
        if matches!(name, "busybox" | "toybox") {
            self.previous = Previous::Busybox;
        }
        self.is_network |= is_network_tool(name);
    }

    /// Masks a URL that begins inside `run`, and goes on to where a shell or a quote ends it.
    fn url(&mut self, run: &str, scheme_end: usize) {
        let is_scheme =
            |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'.' | b'-');
        let front = run.as_bytes().get(..scheme_end).unwrap_or_default();
        let scheme_start =
            scheme_end - front.iter().rev().take_while(|byte| is_scheme(byte)).count();
        if scheme_start > 0 {
            self.value(run.get(..scheme_start).unwrap_or_default());
        }
        let start = self.at + scheme_start;
        let before = if start > 0 { self.byte(start - 1) } else { 0 };
        let opener = if matches!(before, b'\'' | b'"') { Some(before) } else { self.quote };
        self.at = self.url_end(start, opener);
        self.out.push_str("<url>");
    }

    fn url_end(&self, start: usize, opener: Option<u8>) -> usize {
        let rest = self.text.as_bytes().get(start..).unwrap_or_default();
        let ends = |byte: &u8| match byte {
            b';' | b'|' | b'<' | b'>' | b'`' | b')' | b'\\' => true,
            b'\'' | b'"' => opener.is_none_or(|opener| opener == *byte),
            b'&' => opener.is_none(),
            byte => byte.is_ascii_whitespace() || byte.is_ascii_control(),
        };
        start + rest.iter().position(ends).unwrap_or(rest.len())
    }

    /// Moves past the blob and comment of an SSH key whose type ends at `type_end`; false when
    /// there is no blob.
    fn key(&mut self, type_end: usize) -> bool {
        let rest = self.text.get(type_end..).unwrap_or_default();
        let blob = rest.trim_start_matches([' ', '\t']);
        if blob.len() == rest.len() || !blob.starts_with("AAAA") {
            return false;
        }
        let quote = self.quote;
        let ends = |c: char| match c {
            '\n' | '\\' => true,
            '\'' | '"' => quote.is_none_or(|open| char::from(open) == c),
            '<' | '>' | ';' => quote.is_none(),
            _ => false,
        };
        let end = blob.find(ends).unwrap_or(blob.len());
        let line = blob.get(..end).unwrap_or_default();
        let kept = if quote.is_none() { line.trim_end().len() } else { end };
        self.at = type_end + rest.len() - blob.len() + kept;
        true
    }
}

/// Whether `word` names a type of SSH key, certificates included.
fn is_key_type(word: &str) -> bool {
    ["ssh-", "ecdsa-sha2-", "sk-ssh-", "sk-ecdsa-sha2-"].iter().any(|front| word.starts_with(front))
}

fn is_run_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'_' | b'-' | b'.' | b'+' | b'/' | b'=' | b':' | b'@' | b'%' | b'~' | b','
        )
}
