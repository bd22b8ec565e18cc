//! Every manifest takes its lints, its version and all its dependencies from the workspace.

use std::fs;

use toml::{Table, Value};

use crate::tidy::checkout::Checkout;

/// What `[package]` inherits.
const INHERITED: &[&str] = &["authors", "edition", "license", "rust-version", "version"];

const DEPENDENCIES: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    let manifests = checkout.metadata.packages.iter().map(|package| &package.manifest_path);
    let findings = manifests.flat_map(|manifest| {
        let text = fs::read_to_string(manifest).unwrap_or_default();
        let place = checkout.shown(manifest);
        findings(&text).into_iter().map(move |finding| format!("{place}:1: {finding}"))
    });
    findings.collect()
}

fn findings(manifest: &str) -> Vec<String> {
    let manifest: Table = match manifest.parse() {
        Ok(manifest) => manifest,
        Err(error) => return vec![format!("it is not TOML: {error}")],
    };
    let package = manifest.get("package").and_then(Value::as_table);
    let own = INHERITED
        .iter()
        .filter(|key| !package.and_then(|package| package.get(**key)).is_some_and(is_inherited))
        .map(|key| format!("`{key}.workspace = true` is missing from [package]"));
    let lints = (!manifest.get("lints").is_some_and(is_inherited))
        .then(|| "`workspace = true` is missing from [lints]".to_owned());
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flatten();
    let tables = targets.filter_map(|(_, target)| target.as_table()).chain([&manifest]);
    let dependencies = tables.flat_map(|table| {
        let sections =
            DEPENDENCIES.iter().filter_map(|section| Some((section, table.get(*section)?)));
        sections.flat_map(|(section, table)| {
            let is_for_tests = *section == "dev-dependencies";
            let all = table.as_table().into_iter().flatten();
            all.filter(move |(_, value)| !(is_inherited(value) || is_for_tests && is_path(value)))
        })
    });
    let dependencies = dependencies.map(|(name, _)| format!("`{name}` is not the workspace's"));
    own.chain(lints).chain(dependencies).collect()
}

/// A dependency by path alone, which packages leave out: the way to test with a crate that needs
/// this one.
fn is_path(value: &Value) -> bool {
    value.as_table().is_some_and(|table| table.len() == 1 && table.contains_key("path"))
}

fn is_inherited(value: &Value) -> bool {
    value.get("workspace").and_then(Value::as_bool) == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = 'x'\nauthors.workspace = true\n\
        edition.workspace = true\nlicense.workspace = true\nrust-version.workspace = true\n\
        version.workspace = true\n[dependencies]\na.workspace = true\n\
        b = { workspace = true, features = ['c'] }\n[lints]\nworkspace = true\n";

    #[track_caller]
    fn check(manifest: &str, expected: &[&str]) {
        assert_eq!(findings(manifest), expected);
    }

    #[test]
    fn all_is_inherited() {
        check(GOOD, &[]);
        check(
            &GOOD.replace("edition.workspace = true", "edition = '2021'"),
            &["`edition.workspace = true` is missing from [package]"],
        );
        check(
            &GOOD.replace("[lints]\nworkspace = true\n", ""),
            &["`workspace = true` is missing from [lints]"],
        );
    }

    #[test]
    fn all_dependencies_are_the_workspaces() {
        let with = |more: &str| format!("{GOOD}{more}");
        check(&with("[dev-dependencies]\nd = '1'\n"), &["`d` is not the workspace's"]);
        check(
            &with("[target.'cfg(unix)'.dependencies]\ne = { version = '1' }\n"),
            &["`e` is not the workspace's"],
        );
        check(&with("[dev-dependencies]\ng = { path = '../g' }\n"), &[]);
        check(&with("[build-dependencies]\nf.workspace = true\n"), &[]);
    }
}
