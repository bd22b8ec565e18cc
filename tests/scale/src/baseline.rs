//! What PostgreSQL alone makes of the log lines, with `COPY`.

use std::fs::{self, File};
use std::io::{BufWriter, Read as _};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use cowrie_tests::Engine;
use sqlx::PgConnection;

use crate::copy_lines::{CopyLines, Counts};
use crate::corpus::Corpus;
use crate::corpus::read;
use crate::database::Home;
use crate::report::Report;
use crate::stages::figure;
use crate::workload::Workload;

/// How much is sent at a time, in bytes.
const PIECE: usize = 1 << 20;

/// A line, its key, and the ways to it: three indexes in all.
const TABLE: &str = "CREATE TABLE lines (id uuid PRIMARY KEY, line jsonb NOT NULL);
    CREATE INDEX ix_lines_session ON lines ((line ->> 'session'));
    CREATE INDEX ix_lines_timestamp ON lines ((line ->> 'timestamp'));";

/// The same without a way to them.
const BARE_TABLE: &str = "DROP TABLE lines; CREATE TABLE lines (id uuid, line jsonb)";

/// Copies the lines of the corpus into a table of their own, with indexes and without, and
/// compares the load with that. Inflating the logs and leaving out what is no event is done
/// before, and not counted; the loader's time has both in it.
pub(crate) async fn run(
    home: &Home,
    workload: &Workload,
    corpus: &Corpus,
    report: &mut Report,
) -> Result<()> {
    if !workload.compare.copy || home.server.is_none() {
        return Ok(());
    }
    let rows = home.folder.join("lines.copy");
    let counts = lay_out(corpus, &rows)?;
    let truth = &corpus.truth;
    report.equal("baseline: lines", &counts.rows, &truth.events);
    report.equal("baseline: repeated lines", &counts.repeated, &truth.doubled);
    report.equal("baseline: damaged lines", &counts.damaged, &truth.damaged);

    let place = home.empty(Engine::Postgres, "scale_baseline").await?;
    let tables = place.tables().await;
    let mut connection = place.connection().await?;
    tables.execute(TABLE).await;
    let indexed = copy_file(&mut connection, &rows).await?.as_secs_f64();
    let n_rows = tables.number("SELECT count(*) FROM lines").await;
    report.equal("baseline: rows", &n_rows.cast_unsigned(), &truth.events);
    let size = figure(place.size().await?);
    report.figure("baseline.copy_jsonb.size_per_log_byte", size / figure(truth.bytes));
    tables.execute(BARE_TABLE).await;
    let bare = copy_file(&mut connection, &rows).await?.as_secs_f64();

    for (name, seconds) in [("copy_jsonb", indexed), ("copy_jsonb_without_indexes", bare)] {
        report.figure(format!("baseline.{name}.seconds"), seconds);
        let speed = figure(truth.events) / seconds;
        report.figure(format!("baseline.{name}.events_per_second"), speed);
    }
    if let Some(load) = report.figures.get("postgres.load.seconds").copied() {
        report.figure("postgres.load.times_copy", load / indexed);
    }
    drop((tables, connection));
    home.remove(place).await?;
    fs::remove_file(&rows).with_context(|| format!("failed to remove `{}`", rows.display()))
}

/// Writes every line of the logs as a row.
fn lay_out(corpus: &Corpus, to: &Path) -> Result<Counts> {
    let failed = || format!("failed to write `{}`", to.display());
    let file = File::create(to).with_context(failed)?;
    let mut lines = CopyLines::new(BufWriter::with_capacity(PIECE, file));
    for log in read::files(&corpus.logs())? {
        let lines = lines.add(read::open(&log)?);
        lines.with_context(|| format!("failed to lay `{}` out", log.display()))?;
    }
    lines.finish().with_context(failed)
}

/// How long the `COPY` of a file takes, until it is safe.
async fn copy_file(connection: &mut PgConnection, rows: &Path) -> Result<Duration> {
    // What was done before is not to be paid for now.
    sqlx::raw_sql("CHECKPOINT").execute(&mut *connection).await?;
    let mut file = File::open(rows).context("failed to open the rows")?;
    let mut piece = Vec::with_capacity(PIECE);
    let begun = Instant::now();
    let mut copy = connection.copy_in_raw("COPY lines FROM STDIN").await?;
    while file.by_ref().take(PIECE as u64).read_to_end(&mut piece)? > 0 {
        copy.send(piece.as_slice()).await?;
        piece.clear();
    }
    copy.finish().await.context("failed to copy the lines")?;
    Ok(begun.elapsed())
}
