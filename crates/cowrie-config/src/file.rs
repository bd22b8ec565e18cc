//! The configuration file: where it is, how it is read, and what of it is not needed any more.

use std::fs;
use std::path::{Path, PathBuf};

use toml::{Table, Value};

use crate::error::ConfigError;

/// Where the file is looked for when nobody names one, in this order.
pub(crate) const SEARCHED: [&str; 2] = ["config/sensors.toml", "sensors.toml"];

/// Sections that the legacy system read and this one does not need.
const LEGACY_SECTIONS: [&str; 1] = ["snowshoe_detector"];

/// Keys of `[global]` that the legacy system read and this one does not need.
const LEGACY_GLOBAL: [&str; 5] =
    ["log_dir", "memory_limit_gb", "memory_warning_threshold", "report_dir", "staging_base"];

/// Keys of a sensor that the legacy system read and this one does not need.
const LEGACY_SENSOR: [&str; 6] =
    ["dbxapi", "dbxkey", "dbxrefreshtoken", "dbxsecret", "report_dir", "summarizedays"];

/// A file that was read.
pub(crate) struct ConfigFile {
    /// As it was named, for messages.
    pub(crate) path: PathBuf,
    /// What is in it, without the keys that are not needed.
    pub(crate) table: Table,
    /// One sentence for each key that was left out.
    pub(crate) warnings: Vec<String>,
}

/// Reads the file that was named, or else the first that exists; `None` when there is none.
pub(crate) fn read(
    named: Option<&Path>,
    working_dir: &Path,
) -> Result<Option<ConfigFile>, ConfigError> {
    let found = match named {
        Some(path) => Some(path.to_owned()),
        None => SEARCHED.iter().map(PathBuf::from).find(|path| working_dir.join(path).is_file()),
    };
    let Some(path) = found else {
        return Ok(None);
    };
    let text = fs::read_to_string(working_dir.join(&path))
        .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
    let mut table = parse(&text, &path)?;
    let warnings = take_legacy_keys(&mut table, &path);
    for section in sections(&mut table) {
        respell(section);
    }
    Ok(Some(ConfigFile { path, table, warnings }))
}

/// The parser's own message shows the line, which may hold a secret; ours shows its number.
fn parse(text: &str, path: &Path) -> Result<Table, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or_default();
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        ConfigError::Syntax {
            path: path.to_owned(),
            line: before.matches('\n').count() + 1,
            column: last_line.chars().count() + 1,
            problem: error.message().replace('\n', " "),
        }
    })
}

/// `[global]`, and every sensor in either layout.
fn sections(table: &mut Table) -> impl Iterator<Item = &mut Table> {
    let named = table.iter_mut().filter_map(|(name, value)| {
        let sections: Vec<&mut Table> = match (name.as_str(), value) {
            ("global", Value::Table(global)) => vec![global],
            ("sensor", Value::Array(sensors)) => {
                sensors.iter_mut().filter_map(Value::as_table_mut).collect()
            }
            ("sensors", Value::Table(sensors)) => {
                sensors.iter_mut().filter_map(|(_, sensor)| sensor.as_table_mut()).collect()
            }
            _ => return None,
        };
        Some(sections)
    });
    named.flatten()
}

/// Gives the database the one name under which the layers meet. A section that has both names is
/// left as it is, for the error that it makes.
fn respell(section: &mut Table) {
    if !section.contains_key("db")
        && let Some(value) = section.remove("database_url")
    {
        section.insert("db".to_owned(), value);
    }
}

/// Takes the keys out that only the legacy system needs, and names each once.
fn take_legacy_keys(table: &mut Table, path: &Path) -> Vec<String> {
    let mut taken = Vec::new();
    for name in LEGACY_SECTIONS {
        if table.remove(name).is_some() {
            taken.push(format!("[{name}]"));
        }
    }
    if let Some(Value::Table(global)) = table.get_mut("global") {
        take(global, &LEGACY_GLOBAL, "global", &mut taken);
    }
    if let Some(Value::Array(sensors)) = table.get_mut("sensor") {
        for sensor in sensors.iter_mut().filter_map(Value::as_table_mut) {
            take(sensor, &LEGACY_SENSOR, "sensor", &mut taken);
        }
    }
    if let Some(Value::Table(sensors)) = table.get_mut("sensors") {
        for (_, sensor) in sensors.iter_mut() {
            if let Some(sensor) = sensor.as_table_mut() {
                take(sensor, &LEGACY_SENSOR, "sensor", &mut taken);
            }
        }
    }
    taken.iter().map(|key| warning(key, path)).collect()
}

fn take(section: &mut Table, keys: &[&str], above: &str, taken: &mut Vec<String>) {
    for key in keys {
        let shown = format!("{above}.{key}");
        if section.remove(*key).is_some() && !taken.contains(&shown) {
            taken.push(shown);
        }
    }
}

fn warning(key: &str, path: &Path) -> String {
    format!("`{key}` in {} is not needed any more and is ignored", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_syntax(text: &str, line: usize, column: usize) {
        let error = parse(text, Path::new("c.toml")).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        match error {
            ConfigError::Syntax { line: found_line, column: found_column, .. } => {
                assert_eq!((found_line, found_column), (line, column), "{shown}");
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn syntax_errors_have_a_place_and_show_no_text() {
        check_syntax("[global]\ndb = \"hunter2", 2, 14);
        check_syntax("[global]\nvtapi = hunter2\n", 2, 9);
        check_syntax("[global]\nvtapi = 'hunter2' hunter2\n", 2, 19);
        check_syntax("hunter2\n", 1, 8);
        check_syntax("a = 1\na = 'hunter2'\n", 2, 1);
    }

    #[test]
    fn legacy_keys_are_taken_out_and_named_once() {
        let text = "[global]\nlog_dir = 'l'\ndb = 'x'\n\
            [[sensor]]\nname = 'a'\nsummarizedays = 1\n\
            [[sensor]]\nname = 'b'\nsummarizedays = 2\ndbxsecret = 'hunter2'\n\
            [sensors.c]\nreport_dir = 'r'\n\
            [snowshoe_detector.enrichment]\nuse_spur = true\n";
        let path = Path::new("c.toml");
        let mut table = parse(text, path).unwrap();
        let warnings = take_legacy_keys(&mut table, path);
        assert_eq!(
            warnings,
            [
                "`[snowshoe_detector]` in c.toml is not needed any more and is ignored",
                "`global.log_dir` in c.toml is not needed any more and is ignored",
                "`sensor.summarizedays` in c.toml is not needed any more and is ignored",
                "`sensor.dbxsecret` in c.toml is not needed any more and is ignored",
                "`sensor.report_dir` in c.toml is not needed any more and is ignored",
            ]
        );
        let left =
            "[global]\ndb = 'x'\n[[sensor]]\nname = 'a'\n[[sensor]]\nname = 'b'\n[sensors.c]\n";
        assert_eq!(table, parse(left, path).unwrap());
    }
}
