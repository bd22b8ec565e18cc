//! Answers in files.

mod folder;
mod layout;

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use cowrie_enrichment::{Outcome, Question, SourceName, Tier};
use serde_json::Value;
use tokio::task::spawn_blocking;
use walkdir::WalkDir;

use self::folder::{Folder, Look};
use crate::entry::{BadEntry, Entry, Kept, MAX_ENTRY_BYTES, MAX_SKEW, expiry_of, is_envelope};
use crate::keep::{Keep, end};
use crate::{CacheTier, Census, Got, Pruned, TierError};

/// How long a file may be in the making before `prune` takes it for left behind.
const MAX_UNFINISHED: TimeDelta = TimeDelta::days(1);

/// What an answer that the older system kept says; `None` when it says nothing that can be used.
pub type Translate = fn(Value) -> Option<Outcome>;

/// Answers in files below one folder, which outlive everything else.
#[derive(Clone, Debug)]
pub struct DiskTier {
    files: Arc<Files>,
}

impl DiskTier {
    /// A tier in this folder, which is made when the first answer is written.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { files: Arc::new(Files { root: folder.into(), legacy: BTreeMap::new() }) }
    }

    /// The same tier, which also reads what the older system kept of a service.
    ///
    /// Such a file has no times in it: it was fetched when it was written, and holds for `keep`
    /// from then on.
    #[must_use]
    pub fn with_legacy(mut self, service: SourceName, keep: Keep, translate: Translate) -> Self {
        let mut files = Files::clone(&self.files);
        files.legacy.insert(service, Legacy { keep, translate });
        self.files = Arc::new(files);
        self
    }

    /// Does work that blocks where nobody is held up by it.
    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Files) -> io::Result<T> + Send + 'static,
    ) -> Result<T, TierError> {
        let files = Arc::clone(&self.files);
        let done = spawn_blocking(move || work(&files)).await.map_err(TierError::new(doing))?;
        done.map_err(TierError::new(doing))
    }
}

#[async_trait]
impl CacheTier for DiskTier {
    fn tier(&self) -> Tier {
        Tier::Disk
    }

    async fn get(
        &self,
        service: SourceName,
        questions: &[Question],
        now: DateTime<Utc>,
    ) -> Result<Got, TierError> {
        let questions = questions.to_vec();
        self.run("read the cache on disk", move |files| files.get(service, &questions, now)).await
    }

    async fn put(
        &self,
        service: SourceName,
        entries: &[(Question, Entry)],
        now: DateTime<Utc>,
    ) -> Result<(), TierError> {
        let entries = entries.to_vec();
        self.run("write the cache on disk", move |files| files.put(service, &entries, now)).await
    }

    async fn prune(&self, now: DateTime<Utc>) -> Result<Pruned, TierError> {
        self.run("prune the cache on disk", move |files| files.prune(now)).await
    }

    async fn clear(&self, service: Option<SourceName>) -> Result<u64, TierError> {
        self.run("clear the cache on disk", move |files| files.clear(service)).await
    }

    async fn census(&self, now: DateTime<Utc>) -> Result<Vec<Census>, TierError> {
        self.run("count the cache on disk", move |files| files.census(now)).await
    }
}

#[derive(Clone, Debug)]
struct Files {
    root: PathBuf,
    legacy: BTreeMap<SourceName, Legacy>,
}

#[derive(Clone, Copy, Debug)]
struct Legacy {
    keep: Keep,
    translate: Translate,
}

/// A file that holds an answer, or did so when its writer ended.
struct Answer {
    service: SourceName,
    path: PathBuf,
    metadata: Metadata,
    is_unfinished: bool,
}

impl Files {
    fn get(
        &self,
        service: SourceName,
        questions: &[Question],
        now: DateTime<Utc>,
    ) -> io::Result<Got> {
        let Some(root) = Folder::open(&self.root)? else {
            return Ok(Got { entries: vec![None; questions.len()], n_unreadable: 0 });
        };
        let mut got = Got::default();
        for question in questions {
            let mut entry = None;
            let mut is_unreadable = false;
            for place in layout::places(service, question) {
                match self.look(&root, &place, service, question, now)? {
                    Some(Ok(found)) if found.is_fresh(now) => entry = Some(found),
                    Some(Err(_)) => is_unreadable = true,
                    Some(Ok(_)) | None => {}
                }
                if entry.is_some() {
                    break;
                }
            }
            got.n_unreadable += u64::from(is_unreadable);
            got.entries.push(entry);
        }
        Ok(got)
    }

    /// Writes as many answers as it can; the first failure is told.
    fn put(
        &self,
        service: SourceName,
        entries: &[(Question, Entry)],
        now: DateTime<Utc>,
    ) -> io::Result<()> {
        let root = Folder::create(&self.root)?;
        let mut outcome = Ok(());
        for (question, entry) in entries {
            let place = layout::primary(service, question);
            let written = self.look(&root, &place, service, question, now).and_then(|there| {
                if matches!(there, Some(Ok(there)) if there.fetched_at >= entry.fetched_at) {
                    return Ok(());
                }
                root.write(&place, entry.to_json(service, question).to_string().as_bytes())
            });
            outcome = outcome.and(written);
        }
        outcome
    }

    /// The answer in a place, whether it still holds or not.
    fn look(
        &self,
        root: &Folder,
        place: &layout::Place,
        service: SourceName,
        question: &Question,
        now: DateTime<Utc>,
    ) -> io::Result<Option<Result<Entry, BadEntry>>> {
        Ok(match root.look(place, MAX_ENTRY_BYTES)? {
            Look::Nothing => None,
            Look::Odd => Some(Err(BadEntry::Shape)),
            Look::File(bytes, written_at) => {
                Some(self.read(&bytes, written_at, service, question, now))
            }
        })
    }

    fn read(
        &self,
        bytes: &[u8],
        written_at: SystemTime,
        service: SourceName,
        question: &Question,
        now: DateTime<Utc>,
    ) -> Result<Entry, BadEntry> {
        let document: Value = serde_json::from_slice(bytes).map_err(|_not_json| BadEntry::Shape)?;
        if is_envelope(&document) {
            return Entry::from_json(document, service, question, now);
        }
        let entry = self.translated(document, written_at, service).ok_or(BadEntry::Shape)?;
        if entry.fetched_at.signed_duration_since(now) > MAX_SKEW {
            return Err(BadEntry::Times);
        }
        Ok(entry)
    }

    /// What a document of the older system says.
    fn translated(
        &self,
        document: Value,
        written_at: SystemTime,
        service: SourceName,
    ) -> Option<Entry> {
        let legacy = self.legacy.get(&service).filter(|_| document.is_object())?;
        let outcome = Kept::of(&(legacy.translate)(document)?)?;
        let fetched_at = DateTime::<Utc>::from(written_at).trunc_subsecs(6);
        let expires_at = end(fetched_at, legacy.keep.of(&outcome));
        Some(Entry { outcome, fetched_at, expires_at })
    }

    fn prune(&self, now: DateTime<Utc>) -> io::Result<Pruned> {
        let mut pruned = Pruned::default();
        for answer in SourceName::ALL.into_iter().flat_map(|service| self.answers(service)) {
            let answer = answer?;
            if answer.is_unfinished {
                let begun_at = DateTime::<Utc>::from(answer.metadata.modified()?);
                if now.signed_duration_since(begun_at) > MAX_UNFINISHED {
                    remove(&answer.path)?;
                }
                continue;
            }
            match self.expiry(&answer)? {
                Some(expires_at) if expires_at <= now => {
                    pruned.n_removed += u64::from(remove(&answer.path)?);
                }
                Some(_) => {}
                None => pruned.n_unreadable += 1,
            }
        }
        Ok(pruned)
    }

    fn clear(&self, service: Option<SourceName>) -> io::Result<u64> {
        let mut n_removed = 0;
        let services = SourceName::ALL.into_iter();
        for service in services.filter(|of| service.is_none_or(|service| service == *of)) {
            for answer in self.answers(service) {
                let answer = answer?;
                let is_removed = remove(&answer.path)?;
                n_removed += u64::from(is_removed && !answer.is_unfinished);
            }
        }
        Ok(n_removed)
    }

    fn census(&self, now: DateTime<Utc>) -> io::Result<Vec<Census>> {
        let mut counts: BTreeMap<SourceName, Census> = BTreeMap::new();
        for answer in SourceName::ALL.into_iter().flat_map(|service| self.answers(service)) {
            let answer = answer?;
            if answer.is_unfinished {
                continue;
            }
            let service = answer.service;
            let none = Census { service, n_entries: 0, n_expired: 0, bytes: None };
            let census = counts.entry(service).or_insert(none);
            census.n_entries += 1;
            let is_expired = self.expiry(&answer)?.is_some_and(|expires_at| expires_at <= now);
            census.n_expired += u64::from(is_expired);
            census.bytes = Some(census.bytes.unwrap_or(0) + answer.metadata.len());
        }
        Ok(counts.into_values().collect())
    }

    /// Until when the answer in a file holds; `None` when the file cannot be read.
    fn expiry(&self, answer: &Answer) -> io::Result<Option<DateTime<Utc>>> {
        let Some(parent) = answer.path.parent() else { return Ok(None) };
        let Some(folder) = Folder::open(parent)? else { return Ok(None) };
        let Some(file) = answer.path.file_name().and_then(|name| name.to_str()) else {
            return Ok(None);
        };
        let place = layout::Place { folders: Vec::new(), file: file.to_owned() };
        let Look::File(bytes, written_at) = folder.look(&place, MAX_ENTRY_BYTES)? else {
            return Ok(None);
        };
        let Ok(document) = serde_json::from_slice::<Value>(&bytes) else { return Ok(None) };
        if is_envelope(&document) {
            return Ok(expiry_of(&document));
        }
        let translated = self.translated(document, written_at, answer.service);
        Ok(translated.map(|entry| entry.expires_at))
    }

    /// The files that hold answers of a service; no link is followed.
    fn answers(&self, service: SourceName) -> impl Iterator<Item = io::Result<Answer>> {
        let folder = self.root.join(service.name());
        let walk = WalkDir::new(&folder).follow_root_links(false).min_depth(1);
        let inner = walk.into_iter().filter_map(move |found| {
            let is_unfinished = |path: &Path| {
                let path = path.strip_prefix(&folder).ok()?;
                let parts: Option<Vec<&str>> = path.iter().map(|part| part.to_str()).collect();
                let parts = parts?;
                let is_unfinished = folder::is_unfinished(parts.last()?);
                (is_unfinished || layout::is_answer(service, &parts)).then_some(is_unfinished)
            };
            found_answer(found, is_unfinished, service)
        });
        let is_flat = service == SourceName::VirusTotal;
        let flat = is_flat.then(|| WalkDir::new(&self.root).min_depth(1).max_depth(1));
        let flat = flat.into_iter().flatten().filter_map(move |found| {
            let is_unfinished = |path: &Path| {
                let name = path.file_name()?.to_str()?;
                layout::is_flat_answer(name).then_some(false)
            };
            found_answer(found, is_unfinished, service)
        });
        inner.chain(flat)
    }
}

/// The answer that a walk came upon; `None` for anything else.
fn found_answer(
    found: walkdir::Result<walkdir::DirEntry>,
    is_unfinished: impl FnOnce(&Path) -> Option<bool>,
    service: SourceName,
) -> Option<io::Result<Answer>> {
    let read = |found: walkdir::DirEntry| {
        if !found.file_type().is_file() {
            return Ok(None);
        }
        let Some(is_unfinished) = is_unfinished(found.path()) else { return Ok(None) };
        let metadata = found.metadata()?;
        Ok(Some(Answer { service, path: found.into_path(), metadata, is_unfinished }))
    };
    match found.and_then(read) {
        Ok(answer) => answer.map(Ok),
        // Nothing was kept yet, or somebody else removed it meanwhile.
        Err(error) if error.io_error().is_some_and(is_missing) => None,
        Err(error) => Some(Err(error.into())),
    }
}

/// Removes a file, and says whether it was there.
fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if is_missing(&error) => Ok(false),
        Err(error) => Err(error),
    }
}

fn is_missing(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
}
