//! The questions of `docs/queries.md` asked of a database: their rows, and how they are found.

use sea_orm::prelude::DateTimeUtc;
use sea_orm::{ConnectionTrait as _, DbBackend, QueryResult, Statement, Value as SqlValue};
use serde_json::{Map, Number, Value};

use crate::Engine;
use crate::queries::{Kind, Question};
use crate::tables::Tables;

/// A row by the names of its columns.
pub type Row = Map<String, Value>;

/// A statement of the document with the values that it takes.
#[derive(Clone, Debug)]
pub struct Asked {
    title: String,
    sql: String,
    values: Vec<SqlValue>,
}

impl Asked {
    /// A statement of one's own that takes nothing.
    pub fn of(sql: &str) -> Self {
        Self { title: "a statement".to_owned(), sql: sql.to_owned(), values: Vec::new() }
    }
}

impl Question {
    /// The question with these values, each as a text by the name of its parameter.
    pub fn asked(&self, tables: &Tables, value: impl Fn(&str) -> String) -> Asked {
        let sql = self.sql(tables.engine()).or_else(|| self.sql_with_vectors());
        let sql = sql.expect("a question has a statement").to_owned();
        let values = self.parameters.iter().map(|parameter| {
            let text = value(&parameter.name);
            let value = match parameter.kind {
                Kind::Text => Some(text.clone().into()),
                Kind::Integer => text.parse::<i64>().ok().map(SqlValue::from),
                Kind::Time => text.parse::<DateTimeUtc>().ok().map(SqlValue::from),
            };
            value.unwrap_or_else(|| {
                panic!("`{text}` cannot be `{}` of `{}`", parameter.name, self.title)
            })
        });
        Asked { title: self.title.clone(), sql, values: values.collect() }
    }
}

impl Tables {
    /// Which engine keeps them.
    pub fn engine(&self) -> Engine {
        match self.connection().get_database_backend() {
            DbBackend::Postgres => Engine::Postgres,
            _ => Engine::Sqlite,
        }
    }

    /// Asks a question, and leaves its rows as the driver gives them.
    pub async fn ask(&self, asked: &Asked) -> Vec<QueryResult> {
        self.ask_with(asked, &asked.sql).await
    }

    /// The rows of an answer, alike on both engines: truth values are numbers, and times have one
    /// form.
    pub async fn rows(&self, asked: &Asked) -> Vec<Row> {
        let sql = &asked.sql;
        let wrapped = match self.engine() {
            Engine::Postgres => format!("SELECT CAST(row_to_json(q) AS text) FROM ({sql}) AS q"),
            Engine::Sqlite => {
                let answer = self.ask(asked).await;
                let Some(first) = answer.first() else { return Vec::new() };
                let pair = |name: String| format!("'{name}', q.\"{name}\"");
                let pairs: Vec<String> = first.column_names().into_iter().map(pair).collect();
                format!("SELECT json_object({}) FROM ({sql}) AS q", pairs.join(", "))
            }
        };
        let read = |row: &QueryResult| {
            let text: String = row.try_get_by_index(0).expect("an answer is a text");
            let row: Row = serde_json::from_str(&text).expect("an answer is an object");
            row.into_iter().map(|(name, value)| (name, plain(value))).collect()
        };
        self.ask_with(asked, &wrapped).await.iter().map(read).collect()
    }

    /// How the engine means to find the answer.
    pub async fn plan(&self, asked: &Asked) -> String {
        let (explain, column) = match self.engine() {
            Engine::Sqlite => ("EXPLAIN QUERY PLAN", "detail"),
            Engine::Postgres => ("EXPLAIN", "QUERY PLAN"),
        };
        let rows = self.ask_with(asked, &format!("{explain} {}", asked.sql)).await;
        let text = |row: &QueryResult| row.try_get("", column).expect("a plan is text");
        rows.iter().map(text).collect::<Vec<String>>().join("\n")
    }

    async fn ask_with(&self, asked: &Asked, sql: &str) -> Vec<QueryResult> {
        let engine = self.connection().get_database_backend();
        let statement = Statement::from_sql_and_values(engine, sql, asked.values.clone());
        let rows = self.connection().query_all_raw(statement).await;
        rows.unwrap_or_else(|error| panic!("`{}`: {error}\n{sql}", asked.title))
    }
}

/// Whether a plan reads all of `session_summaries`, under its own name or the `s` that the document
/// gives it.
pub fn scans_sessions(engine: Engine, plan: &str) -> bool {
    plan.lines().any(|line| match engine {
        Engine::Postgres => line.contains("Seq Scan on session_summaries"),
        Engine::Sqlite => {
            let mut words = line.split(' ');
            words.next() == Some("SCAN") && matches!(words.next(), Some("s" | "session_summaries"))
        }
    })
}

/// A value as both engines say it.
fn plain(value: Value) -> Value {
    match value {
        Value::Bool(truth) => Value::Number(Number::from(u8::from(truth))),
        Value::String(text) => match text.parse::<DateTimeUtc>() {
            Ok(time) => Value::String(time.to_rfc3339()),
            Err(_) => Value::String(text),
        },
        other => other,
    }
}
