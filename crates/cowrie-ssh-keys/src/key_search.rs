//! Finds SSH keys in text.

use memchr::memmem;

use crate::public_key::{LONGEST_TYPE, PublicKey};

/// A key and what stands behind it.
#[derive(Debug)]
pub(crate) struct FoundKey {
    pub(crate) key: PublicKey,
    pub(crate) comment: Option<String>,
}

/// What the text is, which says where a comment ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TextKind {
    /// A command as written: a comment ends at a quote, a redirection or an operator.
    Command,
    /// Lines as they would reach a file: a comment ends with its line.
    Lines,
}

/// The keys in `text`, in order.
///
/// Every blob begins with `AAAA`, the front of its first length, so only these places are looked
/// at, each for a bounded time before it and for the length of the blob behind it.
pub(crate) fn find_keys(text: &str, kind: TextKind) -> impl Iterator<Item = FoundKey> {
    memmem::find_iter(text.as_bytes(), b"AAAA").filter_map(move |at| key_at(text, at, kind))
}

fn key_at(text: &str, at: usize, kind: TextKind) -> Option<FoundKey> {
    let key_type = type_before(text.as_bytes().get(..at)?)?;
    let rest = text.get(at..)?;
    let digits = rest.bytes().take_while(|byte| is_base64_digit(*byte)).count();
    let padding = rest.bytes().skip(digits).take(2).take_while(|byte| *byte == b'=').count();
    let (base64, behind) = rest.split_at_checked(digits + padding)?;
    let key = PublicKey::parse(key_type, base64)?;
    Some(FoundKey { key, comment: comment_of(behind, kind) })
}

/// The word before the blob, when only space stands between them.
fn type_before(before: &[u8]) -> Option<&str> {
    const MOST_SPACES: usize = 16;
    let is_space = |byte: &&u8| matches!(**byte, b' ' | b'\t');
    let spaces = before.iter().rev().take(MOST_SPACES).take_while(is_space).count();
    let word_end = before.len() - spaces;
    let is_type_byte = |byte: &&u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(**byte, b'-' | b'@' | b'.')
    };
    let head = before.get(..word_end)?;
    let length = head.iter().rev().take(LONGEST_TYPE + 2).take_while(is_type_byte).count();
    let word = std::str::from_utf8(head.get(word_end - length..)?).ok()?;
    // In `\nssh-rsa` the letter belongs to the escape.
    let is_escaped = word_end > length && head.get(word_end - length - 1) == Some(&b'\\');
    (spaces > 0).then(|| if is_escaped { word.get(1..).unwrap_or_default() } else { word })
}

fn is_base64_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

fn comment_of(behind: &str, kind: TextKind) -> Option<String> {
    let ends = |c: char| match kind {
        TextKind::Lines => matches!(c, '\n' | '\r'),
        TextKind::Command => {
            matches!(c, '\n' | '\r' | '\'' | '"' | '<' | '>' | ';' | '|' | '&' | '\\' | '`' | ')')
        }
    };
    if !behind.starts_with([' ', '\t']) {
        return None;
    }
    let comment = behind.get(..behind.find(ends).unwrap_or(behind.len()))?.trim();
    (!comment.is_empty()).then(|| comment.to_owned())
}
