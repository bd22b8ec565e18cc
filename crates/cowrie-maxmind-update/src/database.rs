//! Whether a file is a whole database of an edition.

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use maxminddb::{MaxMindDbError, Reader, WithinOptions};

use crate::{Edition, UpdateError};

/// The first second of the year 2000, before which there were no such databases.
const EARLIEST: i64 = 946_684_800;

/// How far a build time may lie ahead of our clock.
const CLOCKS_DIFFER_BY: TimeDelta = TimeDelta::days(1);

/// Which text of a file an error repeats at most.
const MAX_TYPE_CHARS: usize = 200;

/// The build time of a database, whose metadata are looked at and nothing else.
pub(crate) fn built(
    path: &Path,
    edition: &Edition,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, UpdateError> {
    open(path, edition, now).map(|(_, built)| built)
}

/// The build time of a database of which every record was read.
pub(crate) fn verified(
    path: &Path,
    edition: &Edition,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, UpdateError> {
    let (reader, built) = open(path, edition, now)?;
    verify(&reader).map_err(UpdateError::Database)?;
    Ok(built)
}

fn open(
    path: &Path,
    edition: &Edition,
    now: DateTime<Utc>,
) -> Result<(Reader<Vec<u8>>, DateTime<Utc>), UpdateError> {
    let bytes = fs::read(path).map_err(UpdateError::disk("read", path))?;
    let reader = Reader::from_source(bytes).map_err(UpdateError::Database)?;
    let metadata = reader.metadata();
    if !edition.is_of_type(&metadata.database_type) {
        let printable = metadata.database_type.chars().filter(|c| !c.is_control());
        return Err(UpdateError::WrongType { found: printable.take(MAX_TYPE_CHARS).collect() });
    }
    let built = build_time(metadata.build_epoch, now)?;
    Ok((reader, built))
}

fn build_time(epoch: u64, now: DateTime<Utc>) -> Result<DateTime<Utc>, UpdateError> {
    let seconds = i64::try_from(epoch).ok().filter(|seconds| *seconds >= EARLIEST);
    let built = seconds.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    let is_past = |built: &DateTime<Utc>| built.signed_duration_since(now) <= CLOCKS_DIFFER_BY;
    built.filter(is_past).ok_or(UpdateError::BuildTime { epoch })
}

/// Walks the whole tree and every record, then looks up the first address that has one.
fn verify(reader: &Reader<Vec<u8>>) -> Result<(), MaxMindDbError> {
    reader.verify()?;
    let empty = || MaxMindDbError::invalid_database("it knows of no address");
    let first = reader.networks(WithinOptions::default())?.next().ok_or_else(empty)??;
    let is_known = reader.lookup(first.network()?.ip())?.has_data();
    is_known.then_some(()).ok_or_else(empty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(epoch: u64, is_believed: bool) {
        let now = "2026-02-10T12:00:00Z".parse().unwrap();
        assert_eq!(build_time(epoch, now).is_ok(), is_believed, "{epoch}");
    }

    #[test]
    fn a_database_was_built_in_this_century_and_not_in_the_future() {
        check(0, false);
        check(946_684_799, false);
        check(946_684_800, true);
        check(1_770_811_200, true);
        check(1_770_811_201, false);
        check(u64::MAX, false);
    }
}
