//! Files, functions, crates and programs stay small enough to be read at one sitting.

use crate::tidy::checkout::Checkout;
use crate::tidy::rust_file::{RustFile, end_of_block, is_word_byte, words_at};
use crate::workspace::Package;

/// Lines of a file without its tests; 300 is the aim.
const FILE: usize = 500;
/// Lines of a function; 40 is the aim.
const FUNCTION: usize = 70;
/// Lines of a crate's `src` without tests; 2000 is the aim.
const CRATE: usize = 2_500;
/// Lines of the file that makes a program of libraries.
const MAIN: usize = 300;

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    let files = checkout.rust_files.iter().flat_map(file_findings);
    let crates = checkout.metadata.packages.iter().filter_map(|package| {
        crate_finding(&package.name, &source_folder(package, checkout), &checkout.rust_files)
    });
    files.chain(crates).collect()
}

fn source_folder(package: &Package, checkout: &Checkout) -> String {
    format!("{}/src/", checkout.shown(&package.folder()))
}

fn file_findings(file: &RustFile) -> Vec<String> {
    let n_lines = file.n_lines_without_tests();
    let limit = if file.path.ends_with("src/main.rs") { MAIN } else { FILE };
    let too_long = (n_lines > limit)
        .then(|| format!("{}:1: {n_lines} lines without tests, at most {limit}", file.path));
    let functions = words_at(&file.code, "fn").into_iter().filter_map(|at| {
        let n_lines = function_lines(&file.code, at)?;
        let is_too_long = n_lines > FUNCTION && !file.is_test_at(at);
        let place = format!("{}:{}", file.path, file.line_of(at));
        is_too_long.then(|| format!("{place}: a function of {n_lines} lines, at most {FUNCTION}"))
    });
    too_long.into_iter().chain(functions).collect()
}

fn crate_finding(name: &str, folder: &str, files: &[RustFile]) -> Option<String> {
    let own = files.iter().filter(|file| file.path.starts_with(folder));
    let n_lines: usize = own.map(RustFile::n_lines_without_tests).sum();
    (n_lines > CRATE)
        .then(|| format!("`{name}` has {n_lines} lines without tests, at most {CRATE}"))
}

/// How many lines the function at this `fn` has; `None` without a body, and for a type.
fn function_lines(code: &str, at: usize) -> Option<usize> {
    let rest = code.get(at..)?;
    let name = rest.get(2..)?.trim_start().bytes().next()?;
    let body = body_or_end(rest).filter(|_| is_word_byte(name))?;
    if rest.as_bytes().get(body) != Some(&b'{') {
        return None;
    }
    let end = end_of_block(rest, body)?;
    Some(rest.get(..end)?.lines().count())
}

/// Where the body begins, or the `;` of a function that has none; one in brackets is a length.
fn body_or_end(rest: &str) -> Option<usize> {
    let mut depth = 0_usize;
    rest.bytes().position(|byte| {
        match byte {
            b'[' => depth += 1,
            b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        byte == b'{' || (byte == b';' && depth == 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, text: &str, expected: &[&str]) {
        assert_eq!(file_findings(&RustFile::new(path, text)), expected);
    }

    fn function(n_lines: usize) -> String {
        format!("fn long() {{\n{}}}\n", "    let s = \"{\";\n".repeat(n_lines - 2))
    }

    #[test]
    fn functions_have_seventy_lines() {
        check("src/a.rs", &function(70), &[]);
        check("src/a.rs", &function(71), &["src/a.rs:1: a function of 71 lines, at most 70"]);
        let in_tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", function(90));
        check("src/a.rs", &in_tests, &[]);
        check("src/a.rs", "trait T {\n    fn f(g: fn(u8) -> u8);\n}\n", &[]);
        let with_array = function(71).replace("long()", "long(x: [u8; 4]) -> [u8; 2]");
        check("src/a.rs", &with_array, &["src/a.rs:1: a function of 71 lines, at most 70"]);
    }

    #[test]
    fn files_have_five_hundred_lines_and_tests_are_free() {
        check("src/a.rs", &"use a;\n".repeat(500), &[]);
        check(
            "src/a.rs",
            &"use a;\n".repeat(501),
            &["src/a.rs:1: 501 lines without tests, at most 500"],
        );
        let tests = format!("#[cfg(test)]\nmod tests {{\n{}}}\n", "use a;\n".repeat(900));
        check("src/a.rs", &tests, &[]);
        check("tests/a.rs", &"use a;\n".repeat(900), &[]);
    }

    #[test]
    fn programs_are_thin() {
        check("bins/x/src/main.rs", &"use a;\n".repeat(300), &[]);
        check(
            "bins/x/src/main.rs",
            &"use a;\n".repeat(301),
            &["bins/x/src/main.rs:1: 301 lines without tests, at most 300"],
        );
    }

    #[test]
    fn crates_are_narrow() {
        let file = |name: &str| RustFile::new(name, &"use a;\n".repeat(500));
        let names = ["a/src/1", "a/src/2", "a/src/3", "a/src/4", "a/src/5", "b/src/6"];
        let mut files: Vec<_> = names.into_iter().map(file).collect();
        assert_eq!(crate_finding("a", "a/src/", &files), None);
        files.push(RustFile::new("a/src/7", "use a;\n"));
        let found = crate_finding("a", "a/src/", &files).unwrap();
        assert_eq!(found, "`a` has 2501 lines without tests, at most 2500");
    }
}
