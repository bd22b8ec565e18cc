//! What a session used: commands, credentials and files, each once, in the order of first use.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use cowrie_command::Risk;
use cowrie_core::hex;
use cowrie_parse::{Fields, unescape_text};
use sha2::{Digest, Sha256};

/// A command of a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CommandUse {
    /// What was typed, without the blanks around it; in the stored form of its event.
    pub command: String,
    /// How often.
    pub occurrences: u32,
    /// The first time.
    pub first_seen: DateTime<Utc>,
    /// The last time.
    pub last_seen: DateTime<Utc>,
    /// Whether its risk is high (`cowrie_command::Risk::is_high`).
    pub high_risk: bool,
}

/// A user name and password that a session tried.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LoginUse {
    /// The user name, in the stored form of its event.
    pub username: String,
    /// The password, in the stored form of its event.
    pub password: String,
    /// SHA-256 of the bytes of the password, as lower-case hex.
    pub password_hash: String,
    /// When it first got in, if it did.
    pub got_in_at: Option<DateTime<Utc>>,
    /// How often it was tried.
    pub attempts: u32,
    /// The first time.
    pub first_seen: DateTime<Utc>,
    /// The last time.
    pub last_seen: DateTime<Utc>,
}

/// Which way a file went.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Direction {
    /// Fetched by the honeypot for the attacker, or written by a redirect.
    Download,
    /// Sent by the attacker.
    Upload,
}

impl Direction {
    /// The word that databases use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Download => "download",
            Self::Upload => "upload",
        }
    }
}

/// A file that came with a session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileUse {
    /// SHA-256 of the content, as lower-case hex.
    pub shasum: String,
    /// Which way it went, the first time.
    pub direction: Direction,
    /// What the attacker called it, if that is known.
    pub filename: Option<String>,
    /// Where it was fetched from, if it was.
    pub url: Option<String>,
    /// The first time.
    pub first_seen: DateTime<Utc>,
}

/// The commands of a session, by text.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    uses: Vec<CommandUse>,
    places: HashMap<String, usize>,
    /// The places in `uses` of all that was typed.
    order: Vec<usize>,
}

impl Commands {
    pub(crate) fn add(&mut self, command: &str, risk: Risk, at: DateTime<Utc>) {
        let next = self.uses.len();
        let place = *self.places.entry(command.to_owned()).or_insert(next);
        self.order.push(place);
        if let Some(seen) = self.uses.get_mut(place) {
            seen.occurrences += 1;
            seen.last_seen = at;
            return;
        }
        let (first_seen, last_seen, high_risk) = (at, at, risk.is_high());
        let command = command.to_owned();
        self.uses.push(CommandUse { command, occurrences: 1, first_seen, last_seen, high_risk });
    }

    /// Everything that was typed, in order and as often as it was.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = &str> {
        self.order.iter().filter_map(|place| Some(self.uses.get(*place)?.command.as_str()))
    }

    pub(crate) fn into_uses(self) -> Vec<CommandUse> {
        self.uses
    }
}

/// The credentials of a session, by user name and password.
#[derive(Debug, Default)]
pub(crate) struct Logins {
    uses: Vec<LoginUse>,
    places: HashMap<(String, String), usize>,
}

impl Logins {
    pub(crate) fn add(&mut self, username: &str, password: &str, got_in: bool, at: DateTime<Utc>) {
        let next = self.uses.len();
        let key = (username.to_owned(), password.to_owned());
        let place = *self.places.entry(key).or_insert(next);
        if let Some(seen) = self.uses.get_mut(place) {
            seen.attempts += 1;
            seen.got_in_at = seen.got_in_at.or_else(|| got_in.then_some(at));
            seen.last_seen = at;
            return;
        }
        self.uses.push(LoginUse {
            username: username.to_owned(),
            password: password.to_owned(),
            password_hash: hex(&Sha256::digest(unescape_text(password))),
            got_in_at: got_in.then_some(at),
            attempts: 1,
            first_seen: at,
            last_seen: at,
        });
    }

    pub(crate) fn into_uses(self) -> Vec<LoginUse> {
        self.uses
    }
}

/// The files of a session, by hash; the first event that names one describes it.
#[derive(Debug, Default)]
pub(crate) struct Files {
    uses: BTreeMap<String, FileUse>,
}

impl Files {
    pub(crate) fn add(&mut self, fields: &Fields<'_>, direction: Direction, at: DateTime<Utc>) {
        let shasum = fields.text("shasum").map(|text| text.to_ascii_lowercase());
        let Some(shasum) = shasum.filter(|text| is_sha256(text)) else { return };
        let named = |key: &str| fields.text(key).filter(|text| !text.is_empty());
        let filename = named("filename").or_else(|| named("destfile")).map(Into::into);
        let url = named("url").map(Into::into);
        let file = FileUse { shasum: shasum.clone(), direction, filename, url, first_seen: at };
        let seen = self.uses.entry(shasum).or_insert_with(|| file.clone());
        seen.filename = seen.filename.take().or(file.filename);
        seen.url = seen.url.take().or(file.url);
    }

    pub(crate) fn into_uses(self) -> Vec<FileUse> {
        self.uses.into_values().collect()
    }
}

fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
