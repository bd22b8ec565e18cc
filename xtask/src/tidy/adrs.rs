//! Decisions are numbered without gaps, short, and all of one shape.

use crate::tidy::checkout::{Checkout, has_extension};

const FOLDER: &str = "docs/adr/";
const HEADINGS: &[&str] = &["## Status", "## Context", "## Decision", "## Consequences"];
const LINES: usize = 60;

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    let records = checkout.files.iter().filter_map(|path| {
        let name = path.strip_prefix(FOLDER).filter(|name| *name != "README.md")?;
        Some((name.to_owned(), checkout.text(path).unwrap_or_default()))
    });
    findings(&records.collect::<Vec<_>>())
}

/// Takes file names, sorted, with their texts.
fn findings(records: &[(String, String)]) -> Vec<String> {
    let numbered = records.iter().zip(1..).flat_map(|((name, text), number)| {
        let expected = format!("{number:04}-");
        let misnamed = (!name.starts_with(&expected) || !has_extension(name, "md"))
            .then(|| format!("its name should be `{expected}...md`"));
        let missing = HEADINGS
            .iter()
            .filter(|heading| !text.lines().any(|line| line == **heading))
            .map(|heading| format!("the heading `{heading}` is missing"));
        let n_lines = text.lines().count();
        let too_long = (n_lines > LINES).then(|| format!("{n_lines} lines, at most {LINES}"));
        let found: Vec<String> = misnamed.into_iter().chain(missing).chain(too_long).collect();
        found.into_iter().map(move |finding| format!("{FOLDER}{name}:1: {finding}"))
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(records: &[(&str, &str)], expected: &[&str]) {
        let owned = records.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        assert_eq!(findings(&owned.collect::<Vec<_>>()), expected);
    }

    const GOOD: &str = "# Title\n\n## Status\n\n## Context\n\n## Decision\n\n## Consequences\n";

    #[test]
    fn numbers_have_no_gaps() {
        check(&[("0001-a.md", GOOD), ("0002-b.md", GOOD)], &[]);
        check(
            &[("0001-a.md", GOOD), ("0003-b.md", GOOD)],
            &["docs/adr/0003-b.md:1: its name should be `0002-...md`"],
        );
    }

    #[test]
    fn every_record_has_four_headings_and_is_short() {
        check(
            &[("0001-a.md", "## Status\n## Context\n## Decision\n")],
            &["docs/adr/0001-a.md:1: the heading `## Consequences` is missing"],
        );
        let long = format!("{GOOD}{}", "word\n".repeat(60));
        check(&[("0001-a.md", &long)], &["docs/adr/0001-a.md:1: 69 lines, at most 60"]);
    }
}
