//! `cowrie-loader dead-letters show`.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use clap::Args;
use cowrie_cli::args::Format;
use cowrie_cli::{Failure, print_answer, print_bytes, safe, times};
use cowrie_ledger::dead_letters::{self, Letter};
use sea_orm::DatabaseConnection;
use serde_json::{Value, json};

use crate::answer::fact;
use crate::dead_letters::list::state;

#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// Its number, as the list shows it
    #[arg(value_name = "ID")]
    id: i64,
    /// Write the bytes that were kept, exactly, and nothing else
    ///
    /// They may make a terminal do anything: send them to a file or a program.
    #[arg(long)]
    raw: bool,
}

pub(super) async fn run(
    db: &DatabaseConnection,
    args: &ShowArgs,
    format: Format,
) -> anyhow::Result<()> {
    let Some(letter) = dead_letters::get(db, &[args.id]).await?.pop() else {
        return Err(Failure::usage(format!("there is no dead letter {}", args.id)).into());
    };
    if args.raw {
        return print_bytes(&letter.payload).context("failed to write the bytes");
    }
    print_answer(format, || document(&letter), || text(&letter))
}

fn document(letter: &Letter) -> Value {
    json!({
        "schema": "cowrie-loader.dead-letter/1",
        "id": letter.id,
        "content_id": letter.content_id,
        "ingest_id": letter.ingest_id,
        "reason": letter.reason,
        "detail": letter.detail,
        "source": letter.source,
        "offset": letter.source_offset,
        "length": letter.length,
        "created_at": letter.created_at,
        "resolved": letter.resolved,
        "resolved_at": letter.resolved_at,
        "resolution": letter.resolution,
        "sensor": letter.sensor,
        "beside_at": letter.beside_at,
        "payload": str::from_utf8(&letter.payload).ok(),
        "payload_base64": BASE64.encode(&letter.payload),
    })
}

fn text(letter: &Letter) -> String {
    let mut text = String::new();
    fact(&mut text, "dead letter", &letter.id.to_string());
    fact(&mut text, "reason", &letter.reason);
    fact(&mut text, "detail", letter.detail.as_deref().unwrap_or_default());
    fact(&mut text, "source", &letter.source);
    fact(&mut text, "offset", &letter.source_offset.to_string());
    fact(&mut text, "length", &format!("{} bytes, {}", letter.length, kept(letter)));
    fact(&mut text, "written", &times::shown(letter.created_at));
    let optional = [
        ("run", letter.ingest_id.clone()),
        ("sensor", letter.sensor.clone()),
        ("beside", letter.beside_at.map(times::shown)),
    ];
    for (name, value) in optional {
        if let Some(value) = value {
            fact(&mut text, name, &value);
        }
    }
    fact(&mut text, "state", state(letter.resolved, letter.resolution.as_deref()));
    text.push('\n');
    for line in letter.payload.split(|byte| *byte == b'\n') {
        text.push_str(&safe::bytes(line));
        text.push('\n');
    }
    text
}

/// How much of it is there.
fn kept(letter: &Letter) -> String {
    let kept = letter.payload.len();
    match i64::try_from(kept) {
        Ok(kept) if kept == letter.length => "all of them kept".to_owned(),
        _ => format!("the first {kept} kept"),
    }
}
