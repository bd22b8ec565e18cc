//! The builds of one edition that lie in a folder.

use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};
use tempfile::NamedTempFile;

use crate::announced::Announced;
use crate::{Edition, UpdateError, database};

/// As in the names of MaxMind's own archives.
const DAY: &str = "%Y%m%d";

/// Where the builds of an edition lie: `{folder}/{edition}_{day}/{edition}.mmdb`.
#[derive(Clone, Debug)]
pub(crate) struct Vintages {
    pub(crate) folder: PathBuf,
    pub(crate) edition: Edition,
}

impl Vintages {
    /// The build time of what the service announces, when that is here and can be opened.
    ///
    /// It is known by its day, or by the time of its last change, which [`Vintages::place`] keeps:
    /// a file may be announced on the day after it was built.
    pub(crate) fn find(
        &self,
        announced: Announced,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, UpdateError> {
        let found = self.list()?.into_iter().find_map(|(day, path)| {
            let is_it = announced.day == Some(day)
                || announced.modified.is_some_and(|time| modified(&path).ok() == Some(time));
            is_it.then(|| database::built(&path, &self.edition, now).ok()).flatten()
        });
        Ok(found)
    }

    /// A file without a name for the archive, gone with its last handle.
    pub(crate) fn temporary(&self) -> Result<fs::File, UpdateError> {
        let failed = UpdateError::disk("write a file in", &self.folder);
        fs::create_dir_all(&self.folder).map_err(&failed)?;
        tempfile::tempfile_in(&self.folder).map_err(&failed)
    }

    /// A hidden file in the folder for the database; its name says that it is none yet.
    pub(crate) fn part(&self) -> Result<NamedTempFile, UpdateError> {
        // As any other file: the umask says who may read it.
        let anybody = Permissions::from_mode(0o666);
        let prefix = format!(".{}_", self.edition);
        let part = tempfile::Builder::new()
            .prefix(&prefix)
            .suffix(".part")
            .permissions(anybody)
            .tempfile_in(&self.folder);
        part.map_err(UpdateError::disk("write a file in", &self.folder))
    }

    /// Puts a database at its place, by a rename.
    pub(crate) fn place(
        &self,
        part: NamedTempFile,
        built: DateTime<Utc>,
        announced: Announced,
    ) -> Result<(), UpdateError> {
        let day = built.date_naive().format(DAY);
        let place = self.folder.join(format!("{}_{day}", self.edition));
        let is_new = match fs::create_dir(&place) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::AlreadyExists => false,
            Err(error) => return Err(UpdateError::disk("create", &place)(error)),
        };
        let path = place.join(self.file_name());
        let placed = rename(part, &path, announced.modified);
        if placed.is_err() && is_new {
            // When even that fails, an empty folder stays, which is no harm.
            fs::remove_dir(&place).unwrap_or_default();
        }
        placed.map_err(UpdateError::disk("write", &path))
    }

    /// Removes the builds from before that one, but not the newest `keep` of them.
    pub(crate) fn prune(&self, keep: usize, current: DateTime<Utc>) -> Result<(), UpdateError> {
        let older = self.list()?.into_iter().filter(|(day, _)| *day < current.date_naive());
        for (_, path) in older.skip(keep) {
            remove(&path).map_err(UpdateError::disk("remove", &path))?;
        }
        Ok(())
    }

    /// The day and the file of each build, the newest first; none in a folder that is missing.
    fn list(&self) -> Result<Vec<(NaiveDate, PathBuf)>, UpdateError> {
        let failed = UpdateError::disk("read", &self.folder);
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(&failed)?;
            let path = entry.path().join(self.file_name());
            if let Some(day) = self.day_of_folder(&entry)
                && path.is_file()
            {
                found.push((day, path));
            }
        }
        found.sort_unstable_by(|one, other| other.cmp(one));
        Ok(found)
    }

    fn day_of_folder(&self, entry: &fs::DirEntry) -> Option<NaiveDate> {
        let name = entry.file_name();
        let day = name.to_str()?.strip_prefix(self.edition.as_str())?.strip_prefix('_')?;
        day_of(day).filter(|_| entry.file_type().is_ok_and(|kind| kind.is_dir()))
    }

    fn file_name(&self) -> String {
        format!("{}.mmdb", self.edition)
    }
}

/// A day written with eight digits.
pub(crate) fn day_of(text: &str) -> Option<NaiveDate> {
    let is_day = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    NaiveDate::parse_from_str(text, DAY).ok().filter(|_| is_day)
}

fn rename(part: NamedTempFile, path: &Path, modified: Option<DateTime<Utc>>) -> io::Result<()> {
    if let Some(modified) = modified {
        part.as_file().set_modified(SystemTime::from(modified))?;
    }
    part.as_file().sync_all()?;
    part.persist(path).map_err(|failed| failed.error)?;
    // Not every file system can do that with a folder, and the file is whole without.
    if let Some(place) = path.parent()
        && let Ok(place) = fs::File::open(place)
    {
        place.sync_all().unwrap_or_default();
    }
    Ok(())
}

fn modified(path: &Path) -> io::Result<DateTime<Utc>> {
    Ok(fs::metadata(path)?.modified()?.into())
}

/// Removes a file, and its folder unless something else lies there.
fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    match path.parent().map_or(Ok(()), fs::remove_dir) {
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(()),
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vintages(folder: &Path) -> Vintages {
        Vintages { folder: folder.to_owned(), edition: "GeoLite2-City".parse().unwrap() }
    }

    /// A folder with these files in it.
    fn folder(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "no database").unwrap();
        }
        folder
    }

    #[track_caller]
    fn check_days(files: &[&str], expected: &[&str]) {
        let folder = folder(files);
        let days = vintages(folder.path()).list().unwrap();
        let days: Vec<_> = days.iter().map(|(day, _)| day.to_string()).collect();
        assert_eq!(days, expected, "{files:?}");
    }

    #[test]
    fn builds_are_known_by_their_names() {
        let file = "GeoLite2-City.mmdb";
        let of = |day: &str| format!("GeoLite2-City_{day}/{file}");
        let (old, new) = (of("20260203"), of("20260206"));
        check_days(&[&old, &new], &["2026-02-06", "2026-02-03"]);
        let no_day = [of(""), of("2026020"), of("20260231"), of("+2026020"), of("20260203x")];
        check_days(&no_day.each_ref().map(String::as_str), &[]);
        check_days(&[file, "GeoLite2-ASN_20260203/GeoLite2-ASN.mmdb"], &[]);
        check_days(&["GeoLite2-City_20260203/other.mmdb", "GeoLite2-City_20260204"], &[]);
    }

    #[test]
    fn only_older_builds_go_and_what_lies_beside_them_stays() {
        let check = |keep: usize, expected: &[&str]| {
            let days = ["20260120", "20260127", "20260203", "20260206"];
            let files = days.map(|day| format!("GeoLite2-City_{day}/GeoLite2-City.mmdb"));
            let mut files: Vec<_> = files.iter().map(String::as_str).collect();
            files.push("GeoLite2-City_20260120/LICENSE.txt");
            let folder = folder(&files);
            let vintages = vintages(folder.path());
            vintages.prune(keep, "2026-02-03T10:00:00Z".parse().unwrap()).unwrap();
            let left = vintages.list().unwrap();
            let left: Vec<_> = left.iter().map(|(day, _)| day.to_string()).collect();
            assert_eq!(left, expected, "{keep}");
            assert!(folder.path().join("GeoLite2-City_20260120/LICENSE.txt").exists());
            assert_eq!(folder.path().join("GeoLite2-City_20260127").exists(), keep > 0);
        };
        check(0, &["2026-02-06", "2026-02-03"]);
        check(1, &["2026-02-06", "2026-02-03", "2026-01-27"]);
        check(2, &["2026-02-06", "2026-02-03", "2026-01-27", "2026-01-20"]);
        check(9, &["2026-02-06", "2026-02-03", "2026-01-27", "2026-01-20"]);
    }

    #[test]
    fn a_folder_that_is_missing_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(vintages(&folder.path().join("none")).list().unwrap().is_empty());
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = vintages(&file).list().unwrap_err();
        assert!(matches!(error, UpdateError::Disk { doing: "read", .. }), "{error}");
    }

    #[test]
    fn a_place_that_was_made_in_vain_is_taken_away() {
        let folder = folder(&["GeoLite2-City_20260203/LICENSE.txt"]);
        let vintages = vintages(folder.path());
        for (day, stays) in [("2026-02-03T10:00:00Z", true), ("2026-02-06T10:00:00Z", false)] {
            let part = vintages.part().unwrap();
            fs::remove_file(part.path()).unwrap();
            let built: DateTime<Utc> = day.parse().unwrap();
            let error = vintages.place(part, built, Announced::default()).unwrap_err();
            assert!(matches!(error, UpdateError::Disk { doing: "write", .. }), "{error}");
            let place = format!("GeoLite2-City_{}", built.format(DAY));
            assert_eq!(folder.path().join(place).exists(), stays, "{day}");
        }
    }
}
