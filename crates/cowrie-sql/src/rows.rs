//! Named columns of equal length: the relation `rows` of a statement.

use std::sync::Arc;

use chrono::{DateTime, Utc};

/// Texts, each known or NULL, in one piece of memory.
#[derive(Debug, Default)]
pub struct Texts {
    all: String,
    /// Where each ends in `all`; NULL is as long as nothing.
    ends: Vec<(usize, IsNull)>,
}

type IsNull = bool;

impl Texts {
    fn with_capacity(n_texts: usize, n_bytes: usize) -> Self {
        Self { all: String::with_capacity(n_bytes), ends: Vec::with_capacity(n_texts) }
    }

    fn push(&mut self, text: Option<&str>) {
        self.all.push_str(text.unwrap_or_default());
        self.ends.push((self.all.len(), text.is_none()));
    }

    /// The text at a place; `None` for NULL.
    pub(crate) fn get(&self, at: usize) -> Option<&str> {
        let (end, is_null) = *self.ends.get(at)?;
        let before = at.checked_sub(1).and_then(|before| self.ends.get(before));
        let begin = before.map_or(0, |(end, _)| *end);
        self.all.get(begin..end).filter(|_| !is_null)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Option<&str>> {
        (0..self.ends.len()).map(|at| self.get(at))
    }
}

impl<T: AsRef<str>> FromIterator<Option<T>> for Texts {
    fn from_iter<I: IntoIterator<Item = Option<T>>>(texts: I) -> Self {
        let mut all = Self::default();
        for text in texts {
            all.push(text.as_ref().map(AsRef::as_ref));
        }
        all
    }
}

/// The values of one column, one per row.
#[derive(Debug)]
pub enum Values {
    /// Text.
    Text(Texts),
    /// Whole numbers.
    Int(Vec<Option<i64>>),
    /// Numbers.
    Real(Vec<Option<f64>>),
    /// Flags.
    Bool(Vec<bool>),
    /// Bytes.
    Bytes(Vec<Vec<u8>>),
    /// Times.
    Time(Vec<Option<DateTime<Utc>>>),
    /// JSON text for a `jsonb` column.
    Jsonb(Texts),
    /// JSON text for a `json` column, kept as written.
    Json(Texts),
    /// Days, as `YYYY-MM-DD`.
    Date(Texts),
}

/// A column of texts, one per item.
pub fn text<'a, T>(items: &'a [T], of: impl Fn(&'a T) -> Option<&'a str>) -> Values {
    Values::Text(texts(items, of))
}

fn texts<'a, T>(items: &'a [T], of: impl Fn(&'a T) -> Option<&'a str>) -> Texts {
    let n_bytes = items.iter().filter_map(&of).map(str::len).sum();
    let mut texts = Texts::with_capacity(items.len(), n_bytes);
    for item in items {
        texts.push(of(item));
    }
    texts
}

/// A column of whole numbers, one per item.
pub fn int<T>(items: &[T], of: impl Fn(&T) -> Option<i64>) -> Values {
    Values::Int(items.iter().map(of).collect())
}

/// A column of times, one per item.
pub fn time<T>(items: &[T], of: impl Fn(&T) -> Option<DateTime<Utc>>) -> Values {
    Values::Time(items.iter().map(of).collect())
}

/// A column of flags, one per item.
pub fn flag<T>(items: &[T], of: impl Fn(&T) -> bool) -> Values {
    Values::Bool(items.iter().map(of).collect())
}

/// A column of JSON documents, one per item, for a `jsonb` column.
pub fn jsonb<'a, T, J: AsRef<str>>(items: &'a [T], of: impl Fn(&'a T) -> Option<J>) -> Values {
    Values::Jsonb(items.iter().map(of).collect())
}

/// A column of JSON documents, one per item, for a `json` column.
pub fn json<'a, T>(items: &'a [T], of: impl Fn(&'a T) -> &'a str) -> Values {
    Values::Json(texts(items, |item| Some(of(item))))
}

/// An unsigned number as databases keep it.
pub fn number(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

impl Values {
    fn len(&self) -> usize {
        match self {
            Self::Text(values) | Self::Jsonb(values) | Self::Json(values) | Self::Date(values) => {
                values.ends.len()
            }
            Self::Int(values) => values.len(),
            Self::Real(values) => values.len(),
            Self::Bool(values) => values.len(),
            Self::Bytes(values) => values.len(),
            Self::Time(values) => values.len(),
        }
    }

    /// The PostgreSQL type of the array that carries the column.
    fn array_type(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::Jsonb(_) | Self::Json(_) | Self::Date(_) => "text[]",
            Self::Int(_) => "bigint[]",
            Self::Real(_) => "double precision[]",
            Self::Bool(_) => "boolean[]",
            Self::Bytes(_) => "bytea[]",
            Self::Time(_) => "timestamptz[]",
        }
    }

    /// The cast that PostgreSQL needs from the carried type to the column's.
    fn cast(&self) -> &'static str {
        match self {
            Self::Jsonb(_) => "::jsonb",
            Self::Json(_) => "::json",
            Self::Date(_) => "::date",
            _ => "",
        }
    }
}

/// Named columns of equal length; a copy is cheap.
#[derive(Clone, Debug)]
pub struct Rows {
    columns: Arc<[(&'static str, Values)]>,
}

impl Rows {
    /// Columns by name.
    pub fn new(columns: Vec<(&'static str, Values)>) -> Self {
        Self { columns: columns.into() }
    }

    /// One column of texts.
    pub fn of_texts(name: &'static str, texts: impl IntoIterator<Item = String>) -> Self {
        Self::new(vec![(name, Values::Text(texts.into_iter().map(Some).collect()))])
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, values)| values.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn columns(&self) -> &[(&'static str, Values)] {
        &self.columns
    }

    pub(crate) fn n_columns(&self) -> usize {
        self.columns.len()
    }

    /// The statement that adds one of the rows to a table, with a parameter per column.
    pub(crate) fn insertion(&self, table: &str) -> String {
        let values = vec!["?"; self.n_columns()].join(", ");
        ["INSERT INTO ", table, " (", &self.names(), ") VALUES (", &values, ")"].concat()
    }

    /// The names of the columns, between commas.
    pub(crate) fn names(&self) -> String {
        self.columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
    }

    /// `rows` for PostgreSQL, from one array per column.
    pub(crate) fn postgres_prefix(&self) -> String {
        let (mut arrays, mut selected) = (Vec::new(), Vec::new());
        for (at, (name, values)) in self.columns.iter().enumerate() {
            arrays.push(format!("${}::{}", at + 1, values.array_type()));
            selected.push(format!("{name}{} AS {name}", values.cast()));
        }
        let (arrays, selected, names) = (arrays.join(", "), selected.join(", "), self.names());
        format!("WITH rows AS (SELECT {selected} FROM unnest({arrays}) AS carried({names}))")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_relation_is_spelled_for_postgres() {
        let rows = Rows::new(vec![
            ("name", Values::Text([Some("a"), None].into_iter().collect())),
            ("doc", Values::Jsonb([None::<&str>; 2].into_iter().collect())),
        ]);
        assert_eq!(
            rows.postgres_prefix(),
            "WITH rows AS (SELECT name AS name, doc::jsonb AS doc \
             FROM unnest($1::text[], $2::text[]) AS carried(name, doc))"
        );
        assert_eq!(rows.len(), 2);
    }
}
