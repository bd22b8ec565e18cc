//! What follows from one event, were it all that is known of its session.

use cowrie_command::{Risk, template};
use cowrie_session::{CommandUse, FileUse, KeyMethod, KeyUse, LoginUse, Session, Summary};
use serde_json::{Value, json};

/// What a session of this one event would be.
pub(crate) fn of(session: &Session) -> Value {
    let is_planted = |key: &KeyUse| matches!(key.method, KeyMethod::Planted(_));
    let plants_key = session.keys.iter().any(is_planted);
    json!({
        "session_id": session.id,
        "summary": session.summary.as_ref().map(summary),
        "campaign": session.summary.as_ref().map(campaign),
        "command": session.commands.iter().map(|used| command(used, plants_key)).collect::<Vec<_>>(),
        "login": session.logins.iter().map(login).collect::<Vec<_>>(),
        "ssh_key": session.keys.iter().map(key).collect::<Vec<_>>(),
        "file": session.files.iter().map(file).collect::<Vec<_>>(),
    })
}

fn summary(summary: &Summary) -> Value {
    json!({
        "protocol": summary.protocol,
        "source_ip": summary.source_ip,
        "duration_seconds": summary.duration_seconds,
        "client_version": summary.client_version,
        "hassh": summary.hassh,
        "terminal_size": summary.terminal_size,
        "arch": summary.arch,
        "risk_score": summary.risk_score,
    })
}

/// By what sessions of one campaign find each other.
fn campaign(summary: &Summary) -> Value {
    json!({
        "ssh_key_fingerprint": summary.ssh_key_fingerprint,
        "password_hash": summary.password_hash,
        "command_signature": summary.command_signature,
    })
}

fn command(used: &CommandUse, plants_key: bool) -> Value {
    let risk = cowrie_command::risk(&used.command);
    let risk = if plants_key { risk.max(Risk::KeyPlanted) } else { risk };
    json!({
        "text": used.command,
        "template": template(&used.command),
        "risk": risk.reason(),
        "risk_score": risk.score(),
        "high_risk": used.high_risk,
    })
}

fn login(used: &LoginUse) -> Value {
    json!({
        "username": used.username,
        "password": used.password,
        "password_hash": used.password_hash,
        "got_in": used.got_in_at.is_some(),
    })
}

fn key(used: &KeyUse) -> Value {
    json!({
        "fingerprint": used.key.fingerprint(),
        "type": used.key.key_type(),
        "bits": used.key.bits(),
        "comment": used.comment,
        "method": used.method.name(),
        "pattern": used.pattern,
        "target_path": used.target_path,
    })
}

fn file(used: &FileUse) -> Value {
    json!({
        "shasum": used.shasum,
        "direction": used.direction.name(),
        "filename": used.filename,
        "url": used.url,
    })
}
