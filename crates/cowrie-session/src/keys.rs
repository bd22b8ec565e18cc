//! The SSH keys of a session: planted by its commands, or offered when it logged in.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use cowrie_parse::Fields;
use cowrie_ssh_keys::{PlantedKey, PublicKey};

/// How much of the command that planted a key is kept beside it, in bytes.
const COMMAND_BYTES: usize = 1000;

/// How a key came into a session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyMethod {
    /// A command wrote it; the word says how (`echo_append`, `heredoc`, …).
    Planted(&'static str),
    /// The client offered it to log in.
    Offered,
}

impl KeyMethod {
    /// The word that databases use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Planted(method) => method,
            Self::Offered => "offered",
        }
    }
}

/// A key of a session.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyUse {
    /// The key itself.
    pub key: PublicKey,
    /// Its comment, if it had one.
    pub comment: Option<String>,
    /// How it came, the first time.
    pub method: KeyMethod,
    /// How it stood in the command (`direct`, `heredoc`, `base64_encoded`), or `offered`.
    pub pattern: &'static str,
    /// The file it was written to, if the command says.
    pub target_path: Option<String>,
    /// The front of the command that planted it.
    pub command: Option<String>,
    /// How often it was planted or offered.
    pub attempts: u32,
    /// The first time.
    pub first_seen: DateTime<Utc>,
    /// The last time.
    pub last_seen: DateTime<Utc>,
    /// Whether it was planted in a session that had logged in.
    pub successful: bool,
}

/// The keys of a session, by method and key.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    planted: Vec<KeyUse>,
    planted_places: HashMap<PublicKey, usize>,
    offered: Vec<KeyUse>,
    offered_places: HashMap<PublicKey, usize>,
}

impl Keys {
    pub(crate) fn add_planted(
        &mut self,
        planted: Vec<PlantedKey>,
        command: &str,
        logged_in: bool,
        at: DateTime<Utc>,
    ) {
        for PlantedKey { key, comment, method, pattern, target_path } in planted {
            let cut = command.floor_char_boundary(COMMAND_BYTES);
            let command = command.get(..cut).map(str::to_owned);
            add(
                &mut self.planted,
                &mut self.planted_places,
                KeyUse {
                    key,
                    comment,
                    method: KeyMethod::Planted(method.name()),
                    pattern: pattern.name(),
                    target_path,
                    command,
                    attempts: 1,
                    first_seen: at,
                    last_seen: at,
                    successful: logged_in,
                },
            );
        }
    }

    pub(crate) fn add_offered(&mut self, fields: &Fields<'_>, at: DateTime<Utc>) {
        let Some(key) = fields.text("key") else { return };
        let kind = fields.text("type");
        let Some(key) = PublicKey::from_cowrie(&key, kind.as_deref()) else { return };
        let offered = KeyUse {
            key,
            comment: None,
            method: KeyMethod::Offered,
            pattern: "offered",
            target_path: None,
            command: None,
            attempts: 1,
            first_seen: at,
            last_seen: at,
            successful: false,
        };
        add(&mut self.offered, &mut self.offered_places, offered);
    }

    /// How often keys were planted, and how many different ones.
    pub(crate) fn planted_counts(&self) -> (u32, u32) {
        let attempts = self.planted.iter().map(|key| key.attempts).sum();
        (attempts, u32::try_from(self.planted.len()).unwrap_or(u32::MAX))
    }

    /// Planted keys, then offered ones; a key that was both stands twice.
    pub(crate) fn into_uses(self) -> Vec<KeyUse> {
        let Self { mut planted, offered, .. } = self;
        planted.extend(offered);
        planted
    }
}

/// Adds a use; of several of one key and method, the smallest words describe it, so that a use
/// that is found later takes none away that was known.
fn add(keys: &mut Vec<KeyUse>, places: &mut HashMap<PublicKey, usize>, new: KeyUse) {
    let next = keys.len();
    let place = *places.entry(new.key.clone()).or_insert(next);
    let Some(known) = keys.get_mut(place) else {
        keys.push(new);
        return;
    };
    known.attempts += 1;
    known.last_seen = new.last_seen;
    known.successful |= new.successful;
    if words(&new) < words(known) {
        known.comment = new.comment;
        known.pattern = new.pattern;
        known.target_path = new.target_path;
    }
}

/// What describes a use, to be compared: with a comment before without, then by their bytes.
fn words(key: &KeyUse) -> (bool, Option<&str>, &str, Option<&str>) {
    let comment = key.comment.as_deref();
    (comment.is_none(), comment, key.pattern, key.target_path.as_deref())
}
