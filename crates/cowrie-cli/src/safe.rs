//! Text of attackers, made harmless for where it goes.
//!
//! Everything here works on single lines: line breaks are escaped too, since a line that an
//! attacker can begin is a line that an attacker can forge.

use std::borrow::Cow;
use std::fmt::Write;

/// Escapes what a terminal would obey or hide: control characters, marks that turn the direction
/// of text, and invisible characters become `\u{..}`.
pub fn terminal(text: &str) -> Cow<'_, str> {
    escape(text, is_unsafe, |c, escaped| escaped.extend(c.escape_unicode()))
}

/// Bytes for a terminal: text made harmless, and `\xNN` for what is not UTF-8.
pub fn bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&terminal(chunk.valid()));
        for byte in chunk.invalid() {
            // Writing into a string cannot fail.
            write!(shown, "\\x{byte:02x}").unwrap_or_default();
        }
    }
    shown
}

/// One field of a CSV record: safe for a terminal, no formula for a spreadsheet, and quoted
/// where a separator (comma, semicolon) or a quotation mark is in it.
///
/// A text that a spreadsheet would compute gets an apostrophe in front, as OWASP recommends
/// ("CSV Injection"); numbers of ours must not go through here.
pub fn csv_field(text: &str) -> String {
    let mut field = terminal(text).into_owned();
    if field.trim_start().starts_with(FORMULA_STARTS) {
        field.insert(0, '\'');
    }
    let is_delicate = field.contains([',', ';', '"', '\'']) || field.trim() != field;
    if is_delicate { format!("\"{}\"", field.replace('"', "\"\"")) } else { field }
}

/// Text for HTML, in elements and in quoted attributes.
pub fn html(text: &str) -> String {
    let is_special = |c| matches!(c, '&' | '<' | '>' | '"' | '\'');
    let shown = terminal(text);
    let escaped = escape(&shown, is_special, |c, escaped| {
        escaped.push_str(match c {
            '&' => "&amp;",
            '<' => "&lt;",
            '>' => "&gt;",
            '"' => "&quot;",
            _ => "&#39;",
        });
    });
    escaped.into_owned()
}

/// A line of JSON in which the unsafe characters that JSON allows in strings are escaped in the
/// way of JSON. The line must be valid JSON; its own line break stays.
pub fn json_line(line: &str) -> Cow<'_, str> {
    escape(
        line,
        |c| c != '\n' && is_unsafe(c),
        |c, escaped| {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing into a string cannot fail.
                write!(escaped, "\\u{unit:04x}").unwrap_or_default();
            }
        },
    )
}

/// A line without the passwords of the URLs in it: what a program repeats of a command line or of a
/// setting that it did not understand may hold one.
pub fn without_passwords(line: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = line.split_once("://") else { return Cow::Borrowed(line) };
    let is_end = |c: char| c.is_whitespace() || c == '`';
    let (url, after) =
        rest.split_at_checked(rest.find(is_end).unwrap_or(rest.len())).unwrap_or((rest, ""));
    let shown = match url.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => format!("…@{host}"),
        _ => url.to_owned(),
    };
    Cow::Owned(format!("{scheme}://{shown}{}", without_passwords(after)))
}

/// Characters with which a cell becomes a formula, in their usual and in their full-width form.
const FORMULA_STARTS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Control characters, format characters (Unicode category Cf), separators of lines and
/// paragraphs, and everything that is ignorable by default (`DerivedCoreProperties.txt`).
fn is_unsafe(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
            | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// The text itself where there is nothing to escape.
fn escape(
    text: &str,
    is_special: impl Fn(char) -> bool,
    replace: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.chars().any(&is_special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_special(c) {
            replace(c, &mut escaped);
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, on_terminal: &str, in_csv: &str, in_html: &str) {
        assert_eq!(terminal(text), on_terminal);
        assert_eq!(csv_field(text), in_csv);
        assert_eq!(html(text), in_html);
    }

    #[test]
    fn plain_text_stays_as_it_is() {
        for text in ["", "root", "admin 123", "пароль", "密码", "ü€", "🦀", "a\\b"] {
            check(text, text, text, text);
        }
        assert!(matches!(terminal("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_a_terminal_obeys_or_hides_is_escaped() {
        for (c, escaped) in [
            ('\0', "\\u{0}"),
            ('\n', "\\u{a}"),
            ('\r', "\\u{d}"),
            ('\t', "\\u{9}"),
            ('\x1b', "\\u{1b}"),
            ('\x7f', "\\u{7f}"),
            ('\u{9b}', "\\u{9b}"),
            ('\u{ad}', "\\u{ad}"),
            ('\u{200b}', "\\u{200b}"),
            ('\u{200e}', "\\u{200e}"),
            ('\u{2028}', "\\u{2028}"),
            ('\u{202e}', "\\u{202e}"),
            ('\u{2066}', "\\u{2066}"),
            ('\u{2069}', "\\u{2069}"),
            ('\u{feff}', "\\u{feff}"),
            ('\u{e0041}', "\\u{e0041}"),
        ] {
            let expected = format!("a{escaped}b");
            check(&format!("a{c}b"), &expected, &expected, &expected);
        }
    }

    #[test]
    fn csv_has_no_formulas_and_one_cell_each() {
        for (text, field) in [
            ("=1+1", "\"'=1+1\""),
            ("+1", "\"'+1\""),
            ("-1", "\"'-1\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("＝1", "\"'＝1\""),
            (" =1", "\"' =1\""),
            ("\t=1", "\\u{9}=1"),
            ("a,b", "\"a,b\""),
            ("a;=b", "\"a;=b\""),
            ("a\"b", "\"a\"\"b\""),
            ("a ", "\"a \""),
            ("a=b", "a=b"),
        ] {
            assert_eq!(csv_field(text), field, "{text:?}");
        }
    }

    #[test]
    fn urls_have_no_password() {
        for (line, expected) in [
            ("error: 'postgres://u:p@ss:w/rd@h/db' found", "error: 'postgres://…@h/db' found"),
            ("`postgres://u@h/db`", "`postgres://u@h/db`"),
            ("http://a/ then b://u:p@h", "http://a/ then b://…@h"),
            ("`b://u@h:1/c`: x@y", "`b://u@h:1/c`: x@y"),
            ("http://a.b/ and c://d", "http://a.b/ and c://d"),
            ("a: b@c", "a: b@c"),
            ("", ""),
        ] {
            assert_eq!(without_passwords(line), expected);
        }
    }

    #[test]
    fn bytes_are_shown_whatever_they_are() {
        assert_eq!(bytes(b"a\x1b[1m\0\xff\xc3\xbc\n"), "a\\u{1b}[1m\\u{0}\\xffü\\u{a}");
        assert_eq!(bytes(b""), "");
    }

    #[test]
    fn html_has_no_markup() {
        assert_eq!(
            html("<script a=\"b\" c='d'>&amp;\x1b"),
            "&lt;script a=&quot;b&quot; c=&#39;d&#39;&gt;&amp;amp;\\u{1b}"
        );
    }

    #[test]
    fn json_keeps_its_meaning() {
        let line = "{\"a\":\"\u{9b}\u{202e}\u{e0041}\u{7f}ü\"}\n";
        let safe = json_line(line);
        assert_eq!(safe, "{\"a\":\"\\u009b\\u202e\\udb40\\udc41\\u007fü\"}\n");
        let values =
            [line, &safe].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap());
        assert_eq!(values[0], values[1]);
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left(text in any::<String>()) {
            for shown in [terminal(&text).into_owned(), csv_field(&text), html(&text)] {
                prop_assert!(!shown.contains(char::is_control));
                prop_assert!(!shown.contains(is_unsafe));
                prop_assert_eq!(terminal(&shown), shown.as_str());
            }
        }

        #[test]
        fn what_is_safe_is_not_changed(text in "[ -~äöü]{0,40}") {
            prop_assert_eq!(terminal(&text), text.as_str());
        }

        #[test]
        fn no_field_begins_a_formula(text in "[ =+@-]{0,3}[a-z,;\"]{0,4}") {
            let field = csv_field(&text);
            let cell = field.trim_start_matches('"').trim_start();
            prop_assert!(!cell.starts_with(FORMULA_STARTS));
        }
    }
}
