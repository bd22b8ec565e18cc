//! The SSH keys of a session: planted by its commands, or offered when it logged in.

use chrono::{DateTime, Utc};
use cowrie_command::{PlantedKey, PublicKey};
use cowrie_parse::Fields;

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
    offered: Vec<KeyUse>,
}

impl Keys {
    pub(crate) fn add_planted(&mut self, command: &str, logged_in: bool, at: DateTime<Utc>) {
        for PlantedKey { key, comment, method, pattern, target_path } in
            cowrie_command::planted_keys(command)
        {
            let cut = command.floor_char_boundary(COMMAND_BYTES);
            let command = command.get(..cut).map(str::to_owned);
            add(
                &mut self.planted,
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
        add(&mut self.offered, offered);
    }

    /// How often keys were planted, and how many different ones.
    pub(crate) fn planted_counts(&self) -> (u32, u32) {
        let attempts = self.planted.iter().map(|key| key.attempts).sum();
        (attempts, u32::try_from(self.planted.len()).unwrap_or(u32::MAX))
    }

    /// Planted keys, then those that were only offered.
    pub(crate) fn into_uses(self) -> Vec<KeyUse> {
        let Self { planted: mut keys, offered } = self;
        let only_offered: Vec<_> =
            offered.into_iter().filter(|use_| keys.iter().all(|k| k.key != use_.key)).collect();
        keys.extend(only_offered);
        keys
    }
}

fn add(keys: &mut Vec<KeyUse>, new: KeyUse) {
    match keys.iter_mut().find(|known| known.key == new.key) {
        Some(known) => {
            known.attempts += 1;
            known.last_seen = new.last_seen;
            known.successful |= new.successful;
        }
        None => keys.push(new),
    }
}
