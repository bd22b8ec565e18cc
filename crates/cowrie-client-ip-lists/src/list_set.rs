//! The lists of a folder, and what they say of an address.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use cowrie_core::{canonical, format_time, one_line};
use cowrie_enrichment::{
    Answer, OfflineSource, Outcome, Remedy, SourceName, SourceState, SourceStatus, Vintages,
};
use cowrie_inventory::IpType;
use ipnet::IpNet;
use serde_json::{Map, Value};

use crate::as_name::kind_by_name;
use crate::folder::{self, Listing};
use crate::formats::Vendor;
use crate::kept::{self, Kept, KeptError};
use crate::list::List;
use crate::networks::{Label, Networks, Rank};

/// A list that was not compared with what is published for longer is still used, and said so.
pub const STALE_AFTER: TimeDelta = TimeDelta::days(7);

/// What the date of the youngest list stands for among the vintages of an answer.
///
/// An answer depends on all lists, also on those that do not name the address.
const LISTS: &str = "lists";

/// The `list` of an answer that follows from the name of an AS.
const AS_NAME: &str = "as_name";

/// Characters of an AS name that are kept as a provider.
const MAX_PROVIDER: usize = 100;

/// The lists of a folder.
#[derive(Debug)]
pub struct ListSet {
    folder: PathBuf,
    listing: Listing,
    lists: Vec<Loaded>,
    networks: Networks,
    /// Of when the youngest list in use is.
    youngest: Option<DateTime<Utc>>,
}

/// One list, whose networks are with those of the others.
#[derive(Debug)]
struct Loaded {
    list: List,
    vendors: Vec<Vendor>,
    state: ListState,
}

/// How one list is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListStatus {
    /// The name in answers.
    pub name: String,
    /// The name of the file.
    pub file_name: String,
    /// The kind of its addresses.
    pub kind: IpType,
    /// How it is.
    pub state: ListState,
}

/// How a list is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ListState {
    /// It is in use.
    InUse {
        /// Its networks.
        entries: usize,
        /// Of when it is.
        date: DateTime<Utc>,
        /// When it was last known to be what is published.
        checked_at: DateTime<Utc>,
        /// Whether that is longer ago than [`STALE_AFTER`].
        is_stale: bool,
    },
    /// There is no such file.
    Missing,
    /// The file is no whole list.
    Damaged {
        /// Why, in one line.
        reason: String,
    },
}

/// What a list says of an address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match<'a> {
    /// The kind of address.
    pub kind: IpType,
    /// Whose it is, where the list says so.
    pub provider: Option<&'a str>,
    /// How sure the list is, from 0 to 1.
    pub confidence: f64,
    /// The name of the list.
    pub list: &'a str,
    /// Of when the list is.
    pub list_date: DateTime<Utc>,
    /// The network around the address that the list has.
    pub network: IpNet,
}

impl ListSet {
    /// Reads the lists that are kept in a folder. Asks nothing over a network.
    ///
    /// Never fails as a whole: a folder or list that is missing or damaged is a status.
    pub fn open(folder: &Path, now: DateTime<Utc>) -> Self {
        let listing = folder::list(folder);
        let mut set = Self {
            folder: folder.to_owned(),
            lists: Vec::new(),
            networks: Networks::default(),
            youngest: None,
            listing,
        };
        let found = set.listing.lists.iter().map(|found| found.list.clone());
        // A set, since most of the known lists are there; and they come first.
        let lists: BTreeSet<_> = found.chain(List::all_standard()).collect();
        for list in lists {
            set.load(list, now);
        }
        set
    }

    /// Whether lists have come, gone or been replaced since the folder was read.
    ///
    /// The caller then opens the folder anew; this value goes on answering until it is dropped.
    pub fn is_outdated(&self) -> bool {
        folder::list(&self.folder) != self.listing
    }

    /// How each list is: those that are known by name, and those that are in the folder.
    pub fn lists(&self) -> Vec<ListStatus> {
        let status = |loaded: &Loaded| ListStatus {
            name: loaded.list.name().to_owned(),
            file_name: loaded.list.file_name.clone(),
            kind: loaded.list.kind,
            state: loaded.state.clone(),
        };
        self.lists.iter().map(status).collect()
    }

    /// What the lists say of an address: the first kind by rank, of the list that its operator
    /// publishes before one that others gathered, the longest network in it.
    ///
    /// Takes no memory.
    pub fn find(&self, address: IpAddr) -> Option<Match<'_>> {
        let (kind, network, label) = self.networks.find(canonical(address))?;
        let loaded = self.lists.get(usize::from(label.list))?;
        let ListState::InUse { date, .. } = loaded.state else { return None };
        let vendor = label.vendor.and_then(|position| loaded.vendors.get(usize::from(position)));
        let provider = vendor.map(|vendor| &vendor.name).or(loaded.list.provider.as_ref());
        Some(Match {
            kind,
            provider: provider.map(String::as_str),
            confidence: loaded.list.confidence(),
            list: loaded.list.name(),
            list_date: date,
            network,
        })
    }

    /// What is known of an address: from the lists, and only where they do not name it, from the
    /// name of its AS.
    ///
    /// Facts: `ip_type`, `provider`, `confidence`, `list`, and `list_date` where it is a list.
    /// What nothing tells of is *not found*.
    pub fn classify(&self, address: IpAddr, as_name: Option<&str>) -> Answer {
        if let Some(found) = self.find(address) {
            let date = format_time(found.list_date);
            let mut facts = facts(found.kind, found.provider, found.confidence, found.list);
            facts.insert("list_date".to_owned(), date.into());
            return self.answer(Outcome::found(facts), Some(found.list_date));
        }
        let named = as_name.and_then(|name| Some((name, kind_by_name(name)?)));
        if let Some((name, named)) = named {
            let clean = name.trim().chars().filter(|c| !c.is_control()).take(MAX_PROVIDER);
            let provider: String = clean.collect();
            let facts = facts(named.kind, Some(&provider), named.confidence, AS_NAME);
            return self.answer(Outcome::found(facts), None);
        }
        let outcome = self.youngest.map_or_else(|| self.unusable(), |_| Outcome::NotFound);
        self.answer(outcome, self.youngest)
    }

    fn answer(&self, outcome: Outcome, vintage: Option<DateTime<Utc>>) -> Answer {
        Answer { outcome, vintage, vintages: self.vintages(), expires_at: None }
    }

    fn vintages(&self) -> Vintages {
        self.youngest.map(|date| (LISTS, date)).into_iter().collect()
    }

    /// The outcome when there is no list to look into.
    fn unusable(&self) -> Outcome {
        let is_damaged = |loaded: &Loaded| matches!(loaded.state, ListState::Damaged { .. });
        if self.lists.iter().any(is_damaged) {
            let reason = "every list is damaged".to_owned();
            return Outcome::Failed { reason, remedy: Remedy::DropSource };
        }
        Outcome::skipped("no list")
    }

    fn load(&mut self, list: List, now: DateTime<Utc>) {
        let loaded = match kept::read(&self.folder, &list, now) {
            Ok(kept) => self.take(list, kept, now),
            Err(error) => {
                let state = match error {
                    KeptError::Missing => ListState::Missing,
                    _ => ListState::Damaged { reason: one_line(&error) },
                };
                Loaded { list, vendors: Vec::new(), state }
            }
        };
        self.lists.push(loaded);
    }

    /// Puts the networks of the list that comes next to those of the others.
    fn take(&mut self, list: List, kept: Kept, now: DateTime<Utc>) -> Loaded {
        // There are no more lists than `folder::MAX_LISTS` and the known ones.
        let position = u16::try_from(self.lists.len()).unwrap_or(u16::MAX);
        let Kept { parsed, date, checked_at, .. } = kept;
        for listed in &parsed.networks {
            let vendor = listed.vendor.and_then(|at| parsed.vendors.get(usize::from(at)));
            let is_cloud = vendor.is_some_and(|vendor| vendor.is_cloud);
            let kind = if is_cloud { IpType::Cloud } else { list.kind };
            let rank = Rank { kind, is_gathered: list.is_gathered() };
            self.networks.add(
                rank,
                listed.network,
                Label { list: position, vendor: listed.vendor },
            );
        }
        self.youngest = self.youngest.max(Some(date));
        let is_stale = now - checked_at > STALE_AFTER;
        let entries = parsed.networks.len();
        let state = ListState::InUse { entries, date, checked_at, is_stale };
        Loaded { list, vendors: parsed.vendors, state }
    }
}

impl OfflineSource for ListSet {
    fn name(&self) -> SourceName {
        SourceName::IpClassification
    }

    /// What the lists say, whatever the time: of each there is only the one in the folder.
    fn lookup(&self, address: IpAddr, _at: DateTime<Utc>) -> Answer {
        self.classify(address, None)
    }

    /// One entry for each list; the name of a stale one says so.
    fn status(&self) -> Vec<SourceStatus> {
        if let Some(problem) = &self.listing.problem {
            let name = self.folder.display().to_string();
            return vec![SourceStatus {
                name,
                state: SourceState::Problem { reason: problem.clone() },
            }];
        }
        let strangers = self.listing.strangers.iter().map(|name| {
            let reason = "it is not a list by its name, or one too many".to_owned();
            SourceStatus { name: shown(name), state: SourceState::NotUsed { reason } }
        });
        self.lists.iter().map(Loaded::status).chain(strangers).collect()
    }

    fn vintages_in_force(&self, _at: DateTime<Utc>) -> Vintages {
        self.vintages()
    }
}

impl Loaded {
    fn status(&self) -> SourceStatus {
        let mut name = self.list.file_name.clone();
        let state = match &self.state {
            ListState::InUse { date, checked_at, is_stale, .. } => {
                if *is_stale {
                    let day = checked_at.format("%Y-%m-%d");
                    name = format!("{name} (stale: last checked on {day}, and still used)");
                }
                SourceState::Ok { vintage: Some(*date) }
            }
            ListState::Missing if self.list.published_at().is_none() => {
                let reason = "it is fetched only from a configured URL".to_owned();
                SourceState::NotUsed { reason }
            }
            ListState::Missing => {
                SourceState::Problem { reason: "there is no such file".to_owned() }
            }
            ListState::Damaged { reason } => SourceState::Problem { reason: reason.clone() },
        };
        SourceStatus { name, state }
    }
}

fn facts(kind: IpType, provider: Option<&str>, confidence: f64, list: &str) -> Map<String, Value> {
    let mut facts = Map::new();
    facts.insert("ip_type".to_owned(), kind.name().into());
    facts.extend(provider.map(|provider| ("provider".to_owned(), provider.into())));
    facts.insert("confidence".to_owned(), confidence.into());
    facts.insert("list".to_owned(), list.into());
    facts
}

/// The name of somebody's file, without what a terminal obeys.
fn shown(name: &str) -> String {
    name.escape_debug().collect()
}
