//! Nothing gets into the repository that cannot be taken out again: secrets, keys, large files,
//! half-done merges.

use std::fs;

use crate::tidy::checkout::Checkout;

/// Real settings name real hosts; only the example belongs into the repository.
const PRIVATE: &str = "sensors.toml";

const LARGEST: u64 = 1000 * 1024;

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    let mut found = Vec::new();
    let is_private = |path: &&String| path.rsplit('/').next() == Some(PRIVATE);
    for path in checkout.tracked.iter().filter(is_private) {
        found.push(format!("{path}:1: it is private, and git follows it"));
    }
    for path in &checkout.files {
        let file = checkout.root.join(path);
        let size = file.metadata().map_or(0, |found| found.len());
        found.extend(too_large(size).map(|finding| format!("{path}:1: {finding}")));
        let bytes = fs::read(&file).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        found.extend(text_findings(&text).map(|(line, what)| format!("{path}:{line}: {what}")));
    }
    found
}

fn too_large(size: u64) -> Option<String> {
    (size > LARGEST).then(|| format!("{} KiB, at most {}", size / 1024, LARGEST / 1024))
}

fn text_findings(text: &str) -> impl Iterator<Item = (usize, &'static str)> {
    (1..).zip(text.lines()).filter_map(|(number, line)| Some((number, line_finding(line)?)))
}

fn line_finding(line: &str) -> Option<&'static str> {
    const MERGE: &[&str] = &["<<<<<<< ", "||||||| ", ">>>>>>> "];
    let is_key = line.contains("-----BEGIN ") && line.contains(concat!("PRIVATE", " KEY-----"));
    if is_key {
        return Some("a private key");
    }
    MERGE.iter().any(|mark| line.starts_with(mark)).then_some("a merge that was not finished")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        assert_eq!(text_findings(text).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn private_keys_are_found() {
        let mark = concat!("-----BEGIN OPENSSH PRIVATE", " KEY-----");
        check(&format!("a\n{mark}\n"), &[(2, "a private key")]);
        check("-----BEGIN PUBLIC KEY-----\n", &[]);
    }

    #[test]
    fn unfinished_merges_are_found() {
        check(
            "<<<<<<< ours\na\n=======\nb\n>>>>>>> theirs\n",
            &[(1, "a merge that was not finished"), (5, "a merge that was not finished")],
        );
        check("Title\n=======\n\n    <<<<<<< quoted\n", &[]);
    }

    #[test]
    fn large_files_are_found() {
        assert_eq!(too_large(1_024_000), None);
        assert_eq!(too_large(1_030_000).unwrap(), "1005 KiB, at most 1000");
    }
}
