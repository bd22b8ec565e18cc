//! Each published crate, seen by a stranger: imported alone, weighed, and packaged.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::workspace::{self, Metadata, Package};

/// Crates that must stay free of a database, whatever else they use.
const LIGHT: &[&str] = &[
    "cowrie-core",
    "cowrie-shell",
    "cowrie-parse",
    "cowrie-command",
    "cowrie-ssh-keys",
    "cowrie-secrets",
    "cowrie-limits",
];

/// All clients are light too.
const LIGHT_PREFIX: &str = "cowrie-client-";

/// What a light crate does not bring.
const HEAVY: &[&str] = &["sea-orm", "sea-orm-migration", "sqlx", "sqlx-core", "rusqlite"];

/// Import every published library from a project outside the workspace, then package them all.
pub(crate) fn run() -> Result<()> {
    let metadata = Metadata::read()?;
    for package in metadata.published().filter(|package| package.is_library()) {
        import(package, &metadata.target_directory)
            .with_context(|| format!("`{}` cannot be imported alone", package.name))?;
    }
    let mut command = process::cargo();
    command.args(["package", "--workspace", "--no-verify", "--allow-dirty", "--quiet", "--locked"]);
    for package in metadata.packages.iter().filter(|package| !package.is_published()) {
        command.args(["--exclude", &package.name]);
    }
    process::run(&mut command)?;
    println!("{} crates packaged", metadata.published().count());
    Ok(())
}

fn import(package: &Package, target: &Path) -> Result<()> {
    let project = tempfile::tempdir().context("failed to make a project folder")?;
    write_project(project.path(), package).context("failed to write the project")?;
    process::run(
        cargo_in(project.path()).args(["check", "--quiet"]).arg("--target-dir").arg(target),
    )?;
    let mut tree = cargo_in(project.path());
    let tree =
        process::read(tree.args(["tree", "--edges=normal", "--prefix=none", "--format={p}"]))?;
    let brought = crates_in(&tree);
    let heavy: Vec<&str> = brought.iter().copied().filter(|name| HEAVY.contains(name)).collect();
    if is_light(&package.name) && !heavy.is_empty() {
        bail!("it brings {}", heavy.join(", "));
    }
    // The project itself is in the tree as well.
    println!("{} stands alone, with {} crates", package.name, brought.len().saturating_sub(2));
    Ok(())
}

/// The lock file comes along, so that the versions are those of the workspace.
fn write_project(folder: &Path, package: &Package) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"stranger\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [workspace]\n\n[dependencies]\n{} = {{ path = {} }}\n",
        package.name,
        toml::Value::from(package.folder().display().to_string())
    );
    let library = format!("//! A stranger.\n\nuse {} as _;\n", package.name.replace('-', "_"));
    fs::create_dir(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), library)?;
    fs::copy(workspace::root().join("Cargo.lock"), folder.join("Cargo.lock"))?;
    Ok(())
}

fn cargo_in(folder: &Path) -> Command {
    let mut command = process::cargo();
    command.current_dir(folder);
    command
}

fn is_light(name: &str) -> bool {
    LIGHT.contains(&name) || name.starts_with(LIGHT_PREFIX)
}

/// The distinct names in the output of `cargo tree`.
fn crates_in(tree: &str) -> Vec<&str> {
    let mut names: Vec<&str> =
        tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_read_by_its_first_words() {
        let tree = "stranger v0.0.0 (/x)\nserde v1.0.0\nsea-orm v2.0.4\nserde v1.0.0 (*)\n\n";
        assert_eq!(crates_in(tree), ["sea-orm", "serde", "stranger"]);
    }

    #[test]
    fn clients_are_light() {
        assert!(is_light("cowrie-secrets") && is_light("cowrie-client-maxmind"));
        assert!(!is_light("cowrie-store"));
    }
}
