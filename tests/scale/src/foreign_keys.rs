//! The load without foreign keys: what they cost.

use anyhow::{Context as _, Result};
use cowrie_tests::{Digests, Engine};
use regex::Regex;
use sqlx::{Connection as _, SqliteConnection};

use crate::database::Place;
use crate::measure;
use crate::report::Report;
use crate::stages::Bench;

impl Bench<'_> {
    /// Loads everything into tables whose foreign keys were dropped, and compares.
    pub(crate) async fn without_foreign_keys(
        &self,
        wanted: &Digests,
        report: &mut Report,
    ) -> Result<()> {
        if !self.workload.compare.without_foreign_keys {
            return Ok(());
        }
        let name = format!("scale_{}_without_keys", self.workload.name);
        let place = self.home.migrated(self.engine, &name).await?;
        let n_dropped = drop_all(&place).await?;
        report.holds(self.name("foreign keys dropped"), n_dropped > 0, n_dropped.to_string());
        let left = number_of_keys(&place).await;
        report.equal(self.name("foreign keys left"), &left, &0);

        let ended = measure::run(&mut self.loader("bulk", &place))?;
        self.cost(report, "load_without_foreign_keys", &ended, self.corpus.truth.events);
        if let Some(with) = report.figures.get(&self.name("load.seconds")) {
            let times = with / ended.elapsed.as_secs_f64();
            report.figure(self.name("load.times_without_foreign_keys"), times);
        }
        let seen = place.tables().await.digests().await;
        self.same("tables without foreign keys", &seen, wanted, report);
        self.home.remove(place).await
    }
}

/// How many foreign keys there are.
async fn number_of_keys(place: &Place) -> i64 {
    let question = match place.engine {
        Engine::Sqlite => {
            "SELECT count(*) FROM sqlite_schema AS t, pragma_foreign_key_list(t.name) \
             WHERE t.type = 'table'"
        }
        Engine::Postgres => "SELECT count(*) FROM pg_constraint WHERE contype = 'f'",
    };
    place.tables().await.number(question).await
}

/// Drops every foreign key, and says how many there were.
async fn drop_all(place: &Place) -> Result<i64> {
    let n_keys = number_of_keys(place).await;
    match place.engine {
        Engine::Sqlite => drop_in_sqlite(place).await?,
        Engine::Postgres => drop_in_postgres(place).await,
    }
    Ok(n_keys)
}

async fn drop_in_postgres(place: &Place) {
    let tables = place.tables().await;
    let statements = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, \
                      conname) FROM pg_constraint WHERE contype = 'f'";
    for statement in tables.lines(statements).await {
        tables.execute(&statement).await;
    }
}

/// SQLite drops no constraint, so the statements that it keeps are edited.
///
/// <https://www.sqlite.org/pragma.html#pragma_writable_schema>
async fn drop_in_sqlite(place: &Place) -> Result<()> {
    let mut connection = SqliteConnection::connect(&place.url).await?;
    let tables: Vec<(String, String)> =
        sqlx::query_as("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
            .fetch_all(&mut connection)
            .await?;
    sqlx::raw_sql("PRAGMA writable_schema = ON").execute(&mut connection).await?;
    for (name, statement) in tables {
        let edited = without_keys(&statement)?;
        sqlx::query("UPDATE sqlite_schema SET sql = ? WHERE type = 'table' AND name = ?")
            .bind(edited)
            .bind(&name)
            .execute(&mut connection)
            .await
            .with_context(|| format!("failed to edit the table `{name}`"))?;
    }
    connection.close().await?;
    Ok(())
}

/// A `CREATE TABLE` without its foreign keys, those of a column and those of the table.
fn without_keys(statement: &str) -> Result<String> {
    let named = r#"CONSTRAINT "?\w+"? "#;
    let reference =
        r#"REFERENCES "?\w+"? \([^)]*\)(?: ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL))*"#;
    let of_table = Regex::new(&format!(r",\s*(?:{named})?FOREIGN KEY \([^)]*\) {reference}"))?;
    let of_column = Regex::new(&format!(r" (?:{named})?{reference}"))?;
    let statement = of_table.replace_all(statement, "");
    Ok(of_column.replace_all(&statement, "").into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(statement: &str, expected: &str) {
        assert_eq!(without_keys(statement).unwrap(), expected);
    }

    #[test]
    fn keys_of_tables_and_of_columns_go() {
        check(
            r#"CREATE TABLE "a" ( "b" text, CONSTRAINT "fk" FOREIGN KEY ("b") REFERENCES "c" ("d") ON DELETE SET NULL, FOREIGN KEY ("b") REFERENCES "e" ("f"), CHECK (b) )"#,
            r#"CREATE TABLE "a" ( "b" text, CHECK (b) )"#,
        );
        check(
            "CREATE TABLE a (b text CONSTRAINT fk REFERENCES c (d), e text REFERENCES f (g) ON DELETE CASCADE)",
            "CREATE TABLE a (b text, e text)",
        );
        check("CREATE TABLE a (b text NOT NULL)", "CREATE TABLE a (b text NOT NULL)");
    }
}
