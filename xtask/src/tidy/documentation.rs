//! A crate says what it is for in one sentence, and says the same in three places.
//!
//! The manifest's description, the first sentence of the README, and the documentation of the
//! crate: by inclusion of the README for a library, by its first line for a program.

use std::fs;

use crate::tidy::checkout::Checkout;
use crate::workspace::Package;

const INCLUSION: &str = "#![doc = include_str!(\"../README.md\")]";

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    checkout
        .metadata
        .packages
        .iter()
        .flat_map(|package| package_findings(package, checkout))
        .collect()
}

fn package_findings(package: &Package, checkout: &Checkout) -> Vec<String> {
    let manifest = checkout.shown(&package.manifest_path);
    let Some(description) = &package.description else {
        return vec![format!("{manifest}:1: there is no description")];
    };
    let readme = package.folder().join("README.md");
    let readme_text = fs::read_to_string(&readme).ok();
    let mut found = Vec::new();
    match &readme_text {
        Some(text) if !says(&first_paragraph(text), description) => {
            let place = checkout.shown(&readme);
            found.push(format!("{place}:1: it does not begin with the description in {manifest}"));
        }
        None if package.is_published() => {
            found.push(format!("{manifest}:1: the crate has no README.md"));
        }
        _ => {}
    }
    for target in package
        .targets
        .iter()
        .filter(|target| !target.kind.iter().any(|k| k != "lib" && k != "bin"))
    {
        let source = fs::read_to_string(&target.src_path).unwrap_or_default();
        let includes_readme = readme_text.is_some() && package.is_library();
        found.extend(
            complaint(&source, description, includes_readme)
                .map(|complaint| format!("{}:1: {complaint}", checkout.shown(&target.src_path))),
        );
    }
    found
}

/// What is wrong with the first lines of a crate's root file.
fn complaint(source: &str, description: &str, includes_readme: bool) -> Option<String> {
    let is_included = source.lines().any(|line| line == INCLUSION);
    match (includes_readme, is_included) {
        (_, true) => None,
        (true, false) => Some("the crate's documentation is not its README.md".to_owned()),
        (false, false) => (!says(&first_doc_lines(source), description))
            .then(|| "it does not begin with the description in the manifest".to_owned()),
    }
}

/// The text is the sentence, or begins with it.
fn says(text: &str, sentence: &str) -> bool {
    text.strip_prefix(sentence).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

/// The first paragraph after the title, on one line.
fn first_paragraph(readme: &str) -> String {
    let lines = readme.lines().map(str::trim);
    let body = lines.skip_while(|line| line.is_empty() || line.starts_with('#'));
    body.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// The first paragraph of `//!` lines, on one line.
fn first_doc_lines(source: &str) -> String {
    let lines = source.lines().map_while(|line| line.strip_prefix("//!").map(str::trim));
    lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_paragraph_follows_the_title() {
        assert_eq!(first_paragraph("# cowrie-x\n\nDoes x\nand y.\n\nMore.\n"), "Does x and y.");
        assert_eq!(first_paragraph("# only a title\n"), "");
    }

    #[test]
    fn a_text_may_go_on_after_the_sentence() {
        assert!(says("Does x.", "Does x."));
        assert!(says("Does x. And y.", "Does x."));
        assert!(!says("Does x.y", "Does x."));
        assert!(!says("Does y.", "Does x."));
    }

    #[test]
    fn a_library_includes_its_readme() {
        assert_eq!(complaint(&format!("{INCLUSION}\n"), "Does x.", true), None);
        assert!(complaint("//! Does x.\n", "Does x.", true).unwrap().contains("README"));
    }

    #[test]
    fn a_program_begins_with_its_description() {
        assert_eq!(complaint("//! Does x.\n\nfn main() {}\n", "Does x.", false), None);
        assert!(complaint("//! Does y.\n", "Does x.", false).is_some());
        assert!(complaint("fn main() {}\n", "Does x.", false).is_some());
    }
}
