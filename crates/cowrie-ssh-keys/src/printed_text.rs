//! What `echo`, `printf` and `base64 -d` would print.

use std::str::Chars;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use cowrie_shell::{Statement, unquote};

/// What the statement prints when it is an `echo` or a `printf`.
///
/// Escapes are expanded whether or not the shell at hand would; variables are left as they are.
pub(crate) fn printed_text(statement: &Statement<'_>) -> Option<String> {
    let words: Vec<_> = statement.arguments().iter().map(|word| unquote(word)).collect();
    match &*statement.name() {
        "echo" => {
            let n_options = words.iter().take_while(|word| is_echo_option(word)).count();
            let text = words.get(n_options..).unwrap_or_default().join(" ");
            Some(expand_escapes(&text))
        }
        "printf" => {
            let words = words.get(usize::from(words.first().is_some_and(|word| word == "--"))..)?;
            let (format, values) = words.split_first()?;
            let values: Vec<&str> = values.iter().map(AsRef::as_ref).collect();
            Some(expand_escapes(&format_values(format, &values)))
        }
        _ => None,
    }
}

fn is_echo_option(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|letters| {
        !letters.is_empty() && letters.bytes().all(|byte| matches!(byte, b'e' | b'n' | b'E'))
    })
}

/// Fills `%s` and its kin; the format is used again while values are left, as the shell does.
fn format_values(format: &str, values: &[&str]) -> String {
    let mut out = String::new();
    let mut left = values.iter();
    // Against a long format for many values: no honest line is ten times what was typed.
    let limit = 10 * (format.len() + values.iter().map(|value| value.len() + 1).sum::<usize>());
    loop {
        let before = left.len();
        let mut characters = format.chars();
        while let Some(character) = characters.next() {
            match character {
                '%' => fill_one(&mut characters, &mut left, &mut out),
                '\\' => {
                    out.push('\\');
                    out.extend(characters.next());
                }
                _ => out.push(character),
            }
        }
        if left.len() == 0 || left.len() == before || out.len() > limit {
            return out;
        }
    }
}

fn fill_one<'a>(
    format: &mut Chars<'_>,
    values: &mut impl Iterator<Item = &'a &'a str>,
    out: &mut String,
) {
    let conversion =
        format.find(|c| !c.is_ascii_digit() && !matches!(c, '-' | '.' | '#' | '+' | ' '));
    match conversion {
        Some('%') | None => out.push('%'),
        Some(_) => out.push_str(values.next().unwrap_or(&"")),
    }
}

/// Expands `\n`, `\t`, `\\`, `\x41` and `\0101`; leaves other backslashes.
fn expand_escapes(text: &str) -> String {
    if !text.contains('\\') {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let (character, length) = escape(after);
        out.push(character);
        rest = after.get(length..).unwrap_or_default();
    }
    out.push_str(rest);
    out
}

/// The character an escape stands for, and how many bytes behind the backslash it takes.
fn escape(after: &str) -> (char, usize) {
    let digits = |skipped: usize, most: usize, radix: u32| {
        let code = after.get(skipped..).unwrap_or_default();
        let n_digits = code.chars().take(most).take_while(|c| c.is_digit(radix)).count();
        let value = u32::from_str_radix(code.get(..n_digits).unwrap_or_default(), radix).ok();
        value.and_then(char::from_u32).map(|character| (character, skipped + n_digits))
    };
    let found = match after.bytes().next() {
        Some(b'n') => Some(('\n', 1)),
        Some(b'r') => Some(('\r', 1)),
        Some(b't') => Some(('\t', 1)),
        Some(b'\\') => Some(('\\', 1)),
        Some(b'x') => digits(1, 2, 16),
        Some(b'0') => digits(0, 4, 8),
        Some(b'1'..=b'7') => digits(0, 3, 8),
        _ => None,
    };
    found.unwrap_or(('\\', 0))
}

/// Whether the statement decodes base64.
pub(crate) fn decodes_base64(statement: &Statement<'_>) -> bool {
    let has = |wanted: &[&str]| statement.arguments().iter().any(|word| wanted.contains(word));
    match &*statement.name() {
        "base64" => has(&["-d", "-D", "--decode", "-di", "-id", "--d"]),
        "openssl" => has(&["-d"]) && has(&["base64", "-base64", "-a"]),
        _ => false,
    }
}

/// The text that base64 stands for; what is no base64 ends it, as it ends `base64 -d`.
pub(crate) fn decode_base64(text: &str) -> Option<String> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let digits: Vec<u8> =
        text.bytes().filter(|byte| !byte.is_ascii_whitespace()).take_while(is_digit).collect();
    // One digit over a multiple of four carries less than a byte.
    let usable = digits.len() - usize::from(digits.len() % 4 == 1);
    let whole = usable - usable % 4;
    let decode =
        |length: usize| STANDARD_NO_PAD.decode(digits.get(..length).unwrap_or_default()).ok();
    let bytes = decode(usable).or_else(|| decode(whole))?;
    (!bytes.is_empty()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(command: &str, expected: Option<&str>) {
        assert_eq!(printed_text(&Statement::parse(command)).as_deref(), expected);
    }

    #[test]
    fn prints_like_a_shell() {
        check("echo -e 'a\\nb' \"c\"d >> x", Some("a\nb cd"));
        check("echo -ne '\\x41\\0102\\103\\q\\'", Some("ABC\\q\\"));
        check("printf '%s-%05d%%\\n' a 1 b 2", Some("a-1%\nb-2%\n"));
        check("printf -- 'x %s'", Some("x "));
        check("printf 'a' b c", Some("a"));
        check("printf", None);
        check("cat x", None);
    }

    #[test]
    fn a_format_cannot_blow_up() {
        let command = format!("printf '{}%s' {}", "x".repeat(10_000), "a ".repeat(10_000));
        assert!(printed_text(&Statement::parse(&command)).unwrap().len() < 500_000);
    }

    #[test]
    fn decodes_what_base64_decodes() {
        for (text, expected) in [
            ("aGVsbG8=", Some("hello")),
            ("aGVs\nbG8", Some("hello")),
            ("aGVsbG8!aGVs", Some("hello")),
            ("aGVsb", Some("hel")),
            ("!", None),
            ("", None),
        ] {
            assert_eq!(decode_base64(text).as_deref(), expected, "{text}");
        }
    }
}
