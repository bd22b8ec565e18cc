//! Status files, as monitoring of the legacy system reads them: one `<phase>.json` for each kind
//! of work, and `status.json` with all of them.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

/// A folder of status files.
#[derive(Clone, Debug)]
pub struct StatusDir {
    path: PathBuf,
}

/// How one kind of work is getting on.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseStatus {
    /// The kind of work (`bulk_ingest`, `delta_ingest`, ..): lower-case letters, digits, `_`, `-`.
    pub phase: String,
    /// The run.
    pub ingest_id: String,
    /// When this was true.
    #[serde(serialize_with = "write_time")]
    pub last_updated: DateTime<Utc>,
    /// Counters, by their names.
    pub metrics: Map<String, Value>,
    /// How far the run has got; empty when there is nothing to say.
    pub checkpoint: Map<String, Value>,
    /// What could not be read.
    pub dead_letter: DeadLetters,
}

/// What could not be read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DeadLetters {
    /// How many.
    pub total: u64,
    /// Why the last one could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_reason: Option<String>,
    /// Where the last one came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_source: Option<String>,
    /// When the last one came.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_optional_time")]
    pub last_updated: Option<DateTime<Utc>>,
}

/// A status file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum StatusError {
    /// The folder cannot be made.
    #[error("failed to make the status folder `{path}`")]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The name cannot be that of a file.
    #[error("`{phase}` cannot be the name of a status file")]
    Phase {
        /// The name.
        phase: String,
    },
    /// The file cannot be written.
    #[error("failed to write the status file `{path}`")]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// The file with all phases.
const ALL_PHASES: &str = "status";

impl StatusDir {
    /// Makes the folder when it does not exist.
    pub fn open(path: &Path) -> Result<Self, StatusError> {
        fs::create_dir_all(path)
            .map_err(|source| StatusError::Folder { path: path.to_owned(), source })?;
        Ok(Self { path: path.to_owned() })
    }

    /// Writes both files. A reader sees the old one or the new one, never half of one, and
    /// programs that write at the same time lose nothing of each other.
    pub fn write(&self, status: &PhaseStatus) -> Result<(), StatusError> {
        let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c);
        let phase = &status.phase;
        if phase.is_empty() || phase == ALL_PHASES || !phase.chars().all(is_plain) {
            return Err(StatusError::Phase { phase: phase.clone() });
        }
        let phase_file = self.path.join(format!("{phase}.json"));
        let all_file = self.path.join(format!("{ALL_PHASES}.json"));
        let failed = |path: &Path, source| StatusError::Write { path: path.to_owned(), source };
        let lock_file = self.path.join(".status.lock");
        // The lock ends with the file, also when the program dies.
        let lock = File::create(&lock_file).map_err(|source| failed(&lock_file, source))?;
        lock.lock().map_err(|source| failed(&lock_file, source))?;
        replace(&phase_file, status).map_err(|source| failed(&phase_file, source))?;
        let all = with_phase(&all_file, &phase_file, status);
        all.and_then(|all| replace(&all_file, &all)).map_err(|source| failed(&all_file, source))
    }
}

/// All phases, with this one put in. A file that cannot be read is begun anew: it is a view of
/// the phase files, which the next runs put in again.
fn with_phase(all_file: &Path, phase_file: &Path, status: &PhaseStatus) -> io::Result<Value> {
    let old = fs::read(all_file).unwrap_or_default();
    let mut phases = match serde_json::from_slice::<Value>(&old) {
        Ok(Value::Object(mut all)) => match all.remove("phases") {
            Some(Value::Object(phases)) => phases,
            _ => Map::new(),
        },
        _ => Map::new(),
    };
    let mut entry = serde_json::to_value(status)?;
    if let Value::Object(fields) = &mut entry {
        let path = phase_file.to_string_lossy().into_owned();
        fields.insert("status_file".to_owned(), Value::String(path));
    }
    phases.insert(status.phase.clone(), entry);
    let mut all = Map::new();
    all.insert("last_updated".to_owned(), Value::String(time_text(status.last_updated)));
    all.insert("phases".to_owned(), Value::Object(phases));
    Ok(Value::Object(all))
}

/// Writes beside the file, down to the disk, and renames.
fn replace(path: &Path, content: &impl Serialize) -> io::Result<()> {
    let beside = path.with_extension("json.new");
    let mut file = File::create(&beside)?;
    file.write_all(&serde_json::to_vec(content)?)?;
    file.sync_all()?;
    fs::rename(&beside, path)
}

/// The legacy spelling, which every version of Python reads.
fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, false)
}

fn write_time<S: Serializer>(time: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&time_text(*time))
}

#[expect(clippy::ref_option, reason = "serde hands out references")]
fn write_optional_time<S: Serializer>(
    time: &Option<DateTime<Utc>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => write_time(time, serializer),
        None => serializer.serialize_none(),
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use tempfile::TempDir;

    use super::*;

    fn status(phase: &str, n_events: u64) -> PhaseStatus {
        PhaseStatus {
            phase: phase.to_owned(),
            ingest_id: "run-1".to_owned(),
            last_updated: DateTime::from_timestamp(1_735_689_600, 123_456_000).unwrap(),
            metrics: Map::from_iter([("events_read".to_owned(), n_events.into())]),
            checkpoint: Map::new(),
            dead_letter: DeadLetters::default(),
        }
    }

    fn read(folder: &TempDir, name: &str) -> String {
        fs::read_to_string(folder.path().join(name)).unwrap()
    }

    #[test]
    fn both_files_have_the_legacy_shape() {
        let folder = TempDir::new().unwrap();
        let status_dir = StatusDir::open(&folder.path().join("a/b")).unwrap();
        let mut one = status("bulk_ingest", 7);
        one.dead_letter.total = 1;
        one.dead_letter.last_reason = Some("no JSON".to_owned());
        one.dead_letter.last_updated = Some(one.last_updated);
        status_dir.write(&one).unwrap();
        assert_eq!(
            read(&folder, "a/b/bulk_ingest.json"),
            "{\"phase\":\"bulk_ingest\",\"ingest_id\":\"run-1\",\
             \"last_updated\":\"2025-01-01T00:00:00.123456+00:00\",\
             \"metrics\":{\"events_read\":7},\"checkpoint\":{},\
             \"dead_letter\":{\"total\":1,\"last_reason\":\"no JSON\",\
             \"last_updated\":\"2025-01-01T00:00:00.123456+00:00\"}}"
        );
        status_dir.write(&status("delta_ingest", 8)).unwrap();
        let all: Value = serde_json::from_str(&read(&folder, "a/b/status.json")).unwrap();
        assert_eq!(all["last_updated"], "2025-01-01T00:00:00.123456+00:00");
        assert_eq!(all["phases"]["bulk_ingest"]["metrics"]["events_read"], 7);
        assert_eq!(all["phases"]["delta_ingest"]["metrics"]["events_read"], 8);
        let file = all["phases"]["delta_ingest"]["status_file"].as_str().unwrap();
        assert!(file.ends_with("a/b/delta_ingest.json"), "{file}");
    }

    #[test]
    fn a_damaged_file_is_begun_anew() {
        let folder = TempDir::new().unwrap();
        let status_dir = StatusDir::open(folder.path()).unwrap();
        for damaged in ["", "{\"phases\":", "[]", "{\"phases\":3}"] {
            fs::write(folder.path().join("status.json"), damaged).unwrap();
            status_dir.write(&status("bulk_ingest", 1)).unwrap();
            let all: Value = serde_json::from_str(&read(&folder, "status.json")).unwrap();
            assert_eq!(all["phases"]["bulk_ingest"]["ingest_id"], "run-1");
        }
    }

    #[test]
    fn writers_at_the_same_time_lose_nothing() {
        let folder = TempDir::new().unwrap();
        thread::scope(|scope| {
            for writer in 0..4 {
                let status_dir = StatusDir::open(folder.path()).unwrap();
                scope.spawn(move || {
                    for turn in 0..5 {
                        status_dir.write(&status(&format!("phase-{writer}"), turn)).unwrap();
                    }
                });
            }
        });
        let all: Value = serde_json::from_str(&read(&folder, "status.json")).unwrap();
        for writer in 0..4 {
            assert_eq!(all["phases"][format!("phase-{writer}")]["metrics"]["events_read"], 4);
        }
        let mut names: Vec<_> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.starts_with("phase-"))
            .collect();
        names.sort();
        assert_eq!(names, [".status.lock", "status.json"]);
    }

    #[test]
    fn names_cannot_leave_the_folder() {
        let folder = TempDir::new().unwrap();
        let status_dir = StatusDir::open(folder.path()).unwrap();
        for phase in ["", "status", "../x", "a/b", "A", "a.b"] {
            let error = status_dir.write(&status(phase, 0)).unwrap_err();
            assert!(matches!(error, StatusError::Phase { .. }), "{phase}");
        }
        fs::create_dir(folder.path().join("taken.json")).unwrap();
        let error = status_dir.write(&status("taken", 0)).unwrap_err();
        assert!(matches!(error, StatusError::Write { .. }), "{error}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(StatusDir::open(&file), Err(StatusError::Folder { .. })));
    }
}
