//! Logs of any size from a seed: streamed to disk, and what must be found in them again.

// Everything here is counted in thousands and millions, and numbers of addresses have 32 bits.
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    reason = "the sizes of a corpus are small numbers"
)]

mod actor;
mod address;
mod event;
mod files;
mod mmdb;
mod plan;
pub(crate) mod read;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::corpus::files::Logs;
use crate::corpus::mmdb::{Value, Writer};
use crate::corpus::plan::{Happening, Plan};

/// How large a corpus is, and of what.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Size {
    /// Everything follows from it.
    pub seed: u64,
    /// Sessions in all.
    pub sessions: u32,
    /// Distinct addresses; no more than sessions.
    pub addresses: u32,
    /// Days that the logs span.
    pub days: u32,
    /// Honeypots, each with logs of its own.
    pub sensors: u32,
    /// Of a hundred daily files, so many are compressed with gzip.
    pub gzip_percent: u32,
    /// Of a hundred daily files, so many are compressed with bzip2.
    pub bzip2_percent: u32,
    /// Of a million lines, so many are followed by damage.
    pub damage_per_million: u32,
    /// Of a million lines, so many stand there twice.
    pub doubled_per_million: u32,
}

/// What was written, and so must be found.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Truth {
    /// Bytes of log before compression.
    pub bytes: u64,
    /// Bytes of the files.
    pub bytes_on_disk: u64,
    /// Files.
    pub files: u64,
    /// Distinct events.
    pub events: u64,
    /// Events that stand there a second time.
    pub doubled: u64,
    /// Pieces that are no events.
    pub damaged: u64,
    /// Sessions.
    pub sessions: u64,
    /// Distinct addresses.
    pub addresses: u64,
    /// Commands that were entered.
    pub commands: u64,
    /// Attempts to log in.
    pub logins: u64,
    /// Files that sessions fetched or brought.
    pub files_brought: u64,
    /// Events by kind.
    pub kinds: BTreeMap<String, u64>,
}

/// A corpus on disk.
#[derive(Clone, Debug)]
pub struct Corpus {
    folder: PathBuf,
    /// What is in it.
    pub truth: Truth,
}

/// What is kept beside a corpus, to know whether it is the one that is wanted.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Label {
    version: u32,
    size: Size,
    truth: Truth,
}

/// Changes whenever the same size gives other logs.
const VERSION: u32 = 1;

impl Corpus {
    /// The corpus of this size in a folder, written unless it is there.
    ///
    /// # Errors
    ///
    /// When the folder cannot be written.
    pub fn in_folder(folder: &Path, size: &Size) -> Result<Self> {
        let label_file = folder.join("corpus.json");
        if let Ok(label) = fs::read(&label_file)
            && let Ok(label) = serde_json::from_slice::<Label>(&label)
            && (label.version, &label.size) == (VERSION, size)
        {
            return Ok(Self { folder: folder.to_owned(), truth: label.truth });
        }
        let corpus = Self { folder: folder.to_owned(), truth: Truth::default() };
        for part in [corpus.logs(), corpus.databases()] {
            if part.exists() {
                fs::remove_dir_all(&part)
                    .with_context(|| format!("failed to clear `{}`", part.display()))?;
            }
            fs::create_dir_all(&part)
                .with_context(|| format!("failed to make `{}`", part.display()))?;
        }
        write_databases(&corpus.databases())?;
        let truth = write_logs(&corpus.logs(), size)?;
        let label = Label { version: VERSION, size: size.clone(), truth };
        fs::write(&label_file, serde_json::to_vec_pretty(&label)?)
            .with_context(|| format!("failed to write `{}`", label_file.display()))?;
        Ok(Self { truth: label.truth, ..corpus })
    }

    /// The folder with the logs, one folder for each honeypot.
    pub fn logs(&self) -> PathBuf {
        self.folder.join("logs")
    }

    /// The folder with the MMDB files.
    pub fn databases(&self) -> PathBuf {
        self.folder.join("mmdb")
    }
}

/// The lines of a corpus in the order of time, undamaged.
pub fn lines(size: &Size) -> impl Iterator<Item = String> {
    Plan::new(size).map(|Happening { at, origin, what }| event::line(&what, &origin, at))
}

/// The bytes of an MMDB file that knows the networks of every corpus.
pub fn asn_database() -> Vec<u8> {
    databases().0.finish()
}

fn write_logs(folder: &Path, size: &Size) -> Result<Truth> {
    let mut logs = Logs::new(folder, size)?;
    for happening in Plan::new(size) {
        let Happening { at, origin, what } = &happening;
        let line = event::line(what, origin, *at);
        logs.write(*at, origin.sensor, &line, what)?;
    }
    logs.finish()
}

/// Unix time of the build of the databases: the first day of the logs.
const BUILT_AT: u64 = 1_735_689_600;

fn write_databases(folder: &Path) -> Result<()> {
    let (asn, country) = databases();
    for (name, writer) in [("GeoLite2-ASN.mmdb", asn), ("GeoLite2-Country.mmdb", country)] {
        let path = folder.join(name);
        fs::write(&path, writer.finish())
            .with_context(|| format!("failed to write `{}`", path.display()))?;
    }
    Ok(())
}

/// Networks and countries.
fn databases() -> (Writer, Writer) {
    let mut asn = Writer::new("GeoLite2-ASN", BUILT_AT);
    let mut country = Writer::new("GeoLite2-Country", BUILT_AT);
    for network in address::known_networks() {
        let of_asn = Value::Map(vec![
            ("autonomous_system_number", Value::U32(network.asn)),
            ("autonomous_system_organization", Value::Text(network.organization)),
        ]);
        let iso_code = Value::Map(vec![("iso_code", Value::Text(network.country.to_owned()))]);
        let of_country = Value::Map(vec![("country", iso_code)]);
        asn.insert(network.first, network.prefix, &of_asn);
        country.insert(network.first, network.prefix, &of_country);
    }
    (asn, country)
}
