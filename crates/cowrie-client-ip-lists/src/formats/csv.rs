//! The fields of a line of comma-separated values.
//!
//! Source: RFC 4180, without line breaks inside fields.

use std::borrow::Cow;

/// The fields of one line, without their quotes; blanks around a field do not count.
pub(super) fn fields(line: &str) -> Fields<'_> {
    Fields { rest: Some(line) }
}

/// See [`fields`].
#[derive(Debug)]
pub(super) struct Fields<'a> {
    rest: Option<&'a str>,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        let rest = self.rest.take()?.trim();
        let Some(quoted) = rest.strip_prefix('"') else {
            let (field, rest) = split(rest);
            self.rest = rest;
            return Some(field.trim_end().into());
        };
        let mut field = Cow::Borrowed("");
        let mut left = quoted;
        loop {
            // A quote that is never closed goes to the end of the line.
            let (part, behind) = left.split_once('"').unwrap_or((left, ""));
            if field.is_empty() {
                field = part.into();
            } else {
                field.to_mut().push_str(part);
            }
            let Some(next) = behind.strip_prefix('"') else {
                self.rest = split(behind).1;
                return Some(field);
            };
            field.to_mut().push('"');
            left = next;
        }
    }
}

/// What stands before the first comma, and behind it.
fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once(',').map_or((text, None), |(field, rest)| (field, Some(rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        assert_eq!(fields(line).collect::<Vec<_>>(), expected, "{line}");
    }

    #[test]
    fn fields_with_and_without_quotes() {
        check("a,b,c", &["a", "b", "c"]);
        check(r#""a","b, c","d""#, &["a", "b, c", "d"]);
        check(r#""a ""b"" c",d"#, &[r#"a "b" c"#, "d"]);
        check(r#""""","""a""#, &["\"", "\"a"]);
        check(" a , \"b\" , c ", &["a", "b", "c"]);
        check("", &[""]);
        check(",", &["", ""]);
        check(r#""","#, &["", ""]);
        check(r#""a"#, &["a"]);
        check(r#""a"b,c"#, &["a", "c"]);
        check(r#"a"b,c"#, &["a\"b", "c"]);
        check(
            "5.101.96.0/21,NL,NL-NH,Amsterdam,1098",
            &["5.101.96.0/21", "NL", "NL-NH", "Amsterdam", "1098"],
        );
    }
}
