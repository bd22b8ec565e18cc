//! Crates depend downwards only, and every crate has its layer.

use crate::tidy::checkout::Checkout;
use crate::workspace::Package;

/// Each line may use the lines above it.
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["cowrie-core", "cowrie-shell", "cowrie-http", "cowrie-settings"]),
    (1, &["cowrie-parse", "cowrie-command", "cowrie-ssh-keys"]),
    (1, &["cowrie-enrichment", "cowrie-secrets", "cowrie-logfind"]),
    (1, &["cowrie-schema", "cowrie-migration", "cowrie-sql"]),
    (2, &["cowrie-session", "cowrie-inventory", "cowrie-logfile"]),
    (3, &["cowrie-store", "cowrie-ledger", "cowrie-schema-check"]),
    (3, &["cowrie-explain", "cowrie-client", "cowrie-limits"]),
    (4, &["cowrie-cache", "cowrie-quota", "cowrie-maxmind-update", "cowrie-client-*"]),
    (5, &["cowrie-ingest"]),
    (6, &["cowrie-config", "cowrie-cli"]),
    (7, &["cowrie-sources"]),
    (8, &["cowrie-loader", "cowrie-db", "cowrie-enrich"]),
];

/// What stands beside the layers, and what of ours each of them may use; nothing released may
/// use these.
const BESIDE: &[(&str, Reach)] = &[
    ("cowrie-loopback", Reach::Nothing),
    ("cowrie-testdb", Reach::Only("cowrie-migration")),
    ("cowrie-tests", Reach::Everything),
    ("cowrie-scale", Reach::Everything),
    // The tasks start quickly because they compile without a database.
    ("xtask", Reach::Nothing),
];

/// Those that tests may use.
const TEST_KITS: &[&str] = &["cowrie-loopback", "cowrie-testdb"];

/// The package that is nothing but tests.
const TESTS: &str = "cowrie-tests";

/// The one that stands on what whole tests stand on.
const SCALE: &str = "cowrie-scale";

#[derive(Clone, Copy, Debug)]
enum Reach {
    Nothing,
    Only(&'static str),
    Everything,
}

pub(crate) fn check(checkout: &Checkout) -> Vec<String> {
    findings(&checkout.metadata.packages)
}

fn findings(packages: &[Package]) -> Vec<String> {
    let edges = packages.iter().flat_map(|package| {
        let ours =
            package.dependencies.iter().filter(|to| packages.iter().any(|p| p.name == to.name));
        ours.map(|to| (package.name.as_str(), to.name.as_str(), to.kind.as_deref()))
    });
    let wrong = edges.filter_map(|(from, to, kind)| {
        let why = complaint(from, to, kind == Some("dev"))?;
        Some(format!("`{from}` may not depend on `{to}`: {why}"))
    });
    let homeless = packages
        .iter()
        .filter(|package| layer_of(&package.name).is_none() && reach_of(&package.name).is_none())
        .map(|package| format!("`{}` is in no layer", package.name));
    wrong.chain(homeless).collect()
}

/// Why the edge is wrong, if it is.
fn complaint(from: &str, to: &str, is_dev: bool) -> Option<String> {
    if (TEST_KITS.contains(&to) && (is_dev || from == TESTS)) || (from, to) == (SCALE, TESTS) {
        return None;
    }
    if reach_of(to).is_some() {
        return Some("it is for tests and tasks only".to_owned());
    }
    match reach_of(from) {
        Some(Reach::Only(only)) if only != to => return Some(format!("only `{only}` is for it")),
        Some(Reach::Nothing) => return Some("nothing of ours is for it".to_owned()),
        Some(_) => return None,
        None if is_dev => return None,
        None => {}
    }
    let (from, to) = (layer_of(from)?, layer_of(to)?);
    (from <= to).then(|| format!("layer {to} is not below layer {from}"))
}

fn layer_of(name: &str) -> Option<u8> {
    let is_meant = |pattern: &&str| {
        pattern.strip_suffix('*').map_or(name == *pattern, |front| name.starts_with(front))
    };
    LAYERS.iter().find(|(_, names)| names.iter().any(is_meant)).map(|(layer, _)| *layer)
}

fn reach_of(name: &str) -> Option<Reach> {
    BESIDE.iter().find(|(beside, _)| *beside == name).map(|(_, reach)| *reach)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Dependency;

    #[track_caller]
    fn check(from: &str, to: &str, kind: Option<&str>, expected: &[&str]) {
        let edge = Dependency { name: to.to_owned(), kind: kind.map(str::to_owned) };
        let packages = [package(from, vec![edge]), package(to, vec![])];
        assert_eq!(findings(&packages), expected);
    }

    fn package(name: &str, dependencies: Vec<Dependency>) -> Package {
        Package {
            name: name.to_owned(),
            description: None,
            manifest_path: name.into(),
            publish: None,
            dependencies,
            targets: vec![],
        }
    }

    #[test]
    fn edges_go_down() {
        check("cowrie-parse", "cowrie-core", None, &[]);
        check("cowrie-loader", "cowrie-core", None, &[]);
        check(
            "cowrie-core",
            "cowrie-parse",
            None,
            &["`cowrie-core` may not depend on `cowrie-parse`: layer 1 is not below layer 0"],
        );
        check(
            "cowrie-parse",
            "cowrie-schema",
            Some("build"),
            &["`cowrie-parse` may not depend on `cowrie-schema`: layer 1 is not below layer 1"],
        );
        check("cowrie-parse", "cowrie-schema", Some("dev"), &[]);
    }

    #[test]
    fn what_stands_beside_is_for_tests_only() {
        check("cowrie-store", "cowrie-testdb", Some("dev"), &[]);
        check("cowrie-tests", "cowrie-testdb", None, &[]);
        check(
            "cowrie-store",
            "cowrie-testdb",
            None,
            &["`cowrie-store` may not depend on `cowrie-testdb`: it is for tests and tasks only"],
        );
        check("cowrie-tests", "cowrie-loader", None, &[]);
        check("cowrie-testdb", "cowrie-migration", None, &[]);
        check(
            "cowrie-testdb",
            "cowrie-store",
            None,
            &[
                "`cowrie-testdb` may not depend on `cowrie-store`: only `cowrie-migration` is for it",
            ],
        );
        check(
            "xtask",
            "cowrie-core",
            None,
            &["`xtask` may not depend on `cowrie-core`: nothing of ours is for it"],
        );
    }

    #[test]
    fn every_crate_has_its_place() {
        check("cowrie-new", "cowrie-core", None, &["`cowrie-new` is in no layer"]);
    }
}
