//! From the events of one session to its summary.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use cowrie_command::Risk;
use cowrie_core::parse_address;
use cowrie_parse::{Event, Fields};
use cowrie_ssh_keys::planted_keys;

use crate::family::is_day;
use crate::keys::Keys;
use crate::uses::{Commands, Direction, Files, LoginUse, Logins};
use crate::{Session, parts};

/// What a login attempt is worth as a risk, and one that got in, and a file that was moved.
const LOGIN_RISK: u8 = 5;
const LOGGED_IN_RISK: u8 = 10;
const FILE_RISK: u8 = 60;

/// The longest client version, HASSH, protocol or architecture that a summary keeps, in bytes;
/// the events keep them whole.
const MAX_WORD_BYTES: usize = 255;

/// What the events of a session add up to.
#[derive(Clone, Debug, PartialEq)]
pub struct Summary {
    /// The sensor that logged it.
    pub sensor: Option<String>,
    /// `ssh` or `telnet`, as the connect said; old releases did not say.
    pub protocol: Option<String>,
    /// Who connected: the connect's address, else the first address that any event carries.
    pub source_ip: Option<IpAddr>,
    /// The time of the first event.
    pub first_event_at: DateTime<Utc>,
    /// The time of the last event.
    pub last_event_at: DateTime<Utc>,
    /// How long it lasted in seconds, as its close says; `None` when it was never closed.
    pub duration_seconds: Option<f64>,
    /// Events.
    pub event_count: u32,
    /// Command lines (`cowrie.command.input`).
    pub command_count: u32,
    /// Logins tried, with a password or a key.
    pub login_attempts: u32,
    /// Logins that got in.
    pub login_successes: u32,
    /// Files fetched or written by a redirect.
    pub file_downloads: u32,
    /// Files sent by the client.
    pub file_uploads: u32,
    /// Times that a command planted an SSH key.
    pub ssh_key_injections: u32,
    /// Different SSH keys planted.
    pub unique_ssh_keys: u32,
    /// The client's first version line, without the quotes that some releases put around it.
    pub client_version: Option<String>,
    /// The client's first HASSH.
    pub hassh: Option<String>,
    /// The first terminal size, `columns x rows` as `80x24`.
    pub terminal_size: Option<String>,
    /// The architecture that the client saw first.
    pub arch: Option<String>,
    /// The highest risk of its events, 0 to 100.
    pub risk_score: u8,
    /// `SHA256:…` of the first planted SSH key, else of the first offered one.
    pub ssh_key_fingerprint: Option<String>,
    /// SHA-256 of the password that got in first, else of the one tried last, as hex.
    pub password_hash: Option<String>,
    /// The signature of the commands in order (`cowrie_command::signature`).
    pub command_signature: Option<String>,
}

/// Folds the events of one session, which are distinct and in order.
pub(crate) fn session(id: String, events: &[&Event]) -> Session {
    let parts = parts::cut(events);
    let sensor = events.iter().find_map(|event| event.sensor.clone());
    let mut fold = Fold::default();
    if !is_day(&id) {
        for event in events {
            fold.see(event);
        }
    }
    let Fold { mut summary, commands, logins, keys, files, .. } = fold;
    let signature = cowrie_command::signature(commands.in_order());
    let (logins, commands) = (logins.into_uses(), commands.into_uses());
    let counts = keys.planted_counts();
    let keys = keys.into_uses();
    if let Some(summary) = &mut summary {
        summary.sensor.clone_from(&sensor);
        (summary.ssh_key_injections, summary.unique_ssh_keys) = counts;
        summary.ssh_key_fingerprint = keys.first().map(|key| key.key.fingerprint());
        summary.password_hash = campaign_password(&logins);
        summary.command_signature = signature;
    }
    Session { id, sensor, summary, commands, logins, keys, files: files.into_uses(), parts }
}

/// The password that got in first, else the one tried last.
fn campaign_password(logins: &[LoginUse]) -> Option<String> {
    let got_in = logins.iter().filter(|login| login.got_in_at.is_some());
    let got_in = got_in.min_by_key(|login| login.got_in_at);
    let last = || logins.iter().max_by_key(|login| login.last_seen);
    got_in.or_else(last).map(|login| login.password_hash.clone())
}

#[derive(Debug, Default)]
struct Fold {
    summary: Option<Summary>,
    connected_from: Option<IpAddr>,
    commands: Commands,
    logins: Logins,
    keys: Keys,
    files: Files,
}

impl Fold {
    fn see(&mut self, event: &Event) {
        let at = event.at;
        let summary = self.summary.get_or_insert_with(|| begin(event));
        summary.event_count += 1;
        summary.last_event_at = at;
        let Ok(fields) = event.fields() else { return };
        let address = fields.text("src_ip").as_deref().and_then(parse_address);
        summary.source_ip = summary.source_ip.or(address);
        match fields.text("eventid").as_deref().unwrap_or_default() {
            "cowrie.session.connect" => self.connect(&fields, address),
            "cowrie.session.closed" => {
                summary.duration_seconds = duration(&fields).or(summary.duration_seconds);
            }
            "cowrie.client.version" => keep(&mut summary.client_version, version(&fields)),
            "cowrie.client.kex" => keep(&mut summary.hassh, word(&fields, "hassh")),
            "cowrie.client.size" => keep(&mut summary.terminal_size, terminal_size(&fields)),
            "cowrie.session.params" => keep(&mut summary.arch, word(&fields, "arch")),
            "cowrie.login.success" => self.login(&fields, true, at),
            "cowrie.login.failed" => self.login(&fields, false, at),
            "cowrie.client.fingerprint" => self.keys.add_offered(&fields, at),
            "cowrie.command.input" => self.command(&fields, at),
            "cowrie.session.file_download" => self.file(&fields, Direction::Download, at),
            "cowrie.session.file_upload" => self.file(&fields, Direction::Upload, at),
            _ => {}
        }
    }

    fn connect(&mut self, fields: &Fields<'_>, address: Option<IpAddr>) {
        let Some(summary) = &mut self.summary else { return };
        keep(&mut summary.protocol, word(fields, "protocol"));
        if self.connected_from.is_none() && address.is_some() {
            self.connected_from = address;
            summary.source_ip = address;
        }
    }

    fn login(&mut self, fields: &Fields<'_>, got_in: bool, at: DateTime<Utc>) {
        let Some(summary) = &mut self.summary else { return };
        summary.login_attempts += 1;
        summary.login_successes += u32::from(got_in);
        let risk = if got_in { LOGGED_IN_RISK } else { LOGIN_RISK };
        summary.risk_score = summary.risk_score.max(risk);
        if let Some(password) = fields.text("password") {
            let username = fields.text("username").unwrap_or_default();
            self.logins.add(&username, &password, got_in, at);
        }
    }

    fn command(&mut self, fields: &Fields<'_>, at: DateTime<Utc>) {
        let Some(summary) = &mut self.summary else { return };
        summary.command_count += 1;
        let input = fields.text("input").unwrap_or_default();
        let command = input.trim();
        let planted = planted_keys(command);
        let mut risk = cowrie_command::risk(command);
        if !planted.is_empty() {
            risk = risk.max(Risk::KeyPlanted);
        }
        summary.risk_score = summary.risk_score.max(risk.score());
        if command.is_empty() {
            return;
        }
        self.commands.add(command, risk, at);
        self.keys.add_planted(planted, command, summary.login_successes > 0, at);
    }

    fn file(&mut self, fields: &Fields<'_>, direction: Direction, at: DateTime<Utc>) {
        let Some(summary) = &mut self.summary else { return };
        match direction {
            Direction::Download => summary.file_downloads += 1,
            Direction::Upload => summary.file_uploads += 1,
        }
        summary.risk_score = summary.risk_score.max(FILE_RISK);
        self.files.add(fields, direction, at);
    }
}

/// The summary of a session of which only the first event is known, and not yet counted.
fn begin(event: &Event) -> Summary {
    Summary {
        sensor: None,
        protocol: None,
        source_ip: None,
        first_event_at: event.at,
        last_event_at: event.at,
        duration_seconds: None,
        event_count: 0,
        command_count: 0,
        login_attempts: 0,
        login_successes: 0,
        file_downloads: 0,
        file_uploads: 0,
        ssh_key_injections: 0,
        unique_ssh_keys: 0,
        client_version: None,
        hassh: None,
        terminal_size: None,
        arch: None,
        risk_score: 0,
        ssh_key_fingerprint: None,
        password_hash: None,
        command_signature: None,
    }
}

/// Keeps the first value that is there.
fn keep(slot: &mut Option<String>, value: Option<String>) {
    if slot.is_none() {
        *slot = value;
    }
}

/// Seconds from connect to close; releases wrote `duration` as a number or as text, and since
/// 2026 `duration_ms`. Kept to the microsecond, which every database prints alike.
fn duration(fields: &Fields<'_>) -> Option<f64> {
    let seconds = fields.number("duration_ms").map(|ms| ms / 1e3);
    let seconds = seconds.or_else(|| fields.number("duration")).filter(|s| (0.0..1e9).contains(s));
    // Of the two zeros only one is printed alike everywhere.
    seconds.map(|seconds| ((seconds * 1e6).round() / 1e6).abs())
}

/// The version line; releases of 2019 to 2021 wrote Python's `b'…'` around it.
fn version(fields: &Fields<'_>) -> Option<String> {
    let text = fields.text("version")?;
    let quoted = text.strip_prefix('b').unwrap_or(&text);
    let inner = ['\'', '"'].iter().find_map(|q| quoted.strip_prefix(*q)?.strip_suffix(*q));
    Some(shorten(inner.unwrap_or(&text)))
}

fn terminal_size(fields: &Fields<'_>) -> Option<String> {
    let side = |name| fields.number(name).filter(|side| (0.0..1e5).contains(side));
    let (width, height) = (side("width")?.abs(), side("height")?.abs());
    Some(format!("{width:.0}x{height:.0}"))
}

fn word(fields: &Fields<'_>, name: &str) -> Option<String> {
    fields.text(name).filter(|text| !text.is_empty()).map(|text| shorten(&text))
}

fn shorten(text: &str) -> String {
    text.get(..text.floor_char_boundary(MAX_WORD_BYTES)).unwrap_or_default().to_owned()
}
