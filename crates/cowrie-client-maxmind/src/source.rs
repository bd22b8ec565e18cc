//! The source that answers from the files of a folder.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use cowrie_core::canonical;
use cowrie_enrichment::{
    Answer, OfflineSource, Outcome, Remedy, SourceName, SourceState, SourceStatus, Vintages,
};
use maxminddb::MaxMindDbError;
use serde_json::Map;

use crate::database_file::{
    Content, DatabaseFile, OpenDatabase, OpenDatabaseError, Role, with_cause,
};
use crate::folder::{self, Listing};
use crate::open_files::OpenFiles;
use crate::ranking::Ranking;
use crate::record::{self, Entry};

/// How the files are held. The caller fills every field.
#[derive(Clone, Copy, Debug)]
pub struct MaxMindOptions {
    /// How many files stay in memory at once; one open file takes as many bytes as it is long.
    ///
    /// 4 holds two vintages of country and AS. With fewer than two, every look-up reads files.
    pub keep_open: NonZeroUsize,
}

/// The database files of a folder and its direct sub-folders.
///
/// Files are named in the order of their paths, and chosen by what their metadata say.
#[derive(Debug)]
pub struct MaxMind {
    folder: PathBuf,
    listing: Listing,
    files: Vec<DatabaseFile>,
    places: Ranking,
    networks: Ranking,
    open_files: OpenFiles,
}

/// What the files of one role say of an address.
enum Asked {
    /// No file serves the role.
    NoFile,
    /// The best file that can answer has answered, perhaps that it knows nothing.
    Answered(Entry),
    /// No file could answer.
    Failed(String),
}

/// Why one file has no answer.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error(transparent)]
    Open(#[from] Arc<OpenDatabaseError>),
    #[error("failed to look up an address")]
    LookUp { source: MaxMindDbError },
}

impl MaxMind {
    /// Reads the metadata of every `*.mmdb` file in the folder and its direct sub-folders.
    ///
    /// Never fails as a whole: a folder or file that is missing or damaged is a status, and the
    /// answers say so. Each file is read once for its metadata and let go again.
    pub fn open_dir(folder: &Path, options: MaxMindOptions) -> Self {
        let listing = folder::list(folder);
        let files: Vec<_> =
            listing.files.iter().map(|file| DatabaseFile::inspect(file.path.clone())).collect();
        Self {
            folder: folder.to_owned(),
            places: Ranking::new(&files, Role::Place),
            networks: Ranking::new(&files, Role::Network),
            open_files: OpenFiles::new(options.keep_open),
            listing,
            files,
        }
    }

    /// Whether files have come, gone or been replaced since the folder was read.
    ///
    /// The caller then opens the folder anew; this value goes on answering until it is dropped.
    pub fn is_outdated(&self) -> bool {
        folder::list(&self.folder) != self.listing
    }

    fn ranking(&self, role: Role) -> &Ranking {
        match role {
            Role::Place => &self.places,
            Role::Network => &self.networks,
        }
    }

    /// Asks the files of a role, the best one for `at` first, until one can answer.
    ///
    /// A file that fails for one address is still asked about the next, so that an answer never
    /// depends on what was asked before.
    fn ask(&self, role: Role, address: IpAddr, at: DateTime<Utc>) -> Asked {
        let mut failed = None;
        let mut silent = None;
        for (position, vintage) in self.ranking(role).order(at) {
            let Some(file) = self.files.get(position) else { continue };
            match self.ask_file(position, file, role, address) {
                Ok(Some(entry)) => return Asked::Answered(entry),
                Ok(None) => silent = silent.or(Some(vintage)),
                Err(error) => {
                    let reason = with_cause(&error);
                    file.note_problem(&reason);
                    failed.get_or_insert_with(|| format!("{}: {reason}", file_name(&file.path)));
                }
            }
        }
        match (failed, silent) {
            (Some(reason), _) => Asked::Failed(reason),
            (None, Some(vintage)) => {
                Asked::Answered(Entry { facts: Map::new(), network: None, vintage })
            }
            (None, None) => Asked::NoFile,
        }
    }

    /// Asks one file; `None` when it is a file for IPv4 and the address is not.
    fn ask_file(
        &self,
        position: usize,
        file: &DatabaseFile,
        role: Role,
        address: IpAddr,
    ) -> Result<Option<Entry>, AskError> {
        let database = self.open_files.database(position, file)?;
        let metadata = database.reader.metadata();
        if !database.layout.serves(role) {
            let database_type = metadata.database_type.clone();
            return Err(Arc::new(OpenDatabaseError::Replaced { database_type }).into());
        }
        if address.is_ipv6() && metadata.ip_version == 4 {
            return Ok(None);
        }
        read_entry(&database, role, address).map(Some).map_err(|source| AskError::LookUp { source })
    }

    /// The answer when no file can be asked at all.
    fn unusable(&self) -> Outcome {
        let is_damaged = |file: &DatabaseFile| matches!(file.content, Content::Damaged { .. });
        if self.files.iter().any(is_damaged) {
            let reason = "every database file is damaged".to_owned();
            return Outcome::Failed { reason, remedy: Remedy::DropSource };
        }
        Outcome::skipped("no database file")
    }
}

impl OfflineSource for MaxMind {
    fn name(&self) -> SourceName {
        SourceName::MaxMind
    }

    fn lookup(&self, address: IpAddr, at: DateTime<Utc>) -> Answer {
        let address = canonical(address);
        let place = self.ask(Role::Place, address, at);
        let network = self.ask(Role::Network, address, at);
        if matches!((&place, &network), (Asked::NoFile, Asked::NoFile)) {
            return self.unusable().into();
        }
        merge(place, network)
    }

    fn status(&self) -> Vec<SourceStatus> {
        let problem = |name: &Path, reason: &str| SourceStatus {
            name: name.display().to_string(),
            state: SourceState::Problem { reason: reason.to_owned() },
        };
        let unread = self.listing.problems.iter().map(|(path, reason)| problem(path, reason));
        let mut status: Vec<_> =
            unread.chain(self.files.iter().map(DatabaseFile::status)).collect();
        if self.places.is_empty() && self.networks.is_empty() && self.listing.problems.is_empty() {
            let reason = "no City, Country, ASN or ISP database in this folder";
            status.insert(0, problem(&self.folder, reason));
        }
        status
    }

    /// The build times of the files that would be asked.
    fn vintages_in_force(&self, at: DateTime<Utc>) -> Vintages {
        let best = |name, ranking: &Ranking| Some((name, ranking.order(at).next()?.1));
        let both = [best(COUNTRY, &self.places), best(ASN, &self.networks)];
        both.into_iter().flatten().collect()
    }
}

fn read_entry(
    database: &OpenDatabase,
    role: Role,
    address: IpAddr,
) -> Result<Entry, MaxMindDbError> {
    let found = database.reader.lookup(address)?;
    let facts = record::facts(role, database.layout, &found)?;
    let network = record::network(&found, address.is_ipv4())?;
    Ok(Entry { facts, network, vintage: database.vintage })
}

/// What the vintage of the place file, and that of the AS file, stand for.
const COUNTRY: &str = "country";
const ASN: &str = "asn";

/// One answer from those of the two roles.
///
/// A role that failed beside one that knows something is left out; beside one that knows nothing
/// it is a failure, since nobody can say that the address is not known.
fn merge(place: Asked, network: Asked) -> Answer {
    let mut failed = None;
    let mut facts = Map::new();
    let mut prefix = None;
    let mut vintages = Vintages::new();
    for (name, asked) in [(COUNTRY, place), (ASN, network)] {
        match asked {
            Asked::NoFile => {}
            Asked::Failed(reason) => failed = failed.or(Some(reason)),
            Asked::Answered(entry) => {
                vintages.insert(name, entry.vintage);
                if !entry.facts.is_empty() {
                    facts.extend(entry.facts);
                    // The AS file comes second, and its prefix is the one that is routed.
                    prefix = entry.network.or(prefix);
                }
            }
        }
    }
    let outcome = match failed {
        Some(reason) if facts.is_empty() => Outcome::Failed { reason, remedy: Remedy::SkipItem },
        _ => {
            facts.extend(prefix.map(|prefix| ("network".to_owned(), prefix.into())));
            Outcome::found(facts)
        }
    };
    let vintage = vintages.values().min().copied();
    Answer { outcome, vintage, vintages, expires_at: None }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}
