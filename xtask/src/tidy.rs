//! `cargo xtask tidy`: the rules that the compiler does not know, one file each.
//!
//! Every rule says what it found as `path:line: what is wrong`; the same list runs as a test.

use anyhow::{Result, bail};

use checkout::Checkout;

mod adrs;
mod budgets;
mod checkout;
mod commands;
mod documentation;
mod globs;
mod layers;
mod leaks;
mod manifests;
mod openings;
mod rust_file;
mod words;

type Rule = fn(&Checkout) -> Vec<String>;

const RULES: &[(&str, Rule)] = &[
    ("layers", layers::check),
    ("documentation", documentation::check),
    ("manifests", manifests::check),
    ("budgets", budgets::check),
    ("openings", openings::check),
    ("words", words::check),
    ("adrs", adrs::check),
    ("leaks", leaks::check),
    ("globs", globs::check),
    ("commands", commands::check),
];

/// Apply every rule; what they find is printed, and is a failure.
pub(crate) fn run() -> Result<()> {
    let findings = findings()?;
    for finding in &findings {
        eprintln!("{finding}");
    }
    if !findings.is_empty() {
        bail!("tidy found {} things", findings.len());
    }
    println!("{} rules hold", RULES.len());
    Ok(())
}

fn findings() -> Result<Vec<String>> {
    let checkout = Checkout::read()?;
    let name_them = |(name, rule): &(&str, Rule)| -> Vec<String> {
        rule(&checkout).into_iter().map(|finding| format!("{finding} [{name}]")).collect()
    };
    Ok(RULES.iter().flat_map(name_them).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_is_tidy() {
        let findings = findings().unwrap();
        assert!(findings.is_empty(), "{}", findings.join("\n"));
    }
}
