//! A file begins by saying what it is for.

use crate::tidy::checkout::Checkout;
use crate::tidy::rust_file::RustFile;

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    checkout.rust_files.iter().filter_map(finding).collect()
}

fn finding(file: &RustFile) -> Option<String> {
    let is_documented = file.text.starts_with("//!") || file.text.starts_with("#![doc");
    (!is_documented).then(|| format!("{}:1: it does not begin with `//!`", file.path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_its_purpose() {
        let found = |text: &str| finding(&RustFile::new("src/a.rs", text));
        assert_eq!(found("//! Reads.\n"), None);
        assert_eq!(found("#![doc = include_str!(\"../README.md\")]\n"), None);
        assert_eq!(found("use a;\n").unwrap(), "src/a.rs:1: it does not begin with `//!`");
        assert!(found("// Reads.\n").is_some());
    }
}
