//! The configuration file: where it is, how it is read, and what of it is not needed any more.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::mem;
use std::path::{Path, PathBuf};

use cowrie_settings::{IGNORED_KEYS, IGNORED_SECTIONS, Section};
use toml::{Table, Value};

use crate::error::ConfigError;

/// Where the file is looked for when nobody names one, in this order.
pub(crate) const SEARCHED: [&str; 2] = ["config/sensors.toml", "sensors.toml"];

/// The longest file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

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
        None => SEARCHED.iter().map(PathBuf::from).find(|path| is_there(&working_dir.join(path))),
    };
    let Some(path) = found else {
        return Ok(None);
    };
    let text = text_of(&working_dir.join(&path))
        .map_err(|source| ConfigError::Read { path: path.clone(), source })?;
    let mut table = parse(&text, &path)?;
    let warnings = take_legacy_keys(&mut table, &path);
    for (keys, section) in sections(&mut table) {
        respell(keys, section);
    }
    Ok(Some(ConfigFile { path, table, warnings }))
}

/// Whether there is anything of that name. What cannot be looked at is there, for the error that
/// reading it makes: a configuration must not be passed over in silence.
fn is_there(path: &Path) -> bool {
    !matches!(fs::symlink_metadata(path), Err(error) if is_absent(error.kind()))
}

fn is_absent(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// The text of a file that is not longer than a configuration can be.
fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let n_bytes = File::open(path)?.take(MAX_BYTES + 1).read_to_string(&mut text)?;
    if n_bytes as u64 > MAX_BYTES {
        return Err(io::Error::other(format!("it is longer than {MAX_BYTES} bytes")));
    }
    Ok(text)
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

impl ConfigFile {
    /// Takes the value at a place out, so that the rest can be read; whether there was one.
    pub(crate) fn remove(&mut self, place: &[String]) -> bool {
        let Some((last, above)) = place.split_last() else {
            return false;
        };
        let mut root = Value::Table(mem::take(&mut self.table));
        let mut found = Some(&mut root);
        for name in above {
            found = found.and_then(|value| match value {
                Value::Array(list) => list.get_mut(name.parse::<usize>().ok()?),
                value => value.get_mut(name),
            });
        }
        let is_removed = match found {
            Some(Value::Table(table)) => table.remove(last).is_some(),
            _ => false,
        };
        if let Value::Table(table) = root {
            self.table = table;
        }
        is_removed
    }
}

/// `[global]`, and every sensor in either layout, with the section that describes it.
fn sections(table: &mut Table) -> Vec<(&mut Table, Section)> {
    let mut found = Vec::new();
    for (name, value) in table.iter_mut() {
        match (name.as_str(), value) {
            ("global", Value::Table(global)) => found.push((global, Section::Global)),
            ("sensor", Value::Array(sensors)) => {
                let sensors = sensors.iter_mut().filter_map(Value::as_table_mut);
                found.extend(sensors.map(|sensor| (sensor, Section::Sensor)));
            }
            ("sensors", Value::Table(sensors)) => {
                let sensors = sensors.iter_mut().filter_map(|(_, sensor)| sensor.as_table_mut());
                found.extend(sensors.map(|sensor| (sensor, Section::Sensor)));
            }
            _ => {}
        }
    }
    found
}

/// Gives keys of several names the one name under which the layers meet. A section that has two of
/// them is left as it is, for the error that it makes.
fn respell(table: &mut Table, section: Section) {
    for setting in section.settings() {
        for alias in setting.aliases {
            if !table.contains_key(setting.name)
                && let Some(value) = table.remove(*alias)
            {
                table.insert(setting.name.to_owned(), value);
            }
        }
    }
}

/// Takes the keys out that only the legacy system needs, and names each once.
fn take_legacy_keys(table: &mut Table, path: &Path) -> Vec<String> {
    let mut taken = Vec::new();
    for name in IGNORED_SECTIONS {
        if table.remove(*name).is_some() {
            taken.push(format!("[{name}]"));
        }
    }
    for (keys, section) in sections(table) {
        let name = if section == Section::Global { "global" } else { "sensor" };
        for (_, ignored) in IGNORED_KEYS.iter().filter(|(above, _)| *above == name) {
            take(keys, ignored, name, &mut taken);
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
            [sensors.c]\nreport_dir = 'r'\ndbxkey = 'hunter2'\n\
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
                "`sensor.dbxkey` in c.toml is not needed any more and is ignored",
            ]
        );
        let left = "[global]\ndb = 'x'\n[[sensor]]\nname = 'a'\n[[sensor]]\nname = 'b'\n\
            [sensors.c]\nreport_dir = 'r'\n";
        assert_eq!(table, parse(left, path).unwrap());
    }

    #[track_caller]
    fn check_remove(place: &[&str], left: &str) {
        let path = Path::new("c.toml");
        let text = "[global]\ndb = 'x'\n[[sensor]]\nname = 'a'\n[[sensor]]\nname = 'b'\n";
        let table = parse(text, path).unwrap();
        let mut file = ConfigFile { path: path.to_owned(), table, warnings: Vec::new() };
        let place: Vec<String> = place.iter().map(ToString::to_string).collect();
        let is_removed = file.remove(&place);
        assert_eq!(file.table, parse(left, path).unwrap());
        assert_eq!(is_removed, text != left, "{place:?}");
    }

    #[test]
    fn what_cannot_be_used_is_taken_out() {
        let all = "[global]\ndb = 'x'\n[[sensor]]\nname = 'a'\n[[sensor]]\nname = 'b'\n";
        check_remove(&["global", "db"], &all.replace("db = 'x'\n", ""));
        check_remove(&["sensor", "1", "name"], &all.replace("name = 'b'\n", ""));
        check_remove(&["sensor"], "[global]\ndb = 'x'\n");
        for place in [&[][..], &["none"], &["sensor", "2", "name"], &["global", "db", "x"]] {
            check_remove(place, all);
        }
    }
}
