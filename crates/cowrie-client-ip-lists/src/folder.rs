//! The folder in which lists are kept.

use std::fs::{self, File, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};
use tempfile::NamedTempFile;

use crate::kept::ABOUT;
use crate::list::List;

/// Lists that are read from one folder; the first by name, after those that are known.
pub(crate) const MAX_LISTS: usize = 64;

/// How an unfinished file ends.
const UNFINISHED: &str = ".part";

/// For how long an unfinished file may still be somebody's work.
const UNFINISHED_FOR: TimeDelta = TimeDelta::hours(1);

/// What lies in a folder.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Listing {
    /// The lists, the known ones first.
    pub(crate) lists: Vec<FoundList>,
    /// Files that are no lists by their names, or too many.
    pub(crate) strangers: Vec<String>,
    /// Why the folder cannot be read.
    pub(crate) problem: Option<String>,
}

/// A list's file as it was when the folder was read; a replaced one differs in size or time.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) struct FoundList {
    pub(crate) list: List,
    bytes: u64,
    modified: Option<SystemTime>,
}

/// Reads the folder; that it cannot be read is a problem in the listing.
pub(crate) fn list(folder: &Path) -> Listing {
    let mut listing = Listing::default();
    if let Err(error) = fill(folder, &mut listing) {
        listing.problem = Some(format!("failed to read the folder: {error}"));
    }
    listing.lists.sort();
    let too_many = listing.lists.split_off(listing.lists.len().min(MAX_LISTS));
    listing.strangers.extend(too_many.into_iter().map(|found| found.list.file_name));
    listing.strangers.sort();
    listing.strangers.truncate(MAX_LISTS);
    listing
}

fn fill(folder: &Path, listing: &mut Listing) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with(ABOUT) {
            continue;
        }
        let metadata = fs::metadata(folder.join(&name));
        match (List::of(&name), metadata) {
            (Some(list), Ok(metadata)) => {
                let modified = metadata.modified().ok();
                listing.lists.push(FoundList { list, bytes: metadata.len(), modified });
            }
            // A list that cannot be looked at is a list all the same, and damaged.
            (Some(list), Err(_)) => {
                listing.lists.push(FoundList { list, bytes: 0, modified: None });
            }
            // Whoever has very many other files here learns of a few of them.
            (None, _) if listing.strangers.len() < MAX_LISTS => listing.strangers.push(name),
            (None, _) => {}
        }
    }
    Ok(())
}

/// Puts a file into the folder: whole, or not at all.
pub(crate) fn write(folder: &Path, file_name: &str, bytes: &[u8]) -> io::Result<()> {
    let file = write_unfinished(folder, file_name, bytes)?;
    file.persist(folder.join(file_name)).map_err(|error| error.error)?;
    // The new name is safe when the folder is.
    File::open(folder)?.sync_all()
}

fn write_unfinished(folder: &Path, file_name: &str, bytes: &[u8]) -> io::Result<NamedTempFile> {
    let prefix = format!(".{file_name}.");
    let mut builder = tempfile::Builder::new();
    // Lists are public, and every program of the machine may read them.
    builder.prefix(&prefix).suffix(UNFINISHED).permissions(Permissions::from_mode(0o644));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Removes what a program that was killed has left unfinished.
pub(crate) fn remove_unfinished(folder: &Path, now: DateTime<Utc>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_old = |modified| now - DateTime::<Utc>::from(modified) > UNFINISHED_FOR;
        if is_unfinished(&name) && entry.metadata()?.modified().is_ok_and(is_old) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Whether it is the name of an unfinished file of ours.
fn is_unfinished(name: &str) -> bool {
    let middle = name.strip_prefix('.').and_then(|name| name.strip_suffix(UNFINISHED));
    let of = middle.and_then(|middle| middle.rsplit_once('.')).map(|(file_name, _)| file_name);
    of.is_some_and(|of| List::of(of.strip_suffix(ABOUT).unwrap_or(of)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn a_program_killed_before_the_renaming_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "tor.txt", b"192.0.2.1\n").unwrap();
        // Killed: nobody renames the file, and nobody removes it.
        let killed = write_unfinished(folder.path(), "tor.txt", b"192.0.2.2\n").unwrap();
        let (_, left) = killed.keep().unwrap();
        assert_eq!(fs::read(folder.path().join("tor.txt")).unwrap(), b"192.0.2.1\n");
        let listing = list(folder.path());
        let files: Vec<_> =
            listing.lists.iter().map(|found| found.list.file_name.as_str()).collect();
        assert_eq!((files, listing.strangers.len()), (vec!["tor.txt"], 0));
        // Somebody may still be at work on it, until it is old.
        let modified = DateTime::<Utc>::from(fs::metadata(&left).unwrap().modified().unwrap());
        remove_unfinished(folder.path(), modified + TimeDelta::minutes(59)).unwrap();
        assert!(left.exists());
        remove_unfinished(folder.path(), modified + TimeDelta::minutes(61)).unwrap();
        assert_eq!(names(folder.path()), ["tor.txt"]);
    }

    #[test]
    fn only_our_own_unfinished_files_go() {
        for name in [".tor.txt.a1.part", ".vpn-a.txt.Zz.part", ".aws.json.about.json.q.part"] {
            assert!(is_unfinished(name), "{name}");
        }
        for name in
            ["tor.txt", ".tor.txt", "tor.txt.a.part", ".notes.txt.a.part", ".a.part", ".part"]
        {
            assert!(!is_unfinished(name), "{name}");
        }
    }

    #[test]
    fn everybody_may_read_a_list() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), "tor.txt", b"192.0.2.1\n").unwrap();
        let mode = fs::metadata(folder.path().join("tor.txt")).unwrap().permissions().mode();
        // What the umask takes away is the administrator's choice.
        assert_eq!(mode & 0o600, 0o600);
        assert_eq!(mode & 0o133, 0);
    }

    #[test]
    fn a_file_that_cannot_be_renamed_is_an_error_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tor.txt")).unwrap();
        assert!(write(folder.path(), "tor.txt", b"192.0.2.1\n").is_err());
        assert_eq!(names(folder.path()), ["tor.txt"]);
    }

    #[test]
    fn lists_are_in_order_and_bounded() {
        let folder = tempfile::tempdir().unwrap();
        for n in 10..10 + MAX_LISTS {
            fs::write(folder.path().join(format!("vpn-{n}.txt")), "").unwrap();
        }
        for name in ["datacenters.csv", "tor.txt", "notes", "tor.txt.about.json"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let listing = list(folder.path());
        let files: Vec<_> =
            listing.lists.iter().map(|found| found.list.file_name.as_str()).collect();
        assert_eq!(files[..3], ["tor.txt", "datacenters.csv", "vpn-10.txt"]);
        assert_eq!(files.len(), MAX_LISTS);
        assert_eq!(listing.strangers, ["notes", "vpn-72.txt", "vpn-73.txt"]);
        assert!(list(&folder.path().join("none")).problem.is_some());
    }
}
