//! The one database out of a `tar.gz`.

use std::fs::File;
use std::io::{self, BufReader, ErrorKind, Read, Seek as _, Write as _};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry};
use tempfile::NamedTempFile;

use crate::UpdateError;

/// What an archive may hold beside the database: licence, copyright, names.
const MAX_REST_BYTES: u64 = 1024 * 1024;

const BUFFER_BYTES: usize = 64 * 1024;

/// Copies the database out of the archive, and gives its size.
///
/// Nothing is written but `into`: no name in the archive is used as a path. No more is inflated
/// than `max` and [`MAX_REST_BYTES`].
pub(crate) fn unpack(
    mut archive: File,
    into: &mut NamedTempFile,
    max: u64,
) -> Result<u64, UpdateError> {
    archive.rewind().map_err(UpdateError::Damaged)?;
    let inflated = MultiGzDecoder::new(BufReader::new(archive));
    let mut inflated = inflated.take(max.saturating_add(MAX_REST_BYTES));
    let copied = copy_database(&mut inflated, into, max).and_then(|bytes| {
        // To the end, so that the checksum of the gzip stream is compared too.
        io::copy(&mut inflated, &mut io::sink()).map_err(UpdateError::Damaged)?;
        Ok(bytes)
    });
    if inflated.limit() == 0 { Err(too_big(max)) } else { copied }
}

fn copy_database(
    inflated: impl Read,
    into: &mut NamedTempFile,
    max: u64,
) -> Result<u64, UpdateError> {
    let mut archive = Archive::new(inflated);
    // Raw: an entry that holds a long name for the next one is not read into memory.
    let entries = archive.entries().map_err(UpdateError::Damaged)?.raw(true);
    let mut copied = None;
    for entry in entries {
        let mut entry = entry.map_err(UpdateError::Damaged)?;
        if !is_database(&entry)? {
            continue;
        }
        if copied.is_some() {
            return Err(UpdateError::Archive { what: "holds more than one database" });
        }
        if entry.size() > max {
            return Err(too_big(max));
        }
        copied = Some(copy(&mut entry, into)?);
    }
    copied.ok_or(UpdateError::Archive { what: "holds no database" })
}

/// Whether the entry is a file named `*.mmdb`. What no archive of MaxMind holds is an error:
/// links, devices, and names that lead out of the folder.
fn is_database<R: Read>(entry: &Entry<'_, R>) -> Result<bool, UpdateError> {
    let header = entry.header();
    let name = header.path_bytes();
    let leads_out =
        name.starts_with(b"/") || name.split(|byte| *byte == b'/').any(|step| step == b"..");
    if leads_out {
        return Err(UpdateError::Archive { what: "holds a name that leads out of its folder" });
    }
    let kind = header.entry_type();
    let is_about_others = kind.is_dir()
        || kind.is_gnu_longname()
        || kind.is_pax_local_extensions()
        || kind.is_pax_global_extensions();
    if is_about_others {
        Ok(false)
    } else if kind.is_file() {
        Ok(name.to_ascii_lowercase().ends_with(b".mmdb"))
    } else {
        Err(UpdateError::Archive { what: "holds a link or a device" })
    }
}

fn copy<R: Read>(entry: &mut Entry<'_, R>, into: &mut NamedTempFile) -> Result<u64, UpdateError> {
    let mut buffer = vec![0; BUFFER_BYTES];
    let mut bytes = 0;
    loop {
        let n_read = match entry.read(&mut buffer) {
            Ok(0) => break,
            Ok(n_read) => n_read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(UpdateError::Damaged(error)),
        };
        let read = buffer.get(..n_read).unwrap_or_default();
        let written = into.write_all(read);
        written.map_err(UpdateError::disk("write", into.path()))?;
        bytes += u64::try_from(n_read).unwrap_or(u64::MAX);
    }
    if bytes == entry.size() {
        Ok(bytes)
    } else {
        Err(UpdateError::Damaged(ErrorKind::UnexpectedEof.into()))
    }
}

fn too_big(max: u64) -> UpdateError {
    UpdateError::TooBig { what: "database", max }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use tar::{EntryType, Header};

    use super::*;

    const MAX: u64 = 64 * 1024;
    const NAME: &str = "GeoLite2-City_20260203/GeoLite2-City.mmdb";

    /// A tar file of these entries, whose names may be any.
    fn tar_of(entries: &[(&str, EntryType, &[u8])]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = Header::new_gnu();
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len().try_into().unwrap());
            header.set_cksum();
            archive.append(&header, *content).unwrap();
        }
        archive.into_inner().unwrap()
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    /// What is unpacked, or nothing and the error.
    fn unpacked(archive: &[u8]) -> (Option<Vec<u8>>, String) {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(archive).unwrap();
        let mut into = NamedTempFile::new().unwrap();
        match unpack(file, &mut into, MAX) {
            Ok(bytes) => {
                let content = std::fs::read(into.path()).unwrap();
                assert_eq!(u64::try_from(content.len()).unwrap(), bytes);
                (Some(content), String::new())
            }
            Err(error) => (None, error.to_string()),
        }
    }

    #[track_caller]
    fn check_bytes(archive: &[u8], expected: Result<&[u8], &str>) {
        let expected_error = expected.err().unwrap_or_default().to_owned();
        assert_eq!(unpacked(archive), (expected.ok().map(<[u8]>::to_vec), expected_error));
    }

    #[track_caller]
    fn check(entries: &[(&str, EntryType, &[u8])], expected: Result<&[u8], &str>) {
        check_bytes(&gzip(&tar_of(entries)), expected);
    }

    #[test]
    fn the_one_database_is_taken_whatever_stands_beside_it() {
        let folder = ("GeoLite2-City_20260203/", EntryType::Directory, &b""[..]);
        let licence = ("GeoLite2-City_20260203/LICENSE.txt", EntryType::Regular, &b"words"[..]);
        let database = (NAME, EntryType::Regular, &b"data"[..]);
        check(&[folder, licence, database], Ok(b"data"));
        let about = ("pax", EntryType::XHeader, &b"30 mtime=1770156000.123456789\n"[..]);
        check(&[about, database, about, licence], Ok(b"data"));
        check(&[("x.MMDB", EntryType::Regular, b"")], Ok(b""));
        let full = vec![7; MAX.try_into().unwrap()];
        check(&[(NAME, EntryType::Regular, &full)], Ok(&full));
    }

    #[test]
    fn what_does_not_belong_into_an_archive_is_refused() {
        let database = (NAME, EntryType::Regular, &b"data"[..]);
        check(&[], Err("the archive holds no database"));
        check(&[("City.txt", EntryType::Regular, b"x")], Err("the archive holds no database"));
        check(&[database, database], Err("the archive holds more than one database"));
        let out = Err("the archive holds a name that leads out of its folder");
        check(&[("../City.mmdb", EntryType::Regular, b"data")], out);
        check(&[("a/../../City.mmdb", EntryType::Regular, b"data")], out);
        check(&[("/etc/City.mmdb", EntryType::Regular, b"data")], out);
        let link = Err("the archive holds a link or a device");
        check(&[(NAME, EntryType::Symlink, b"")], link);
        check(&[(NAME, EntryType::Link, b"")], link);
        check(&[database, ("null", EntryType::Char, b"")], link);
    }

    #[test]
    fn no_more_is_inflated_than_allowed() {
        let one_more = vec![7; usize::try_from(MAX).unwrap() + 1];
        let too_big = Err("the database has more than 65536 bytes");
        check(&[(NAME, EntryType::Regular, &one_more)], too_big);
        let bomb = vec![0; usize::try_from(MAX + MAX_REST_BYTES).unwrap()];
        check(&[("bomb", EntryType::Regular, &bomb), (NAME, EntryType::Regular, b"data")], too_big);
        check(&[("name", EntryType::GNULongName, &bomb)], too_big);
    }

    #[test]
    fn an_archive_cut_anywhere_is_damaged() {
        let content: Vec<u8> = (0..4_000_u32).flat_map(|n| (n * n).to_le_bytes()).collect();
        let whole = gzip(&tar_of(&[(NAME, EntryType::Regular, &content)]));
        check_bytes(&whole, Ok(&content));
        let damaged = Err("the archive is damaged");
        for length in (0..whole.len()).step_by(37).chain(whole.len() - 10..whole.len()) {
            check_bytes(&whole[..length], damaged);
        }
        let tar = tar_of(&[(NAME, EntryType::Regular, &content)]);
        for length in (1..content.len()).step_by(997) {
            check_bytes(&gzip(&tar[..512 + length]), damaged);
        }
    }
}
